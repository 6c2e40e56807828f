from __future__ import annotations

from collections.abc import Iterator

import pytest

from unit.engines.duckdb.sessions import EngineSession, engine_session


@pytest.fixture(scope="module")
def session() -> Iterator[EngineSession]:
    """One session for all expressions of a module: none of them makes a table."""
    with engine_session() as session:
        yield session
