"""Models as functions of DuckDB: arguments, types, threads, and exceptions that come back as themselves."""

from __future__ import annotations

import hashlib
import threading

import numpy as np
import pyarrow as pa
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.engines.duckdb.model_calls import ModelCalls, hidden_type
from unit.engines.duckdb.sessions import VECTOR, EngineSession, dense, sparse


def test_arguments_as_the_model_gets_them(session: EngineSession) -> None:
    seen: list[pa.RecordBatch] = []

    def keep(batch: pa.RecordBatch) -> pa.Array:
        seen.append(batch)
        return pa.array([0.0] * batch.num_rows)

    session.model("f", keep)
    session.sql(
        "select 1 as a, 'x' as b, vec_dense(array(1.0)) as v, array(1, 2) as l "
        "union all select null, null, null, null",
        "t",
    )
    session.rows("select f(a, b, v, l, struct(a, v)) as p from t")
    rows = [row for batch in seen for row in batch.to_pylist()]
    first = {"arg0": 1, "arg1": "x", "arg2": dense(1.0), "arg3": [1, 2], "arg4": {"a": 1, "v": dense(1.0)}}
    assert rows == [first, {**dict.fromkeys(first), "arg4": {"a": None, "v": None}}]
    assert seen[0].schema.field("arg2").type == VECTOR


def test_struct_star_is_one_argument(session: EngineSession) -> None:
    seen: list[dict[str, object]] = []

    def keep(batch: pa.RecordBatch) -> pa.Array:
        seen.extend(batch.to_pylist())
        return pa.array([0.0] * batch.num_rows)

    session.model("f", keep)
    session.sql("select 1 as a, vec_sparse(2, map(1, 3.0)) as v", "t")
    session.rows("select f(struct(*)) as p from t")
    assert seen == [{"arg0": {"a": 1, "v": sparse(2, {1: 3.0})}}]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.int64(), 3),
        (pa.string(), "x"),
        (pa.bool_(), True),
        (pa.list_(pa.float64()), [1.0, None]),
        (VECTOR, dense(1.0, 2.0)),
        (VECTOR, sparse(5, {1: 2.0})),
        (pa.struct([("a", pa.int64()), ("b", pa.string())]), {"a": 1, "b": None}),
    ],
)
def test_types_that_come_back(session: EngineSession, kind: pa.DataType, value: object) -> None:
    session.model("f", lambda batch: pa.array([value, None], kind), kind)
    session.numbers(2)
    assert session.rows("select f(a) as p from numbers") == [(value,), (None,)]


def test_rows_with_null_reach_the_model(session: EngineSession) -> None:
    model = session.model("f")
    session.sql("select 1 as a union all select null", "t")
    assert session.rows("select f(a) as p from t") == [(2.0,), (None,)]
    assert model.rows == 2


def test_rows_that_a_case_guards_are_not_predicted(session: EngineSession) -> None:
    session.numbers(100)
    model = session.model("f")
    assert session.rows("select sum(case when a < 10 then f(a) end) from numbers") == [(90.0,)]
    assert model.rows == 10


def test_threads_share_the_model(session: EngineSession) -> None:
    """200,000 rows and a model that lets go of the interpreter lock: order and values hold, nothing is lost."""
    both = threading.Barrier(2, timeout=5)

    def slow(batch: pa.RecordBatch) -> pa.Array:
        if not both.broken:
            try:
                both.wait()  # until two threads are in here; the first call may have to give up
            except threading.BrokenBarrierError:
                both.abort()
        hashlib.sha256(b"x" * 200_000).digest()  # without the lock
        return pa.array(np.asarray(batch.column(0)) * 2.0)

    session.numbers(200_000)
    model = session.model("f", slow)
    guarded = "select a, case when a >= 0 then f(a) end as p from numbers"  # stays a function of the engine
    with session.engine.stream(session.sql(guarded)) as stream:
        table = pa.Table.from_batches(list(stream))
    assert table["a"].to_pylist() == list(range(200_000))
    assert table["p"].to_pylist() == [2.0 * number for number in range(200_000)]
    assert (model.rows, model.largest <= 2048) == (200_000, True)


def test_failures_of_several_threads_are_one_error(session: EngineSession) -> None:
    def fail(batch: pa.RecordBatch) -> pa.Array:
        hashlib.sha256(b"x" * 200_000).digest()
        raise MlsqlError(f"row {batch.column(0)[0].as_py()}")

    session.numbers(200_000)
    session.model("f", fail)
    for _ in range(5):
        with pytest.raises(MlsqlError, match=r"row \d+") as raised:
            session.rows("select sum(f(a)) from numbers")
        assert type(raised.value) is MlsqlError


def test_an_exception_that_is_no_mlsql_error_comes_back_as_itself(session: EngineSession) -> None:
    class Odd(Exception):
        pass

    def fail(batch: pa.RecordBatch) -> pa.Array:
        raise Odd("odd")

    session.numbers(3)
    session.model("f", fail)
    with pytest.raises(Odd):
        session.rows("select f(a) from numbers")


def test_what_is_not_ours_is_not_carried() -> None:
    calls = ModelCalls()
    assert calls.carried(RuntimeError("other")) is None
    assert calls.carried(RuntimeError("mlsql-failure-99-")) is None


def test_hidden_type_of_what_is_no_vector() -> None:
    for kind in (pa.int64(), pa.struct([("type", pa.int8())]), pa.list_(pa.int8())):
        assert hidden_type(kind) is kind


def test_hidden_type_of_vectors_inside_of_others() -> None:
    hidden = hidden_type(VECTOR)
    assert [field.name for field in hidden] == ["__type", "__size", "__indices", "__values"]
    assert hidden_type(pa.list_(VECTOR)) == pa.list_(hidden)
    nested = pa.struct([("v", VECTOR), ("m", pa.map_(pa.string(), VECTOR))])
    assert hidden_type(nested) == pa.struct([("v", hidden), ("m", pa.map_(pa.string(), hidden))])
