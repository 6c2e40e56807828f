"""How a server listens, whom it lets in and how much it takes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlsql_engine.server.tokens import Tokens
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.sandbox.limits import QueryLimits


@dataclass(frozen=True)
class Limits:
    """How much a server takes on; times in seconds, sizes in bytes.

    `body` is the largest request, `bodies` all that are held together (see Bodies), `head_seconds` and
    `body_seconds` how long the head and the whole of one may take to come, `send_seconds` how long a client may
    read nothing of its answer. `request_seconds` is how long a prediction may take that says nothing else,
    `idle_seconds` how long a connection without a request is kept. After it was told to end it goes on for
    `notice_seconds` and says that it is not ready; what has begun by then may go on for `drain_seconds`. `running`
    scripts run at once and `waiting` more wait. Every `follow_seconds` it is looked whether models have newer
    versions (0: never), every `follow_remote_seconds` where they are on remote file systems. `sessions` are the
    sessions of owners; one is closed after `session_seconds` without a request. `result_rows` is where the rows of
    a script's table are cut, and `result` the largest table that is given whole. The last `jobs` that have ended
    are remembered for `job_seconds`, with results of `results` bytes together; `log_lines` of what each told.
    """

    body: int = 16 << 20
    bodies: int = 256 << 20
    head_seconds: float = 30.0
    body_seconds: float = 30.0
    send_seconds: float = 30.0
    request_seconds: float = 60.0
    idle_seconds: float = 75.0
    notice_seconds: float = 0.0
    drain_seconds: float = 30.0
    running: int = 8
    waiting: int = 64
    follow_seconds: float = 2.0
    follow_remote_seconds: float = 60.0
    sessions: int = 32
    session_seconds: float = 3_600.0
    result_rows: int = 5_000
    result: int = 4 << 30
    jobs: int = 200
    job_seconds: float = 86_400.0
    results: int = 1 << 30
    log_lines: int = 1_000


@dataclass(frozen=True)
class Callbacks:
    """Where the end of a job may be told, how, and how often.

    `hosts` are the names, addresses or networks (10.0.0.0/8) that may be called, each with a port or for any; there
    is no other. `secret` signs what is sent, if it is not empty. A call may take `seconds`; one that fails is
    repeated up to `attempts` calls in all, after `pause` seconds, then twice as many, at most `longest_pause`.
    """

    hosts: tuple[str, ...] = ()
    secret: bytes = field(default=b"", repr=False)
    seconds: float = 10.0
    attempts: int = 6
    pause: float = 1.0
    longest_pause: float = 60.0


@dataclass(frozen=True)
class ServerSettings:
    """`root` is where relative paths of scripts start; `roots` are the folders that they may touch (None: all).

    `rate` is how often a caller may ask that has no rate of its own, such as "100/second"; pages of `origins` may
    ask from a browser; `audit_log` is the file of the audit log (None: standard error);
    `certificate` and `key` are files (PEM) to serve https with.
    `default_function` is the one of requests that name none; without it the only one that is registered.
    With `roots`, `addresses` are how the remote addresses begin that scripts may reach. `variables` are
    those of every session.
    """

    host: str = "127.0.0.1"
    port: int = 9003
    root: Path = field(default_factory=Path.cwd)
    roots: tuple[Path, ...] | None = None
    tokens: Tokens = field(default_factory=Tokens)
    rate: str | None = None
    origins: tuple[str, ...] = ()
    audit_log: Path | None = None
    certificate: str | None = None
    key: str | None = None
    addresses: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    callbacks: Callbacks = field(default_factory=Callbacks)
    limits: Limits = field(default_factory=Limits)
    batching: BatchLimits = field(default_factory=BatchLimits)
    default_function: str | None = None
    queries: QueryLimits = field(default_factory=QueryLimits)
