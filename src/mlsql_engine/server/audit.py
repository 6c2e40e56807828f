"""The audit log: who asked for what, and what came of it. One JSON object per line.

Requests that run scripts, that manage jobs and models, and all that were not let in are in it; predictions are
counted by the metrics.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.core.secrets import hide_secrets
from mlsql_engine.server.callers import Role
from mlsql_engine.server.request import Request

_LOG = logging.getLogger(__name__)
_MOST_TEXT = 2_000
_NOT_LET_IN = (401, 403)


class Audit:
    """Writes to a file, to standard error without one. Belongs to one event loop."""

    def __init__(self, path: Path | None = None) -> None:
        self._file: IO[str] | None = None
        self._broken = False
        if path is not None:
            try:
                self._file = path.open("a", encoding="utf-8", buffering=1)
            except OSError as error:
                raise DataProblem(
                    f"the audit log {path} cannot be written: {error.strerror}", code="CANNOT_WRITE"
                ) from error

    def request(self, request: Request, needed: Role, status: int, code: str | None) -> None:
        """Take down an answered request; `needed` is what a caller of its route needs, `code` that of its error."""
        if needed <= Role.PREDICT and status not in _NOT_LET_IN:
            return
        client = request.scope.get("client")
        self.write(
            event="request",
            caller=request.caller.name,
            role=request.caller.role.name.lower(),
            address=client[0] if client else None,
            method=request.method,
            path=request.scope["path"],
            status=status,
            code=code,
            milliseconds=round((time.monotonic() - request.begun) * 1e3, 3),
            **request.audited,
        )

    def write(self, **fields: Any) -> None:
        """Take down an event; secrets in its texts are hidden."""
        shown = {
            name: hide_secrets(value)[:_MOST_TEXT] if isinstance(value, str) else value
            for name, value in fields.items()
            if value is not None
        }
        line = msgspec.json.encode({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **shown}).decode()
        file = self._file or sys.stderr
        if file is None:
            return
        try:
            file.write(line + "\n")
            self._broken = False
        except OSError as error:
            # Told once: a full disk must not stop what the server is for.
            if not self._broken and self._file is not None:
                _LOG.error("the audit log cannot be written: %s", error.strerror)
            self._broken = True

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # write() has told of it
                self._file.close()
