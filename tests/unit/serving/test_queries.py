"""Which queries are planned, what their plans ask, and what is kept of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.serving import queries as module
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.queries import Queries
from mlsql_engine.serving.sandbox.limits import QueryLimits
from mlsql_engine.serving.sandbox.pool import Sandboxes
from stand_in_functions import StandIn, StandInFunctions, described

ROWS = pa.record_batch({"a": [1, 2], "b": [1.5, None], "l": [[1.0, 2.0], [3.0, 4.0]], "s": ["x", "y"]})


def later() -> float:
    return time.monotonic() + 60


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[asyncio.Runner, Sandboxes]]:
    with asyncio.Runner() as runner:

        async def make() -> Sandboxes:
            return Sandboxes(QueryLimits(seconds=30.0, sandboxes=1))

        pool = runner.run(make())
        yield runner, pool
        pool.close()


class Asked:
    def __init__(self, runner: asyncio.Runner, pool: Sandboxes) -> None:
        self.functions = StandInFunctions()
        self.queries = Queries(self.functions, pool)
        self.runner = runner

    def __call__(self, text: str, batch: pa.RecordBatch = ROWS) -> list[dict[str, Any]]:
        batches = self.runner.run(self.queries.rows(text, batch, later()))
        return [row for part in batches for row in part.to_pylist()]

    def reason(self, text: str) -> str | None:
        return self.queries.reason(text, ROWS.schema)

    def refused(self, text: str) -> MlsqlError:
        with pytest.raises(MlsqlError) as caught:
            self(text)
        return caught.value


@pytest.fixture
def ask(running: tuple[asyncio.Runner, Sandboxes]) -> Asked:
    return Asked(*running)


@pytest.mark.parametrize(
    "text",
    [
        "predict(vec_dense(l)) as p",
        "select *, A as x, data.b",
        "seen(struct(*)), seen(a, 'x', null)",
        "array(1, a, 2.5D), struct(a, b as c), named_struct('k', array())",
        "vec_sparse(5, map(1, a, 3, 2.5)), vec_dense(array(a, 1))",
        "translate(predict(l))",
        "1, -1.5, 2L, true, null, 'x', 1e3",
    ],
)
def test_what_is_planned(ask: Asked, text: str) -> None:
    ask(text)
    assert ask.reason(text) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a + 1", "Add"),
        ("a where a > 1", "where"),
        ("array(a, 1.5)", "array(…) of several types"),
        ("date'2020-01-01'", "Cast"),
        ("l[0]", "mlsql_item(…)"),
    ],
)
def test_what_is_not(ask: Asked, text: str, reason: str) -> None:
    ask(text)
    assert ask.reason(text) == reason


def test_equal_calls_are_asked_once_and_the_others_together(ask: Asked) -> None:
    asked: list[list[str]] = [[]]
    predict = ask.functions.predict

    def noted(name: str, part: Any, deadline: float) -> Any:
        asked[-1].append(name)

        async def answer() -> Answers:
            await asyncio.sleep(0)
            asked.append([])
            return await predict(name, part, deadline)

        return answer()

    ask.functions.predict = noted  # type: ignore[method-assign]
    ask("predict(l), seen(a), PREDICT(L) as again, translate(predict(l)), two(a, b)")
    assert [names for names in asked if names] == [["predict", "seen", "two"], ["translate"]]


def test_numbers_of_an_estimator_come_as_one_array(ask: Asked) -> None:
    ask("predict(vec_dense(l)), seen(l), translate(vec_dense(l)), predict(a, b)")
    assert ask.functions.asked == [
        ("predict", "Numbers", 2),
        ("seen", "Numbers", 2),
        ("translate", "Columns", 2),
        ("predict", "Columns", 2),
    ]


def test_a_call_of_constants_is_asked_of_one_row(ask: Asked) -> None:
    assert ask("predict(1, 2) as p, predict(predict(1), 2) as q") == [{"p": 5.0, "q": 5.0}] * 2
    assert ask.functions.asked == [("predict", "Columns", 1)] * 3


def test_no_rows_ask_nothing(ask: Asked) -> None:
    assert ask("predict(l), 1", ROWS.slice(0, 0)) == []
    assert ask.functions.asked == []


def test_errors_are_the_engines_with_a_place(ask: Asked) -> None:
    error = ask.refused("a,\n  two(a)")
    assert (error.code, error.span and error.span.text) == ("ARGUMENTS", "two")
    assert error.message == "the function: the model takes 2 features, and the query gives it 1 argument"
    error = ask.refused("vec_dense(array(b, 1))")
    assert (error.code, error.message) == ("SQL", "vec_dense: the array holds NULL at index 0")
    error = ask.refused("predct(a)")
    assert (error.code, error.hint) == ("UNKNOWN_FUNCTION", "did you mean 'predict'?")


def test_what_a_function_raises_has_the_place_of_its_call(ask: Asked) -> None:
    failure = MlsqlError("the worker fell over", code="CRASHED")

    def answer(_batch: pa.RecordBatch) -> pa.Array:
        raise failure

    ask.functions.functions["seen"] = StandIn(described("row", pa.string()), answer)
    error = ask.refused("a, seen(a)")
    assert error is failure
    assert error.span is not None
    assert (error.span.source.name, error.span.start, error.span.text) == ("sql", 3, "seen")


def test_a_function_that_is_registered_anew_is_planned_anew(ask: Asked) -> None:
    assert ask("predict(a) as p") == [{"p": 1.0}, {"p": 2.0}]
    texts = StandIn(described("row", pa.string()), lambda batch: pa.array(["new"] * batch.num_rows))
    ask.functions.functions["predict"] = texts
    assert ask("predict(a) as p") == [{"p": "new"}, {"p": "new"}]


def test_a_function_that_is_registered_anew_while_it_is_asked(ask: Asked) -> None:
    texts = StandIn(described("row", pa.string()), lambda batch: pa.array(["new"] * batch.num_rows))
    predict = ask.functions.predict

    def changed(name: str, part: Any, deadline: float) -> Any:
        ask.functions.functions["predict"] = texts
        return predict(name, part, deadline)

    ask("predict(a) as p")
    ask.functions.predict = changed  # type: ignore[method-assign]
    assert ask("predict(a) as p") == [{"p": "new"}, {"p": "new"}]


def test_a_name_that_is_registered_later_is_a_call_of_the_function(ask: Asked) -> None:
    assert ask("array(a) as x")[0] == {"x": [1]}
    ask.functions.functions["array"] = replace(ask.functions.functions["seen"])
    assert ask("array(a) as x")[0] == {"x": '[["bigint"], [1]]'}


def test_plans_are_kept_up_to_a_number(ask: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for text in ("a", "b", "a", "s"):
        ask(text)
    assert [ask.reason(text) for text in ("a", "b", "s")] == ["", None, ""]
    monkeypatch.setattr(module, "MOST_CHARACTERS", 3)
    ask("a, b")
    assert [ask.reason(text) for text in ("a", "s", "a, b")] == [None, None, ""]


def test_plans_of_a_text_are_kept_for_several_schemas_of_rows(ask: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SCHEMAS", 2)
    batches = [pa.record_batch({"a": [value]}) for value in (1, "x", 2.5)]
    assert [ask("a", batch) for batch in batches] == [[{"a": 1}], [{"a": "x"}], [{"a": 2.5}]]
    assert [ask.queries.reason("a", batch.schema) for batch in batches] == [None, "", ""]
    assert ask("a", batches[0]) == [{"a": 1}]
    assert [ask.queries.reason("a", batch.schema) for batch in batches] == ["", None, ""]


def test_answers_of_another_type_again_and_again(ask: Asked) -> None:
    texts = StandIn(described("estimator", pa.float64(), 0), lambda batch: pa.array(["x"] * batch.num_rows))
    ask.functions.functions["predict"] = texts
    assert ask.refused("predict(a)").message == "the functions of a query are registered again and again"
    assert len(ask.functions.asked) == 4


def test_requests_that_come_together_have_an_engine_look_once(ask: Asked) -> None:
    async def together() -> list[Any]:
        rows = [ask.queries.rows(text, ROWS, later()) for text in ["predict(a) as p"] * 40 + ["nothing(a)"] * 40]
        return await asyncio.gather(*rows, return_exceptions=True)

    error_hint = "docs/functions.md lists mlsql's own; every other is Spark's"
    looked = counted(ask, "bind")
    found = ask.runner.run(together())
    assert [batches[0].to_pylist() for batches in found[:40]] == [[{"p": 1.0}, {"p": 2.0}]] * 40
    assert {(error.code, error.hint) for error in found[40:]} == {("UNKNOWN_FUNCTION", error_hint)}
    assert len({id(error) for error in found[40:]}) == 40
    assert sorted(looked) == ["nothing(a)", "predict(a) as p"]


def test_a_newer_function_that_takes_and_gives_the_same_needs_no_engine(ask: Asked) -> None:
    assert ask("predict(a) as p") == [{"p": 1.0}, {"p": 2.0}]
    looked = counted(ask, "bind")
    before = ask.functions.functions["predict"]
    ask.functions.functions["predict"] = replace(before, answer=lambda batch: pa.array([7.0] * batch.num_rows))
    assert ask("predict(a) as p") == [{"p": 7.0}, {"p": 7.0}]
    # Also while it is loaded, when the old one answers.
    ask.functions.ready = lambda name: None  # type: ignore[method-assign]
    assert ask("predict(a) as p") == [{"p": 7.0}, {"p": 7.0}]
    assert looked == []


def test_a_request_is_not_told_that_the_time_of_another_is_over(ask: Asked) -> None:
    async def together() -> list[Any]:
        first = ask.queries.rows("a + 1 as b", ROWS, time.monotonic())
        return await asyncio.gather(first, ask.queries.rows("a + 1 as b", ROWS, later()), return_exceptions=True)

    early, late = ask.runner.run(together())
    assert early.code == "DEADLINE"
    assert late[0].to_pylist() == [{"b": 2}, {"b": 3}]


def counted(ask: Asked, name: str) -> list[str]:
    """The texts that the engines are asked for by a method from now on."""
    texts: list[str] = []
    method = getattr(ask.queries._sandboxes, name)

    async def called(query: Any, *arguments: Any) -> Any:
        texts.append(query.source.text)
        return await method(query, *arguments)

    ask.queries._sandboxes = SimpleNamespace(**{"rows": ask.queries._sandboxes.rows, name: called})  # type: ignore[assignment]
    return texts
