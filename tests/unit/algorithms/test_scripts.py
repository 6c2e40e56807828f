"""Scripts out of tables and out of statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine.algorithms.scripts import dedented, script_of_code, script_of_table
from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from unit.engines.duckdb.sessions import EngineSession, engine_session

NAME = Text.literal("T", Span(Source("script", "T"), 0, 1))


@pytest.fixture
def session() -> Iterator[EngineSession]:
    with engine_session() as session:
        yield session


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("select 'x = 1' as value, 2 as other", "x = 1"),
        ("select 1 as a, 'x = 1' as VALUE", "x = 1"),
        ("select '  x = 1' as anything", "x = 1"),
    ],
)
def test_a_table(session: EngineSession, query: str, text: str) -> None:
    script = script_of_table(session.sql(query), session.engine, NAME)
    assert (script.name, script.text, script.folder, script.table) == ("script T", text, None, "t")


def test_a_table_of_a_file(session: EngineSession) -> None:
    relation = session.sql("select '  x = 1' as value, '/a/b.py' as file")
    script = script_of_table(relation, session.engine, NAME)
    assert (script.name, script.text, script.folder) == ("/a/b.py", "  x = 1", str(Path("/a")))


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select 1 as a, 2 as b", "it has the columns a, b, and none called value"),
        ("select 'x' as value where false", "it has no row"),
        ("select 'x' as value from range(3)", "it has more than one row"),
        ("select 1 as value", "its value is no text"),
        ("select cast(null as string) as code", "its code is NULL"),
    ],
)
def test_a_table_that_is_no_script(session: EngineSession, query: str, why: str) -> None:
    with pytest.raises(BadValue) as caught:
        script_of_table(session.sql(query), session.engine, NAME)
    assert caught.value.message == f"the table 'T' is no script: {why}"
    assert caught.value.span == NAME.span


def test_only_what_is_indented_as_a_whole_is_moved() -> None:
    assert dedented("\n\n  a = '''\n    b\n  '''\n") == "\n\na = '''\n  b\n'''\n"
    assert dedented("a = '''\n    b\n\n   '''\n   ") == "a = '''\n    b\n\n   '''\n   "


def test_the_place_of_a_line() -> None:
    source = Source("script", "… code='''\n    a\n\n      b = 1  \n''';")
    start = source.text.index("\n")
    code = Text.literal(source.text[start : source.text.index("''';")], Span(source, start - 3, 32), start)
    script = script_of_code(code, "f")
    assert (script.name, script.text) == ("code of f", "\na\n\n  b = 1  \n")
    places = [script.place(line) for line in range(6)]
    assert [place and (source.position(place.start), place.text) for place in places] == [
        None,
        ((1, 11), "\n"),
        ((2, 5), "a"),
        ((3, 1), "\n"),
        ((4, 7), "b = 1"),
        ((5, 1), "'"),
    ]
