from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.parts import Part
from mlsql_engine.serving.scoring import arguments, frames
from mlsql_sdk import accepted
from unit.serving.described import inputs_of, model, rows_of, script, types_of

MIXED = inputs_of(accepted.features(2, ["a", "b"]).of_anything())


def part(inputs: Inputs, message: object) -> Part:
    return arguments.part(frames.read(json.dumps(message).encode(), doubles=inputs.numeric), inputs)


def split(names: list[str], *rows: list[Any]) -> dict[str, Any]:
    return {"dataframe_split": {"columns": names, "data": rows}}


def test_numbers_go_by_the_names_of_features() -> None:
    for names, row in ((["a", "b"], [1, 2]), (["b", "a"], [2, 1]), (["x", "b", "a"], [0, 2, 1])):
        assert rows_of(part(model(2, "a", "b"), split(names, row, row))) == (2, [1, 2, 1, 2]), names
    assert rows_of(part(model(2, "a", "b"), {"dataframe_records": [{"b": 2, "a": 1}]})) == (2, [1, 2])
    assert rows_of(part(model(2), split(["b", "a"], [1, 2]))) == (2, [1, 2])
    many = [[float(row), 0.5] for row in range(600)]
    assert rows_of(part(model(2, "a", "b"), split(["a", "b"], *many))) == (2, [one for row in many for one in row])


def test_rows_without_names_go_in_order() -> None:
    for inputs in (model(2), model(2, "a", "b"), model(None)):
        assert rows_of(part(inputs, {"inputs": [[1, 2], [3, 4]]})) == (2, [1, 2, 3, 4])
    assert rows_of(part(MIXED, {"inputs": [[1, "x"]]})) == {"a": [1], "b": ["x"]}
    assert rows_of(part(script(("n", "int"), ("w", "string")), {"instances": [[1, "x"]]})) == {
        "arg0": [1],
        "arg1": ["x"],
    }


def test_columns_go_by_name() -> None:
    assert rows_of(part(MIXED, {"inputs": {"c": [0], "b": ["x"], "a": [1.5]}})) == {"a": [1.5], "b": ["x"]}
    inputs = script(("w", "string"), ("n", "int"))
    assert rows_of(part(inputs, split(["n", "w", "z"], [1, "x", 0]))) == {"arg0": ["x"], "arg1": [1]}


def test_null_is_null_and_nan_is_nan() -> None:
    found = part(model(2, "a", "b"), split(["a", "b"], [1, None], [2, 3]))
    assert rows_of(found) == {"a": [1, 2], "b": [None, 3]}
    assert str(rows_of(part(model(2), {"inputs": [[float("nan"), 1]]}))) == "{'arg0': [nan], 'arg1': [1]}"


def test_tensors_are_flattened() -> None:
    assert rows_of(part(model(4), {"inputs": [[[1, 2], [3, 4]]]})) == (4, [1, 2, 3, 4])
    with pytest.raises(MlsqlError) as caught:
        part(model(4), {"inputs": [[[1, 2], [3]]]})
    assert caught.value.message.startswith("the rows are no tensor: ")


@pytest.mark.parametrize("kind", ["array<double>", "array<float>", "array<bigint>"])
def test_rows_as_the_only_argument(kind: str) -> None:
    found = rows_of(part(script(("numbers", kind)), {"inputs": [[1, 2], [3, 4]]}))
    assert found in ((2, [1, 2, 3, 4]), {"arg0": [[1, 2], [3, 4]]})
    assert rows_of(part(script(("words", "array<string>")), {"inputs": [["a", "b"]]})) == {"arg0": [["a", "b"]]}


def test_dates_and_bytes_as_mlflow_writes_them() -> None:
    inputs = script(("at", "timestamp"), ("raw", "binary"))
    found = part(inputs, split(["at", "raw"], ["2024-02-29T00:00:00", "AP8="], [None, None]))
    assert types_of(found) == ["timestamp[us]", "binary"]
    rows = rows_of(found)
    assert isinstance(rows, dict)
    assert rows["arg1"] == [b"\x00\xff", None]
    with pytest.raises(MlsqlError) as caught:
        part(inputs, split(["at", "raw"], [None, "%"]))
    assert caught.value.message == "the column 'raw' is bytes, and has a text that is no base64"


def test_no_rows() -> None:
    assert rows_of(part(model(2, "a", "b"), split(["b", "a"]))) == (2, [])
    assert rows_of(part(MIXED, {"inputs": {"a": [], "b": []}})) == {"a": [], "b": []}


WRONG = [
    (model(2, "a", "b"), split(["b", "c"], [1, 2]), "function f takes 'a', which the request does not give"),
    (
        model(2, "a", "b"),
        split(["c", "d"], [1, 2]),
        "function f takes 'a' and 1 more, which the request does not give",
    ),
    (model(2), {"inputs": [[1, 2, 3]]}, "function f: the model takes 2 features, and the request gives it 3"),
    (model(2), {"inputs": [["a", "b"]]}, "function f: argument 1 is string, and the model takes numbers"),
    (MIXED, {"inputs": [[1, 2, "x"]]}, "function f: the model takes 2 features (a, b), and the rows have 3 values"),
    (model(2), {"inputs": []}, "the body has no rows"),
    (model(2), {"inputs": [[]]}, "the rows have no values"),
    (model(2), {"dataframe_records": [{}]}, "the rows have no values"),
    (
        script(("n", "int")),
        {"inputs": [["a"]]},
        "function f: the argument 'n' of apply is annotated as int, and the request gives it string",
    ),
]


@pytest.mark.parametrize(("inputs", "message", "told"), WRONG)
def test_what_a_function_does_not_take(inputs: Inputs, message: object, told: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        part(inputs, message)
    assert caught.value.message == told


@given(
    st.sampled_from(
        [model(2), model(2, "a", "b"), model(None), MIXED, script(("a", "array<string>")), script(("a", "vector")),
         script(("a", "timestamp"), ("b", "binary")), script(("a", "")), inputs_of(None)]
    ),
    st.sampled_from(frames.FORMS),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=12,
    ),
)  # fmt: skip
@settings(max_examples=600)
def test_no_body_is_more_than_an_error(inputs: Inputs, form: str, value: object) -> None:
    for body in ({form: value}, {form: {"data": value, "columns": ["a", "b"]}}, {form: [value, value]}):
        try:
            found = part(inputs, body)
        except MlsqlError:
            continue
        assert found.rows >= 0
