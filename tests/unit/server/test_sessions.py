"""Sessions of owners and of requests: how many, how long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mlsql_engine import MlsqlError, SilentProgress, connect
from mlsql_engine.server.sessions import ServerSession, Sessions
from mlsql_engine.server.settings import Limits
from mlsql_engine.serving.batching import BatchLimits
from mlsql_engine.serving.overload import TryLater
from mlsql_engine.session import Session

SECONDS = 30.0


def quiet() -> Session:
    return connect(progress=SilentProgress())


@asynccontextmanager
async def sessions(limits: Limits, make: Callable[[], Session] = quiet) -> AsyncIterator[Sessions]:
    with ThreadPoolExecutor(4) as executor, quiet() as session:
        made = Sessions(
            ServerSession("default", session, executor, BatchLimits()), make, executor, limits, BatchLimits()
        )
        try:
            yield made
        finally:
            await made.close()


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(SECONDS):
            await main()

    asyncio.run(limited())


def is_closed(session: ServerSession) -> bool:
    try:
        session.session.run("select 1 as a as t;")
    except MlsqlError as error:
        return error.code == "SESSION_CLOSED"
    return False


async def closed(session: ServerSession) -> None:
    while not await asyncio.to_thread(is_closed, session):
        await asyncio.sleep(0)


def test_which_session_a_request_has() -> None:
    async def main() -> None:
        async with sessions(Limits()) as made:
            async with made.of("ada") as one, made.of("bob") as two:
                assert one is two is made.default
            async with made.of("ada", per_user=True) as one, made.of("ada", per_user=True) as two:
                assert one is two
                assert one is not made.default
            async with made.of("ada", per_user=True) as again, made.of("bob", per_user=True) as other:
                assert again is one
                assert other is not one
                assert [session.name for session in made.all()] == ["default", "ada", "bob"]
            async with made.of("ada", per_user=True, per_request=True) as single:
                assert single not in (one, made.default)
                assert single in made.all()
            assert is_closed(single)
            assert not is_closed(one)
        assert is_closed(one)
        assert is_closed(other)

    run(main)


def test_two_requests_that_come_at_once_make_one() -> None:
    async def main() -> None:
        count: list[int] = []

        def counted() -> Session:
            count.append(1)
            return quiet()

        async with sessions(Limits(), counted) as made:

            async def ask() -> ServerSession:
                async with made.of("ada", per_user=True) as session:
                    return session

            assert len(set(await asyncio.gather(*(ask() for _ in range(5))))) == 1
        assert len(count) == 1

    run(main)


def test_the_one_that_is_idle_longest_makes_room() -> None:
    async def main() -> None:
        async with sessions(Limits(sessions=2)) as made:
            async with made.of("ada", per_user=True) as ada:
                async with made.of("bob", per_user=True) as bob:
                    pass
                async with made.of("eve", per_user=True):
                    await closed(bob)  # ada is in use, though she came first
                    with pytest.raises(TryLater) as caught:
                        async with made.of("dan", per_user=True):
                            raise AssertionError
                    assert (caught.value.code, caught.value.message) == ("OVERLOADED", "all 2 sessions are in use")
                    assert caught.value.retry_after == 5
                    with pytest.raises(TryLater):
                        async with made.of("dan", per_request=True):
                            raise AssertionError
            assert not is_closed(ada)
            # Now ada and eve are idle, and eve for longer.
            async with made.of("x", per_request=True):
                assert [session.name for session in made.all()] == ["default", "ada", "request"]

    run(main)


def test_one_that_nobody_uses_expires() -> None:
    async def main() -> None:
        async with sessions(Limits(session_seconds=0.0)) as made:
            async with made.of("ada", per_user=True) as ada:
                async with made.of("ada", per_user=True):
                    pass
                assert not await asyncio.to_thread(is_closed, ada)  # the loop has had time for timers
                assert not is_closed(ada)
            await closed(ada)
            assert [session.name for session in made.all()] == ["default"]

    run(main)


def test_use_puts_the_expiry_off() -> None:
    async def main() -> None:
        async with sessions(Limits(session_seconds=3_600.0)) as made:
            async with made.of("ada", per_user=True):
                pass
            before = made._owners["ada"].expiry
            async with made.of("ada", per_user=True):
                assert before is not None
                assert before.cancelled()

    run(main)


def test_one_that_cannot_be_made_is_tried_anew() -> None:
    async def main() -> None:
        fails = [True]

        def make() -> Session:
            if fails.pop() if fails else False:
                raise MlsqlError("no")
            return quiet()

        async with sessions(Limits(), make) as made:
            with pytest.raises(MlsqlError, match="no"):
                async with made.of("ada", per_user=True):
                    raise AssertionError
            async with made.of("ada", per_user=True) as session:
                assert not is_closed(session)

    run(main)


def test_one_that_is_being_made_when_its_request_is_cancelled_is_closed() -> None:
    async def main() -> None:
        begun, go = threading.Event(), threading.Event()
        found: list[Session] = []

        def slow() -> Session:
            begun.set()
            assert go.wait(SECONDS)
            found.append(quiet())
            return found[0]

        async with sessions(Limits(), slow) as made:

            async def ask() -> None:
                async with made.of("ada", per_request=True):
                    raise AssertionError

            task = asyncio.create_task(ask())
            await asyncio.to_thread(begun.wait, SECONDS)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            go.set()
            while not found:
                await asyncio.sleep(0)
            while not made._closing:
                await asyncio.sleep(0)
        with pytest.raises(MlsqlError, match="the session is closed"):
            found[0].run("select 1 as a as t;")

    run(main)
