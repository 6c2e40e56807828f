"""A script that is fetched over HTTP."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Final

from mlsql_engine.core.errors import DataProblem

_SECONDS: Final = 30.0
_MOST_BYTES: Final = 10_000_000


def fetch(address: str) -> str:
    """The text at an http or https address. Raises DataProblem where there is none.

    At most 10 MB, within 30 seconds a step.
    """
    if not address.lower().startswith(("http://", "https://")):
        raise DataProblem(f"'{address}' is not an http or https address", code="BAD_VALUE")
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - checked above
            body: bytes = answer.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()  # it is an answer, with a connection
        raise DataProblem(f"{address} answers {error.code} {error.reason}", code="FILE_NOT_FOUND") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise DataProblem(f"{address} cannot be reached: {reason}", code="FILE_NOT_FOUND") from error
    if len(body) > _MOST_BYTES:
        raise DataProblem(f"{address} gives more than {_MOST_BYTES // 1_000_000} MB", code="DATA")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataProblem(f"{address} is not UTF-8: {error.reason}", code="ENCODING") from error
