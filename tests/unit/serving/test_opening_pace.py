"""How soon a function is opened again that could not be."""

from __future__ import annotations

from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.serving.opening_pace import OpeningPace


def spec() -> FunctionSpec:
    return FunctionSpec("f", "/model", "python")


def test_pauses_grow_up_to_the_longest() -> None:
    now = 0.0
    pace, one, error = OpeningPace(lambda: now), spec(), ValueError("x")
    assert pace.error("f", one) is None
    for pause in (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
        pace.failed("f", one, error)
        now += pause - 0.1
        assert pace.error("f", one) is error
        now += 0.1
        assert pace.error("f", one) is None


def test_another_registration_is_tried_at_once() -> None:
    now = 0.0
    pace, one, other = OpeningPace(lambda: now), spec(), spec()
    for _ in range(3):
        pace.failed("f", one, ValueError("x"))
    assert pace.error("f", other) is None
    pace.failed("f", other, ValueError("y"))
    now = 1.0
    assert pace.error("f", other) is None


def test_what_was_opened_begins_anew() -> None:
    now = 0.0
    pace, one = OpeningPace(lambda: now), spec()
    for _ in range(5):
        pace.failed("f", one, ValueError("x"))
    pace.forget("f")
    assert pace.error("f", one) is None
    pace.failed("f", one, ValueError("x"))
    now = 1.0
    assert pace.error("f", one) is None
