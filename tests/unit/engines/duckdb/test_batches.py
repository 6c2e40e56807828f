"""A reader's exceptions: which are the engine's, and how they come out of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.engines.duckdb.batches import DuckBatches, is_engine_error
from mlsql_engine.engines.duckdb.interruption import Interruption


def reader(*items: pa.RecordBatch | Exception) -> pa.RecordBatchReader:
    def batches() -> Iterator[pa.RecordBatch]:
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item

    return pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())


BATCH = pa.RecordBatch.from_pydict({"a": [1, 2]})


class Cursor:
    closed = 0

    def close(self) -> None:
        self.closed += 1


def stream(source: Any, explain: Any = lambda error: error) -> tuple[DuckBatches, Cursor]:
    cursor = Cursor()
    return DuckBatches(cursor, source, Interruption(lambda: None), explain), cursor  # type: ignore[arg-type]


def test_batches_and_closing() -> None:
    batches, cursor = stream(reader(BATCH, BATCH))
    with batches as opened:
        assert [batch.to_pydict() for batch in opened] == [{"a": [1, 2]}] * 2
        assert list(opened) == []
    assert cursor.closed == 1


def test_what_reading_raises_is_explained_and_keeps_its_cause() -> None:
    batches, cursor = stream(reader(BATCH, ValueError("inside")), lambda error: MlsqlError(f"explained {error}"))
    with pytest.raises(MlsqlError) as raised, batches:
        list(batches)
    assert raised.value.message == "explained inside"
    assert isinstance(raised.value.__cause__, ValueError)
    assert cursor.closed == 1


def test_an_interrupt_that_the_explanation_gives_is_raised() -> None:
    batches, _ = stream(reader(ValueError("inside")), lambda error: KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        list(batches)


def test_closing_twice() -> None:
    batches, cursor = stream(reader(BATCH))
    batches.close()
    batches.close()
    assert cursor.closed == 2


def test_engine_errors() -> None:
    import duckdb

    ours = [duckdb.Error("x"), duckdb.BinderException("x"), pa.ArrowInvalid("x"), RuntimeError("x")]
    others = [ValueError("x"), MlsqlError("x"), KeyError("x"), TypeError("x"), FileNotFoundError("x")]
    assert [error for error in ours if not is_engine_error(error)] == []
    assert [error for error in others if is_engine_error(error) and not isinstance(error, pa.ArrowException)] == []


@pytest.mark.parametrize(
    "query", ["SELECT error('the end')", "SELECT CASE WHEN range > 150000 THEN error('the end') END"]
)
def test_what_arrow_wraps_is_the_engines_again(query: str) -> None:
    """In the middle of a reader, DuckDB's exceptions come out as OSError with their text."""
    import duckdb

    explained: list[Exception] = []

    def explain(error: Exception) -> MlsqlError:
        explained.append(error)
        return MlsqlError("explained")

    query = "SELECT CASE WHEN range > 250000 THEN error('the end') END FROM range(300000)"
    with duckdb.connect() as connection:
        source = connection.sql(query).to_arrow_reader(10_000)
        batches, _ = stream(source, explain)
        with pytest.raises(MlsqlError, match="explained"):
            list(batches)
    assert isinstance(explained[0], duckdb.Error)
    assert str(explained[0]).endswith("the end")


def test_an_error_of_the_operating_system_stays_one() -> None:
    explained: list[Exception] = []

    def explain(error: Exception) -> MlsqlError:
        explained.append(error)
        return MlsqlError("explained")

    with pytest.raises(MlsqlError, match="explained"):
        list(stream(reader(OSError("disk full")), explain)[0])
    assert type(explained[0]) is OSError
