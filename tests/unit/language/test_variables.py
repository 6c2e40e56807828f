"""Filling `${…}` while each character keeps its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsql_engine.core.errors import BadValue, SyntaxProblem, UnknownName
from mlsql_engine.core.span import Source
from mlsql_engine.core.text import Text
from mlsql_engine.language import ast
from mlsql_engine.language.parser import parse
from mlsql_engine.language.variables import Builder, Variables, fill, fill_text


def statement(text: str) -> ast.Statement:
    (only,) = parse(Source("s", text)).statements
    return only


def value(written: str) -> Text:
    found = statement(f"set a = {written};")
    assert isinstance(found, ast.SetStatement)
    return found.value


def test_every_text_of_a_statement_is_filled() -> None:
    load = fill(
        statement("load csv.`${dir}/a.csv` where header='${head}' and ${x}k=1 as ${p}_t;".replace("${x}", "")),
        {"dir": "/data", "head": "true", "p": "my"},
    )
    assert isinstance(load, ast.LoadStatement)
    assert load.source.path.value == "/data/a.csv"
    assert load.options[0].value.value == "true"
    assert load.table.value == "my_t"
    assert load.table.span.text == "${p}_t"


def test_the_query_and_the_arguments_of_a_command_too() -> None:
    query = fill(statement("select '${a}' as ${b} from `${c}` as ${d};"), dict(a="1", b="2", c="3", d="4"))  # noqa: C408
    assert isinstance(query, ast.SelectStatement)
    assert (query.query.value, query.table.value) == ("select '1' as 2 from `3`", "4")
    command = fill(statement("!show ${a} '${b}';"), {"a": "tables", "b": "x y"})
    assert isinstance(command, ast.CommandStatement)
    assert [text.value for text in command.arguments] == ["tables", "x y"]


def test_what_is_absent_stays_absent() -> None:
    train = fill(statement("train t as PythonAlg.`m`;"), {})
    assert isinstance(train, ast.TrainStatement)
    assert train.result is None
    assert train.options == ()


def test_the_statement_that_was_given_is_not_changed() -> None:
    given_statement = statement("set a = '${b}';")
    fill(given_statement, {"b": "c"})
    assert given_statement == statement("set a = '${b}';")


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("'x'", "x"),
        ("'${a}'", "A"),
        ("'${ a }'", "A"),
        ("'${a}${b}'", "A"),
        ("'-${a}-${a}-'", "-A-A-"),
        (r"'\${a}'", "${a}"),
        (r"'\${a} ${a}'", "${a} A"),
        (r"'\\${a}'", r"\${a}"),
        ("'$a {a} $ {a}'", "$a {a} $ {a}"),
        ("'${a'", "${a"),
        ("'${ref}'", "${a}"),
        (r"'it\'s ${a}'", "it's A"),
        (r"'${a}\'${a}'", "A'A"),
        (r"""'\'\'${b}\''""", "'''"),
        ("'''${a}\n${a}'''", "A\nA"),
        ("'${x y}'", "spaced"),
    ],
)
def test_values(written: str, filled: str) -> None:
    assert fill_text(value(written), {"a": "A", "b": "", "ref": "${a}", "x y": "spaced"}).value == filled


def test_text_without_a_reference_is_the_same_object() -> None:
    text = value("'plain $ {a}'")
    assert fill_text(text, {}) is text


def test_a_missing_variable_is_placed_and_guessed() -> None:
    with pytest.raises(UnknownName) as caught:
        fill(statement("select 1 as a\nfrom ${tabel} as t;"), {"table": "x"})
    error = caught.value
    assert error.render() == "\n".join(
        [
            "error[UNKNOWN_VARIABLE]: there is no variable 'tabel'",
            " --> s:2:6",
            "  |",
            "2 | from ${tabel} as t;",
            "  |      ^^^^^^^^",
            "  = help: did you mean 'table'?",
        ]
    )


def test_names_of_variables_are_case_sensitive() -> None:
    with pytest.raises(UnknownName, match="there is no variable 'A'"):
        fill_text(value("'${A}'"), {"a": "x"})


def test_the_first_missing_variable_is_told() -> None:
    with pytest.raises(UnknownName, match="there is no variable 'one'"):
        fill_text(value("'${one}${two}'"), {})


def test_a_missing_variable_behind_an_escaped_quote_is_placed_exactly() -> None:
    with pytest.raises(UnknownName) as caught:
        fill_text(value(r"'it\'s \"${x}\"'"), {})
    assert caught.value.span is not None
    assert caught.value.span.text == "${x}"


@dataclass(frozen=True)
class Part:
    """A part of a string: as it is written, the value that it gives, and what a place in it must show."""

    written: str
    value: str
    place: str | None = None  # None: each character is its own


PART = st.one_of(
    st.text(alphabet="ab é\n$}", min_size=1, max_size=4).map(lambda text: Part(text, text)),
    st.just(Part(r"\'", "'")),
    st.just(Part(r"\"", '"')),
    st.just(Part(r"\${a}", "${a}")),
    st.sampled_from(["empty", "one", "long", "nested"]).map(
        lambda name: Part(f"${{{name}}}", VARIABLES[name], f"${{{name}}}")
    ),
)
VARIABLES = {"empty": "", "one": "1", "long": "a long 'value'", "nested": "${one}"}


@given(st.lists(PART, max_size=12))
def test_filling_keeps_places(chosen: list[Part]) -> None:
    # A dollar before a brace that another part begins with would make a reference of its own: keep them apart.
    parts = [part for one in chosen for part in (one, Part("_", "_"))]
    filled = fill_text(value("'" + "".join(part.written for part in parts) + "'"), VARIABLES)
    assert filled.value == "".join(part.value for part in parts)
    offset = 0
    for part in parts:
        for index, char in enumerate(part.value):
            assert filled.place(offset + index, offset + index + 1).text == (part.place or char)
        if part.value:
            whole = filled.place(offset, offset + len(part.value)).text
            assert whole == (part.place or part.written.removeprefix("\\"))
        offset += len(part.value)


@given(st.lists(st.sampled_from(["${a}", "x", "\\'"]), max_size=8), st.text(max_size=5))
def test_filling_twice_is_filling_once_for_plain_values(pieces: list[str], given_value: str) -> None:
    plain = given_value.replace("$", "")
    once = fill_text(value("'" + "".join(pieces) + "'"), {"a": plain})
    assert fill_text(once, {"a": "other"}) == once


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_runs_own_values_come_before_those_that_are_kept() -> None:
    variables = Variables({"a": "kept", "b": "kept"}, {"a": "own", "c": "own"}, NOW)
    assert {name: variables[name] for name in variables} == {"a": "own", "b": "kept", "c": "own"}
    assert len(variables) == 3
    assert "b" in variables
    assert "d" not in variables
    assert fill_text(value("'${a} ${b} ${c}'"), variables).value == "own kept own"


def test_a_date_is_that_of_the_run() -> None:
    variables = Variables({}, {}, NOW)
    assert fill_text(value("'${date.toString(\"yyyy-MM-dd HH:mm:ss\")}'"), variables).value == "2026-01-02 03:04:05"
    assert (
        fill_text(value("'${ date.plusDays(1).toString() }'"), variables).value == "2026-01-03T03:04:05.000+00:00"
    )


def test_a_variable_may_have_a_dates_name() -> None:
    variables = Variables({"date.toString()": "mine", "date": "today"}, {}, NOW)
    assert fill_text(value("'${date} ${date.toString()}'"), variables).value == "today mine"


def test_a_wrong_date_is_placed() -> None:
    with pytest.raises(BadValue) as caught:
        fill(statement("select '${date.toStrin()}' as a as t;"), Variables({}, {}, NOW))
    assert caught.value.span is not None
    assert caught.value.span.text == "${date.toStrin()}"


def test_no_name() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        fill_text(value("'${  }'"), {})
    assert (caught.value.code, caught.value.message) == ("UNKNOWN_VARIABLE", "${} names no variable")


def test_a_builder_replaces_parts() -> None:
    built = Builder(value("'abcdef'"))
    built.replace(1, 3, "XYZ")
    built.replace(3, 3, "+")
    built.replace(5, 6, "")
    text = built.text()
    assert text.value == "aXYZ+de"
    assert [text.place(offset, offset + 1).text for offset in range(7)] == ["a", "bc", "bc", "bc", "d", "d", "e"]


def test_a_builder_that_leaves_nothing() -> None:
    built = Builder(value("'ab'"))
    built.replace(0, 2, "")
    text = built.text()
    assert text.value == ""
    assert text.place(0, 1).text == "a"


def test_a_builder_of_a_text_that_was_filled() -> None:
    filled = fill_text(value(r"'it\'s ${a}!'"), {"a": "long"})
    built = Builder(filled)
    built.replace(0, 2, "that")
    built.replace(6, 8, "-")
    text = built.text()
    assert text.value == "that's l-g!"
    assert [text.place(offset, offset + 1).text for offset in (0, 4, 5, 7, 8, 9, 10)] == [
        *("it", "'", "s", "${a}", "${a}", "${a}", "!")
    ]
