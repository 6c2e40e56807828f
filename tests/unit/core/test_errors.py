"""The errors: their text, codes, hints and guesses."""

from __future__ import annotations

import pytest

from mlsql_engine.core import errors
from mlsql_engine.core.errors import (
    BadValue,
    Detail,
    InternalError,
    MlsqlError,
    UnknownName,
    UnknownOption,
    nearest,
    suggestion,
)
from mlsql_engine.core.span import Source, Span

SOURCE = Source("a.mlsql", "select 1 as a as t;")
SELECT = Span(SOURCE, 0, 6)
ONE = Span(SOURCE, 7, 8)


def test_the_whole_error() -> None:
    error = BadValue(
        "1 is wrong",
        span=ONE,
        hint="try 2",
        details=[Detail("traceback", "line 1\n  line 2\n"), Detail("last output", "")],
    )
    assert error.render() == "\n".join(
        [
            "error[BAD_VALUE]: 1 is wrong",
            " --> a.mlsql:1:8",
            "  |",
            "1 | select 1 as a as t;",
            "  |        ^",
            "  = traceback:",
            "    | line 1",
            "    |   line 2",
            "  = last output:",
            "    | ",
            "  = help: try 2",
        ]
    )
    assert str(error) == error.render()
    assert error.args == ("1 is wrong",)


def test_an_error_with_nothing_but_a_message() -> None:
    assert MlsqlError("it broke").render() == "error[ERROR]: it broke"


def test_the_first_place_is_kept() -> None:
    error = MlsqlError("no")
    assert error.at(None) is error
    assert error.span is None
    assert error.at(ONE) is error
    assert error.at(SELECT).span is ONE


def test_a_code_of_its_own() -> None:
    assert MlsqlError("no", code="EXISTS").render() == "error[EXISTS]: no"
    assert MlsqlError("no").code == "ERROR"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("SyntaxProblem", "SYNTAX"),
        ("BadValue", "BAD_VALUE"),
        ("SqlProblem", "SQL"),
        ("DataProblem", "DATA"),
        ("ModelProblem", "MODEL"),
        ("ScriptFailed", "SCRIPT_FAILED"),
        ("WorkerProblem", "WORKER"),
        ("WorkerTimeout", "TIMEOUT"),
        ("InternalError", "INTERNAL"),
    ],
)
def test_codes_are_stable(kind: str, code: str) -> None:
    error: MlsqlError = getattr(errors, kind)("no")
    assert error.code == code
    assert isinstance(error, MlsqlError)


def test_a_time_out_is_a_problem_of_the_worker() -> None:
    assert issubclass(errors.WorkerTimeout, errors.WorkerProblem)


def test_an_internal_error_asks_for_a_report() -> None:
    assert InternalError("the graph has a hole").render() == (
        "error[INTERNAL]: the graph has a hole\n"
        "  = help: this is a bug in mlsql: please report it with the script that shows it"
    )


def test_an_unknown_name() -> None:
    error = UnknownName("table", "peple", {"people", "cities"}, span=ONE)
    assert error.render() == "\n".join(
        [
            "error[UNKNOWN_TABLE]: there is no table 'peple'",
            " --> a.mlsql:1:8",
            "  |",
            "1 | select 1 as a as t;",
            "  |        ^",
            "  = help: did you mean 'people'?",
        ]
    )
    assert (error.kind, error.name) == ("table", "peple")


def test_the_kind_makes_the_code() -> None:
    assert UnknownName("data source", "x", []).code == "UNKNOWN_DATA_SOURCE"


def test_an_unknown_option() -> None:
    assert UnknownOption("maxDeph", "train PythonAlg", ["maxDepth", "timeout"]).render() == (
        "error[UNKNOWN_OPTION]: 'maxDeph' is not an option of train PythonAlg\n  = help: did you mean 'maxDepth'?"
    )


def test_an_option_of_what_has_none() -> None:
    assert UnknownOption("header", "load parquet", []).hint == "load parquet has no options"


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("heder", "Header"),
        ("HEADER", "Header"),
        ("qoute", "quote"),
        ("xyz", None),
        ("", None),
    ],
)
def test_nearest_whatever_the_case(name: str, guess: str | None) -> None:
    assert nearest(name, ["Header", "quote", "delimiter"]) == guess


def test_nothing_is_near_to_nothing() -> None:
    assert nearest("a", []) is None


def test_a_suggestion_guesses_else_lists_else_says_that_there_is_none() -> None:
    assert suggestion("tabel", ["table", "zebra"], "thing") == "did you mean 'table'?"
    assert suggestion("q", ["table", "zebra"], "thing") == "known: table, zebra"
    assert suggestion("q", [], "thing") == "there is no thing yet"


def test_a_long_list_is_cut_and_counted() -> None:
    known = [f"t{number:02}" for number in range(24)]
    assert suggestion("qqqqq", known, "thing") == "known: " + ", ".join(known)
    assert suggestion("qqqqq", [*known, "t24"], "thing") == "known: " + ", ".join(known) + ", … (25 in all)"


def test_names_are_listed_in_order() -> None:
    assert UnknownName("table", "q", {"b", "c", "a"}).hint == "known: a, b, c"
