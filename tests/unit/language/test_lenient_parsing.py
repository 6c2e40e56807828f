"""Reading a script that is broken in places: what can be read is, and each problem is told with its place."""

from __future__ import annotations

from mlsql_engine.core.span import Source
from mlsql_engine.language.parser import parse, parse_leniently


def read(text: str, *words: str) -> tuple[list[str], list[tuple[str, str]]]:
    script, problems = parse_leniently(Source("s", text), words)
    told = [(problem.message, "" if problem.span is None else problem.span.text) for problem in problems]
    return [statement.span.text for statement in script.statements], told


def test_a_right_script_is_what_parse_gives() -> None:
    source = Source("s", "select 1 as a as t; !if '1'; !a; !fi; -- end")
    assert parse_leniently(source) == (parse(source), [])


def test_broken_statements_are_left_out() -> None:
    statements, told = read("select 1 as a as t; lod csv.`x` as y; !a; load csv as z; set a = 'b';")
    assert statements == ["select 1 as a as t", "!a", "set a = 'b'"]
    assert [place for _, place in told] == ["lod", "as"]


def test_a_last_statement_without_an_end_is_not_read() -> None:
    statements, told = read("!a; select 1 as a as t")
    assert statements == ["!a"]
    assert told == [("the last statement has no ';'", "t")]


def test_what_never_ends_takes_the_rest_along() -> None:
    statements, told = read("!a; set b = 'it is; !c; lod;")
    assert statements == ["!a"]
    assert told == [("a string starts here and never ends", "'")]


def test_words_of_other_packages() -> None:
    assert read("greet people;", "greet") == (["greet people"], [])
    assert read("greet people;")[1] == [("no statement starts with 'greet'", "greet")]


def test_nothing() -> None:
    assert read(" -- only a comment\n") == ([], [])
