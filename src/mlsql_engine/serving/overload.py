"""The errors of requests that cannot be answered in time."""

from __future__ import annotations

import math

from mlsql_engine.core.errors import MlsqlError


class TryLater(MlsqlError):
    """What would be answered later: after `retry_after` seconds, a whole number."""

    def __init__(self, message: str, code: str, hint: str, seconds: float) -> None:
        super().__init__(message, code=code, hint=hint)
        self.retry_after = max(1, math.ceil(seconds))


def overloaded(seconds: float) -> TryLater:
    """The error of a request that comes when as much waits as may; `seconds` is how long that takes to be done."""
    return TryLater(
        "too many requests wait for this function",
        "OVERLOADED",
        "ask again after the seconds of Retry-After; more workers, or larger requests, answer more rows",
        seconds,
    )


def expired(waited: float) -> MlsqlError:
    """The error of a request whose time was over before it was answered."""
    return MlsqlError(
        f"the prediction did not come in time: the request has waited for {waited:.1f} s",
        code="DEADLINE",
        hint="ask again, or give the request more time",
    )
