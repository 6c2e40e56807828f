"""All that an endpoint may touch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from mlsql_engine.server.audit import Audit
from mlsql_engine.server.bodies import Bodies
from mlsql_engine.server.callbacks import CallbackSender
from mlsql_engine.server.gate import Gate
from mlsql_engine.server.jobs import Jobs
from mlsql_engine.server.meters import Meters
from mlsql_engine.server.patience import Patience
from mlsql_engine.server.queries import SessionQueries
from mlsql_engine.server.sessions import Sessions
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.tracing import Tracing


@dataclass
class State:
    """What the requests of a server share. Belongs to one event loop.

    `description` is that of all routes, as JSON (OpenAPI). `connections` are those that are open, `draining` says
    that the server was told to end, `patience` for how long it waits then; `unfinished` are the requests that it
    did not wait for; `tracing` is None where nobody asked for it.
    """

    settings: ServerSettings
    sessions: Sessions
    gate: Gate
    audit: Audit
    queries: SessionQueries
    jobs: Jobs
    callbacks: CallbackSender
    bodies: Bodies
    description: bytes = b""
    meters: Meters = field(default_factory=Meters)
    connections: Collection[object] = ()
    draining: bool = False
    unfinished: int = 0
    tracing: Tracing | None = None
    patience: Patience = field(default_factory=lambda: Patience(0.0))

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that callers are told the rest of paths below."""
        return (self.settings.root, *(self.settings.roots or ()))
