from __future__ import annotations

from collections.abc import Iterator

import pytest

from unit.engines.duckdb.sessions import EngineSession, engine_session


@pytest.fixture
def session() -> Iterator[EngineSession]:
    with engine_session() as session:
        yield session
