"""The queries of requests, for each session of a server; the engines that answer them are shared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from weakref import WeakKeyDictionary

from mlsql_engine.server.sessions import ServerSession
from mlsql_engine.serving.queries import Queries
from mlsql_engine.serving.sandbox.client import Ended
from mlsql_engine.serving.sandbox.limits import QueryLimits
from mlsql_engine.serving.sandbox.pool import Sandboxes

_LOG = logging.getLogger(__name__)


class SessionQueries:
    """Belongs to one event loop."""

    def __init__(self, limits: QueryLimits) -> None:
        self._sandboxes = Sandboxes(limits)
        self._queries: WeakKeyDictionary[ServerSession, Queries] = WeakKeyDictionary()
        self.warming: asyncio.Task[None] | None = None
        """The start of an engine ahead of the first query; None before `expect` has begun it."""

    def of(self, session: ServerSession) -> Queries:
        """The queries over the functions of a session."""
        found = self._queries.get(session)
        if found is None:
            found = self._queries[session] = Queries(session.served, self._sandboxes)
        return found

    def expect(self, sessions: Iterable[ServerSession]) -> None:
        """Begin to have an engine ready, once, as soon as one of the sessions has a function.

        The first query of each text needs one, and its process takes half a second to start. A server without
        functions is spared the memory.
        """
        if self.warming is None and any(session.served.names() for session in sessions):
            self.warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        try:
            await self._sandboxes.warm()
        except Ended:
            _LOG.warning("an engine for queries of requests does not start: the first query tries again")

    async def close(self) -> None:
        """End the engines; queries that are under way fail."""
        if self.warming is not None:
            self.warming.cancel()
        await asyncio.to_thread(self._sandboxes.close)
