"""An engine with models that live in this process and count what they are asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlsql_engine.core.functions import CallForm, Described
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import Relation
from mlsql_engine.engines.duckdb.engine import DuckDBEngine
from mlsql_engine.engines.requests import ArrowRows, LoadOptions, ReadRequest, SaveMode, SaveOptions, WriteRequest

Row = tuple[Any, ...]
Predict = Callable[[pa.RecordBatch], pa.Array]
VECTOR = pa.struct(
    [
        ("type", pa.int8()),
        ("size", pa.int32()),
        ("indices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
    ]
)
INTERNAL = (
    "mlsql_relation_",
    "mlsql_function_",
    "mlsql_udf_",
    "mlsql_udaf_",
    "mlsql_argument_",
    "mlsql_plain_call",
    "__type",
    "__size",
    "__indices",
    "__values",
)


def text(query: str) -> Text:
    """The query as a script of its own."""
    return Text.literal(query, Span(Source("script", query), 0, len(query)))


def dense(*values: float) -> dict[str, Any]:
    return {"type": 1, "size": None, "indices": None, "values": list(values)}


def sparse(size: int, elements: dict[int, float]) -> dict[str, Any]:
    return {"type": 0, "size": size, "indices": list(elements), "values": list(elements.values())}


def doubled(batch: pa.RecordBatch) -> pa.Array:
    return pc.multiply(batch.column(0).cast(pa.float64()), 2.0)


class FakeModel:
    """A predictor that counts its calls, its rows and the threads that called it."""

    def __init__(self, predict: Predict, kind: pa.DataType, form: CallForm = "model") -> None:
        self._predict = predict
        self._lock = threading.Lock()
        self.description = Described("batch", kind, form=form)
        self.calls = self.rows = 0
        self.threads: set[int] = set()
        self.largest = 0
        self.workers = 1
        self.cancelled = self.closed = 0

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        with self._lock:
            self.calls += 1
            self.rows += batch.num_rows
            self.largest = max(self.largest, batch.num_rows)
            self.threads.add(threading.get_ident())
        return self._predict(batch)

    def cancel(self) -> None:
        self.cancelled += 1

    def close(self) -> None:
        self.closed += 1


class FakeCatalog:
    """A FunctionCatalog of fake models."""

    def __init__(self) -> None:
        self.models: dict[str, FakeModel] = {}

    def names(self) -> frozenset[str]:
        return frozenset(self.models)

    def predictor(self, name: str) -> FakeModel:
        return self.models[name.lower()]


class EngineSession:
    """An engine, its catalog, and short ways to use them."""

    def __init__(self) -> None:
        self.scratch = Scratch()
        self.catalog = FakeCatalog()
        self.engine = DuckDBEngine(self.catalog, self.scratch)

    def model(
        self,
        name: str,
        predict: Predict = doubled,
        kind: pa.DataType | None = None,
        form: CallForm = "model",
    ) -> FakeModel:
        """Register a model, or a function that is called in another form, as the function `name`."""
        model = FakeModel(predict, kind or pa.float64(), form)
        self.catalog.models[name.lower()] = model
        self.engine.register_function(name)
        return model

    def sql(self, query: str, name: str = "") -> Relation:
        """The relation of the query, bound if a name is given."""
        relation = self.engine.sql(text(query))
        if name:
            self.engine.bind(name, relation)
        return relation

    def numbers(self, count: int, name: str = "numbers") -> None:
        """A table of one column `a`: 0, 1, 2 …"""
        self.bind(name, ArrowRows(pa.table({"a": pa.array(range(count), pa.int64())})))

    def bind(self, name: str, options: LoadOptions, place: Any = "") -> Relation:
        relation = self.engine.read(ReadRequest(options, str(place)))
        self.engine.bind(name, relation)
        return relation

    def rows(self, what: str | Relation) -> list[Row]:
        """All rows of a query or a relation."""
        relation = self.sql(what) if isinstance(what, str) else what
        with self.engine.stream(relation) as stream:
            return [tuple(row.values()) for batch in stream for row in batch.to_pylist()]

    def columns(self, query: str) -> list[str]:
        return list(self.sql(query).columns)

    def load(self, options: LoadOptions, place: Any) -> tuple[list[str], list[Row]]:
        """The columns and rows of a file."""
        relation = self.engine.read(ReadRequest(options, str(place)))
        return list(relation.columns), self.rows(relation)

    def save(
        self,
        what: str,
        place: Any,
        options: SaveOptions,
        mode: SaveMode = "overwrite",
        by: tuple[str, ...] = (),
    ) -> int | None:
        """Save a table or, if it has a blank, a query."""
        relation = self.sql(what) if " " in what else self.engine.tables[what]
        return self.engine.write(relation, WriteRequest(str(place), options, mode, by))


@contextmanager
def engine_session() -> Iterator[EngineSession]:
    session = EngineSession()
    try:
        yield session
    finally:
        session.engine.close()
        session.scratch.close()
