from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.serving.scoring import frames

SPLIT = {"columns": ["a", "b"], "data": [[0.5, 1], [1.5, 2]]}
RECORDS = [{"a": 0.5, "b": 1}, {"a": 1.5, "b": 2}]


def read(message: object, *, doubles: bool = True) -> tuple[Any, Any, Any, bool]:
    frame = frames.read(json.dumps(message).encode(), doubles=doubles)
    columns = None if frame.columns is None else {name: one.to_pylist() for name, one in frame.columns.items()}
    return frame.names, frame.rows, columns, frame.doubles


@pytest.mark.parametrize("doubles", [True, False])
def test_the_forms_of_frames(doubles: bool) -> None:
    rows = [[0.5, 1], [1.5, 2]]
    assert read({"dataframe_split": SPLIT}, doubles=doubles) == (["a", "b"], rows, None, doubles)
    indexed = {**SPLIT, "index": [7, 8]}
    assert read({"dataframe_split": indexed}, doubles=doubles) == (["a", "b"], rows, None, doubles)
    assert read({"dataframe_split": {"data": rows}}, doubles=doubles) == (None, rows, None, doubles)
    numbered = {"columns": [0, 1], "data": rows}
    assert read({"dataframe_split": numbered}, doubles=doubles) == (["0", "1"], rows, None, doubles)
    assert read({"dataframe_records": RECORDS}, doubles=doubles) == (["a", "b"], rows, None, doubles)
    for form in ("instances", "inputs"):
        assert read({form: rows}, doubles=doubles) == (None, rows, None, doubles)
        assert read({form: {"a": [1, 2]}}, doubles=doubles) == (["a"], None, {"a": [1, 2]}, False)
        assert read({form: RECORDS}, doubles=doubles) == (["a", "b"], rows, None, False)
        assert read({form: [1, "a"]}, doubles=doubles) == (None, [[1], ["a"]], None, False)


def test_what_is_no_number_stays_what_it_is() -> None:
    assert read({"dataframe_split": {"data": [[1, "a", None, True]]}}) == (
        None,
        [[1, "a", None, True]],
        None,
        False,
    )
    assert read({"dataframe_records": [{"a": 1, "b": "x"}]}) == (["a", "b"], [[1, "x"]], None, False)


def test_a_record_may_lack_a_column() -> None:
    found = read({"dataframe_records": [{"a": 1}, {"b": 2, "a": 3}, {}]})
    assert found == (["a", "b"], [[1, None], [3, 2], [None, None]], None, False)


def test_nothing_in_params_is_nothing() -> None:
    for params in (None, {}):
        assert read({"inputs": [[1.0]], "params": params})[1] == [[1.0]]


def test_nan_as_python_writes_it() -> None:
    _, rows, _, _ = read({"dataframe_split": {"columns": ["a"], "data": [[float("nan")], [1]]}})
    assert str(rows) == "[[nan], [1]]"
    _, rows, _, _ = read({"dataframe_split": {"columns": ["a"], "data": [[float("nan")], ["x"]]}})
    assert str(rows) == "[[nan], ['x']]"
    assert frames.column("a", ["x", float("nan"), None]).to_pylist() == ["x", None, None]
    assert str(frames.column("a", [1.0, float("nan"), None]).to_pylist()) == "[1.0, nan, None]"


WRONG = [
    ({}, "the body has no member, and not one of dataframe_split, dataframe_records, instances, inputs"),
    ({"data": 1}, "the body has 'data', and not one of dataframe_split, dataframe_records, instances, inputs"),
    (
        {"inputs": [[1]], "instances": [[1]]},
        "the body has 'inputs', 'instances', and not one of dataframe_split, dataframe_records, instances, inputs",
    ),
    ([], "the body is no JSON object: Expected `object`, got `array`"),
    ({"inputs": [[1]], "params": {"a": 1}}, "functions take no params"),
    ({"dataframe_split": [1]}, "dataframe_split is not of its form: Expected `object`, got `array`"),
    (
        {"dataframe_split": {"columns": ["a"]}},
        "dataframe_split is not of its form: Object missing required field `data`",
    ),
    (
        {"dataframe_split": {**SPLIT, "dtypes": []}},
        "dataframe_split is not of its form: Object contains unknown field `dtypes`",
    ),
    ({"dataframe_split": {**SPLIT, "data": [[1, 2], [3]]}}, "row 1 has 1 values, and not 2"),
    ({"dataframe_split": {**SPLIT, "columns": ["a", "a"]}}, "the column 'a' is given twice"),
    ({"dataframe_records": {"a": 1}}, "dataframe_records is not of its form: Expected `array`, got `object`"),
    ({"dataframe_records": [1]}, "dataframe_records is not of its form: Expected `object`, got `int` - at `$[0]`"),
    ({"instances": 7}, "instances is neither a list of rows nor an object of columns"),
    ({"inputs": {"a": 1}}, "inputs is neither a list of rows nor an object of columns"),
    ({"inputs": {"a": [1], "b": []}}, "the columns have different lengths: 0, 1"),
    ({"inputs": [[1, 2], [3]]}, "row 1 has 1 values, and not 2"),
    ({"inputs": [[1], {"a": 1}]}, "inputs has rows of different kinds"),
    ({"inputs": {"a": [1, "x"]}}, "the column 'a' has values of different types, or numbers that are too large"),
    ({"inputs": {"a": [1 << 70]}}, "the column 'a' has values of different types, or numbers that are too large"),
]


@pytest.mark.parametrize(("message", "told"), WRONG)
def test_what_is_wrong_with_a_body(message: object, told: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        read(message)
    assert (caught.value.code, caught.value.message) == ("REQUEST", told)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b'{"a":' * 50_000, b'{"inputs": NaN, }'])
def test_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(MlsqlError, match="the body is no JSON object: ") as caught:
        frames.read(body, doubles=True)
    assert caught.value.code == "REQUEST"


@given(
    st.sampled_from([*frames.FORMS, "params"]),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=12,
    ),
)
@settings(max_examples=400)
def test_no_body_is_more_than_an_error(form: str, value: object) -> None:
    for doubles in (True, False):
        try:
            frame = frames.read(json.dumps({form: value}).encode(), doubles=doubles)
        except MlsqlError:
            continue
        assert (frame.rows is None) != (frame.columns is None)
