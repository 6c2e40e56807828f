"""All that an endpoint may touch."""

from __future__ import annotations

from dataclasses import dataclass

from mlsql_engine.server.callbacks import CallbackSender
from mlsql_engine.server.jobs import Jobs
from mlsql_engine.server.sessions import Sessions
from mlsql_engine.server.settings import ServerSettings


@dataclass
class State:
    """What the requests of a server share. Belongs to one event loop."""

    settings: ServerSettings
    sessions: Sessions
    jobs: Jobs
    callbacks: CallbackSender
