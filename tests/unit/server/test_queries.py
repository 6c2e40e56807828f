"""The engines of a server's queries: one is ready before the first query that needs it."""

from __future__ import annotations

import asyncio
import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from mlsql_engine.server.queries import SessionQueries
from mlsql_engine.serving.sandbox import process
from mlsql_engine.serving.sandbox.limits import QueryLimits


def session(*names: str) -> Any:
    return SimpleNamespace(served=SimpleNamespace(names=lambda: names))


def test_an_engine_starts_with_the_first_function() -> None:
    async def run() -> None:
        queries = SessionQueries(QueryLimits())
        try:
            queries.expect([session(), session()])
            assert queries.warming is None
            queries.expect([session(), session("f")])
            warming = queries.warming
            assert warming is not None
            queries.expect([session("f"), session("g")])
            assert queries.warming is warming
            await warming
            assert len(queries._sandboxes._idle) == 1
        finally:
            await queries.close()
        assert queries._sandboxes._idle == []

    asyncio.run(run())


def test_the_end_does_not_wait_for_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    monkeypatch.setattr(process, "arguments", lambda _limits: endless)

    async def run() -> None:
        queries = SessionQueries(QueryLimits())
        queries.expect([session("f")])
        while not queries._sandboxes._starting:
            await asyncio.sleep(0)
        await queries.close()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_one_that_does_not_start(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(process, "arguments", lambda _limits: [sys.executable, "-c", ""])

    async def run() -> None:
        queries = SessionQueries(QueryLimits())
        try:
            queries.expect([session("f")])
            assert queries.warming is not None
            await queries.warming
        finally:
            await queries.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    told = "an engine for queries of requests does not start: the first query tries again"
    assert [record.message for record in caplog.records] == [told]
