"""What a server is made of ends together."""

from __future__ import annotations

import asyncio

import pytest

from mlsql_engine import SilentProgress, connect
from mlsql_engine.server.callbacks import CallbackSender
from mlsql_engine.server.composition import application
from mlsql_engine.server.jobs import Jobs
from mlsql_engine.server.sessions import Sessions
from mlsql_engine.server.settings import Limits, ServerSettings


@pytest.mark.parametrize(
    ("begun", "hurry", "waited"),
    [
        (None, False, [30.0, 30.0, 2.0]),
        (29.5, False, [0.5, 1.0, 0.5]),
        (40.0, False, [0.0, 1.0, 0.0]),
        (10.0, True, [0.0, 0.0, 0.0]),
    ],
)
def test_what_has_begun_has_the_rest_of_the_time(
    monkeypatch: pytest.MonkeyPatch, begun: float | None, hurry: bool, waited: list[float]
) -> None:
    """`begun` is how long ago the server was told to end; it waits for jobs, then for callbacks, then functions."""
    seconds: list[float] = []
    now = 0.0
    for kind in (Jobs, CallbackSender, Sessions):
        close = kind.close

        async def closed(self: object, patience: float, close: object = close) -> None:
            seconds.append(patience)
            await close(self, 0.0)  # type: ignore[operator]

        monkeypatch.setattr(kind, "close", closed)

    async def run() -> None:
        nonlocal now
        async with application(session, ServerSettings(port=0, limits=Limits(drain_seconds=30.0))) as app:
            patience = app.state.patience
            patience._clock = lambda: now
            if begun is not None:
                patience.begin()
                now = begun
            if hurry:
                patience.hurry()

    with connect(progress=SilentProgress()) as session:
        asyncio.run(run())
    assert seconds == waited
