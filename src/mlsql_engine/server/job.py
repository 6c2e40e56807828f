"""One script that a request brought, from its asking to its result."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from mlsql_engine.core import jobs as session_jobs
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server import errors
from mlsql_engine.server.callers import Caller
from mlsql_engine.server.job_log import JobLog
from mlsql_engine.server.results import Result
from mlsql_engine.session import Session

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]


@dataclass(frozen=True)
class Script:
    """What a request asks for: `rows` are the most that it wants, None: all; `seconds` how long it may take.

    `silent` wants no rows, `with_schema` the columns' types too; `waits` is whether the request waits for the end;
    `callback` is who is called then.
    """

    text: str
    name: str
    owner: str
    rows: int | None = None
    silent: bool = False
    with_schema: bool = False
    seconds: float | None = None
    per_user: bool = False
    per_request: bool = False
    waits: bool = True
    callback: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


class ScriptJob:
    """A job of the server; `caller` is the name of who asked for it. Times are UTC.

    `core` and `session` are what it is in the session, from its beginning on; `ending` is why somebody wants its
    end; `rows` are those of its table that have been read. Belongs to one event loop.
    """

    def __init__(self, script: Script, caller: str, log: JobLog) -> None:
        self.id = uuid.uuid4().hex
        self.script = script
        self.caller = caller
        self.log = log
        self.state: State = "queued"
        self.created = datetime.now(UTC)
        self.started: datetime | None = None
        self.ended: datetime | None = None
        self.core: session_jobs.Job | None = None
        self.session: Session | None = None
        self.ending: MlsqlError | None = None
        self.result: Result | None = None
        self.error: MlsqlError | None = None
        self.told: dict[str, Any] | None = None
        self.rows = 0
        self.over = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.state not in ("queued", "running")

    def begin(self) -> None:
        """It runs from now on."""
        self.state = "running"
        self.started = datetime.now(UTC)

    def moved(self) -> None:
        """Tell which statement has begun."""
        core = self.core
        if core is not None:
            doing = {"state": "running", "statement": core.statement, "done": core.done}
            self.log.add("state", {**doing, "statements": core.statements})

    def count(self, rows: int) -> None:
        """So many rows of its table have been read."""
        self.rows = rows

    def end(self, state: State, result: Result | None, error: MlsqlError | None) -> None:
        """It has ended so."""
        self.state, self.result, self.error = state, result, error
        self.ended = datetime.now(UTC)
        self.session = None
        self.log.add("end", {"state": state, "rows": self.rows})
        self.over.set()

    def described(self, caller: Caller) -> dict[str, Any]:
        """What JSON tells a caller of it."""
        core = self.core
        return {
            "jobId": self.id,
            "jobName": self.script.name,
            "owner": self.script.owner,
            "caller": self.caller,
            "state": self.state,
            "statement": core.statement if core is not None else "",
            "statements": core.statements if core is not None else 0,
            "done": core.done if core is not None else 0,
            "rows": self.rows,
            "truncated": self.result is not None and self.result.cut,
            "createdAt": _time(self.created),
            "startedAt": _time(self.started),
            "endedAt": _time(self.ended),
            "error": None if self.error is None else errors.body(self.error, caller),
            "callback": self.told,
            **self.addresses,
        }

    @property
    def addresses(self) -> dict[str, str]:
        """Where it is found."""
        place = f"/jobs/{self.id}"
        return {"statusUrl": place, "resultUrl": f"{place}/result", "eventsUrl": f"{place}/events"}


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="milliseconds")
