"""How a server listens, whom it lets in and how much it takes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mlsql_engine.serving.batching import BatchLimits
from mlsql_engine.serving.sandbox.limits import QueryLimits


@dataclass(frozen=True)
class Limits:
    """How much a server takes on; times in seconds, sizes in bytes.

    `body` is the largest request, `body_seconds` how long one may take to come whole, `request_seconds` how long
    a prediction may take that says nothing else, `idle_seconds` how long a connection without a request is kept,
    `drain_seconds` how long requests and jobs may go on after the server was told to end. `running` scripts run at
    once and `waiting` more wait. `sessions` are the sessions of owners; one is closed after `session_seconds`
    without a request. `result_rows` is where the rows of a script's table are cut.
    """

    body: int = 16 << 20
    body_seconds: float = 30.0
    request_seconds: float = 60.0
    idle_seconds: float = 75.0
    drain_seconds: float = 30.0
    running: int = 8
    waiting: int = 64
    sessions: int = 32
    session_seconds: float = 3_600.0
    result_rows: int = 5_000


@dataclass(frozen=True)
class ServerSettings:
    """`root` is where relative paths of scripts start; `roots` are the folders that they may touch (None: all)."""

    host: str = "127.0.0.1"
    port: int = 9003
    root: Path = field(default_factory=Path.cwd)
    roots: tuple[Path, ...] | None = None
    limits: Limits = field(default_factory=Limits)
    batching: BatchLimits = field(default_factory=BatchLimits)
    queries: QueryLimits = field(default_factory=QueryLimits)
