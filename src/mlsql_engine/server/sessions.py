"""The sessions of a server: the default one, those of owners, and those of single requests."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mlsql_engine.core.settings import Settings
from mlsql_engine.server.settings import Limits, ServerSettings
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.overload import TryLater
from mlsql_engine.serving.served import CLOSING_SECONDS, Served, Watch
from mlsql_engine.serving.versions import Versions
from mlsql_engine.session import Session, connect

_AGAIN_SECONDS = 5.0


def connected(settings: ServerSettings) -> Session:
    """A new session, in which scripts may do what the settings say. Takes milliseconds."""
    allowed = Settings(shell=False, http_include=False, roots=settings.roots, addresses=settings.addresses)
    return connect(variables=settings.variables, settings=allowed)


class ServerSession:
    """A session, and its functions as requests see them. Belongs to one event loop."""

    def __init__(self, name: str, session: Session, executor: ThreadPoolExecutor, batching: BatchLimits) -> None:
        self.name = name
        self.session = session
        self.served = Served(session.functions, executor, batching)
        self.versions = Versions(session.functions, self.served, executor, batching)

    async def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """End it, with what its workers do. See Served.close."""
        await self.close_functions(seconds)
        await asyncio.to_thread(self.session.close)

    async def close_functions(self, seconds: float = CLOSING_SECONDS) -> None:
        """Need their workers no more."""
        await asyncio.gather(self.versions.close(seconds), self.served.close(seconds))


@dataclass(eq=False)
class _Held:
    """The session of an owner: `users` are the requests and jobs that have it, `since` is when the last left."""

    made: asyncio.Task[ServerSession]
    users: int = 0
    since: float = 0.0
    expiry: asyncio.TimerHandle | None = None


class Sessions:
    """`default` is the session of whoever asks for no other. Belongs to one event loop.

    `make` gives a new session, in a thread. Those of owners and of requests together are at most `limits.sessions`;
    for one more, that of the owner who has been away for longest is closed.
    """

    def __init__(
        self,
        default: ServerSession,
        make: Callable[[], Session],
        executor: ThreadPoolExecutor,
        limits: Limits,
        batching: BatchLimits,
    ) -> None:
        self.default = default
        self._make = make
        self._executor = executor
        self._limits = limits
        self._batching = batching
        self._owners: dict[str, _Held] = {}
        self._single: set[ServerSession] = set()
        self._making = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._watch: Watch | None = None

    def watch(self, watch: Watch) -> None:
        """Have each prediction told of, also in sessions that are made later."""
        self._watch = self.default.served.watch = watch

    def all(self) -> list[ServerSession]:
        """Those that there are, the default one first."""
        owned = [held.made.result() for held in self._owners.values() if _is_made(held)]
        return [self.default, *owned, *self._single]

    @contextlib.asynccontextmanager
    async def of(
        self, owner: str, *, per_user: bool = False, per_request: bool = False
    ) -> AsyncIterator[ServerSession]:
        """The session of a request, which does not end within the block.

        With `per_request` one of its own, which ends with the block; with `per_user` that of its owner; else the
        default one. Raises MlsqlError, OVERLOADED, where there are too many that are in use.
        """
        if per_request:
            async with self._one() as session:
                yield session
        elif per_user:
            async with self._owned(owner) as session:
                yield session
        else:
            yield self.default

    @contextlib.asynccontextmanager
    async def _one(self) -> AsyncIterator[ServerSession]:
        self._make_room()
        self._making += 1
        made = asyncio.create_task(self._new("request"))
        try:
            session = await asyncio.shield(made)
        except asyncio.CancelledError:
            made.add_done_callback(lambda task: self._close(task.result()))
            raise
        finally:
            self._making -= 1
        self._single.add(session)
        try:
            yield session
        finally:
            self._single.discard(session)
            await asyncio.shield(self._close(session))

    @contextlib.asynccontextmanager
    async def _owned(self, owner: str) -> AsyncIterator[ServerSession]:
        held = self._owners.get(owner)
        if held is None:
            self._make_room()
            held = self._owners[owner] = _Held(asyncio.create_task(self._new(owner)))
        held.users += 1
        if held.expiry is not None:
            held.expiry.cancel()
        try:
            yield await self._made(owner, held)
        finally:
            held.users -= 1
            held.since = time.monotonic()
            if not held.users and self._owners.get(owner) is held:
                loop = asyncio.get_running_loop()
                held.expiry = loop.call_later(self._limits.session_seconds, self._leave, owner)

    async def _made(self, owner: str, held: _Held) -> ServerSession:
        try:
            return await asyncio.shield(held.made)
        except asyncio.CancelledError:
            raise
        except BaseException:
            if self._owners.get(owner) is held:
                del self._owners[owner]
            raise

    async def _new(self, name: str) -> ServerSession:
        loop = asyncio.get_running_loop()
        session = await loop.run_in_executor(self._executor, self._make)
        made = ServerSession(name, session, self._executor, self._batching)
        made.served.watch = self._watch
        return made

    def _make_room(self) -> None:
        """Raise MlsqlError, OVERLOADED, where there are as many sessions as there may be, and all are in use."""
        if len(self._owners) + len(self._single) + self._making < self._limits.sessions:
            return
        idle = [owner for owner, held in self._owners.items() if not held.users and _is_made(held)]
        if idle:
            self._leave(min(idle, key=lambda owner: self._owners[owner].since))
            return
        raise TryLater(
            f"all {self._limits.sessions} sessions are in use",
            "OVERLOADED",
            "ask again later, or without sessionPerUser and sessionPerRequest",
            _AGAIN_SECONDS,
        )

    def _leave(self, owner: str, seconds: float = CLOSING_SECONDS) -> None:
        """Close the session of an owner that nobody uses."""
        held = self._owners.pop(owner)
        if held.expiry is not None:
            held.expiry.cancel()
        self._close(held.made.result(), seconds)

    def _close(self, session: ServerSession, seconds: float = CLOSING_SECONDS) -> asyncio.Task[None]:
        task = asyncio.create_task(session.close(seconds))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    async def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """End all but the default one, which belongs to whoever made it; but not its functions' share.

        What functions are asked now has so long to be answered.
        """
        for owner, held in list(self._owners.items()):
            with contextlib.suppress(Exception):  # whoever asked for it has been told
                await held.made
                self._leave(owner, seconds)
        await asyncio.gather(*self._closing, *(session.close(seconds) for session in self._single))
        await self.default.close_functions(seconds)


def _is_made(held: _Held) -> bool:
    return held.made.done() and not held.made.cancelled() and held.made.exception() is None
