"""The sessions of a server: the default one, and those of owners."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.served import Served
from mlsql_engine.serving.versions import Versions
from mlsql_engine.session import Session


class ServerSession:
    """A session, and its functions as requests see them."""

    def __init__(self, name: str, session: Session, executor: ThreadPoolExecutor, batching: BatchLimits) -> None:
        self.name = name
        self.session = session
        self.served = Served(session.functions, executor, batching)
        self.versions = Versions(session.functions, self.served, executor, batching)


class Sessions:
    """`default` is the session of whoever asks for no other."""

    def __init__(self, default: ServerSession) -> None:
        self.default = default

    def all(self) -> list[ServerSession]:
        """Those that there are, the default one first."""
        return [self.default]
