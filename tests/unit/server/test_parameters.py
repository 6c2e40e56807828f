"""The parameters of requests."""

from __future__ import annotations

from typing import Any

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.parameters import Parameters

EMPTY: list[Any] = ["", None]


@pytest.mark.parametrize("value", EMPTY)
def test_what_is_empty_is_not_given(value: Any) -> None:
    asked = Parameters({"a": value})
    assert "a" not in asked
    assert asked.text("a", "x") == "x"
    assert asked.flag("a") is False
    assert asked.whole("a") is None
    assert asked.one_of("a", ("take", "collect"), "take") == "take"
    with pytest.raises(MlsqlError, match="a is missing"):
        asked.array("a", "hint")


@pytest.mark.parametrize(("value", "read"), [(" TRUE", True), ("false", False), (True, True)])
def test_flags(value: Any, read: bool) -> None:
    assert Parameters({"a": value}).flag("a") is read


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        ("text", 3, "the parameter 'a' is a text", None),
        ("flag", 1, "the parameter 'a' is true or false, not '1'", None),
        ("whole", "1.5", "the parameter 'a' is a whole number, not '1.5'", None),
        ("whole", True, "the parameter 'a' is a whole number, not 'True'", None),
        ("whole", "9" * 5_000, f"the parameter 'a' is a whole number, not '{'9' * 80}…'", None),
        ("array", {}, "a is no JSON array", "hint"),
        ("array", '{"b": 1}', "a is no JSON array: Expected `array`, got `object`", "hint"),
        (
            "array",
            "[" * 5_000,
            "a is no JSON array: maximum recursion depth exceeded while deserializing an object",
            "hint",
        ),
        ("one_of", "x", "the parameter 'a' cannot be 'x'", "it is one of: collect, take"),
    ],
)
def test_wrong_ones(name: str, value: Any, message: str, hint: str | None) -> None:
    more = {"text": ("",), "array": ("hint",), "one_of": (("take", "collect"), "take")}.get(name, ())
    with pytest.raises(MlsqlError) as caught:
        getattr(Parameters({"a": value}), name)("a", *more)
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("BAD_VALUE", message, hint)


def test_others_are_refused() -> None:
    asked = Parameters({"a": 1, "context.x": 2})
    asked.refuse_others(("a",), "context.")
    with pytest.raises(MlsqlError, match=r"there is no parameter 'context\.x'"):
        asked.refuse_others(("a",))
