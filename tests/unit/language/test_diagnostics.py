"""The words in which syntax errors are told."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from mlsql_engine.core.errors import SyntaxProblem
from mlsql_engine.core.span import Source, Span
from mlsql_engine.language import diagnostics
from mlsql_engine.language.parser import parse


def span(text: str) -> Span:
    return Span(Source("s", text), 0, len(text))


@pytest.mark.parametrize("word", [*diagnostics.STATEMENT_WORDS, "LOAD", "Select", "!"])
def test_words_that_start_statements(word: str) -> None:
    diagnostics.check_first_word(span(f"{word} x"))


@pytest.mark.parametrize(
    ("text", "shown", "place"),
    [
        ("regsiter x", "'regsiter'", "regsiter"),
        ("trian_x", "'trian_x'", "trian_x"),
        ("'", '"\'"', "'"),
        ("`a b` c", "`a b`", "`a b`"),
        ('"x" y', '"x"', '"x"'),
        ("7.5x", "'7.5x'", "7.5x"),
        ("é", "'é'", "é"),
        ("?", "'?'", "?"),
    ],
)
def test_words_that_start_none(text: str, shown: str, place: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        diagnostics.check_first_word(span(text))
    assert caught.value.message == f"no statement starts with {shown}"
    assert caught.value.span is not None
    assert caught.value.span.text == place


def test_a_first_word_that_is_near_to_none_lists_them_all() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        diagnostics.check_first_word(span("zzz"))
    assert caught.value.hint == (
        "a statement starts with load, select, with, save, set, connect, train, run, predict, register, "
        "unregister, include, create, insert, drop, refresh or !command"
    )


def test_every_terminal_of_the_grammar_has_words() -> None:
    grammar = resources.files("mlsql_engine.language").joinpath("grammar.lark").read_text(encoding="utf-8")
    terminals = set(re.findall(r"^(_?[A-Z_]+)(?:\.\d)?:", grammar, re.MULTILINE))
    starts = {f"_{word.upper()}" for word in diagnostics.STATEMENT_WORDS}
    assert terminals - starts - set(diagnostics._WORDS) == set()
    assert {"_AS", "PATH", "COMMAND"} <= terminals


def test_every_statement_of_the_grammar_has_its_form_shown() -> None:
    engines = {"select", "with", "create", "insert", "drop", "refresh"}  # Spark SQL, which the engine reads
    assert set(diagnostics._SHAPES) == set(diagnostics.STATEMENT_WORDS) - engines


@pytest.mark.parametrize("word", sorted(diagnostics._SHAPES))
def test_the_form_that_is_shown_is_one_that_is_read(word: str) -> None:
    """Each form, with its optional parts and without them, is a statement."""
    shape = diagnostics._SHAPES[word].replace(" and …", "").replace(", …", "").replace("FORMAT", "csv")
    shape = shape.replace("ALGORITHM", "PythonAlg")
    with_all = shape.replace("[", "").replace("]", "")
    without = re.sub(r" ?\[[^]]*\]", "", shape)
    for text in (with_all, without):
        (statement,) = parse(Source("s", text)).statements
        assert statement.span.text == text.removesuffix(";")


def test_the_form_shown_is_that_of_the_word_written_in_any_case() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse(Source("s", "RUN t;"))
    assert caught.value.hint == (
        'the statement\'s form is: run table as ALGORITHM.`path` [where key="value" and …] [as result];'
    )


def test_a_word_near_to_a_keyword_that_may_stand_there_is_guessed() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse(Source("s", "save t as csv.`o` partitionedBy a;"))
    assert caught.value.hint == "did you mean 'partitionBy'?"


def test_too_early_points_behind_the_last_word() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse(Source("s", "save t as  -- where?\n ;"))
    assert caught.value.render().split("\n")[1:4] == [" --> s:1:10", "  |", "1 | save t as  -- where?"]
