"""Answers are JSON as RFC 8259 has it, whatever stands in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mlsql_engine import SilentProgress, connect
from server.running import in_thread

NUMBERS = "[math.nan, math.inf, -math.inf, None, 1.7e308, 5e-324, 9007199254740993.0, -0.0]"
SCRIPT = f"""
register ScriptUDF.`` as odd where code='''
import math
def apply(n: int) -> float:
    return {NUMBERS}[n]
''';
register ScriptUDF.`` as odds where dataType="array(double)" and code='''
import math
def apply(n: int):
    return [{NUMBERS}[n], 1.0]
''';
register ScriptUDF.`` as inner where dataType="map(string,double)" and code='''
import math
def apply(n: int):
    return {{"x": {NUMBERS}[n]}}
''';
register ScriptUDF.`` as large where dataType="bigint" and code='''
def apply(n: int):
    return [9223372036854775807, -9223372036854775808, None][n]
''';
register ScriptUDF.`` as exact where dataType="decimal(38,10)" and code='''
from decimal import Decimal
def apply(n: int):
    return [Decimal("1237940039285380274899124224.5"), None][n]
''';
register ScriptUDF.`` as day where dataType="date" and code='''
import datetime
def apply(n: int):
    return [datetime.date(2026, 11, 23), None][n]
''';
register ScriptUDF.`` as moment where dataType="timestamp" and code='''
import datetime
def apply(n: int):
    return [datetime.datetime(2026, 11, 23, 1, 2, 3, 500000), None][n]
''';
register ScriptUDF.`` as raw where dataType="binary" and code='''
def apply(n: int):
    return [b"a\\x00'\\xff", b"plain", None][n]
''';
"""


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with connect(progress=SilentProgress()) as session:
        session.run(SCRIPT)
        with in_thread(session) as server:
            yield server.client


def strict(answer: httpx.Response) -> Any:
    """The value of an answer's body, as a parser reads it that knows neither NaN nor Infinity."""
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content.decode("utf-8", "strict"), parse_constant=_refused, parse_float=str)


def _refused(word: str) -> Any:
    raise AssertionError(f"{word} is no JSON")


def asked(client: httpx.Client, function: str, count: int) -> tuple[list[Any], list[Any], list[Any]]:
    """The answers for 0, 1, … of /model/predict, /v2 and /invocations."""
    rows = [{"n": number} for number in range(count)]
    form = {"sql": f"{function}(n) as x", "data": rows, "dataType": "row"}
    tensor = {"name": "n", "shape": [count], "datatype": "INT64", "data": list(range(count))}
    ours = strict(client.post("/model/predict", json=form))
    v2 = strict(client.post(f"/v2/models/{function}/infer", json={"inputs": [tensor]}))
    mlflow = strict(client.post(f"/invocations/{function}", json={"dataframe_records": rows}))
    return [row["x"] for row in ours], v2["outputs"][0]["data"], mlflow["predictions"]


ODD = ["NaN", "Infinity", "-Infinity", None, "1.7e308", "5e-324", "9007199254740992.0", "-0.0"]
NULLS = [None, None, None, None, "1.7e308", "5e-324", "9007199254740992.0", "-0.0"]


def test_numbers_that_json_has_not(client: httpx.Client) -> None:
    assert asked(client, "odd", 8) == (ODD, NULLS, NULLS)


def test_such_numbers_within_values(client: httpx.Client) -> None:
    ours, v2, mlflow = asked(client, "odds", 8)
    assert (ours, mlflow) == ([[number, "1.0"] for number in ODD], [[number, "1.0"] for number in NULLS])
    assert v2 == [number for one in NULLS for number in (one, "1.0")]
    ours, v2, mlflow = asked(client, "inner", 4)
    assert (ours, mlflow) == ([{"x": number} for number in ODD[:4]], [{"x": None}] * 4)
    assert v2 == ['{"x":null}'] * 4


@pytest.mark.parametrize(
    ("function", "ours", "v2", "mlflow"),
    [
        ("large", *[[9223372036854775807, -9223372036854775808, None]] * 3),
        (
            "exact",
            ["1237940039285380274899124224.5000000000", None],
            ["1.2379400392853803e27", None],
            ["1.2379400392853803e27", None],
        ),
        ("day", *[["2026-11-23", None]] * 3),
        (
            "moment",
            ["2026-11-23 01:02:03.5", None],
            ["2026-11-23 01:02:03.500000", None],
            ["2026-11-23T01:02:03.500000", None],
        ),
    ],
)
def test_other_values(
    client: httpx.Client, function: str, ours: list[Any], v2: list[Any], mlflow: list[Any]
) -> None:
    assert asked(client, function, len(ours)) == (ours, v2, mlflow)


def test_bytes(client: httpx.Client) -> None:
    form = {"sql": "raw(n) as x", "data": [{"n": 0}, {"n": 2}], "dataType": "row"}
    assert strict(client.post("/model/predict", json=form)) == [{"x": "a\\x00\\x27\\xFF"}, {"x": None}]
    rows = {"dataframe_records": form["data"]}
    assert strict(client.post("/invocations/raw", json=rows)) == {"predictions": ["YQAn/w==", None]}
    tensor = {"name": "n", "shape": [2], "datatype": "INT64", "data": [1, 2]}
    answer = strict(client.post("/v2/models/raw/infer", json={"inputs": [tensor]}))
    assert answer["outputs"][0]["data"] == ["plain", None]
    refused = client.post("/v2/models/raw/infer", json={"inputs": [{**tensor, "data": [0, 1]}]})
    message = "an answer is of bytes that are no UTF-8 text, which JSON has not"
    assert (refused.status_code, refused.json()["message"]) == (400, message)


def test_the_rows_of_scripts(client: httpx.Client) -> None:
    sql = """select double('NaN') as a, double('-Infinity') as b, float('Infinity') as c, null as d,
      array(double('NaN'), 1e300) as e, vec_dense(array(double('Infinity'))) as f,
      named_struct('x', float('NaN')) as g, map('NaN', double('NaN')) as h,
      9223372036854775807 as i, 12345678901234567890123456789012345678BD as j,
      date'2026-11-23' as k, timestamp'2026-11-23 01:02:03.5' as l, cast('aé' as binary) as m as t;"""
    answer = client.post("/run/script", data={"sql": sql, "includeSchema": "true"})
    assert strict(answer)["data"] == [
        {
            "a": "NaN",
            "b": "-Infinity",
            "c": "Infinity",
            "d": None,
            "e": ["NaN", "1e300"],
            "f": {"type": 1, "values": ["Infinity"]},
            "g": {"x": "NaN"},
            "h": {"NaN": "NaN"},
            "i": 9223372036854775807,
            "j": 12345678901234567890123456789012345678,
            "k": "2026-11-23",
            "l": "2026-11-23 01:02:03.5",
            "m": "a\\xC3\\xA9",
        }
    ]
