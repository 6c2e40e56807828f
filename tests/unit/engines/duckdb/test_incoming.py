"""Rows that come from elsewhere as record batches: read at the first use, once, and kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import DataProblem, MlsqlError
from mlsql_engine.engines.requests import ReadRequest, RecordBatches
from unit.engines.duckdb.sessions import EngineSession, text

SCHEMA = pa.schema([("a", pa.int64()), ("b", pa.string())])


class Elsewhere:
    """Batches of two rows each, which count how often they were opened and ended."""

    def __init__(self, batches: int = 2, failure: Exception | None = None) -> None:
        self.batches, self.failure = batches, failure
        self.opened = self.ended = 0
        self.cancelled = threading.Event()
        self.waits = False
        self.waiting = threading.Event()

    def open(self) -> Elsewhere:
        self.opened += 1
        return self

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for number in range(self.batches):
            rows: dict[str, list[Any]] = {"a": [2 * number, None], "b": [f"row {number}", None]}
            yield pa.RecordBatch.from_pydict(rows, schema=SCHEMA)
        if self.waits:
            self.waiting.set()
            self.cancelled.wait()
            raise DataProblem("the reading was cancelled")
        if self.failure is not None:
            raise self.failure

    def cancel(self) -> None:
        self.cancelled.set()

    def __enter__(self) -> Elsewhere:
        return self

    def __exit__(self, *error: object) -> None:
        self.ended += 1


def bind(session: EngineSession, elsewhere: Elsewhere) -> None:
    session.bind("t", RecordBatches(SCHEMA, elsewhere.open))


ROWS = [(0, "row 0"), (None, None), (2, "row 1"), (None, None)]


def test_the_columns_are_known_before_anything_is_read(session: EngineSession) -> None:
    elsewhere = Elsewhere()
    bind(session, elsewhere)
    assert session.columns("select b, a + 1 as c from t") == ["b", "c"]
    assert session.engine.schema(session.engine.tables["t"]) == SCHEMA
    assert elsewhere.opened == 0


def test_rows_are_read_once_and_kept(session: EngineSession) -> None:
    elsewhere = Elsewhere()
    bind(session, elsewhere)
    assert session.rows("select * from t") == ROWS
    assert session.rows("select count(*) as n from t as x join t as y on x.a = y.a") == [(2,)]
    assert (elsewhere.opened, elsewhere.ended) == (1, 1)


def test_no_rows(session: EngineSession) -> None:
    bind(session, Elsewhere(batches=0))
    assert session.rows("select * from t") == []


def test_what_reading_raises_comes_back_as_itself_and_leaves_no_rows(session: EngineSession) -> None:
    failure = DataProblem("the line is dead")
    elsewhere = Elsewhere(failure=failure)
    place = text("shop.orders").span
    relation = session.engine.read(ReadRequest(RecordBatches(SCHEMA, elsewhere.open), span=place))
    with pytest.raises(DataProblem) as raised:
        session.rows(relation)
    assert raised.value is failure
    assert raised.value.span is place
    assert elsewhere.ended == 1
    elsewhere.failure = None
    assert session.rows(relation) == ROWS


def test_refresh_reads_again(session: EngineSession) -> None:
    elsewhere = Elsewhere()
    bind(session, elsewhere)
    session.rows("select * from t")
    elsewhere.batches = 1
    session.engine.define(text("refresh table t"))
    assert elsewhere.opened == 1
    assert session.rows("select * from t") == ROWS[:2]
    assert elsewhere.opened == 2


def test_an_interruption_cancels_the_reading(session: EngineSession) -> None:
    elsewhere = Elsewhere()
    elsewhere.waits = True
    bind(session, elsewhere)
    raised: list[MlsqlError] = []

    def read() -> None:
        try:
            session.rows("select * from t")
        except MlsqlError as error:
            raised.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert elsewhere.waiting.wait(30)
    session.engine.interrupt()
    thread.join(30)
    assert [error.message for error in raised] == ["the reading was cancelled"]
    assert elsewhere.ended == 1
