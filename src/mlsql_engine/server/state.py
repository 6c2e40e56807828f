"""All that an endpoint may touch."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlsql_engine.server.audit import Audit
from mlsql_engine.server.callbacks import CallbackSender
from mlsql_engine.server.gate import Gate
from mlsql_engine.server.jobs import Jobs
from mlsql_engine.server.meters import Meters
from mlsql_engine.server.queries import SessionQueries
from mlsql_engine.server.sessions import Sessions
from mlsql_engine.server.settings import ServerSettings


@dataclass
class State:
    """What the requests of a server share. Belongs to one event loop."""

    settings: ServerSettings
    sessions: Sessions
    gate: Gate
    audit: Audit
    queries: SessionQueries
    jobs: Jobs
    callbacks: CallbackSender
    meters: Meters = field(default_factory=Meters)
