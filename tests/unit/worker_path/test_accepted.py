"""What functions take, and the errors of what they do not take."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from mlsql_sdk import accepted, types
from mlsql_sdk.accepted import Accepted, Place
from mlsql_sdk.failures import ContractError

TWO = accepted.features(2)
NAMED = accepted.features(2, ["x", "y"])
ANY = accepted.features(None)
DECLARED = accepted.declared(("double", "string"), called="the script")
FUNCTION = Accepted(
    "f",
    "the arguments (a, *more)",
    (Place("a", "double"), Place("more", "")),
    1,
    None,
    spread=False,
    annotated=True,
)
PACKINGS = "pass one vector, one array of numbers, or several number columns"


def fields(*kinds: str, names: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    return [
        (names[place] if names else f"arg{place}", pa.null() if kind == "void" else types.parse(kind))
        for place, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("takes", "kinds"),
    [
        (TWO, ["double", "boolean"]),
        (TWO, ["decimal(4,2)", "tinyint"]),
        (TWO, ["vector"]),
        (TWO, ["array<int>"]),
        (TWO, ["struct<a:int,b:float>"]),
        (TWO, ["void", "double"]),
        (TWO.of_anything(), ["string", "date"]),
        (TWO.of_anything(), ["array<string>"]),
        (ANY, ["int"] * 9),
        (ANY._replace(lone=True), ["string"]),
        (DECLARED, ["int", "string"]),
        (DECLARED, ["struct<a:double,b:string>"]),
        (FUNCTION, ["float"]),
        (FUNCTION, ["float", "string", "struct<a:int>"]),
        (accepted.declared(("vector",)), ["vector"]),
        (accepted.declared(("array<double>",)), ["array<int>"]),
        (accepted.declared(("map<string,double>",)), ["map<string,int>"]),
    ],
)
def test_what_is_taken(takes: Accepted, kinds: list[str]) -> None:
    assert takes.problem(fields(*kinds)) is None


@pytest.mark.parametrize(
    ("takes", "kinds", "message", "hint"),
    [
        (TWO, ["double"], "the model takes 2 features, and the query gives it 1 argument", ""),
        (TWO, [], "the model takes 2 features, and the query gives it 0 arguments", PACKINGS),
        (NAMED, ["double"] * 3, "the model takes 2 features (x, y), and the query gives it 3 arguments", ""),
        (NAMED, ["struct<a:int>"], "the model takes 2 features (x, y), and the query gives it 1 argument", ""),
        (TWO, ["double", "string"], "argument 2 is string, and the model takes numbers", PACKINGS),
        (
            TWO,
            ["struct<a:int,city:string>"],
            "the argument 'city' is string, and the model takes numbers",
            PACKINGS,
        ),
        (TWO, ["double", "vector"], "argument 2 is vector, and the model takes numbers", PACKINGS),
        (TWO, ["array<string>"], "the argument is array<string>, and the model takes numbers", PACKINGS),
        (ANY, ["timestamp"], "argument 1 is timestamp, and the model takes numbers", PACKINGS),
        (ANY._replace(lone=True), ["int", "string"], "argument 2 is string, and the model takes numbers", PACKINGS),
        (DECLARED, ["int"], "the script takes 2 arguments (double, string), and the query gives it 1 argument", ""),
        (
            DECLARED,
            ["int", "int"],
            "argument 2 is int, and the script takes string there",
            "cast(… as string) in the query",
        ),
        (
            DECLARED,
            ["vector"],
            "the script takes 2 arguments (double, string), and the query gives it 1 argument",
            "",
        ),
        (FUNCTION, [], "f takes the arguments (a, *more), and the query gives it 0 arguments", ""),
        (
            FUNCTION,
            ["string"],
            "the argument 'a' of f is annotated as double, and the query gives it string",
            "cast(… as double) in the query, or change the annotation",
        ),
    ],
)
def test_what_is_not_taken(takes: Accepted, kinds: list[str], message: str, hint: str) -> None:
    problem = takes.problem(fields(*kinds))
    assert problem is not None
    assert (str(problem), problem.hint, problem.code) == (message, hint, "ARGUMENTS")


@pytest.mark.parametrize("takes", [TWO, NAMED, DECLARED, FUNCTION, ANY._replace(lone=True)])
def test_it_travels_as_json(takes: Accepted) -> None:
    assert accepted.of_control(json.loads(json.dumps(takes.control()))) == takes
    assert accepted.of_control(None) is None


@pytest.mark.parametrize(
    ("takes", "message"),
    [
        (0, r"^python_fun\.batch\(arguments=…\) is 0$"),
        (True, r"^python_fun\.batch\(arguments=…\) is True$"),
        ("double", r"^python_fun\.batch\(arguments=…\) is 'double'$"),
        ((), r"^python_fun\.batch\(arguments=…\) is \(\)$"),
        (("doubel",), r"^python_fun\.batch\(arguments=…\): 'doubel' is not a type; known: double, "),
    ],
)
def test_wrong_declarations(takes: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        accepted.declared(takes)


def test_cast() -> None:
    whole = pa.array([1, None])
    assert accepted.cast(whole, pa.float64(), "argument 1", "declared").to_pylist() == [1.0, None]
    with pytest.raises(
        ContractError, match=r"^argument 1 is declared as bigint: Float value 1.500000 was truncated"
    ):
        accepted.cast(pa.array([1.5]), pa.int64(), "argument 1", "declared")
