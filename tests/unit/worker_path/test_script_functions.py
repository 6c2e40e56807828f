"""Which function or class of a script is meant."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from mlsql_sdk.failures import ContractError
from mlsql_sdk.script_functions import Members, Wanted

SCRIPT = """
    from os.path import join
    count = 3

    def apply(self, m):
        self.seen = getattr(self, "seen", 0) + 1
        return m, self.seen
    def plain(m):
        return m
    shout = str.upper

    class Texts:
        def hello(self, name):
            return "hello " + name
        @staticmethod
        def bye(name):
            return "bye " + name
    class Needs:
        def __init__(self, what):
            pass
        def hello(self, name):
            return name
        def only_here(self):
            return 1
"""
HAS = "it has: apply, plain, class Texts (hello, bye), class Needs (hello, only_here)"


def members(script: str, method: str | None = None, class_name: str | None = None) -> Members:
    content: dict[str, Any] = {"__name__": "__main__"}
    exec(textwrap.dedent(script), content)
    return Members(content, Wanted("script t", method, class_name))


def test_apply_is_the_default_and_its_self_lives_on() -> None:
    found = members(SCRIPT).function()
    assert found.called == "apply"
    assert [found.what("a"), found.what("b")] == [("a", 1), ("b", 2)]  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("method", "class_name", "called", "answer"),
    [
        ("plain", None, "plain", "x"),
        ("shout", None, "shout", "X"),
        ("bye", None, "Texts.bye", "bye x"),
        ("hello", "Texts", "Texts.hello", "hello x"),
        ("bye", "Texts", "Texts.bye", "bye x"),
    ],
)
def test_a_function_by_its_name(method: str, class_name: str | None, called: str, answer: str) -> None:
    found = members(SCRIPT, method, class_name).function()
    assert (found.called, found.what("x")) == (called, answer)


@pytest.mark.parametrize(
    ("script", "method", "class_name", "message"),
    [
        (SCRIPT, "appl", None, f"script t has no function 'appl'; {HAS}"),
        (SCRIPT, "count", None, f"script t has no function 'count'; {HAS}"),
        (SCRIPT, "hello", "Text", f"script t has no class 'Text'; {HAS}"),
        (SCRIPT, "plain", "Texts", f"script t has no method 'plain' in its class Texts; {HAS}"),
        (SCRIPT, "hello", None, "script t has several such classes: Texts, Needs"),
        (SCRIPT, "only_here", None, "the class Needs cannot be made without arguments"),
        ("x = 1", None, None, "script t has no function 'apply'; it has no function and no class at all"),
    ],
)
def test_a_function_that_is_not_there(
    script: str, method: str | None, class_name: str | None, message: str
) -> None:
    with pytest.raises(ContractError) as caught:
        members(script, method, class_name).function()
    assert str(caught.value) == message


AGGREGATES = """
    class Mean:
        def update(self, x): ...
        def merge(self, other): ...
        def evaluate(self): ...
    class Half:
        def update(self, x): ...
    class Lists:
        def aggregate(self, values):
            return values
    def total(values):
        return sum(values)
"""


TWICE = AGGREGATES + AGGREGATES.replace("Mean", "Other")


@pytest.mark.parametrize(
    ("method", "class_name", "called"),
    [
        (None, None, "Mean"),
        (None, "Mean", "Mean"),
        (None, "Lists", "Lists.aggregate"),
        ("total", None, "total"),
        ("aggregate", "Lists", "Lists.aggregate"),
    ],
)
def test_an_aggregate(method: str | None, class_name: str | None, called: str) -> None:
    assert members(AGGREGATES, method, class_name).aggregate().called == called


def test_an_aggregate_may_be_a_function() -> None:
    assert members("def aggregate(values): return 1").aggregate().called == "aggregate"
    assert members("class A:\n  def aggregate(self, values): return 1").aggregate().called == "A.aggregate"


@pytest.mark.parametrize(
    ("script", "class_name", "message"),
    [
        (
            AGGREGATES,
            "Half",
            "script t has no method evaluate in its class Half; it has: total, "
            "class Mean (update, merge, evaluate), class Half (update), class Lists (aggregate)",
        ),
        (
            "class A:\n  def f(self): ...",
            "A",
            "script t has no method update and no method evaluate in its class A; it has: class A (f)",
        ),
        (
            "def apply(x): ...",
            None,
            "script t has no class with the methods update and evaluate, and no function aggregate; it has: apply",
        ),
        (TWICE, None, "script t has several such classes: Mean, Other"),
    ],
)
def test_an_aggregate_that_is_not_there(script: str, class_name: str | None, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        members(script, None, class_name).aggregate()
    assert str(caught.value) == message
