"""The queries of requests, for each session of a server; the engines that answer them are shared."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from mlsql_engine.server.sessions import ServerSession
from mlsql_engine.serving.queries import Queries
from mlsql_engine.serving.sandbox.limits import QueryLimits
from mlsql_engine.serving.sandbox.pool import Sandboxes


class SessionQueries:
    """Belongs to one event loop."""

    def __init__(self, limits: QueryLimits) -> None:
        self._sandboxes = Sandboxes(limits)
        self._queries: WeakKeyDictionary[ServerSession, Queries] = WeakKeyDictionary()

    def of(self, session: ServerSession) -> Queries:
        """The queries over the functions of a session."""
        found = self._queries.get(session)
        if found is None:
            found = self._queries[session] = Queries(session.served, self._sandboxes)
        return found

    async def warm(self) -> None:
        """Have an engine ready before the first request."""
        await self._sandboxes.warm()

    async def close(self) -> None:
        """End the engines; queries that are under way fail."""
        await asyncio.to_thread(self._sandboxes.close)
