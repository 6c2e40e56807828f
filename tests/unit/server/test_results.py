"""Rows as JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mlsql_engine import MlsqlError, SilentProgress, connect
from mlsql_engine.server import results
from mlsql_engine.server.results import Result
from mlsql_engine.session import Session
from mlsql_engine.table import Table


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with connect(progress=SilentProgress()) as session:
        yield session


def table(session: Session, query: str) -> Table:
    made = session.run(f"{query} as t;")
    assert made is not None
    return made


def text(result: Result) -> bytes:
    return b"".join(result.pieces())


@pytest.mark.parametrize(
    ("most", "rows", "cut"), [(None, 3, False), (3, 3, False), (4, 3, False), (2, 2, True), (0, 0, True)]
)
def test_rows_are_cut(session: Session, most: int | None, rows: int, *, cut: bool) -> None:
    told: list[int] = []
    result = results.read(table(session, "select id from range(3)"), most, 1_000, told.append)
    assert json.loads(text(result)) == [{"id": number} for number in range(rows)]
    assert (result.rows, result.cut, result.size, told) == (rows, cut, len(text(result)), [rows])


def test_a_cut_where_a_batch_ends(session: Session) -> None:
    result = results.read(table(session, "select id from range(200000)"), 65_536, 1 << 30, lambda _rows: None)
    assert (result.rows, len(json.loads(text(result)))) == (65_536, 65_536)
    assert result.cut


def test_no_rows(session: Session) -> None:
    none = results.read(table(session, "select id from range(0)"), 5, 1_000, lambda _rows: None)
    assert (text(none), none.rows, none.cut) == (b"[]", 0, False)
    assert text(results.empty()) == b"[]"
    assert json.loads(results.empty().schema) == {"type": "struct", "fields": []}


def test_many_rows_go_to_a_file_and_are_read_by_several(session: Session) -> None:
    result = results.read(table(session, "select id from range(300000)"), None, 1 << 30, lambda _rows: None)
    assert result._file is not None
    assert not result._text
    first, second = result.pieces(), result.pieces()
    assert next(first) == next(second)
    del result
    assert len(json.loads(b"[" + b"".join(first).partition(b",")[2])) < 300_000
    assert b"".join(second).endswith(b'{"id":299999}]')


def test_too_many_bytes(session: Session) -> None:
    with pytest.raises(MlsqlError) as caught:
        results.read(table(session, "select repeat('x', 3000000) as a"), None, 2 << 20, lambda _rows: None)
    assert (caught.value.code, caught.value.message) == ("RESULT_TOO_LARGE", "the rows are more than 2 MiB of JSON")
