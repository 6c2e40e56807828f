"""What the tests of the server's edge start with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlsql_engine.session import Session, connect
from server.edge_routes import GATES, Gates


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with connect() as made:
        yield made


@pytest.fixture
def gates() -> Iterator[Gates]:
    for event in (GATES.open, GATES.begun, GATES.ended):
        event.clear()
    yield GATES
    GATES.open.set()
