"""How long an ending server waits."""

from __future__ import annotations

from mlsql_engine.server.patience import Patience


def test_it_is_one_time_for_all() -> None:
    now = 100.0
    patience = Patience(30.0, lambda: now)
    patience.begin()
    now = 120.0
    patience.begin()
    assert patience.left() == 10.0
    now = 131.0
    assert patience.left() == 0.0
    assert patience.left(1.0) == 1.0
    patience.hurry()
    assert patience.left(1.0) == 0.0


def test_it_begins_when_it_is_first_asked() -> None:
    now = 5.0
    patience = Patience(0.5, lambda: now)
    assert patience.left() == 0.5
    now = 5.5
    assert patience.left() == 0.0
    assert patience.left(1.0) == 0.5
