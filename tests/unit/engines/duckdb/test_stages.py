"""The stream operator: batches, order, types, errors, and what is left when it ends early."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mlsql_engine.core.errors import InternalError, MlsqlError, SqlProblem
from mlsql_engine.engines.duckdb.model_calls import BoundModel, ModelCalls
from mlsql_engine.engines.duckdb.parts import MOST_BYTES
from mlsql_engine.engines.duckdb.stages import Stage, StageCall, StageRun
from unit.engines.duckdb.sessions import VECTOR, EngineSession, FakeModel, dense, doubled, sparse


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("mlsql-predict")] == []


class Rows:
    """A source of batches that knows how it was used."""

    def __init__(self, *batches: pa.RecordBatch) -> None:
        self._batches = batches
        self.asked: list[str] = []

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        self.asked.append(f"batches of {rows}")
        yield from self._batches

    def interrupt(self) -> None:
        self.asked.append("interrupt")

    def close(self) -> None:
        self.asked.append("close")


def stage_of(model: FakeModel) -> Stage:
    call = StageCall(BoundModel("f", model, "DOUBLE"), ("a",), "m")
    return Stage((call,), ("a",), {"a": "BIGINT", "m": "DOUBLE"})


def run_of(model: FakeModel, source: Rows) -> StageRun:
    stage = stage_of(model)
    return StageRun(stage, stage.schema(pa.schema([("a", pa.int64())])), ModelCalls(), lambda: source)


def numbers(count: int, start: int = 0) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"a": pa.array(range(start, start + count), pa.int64())})


class TestBatches:
    def test_they_grow(self) -> None:
        sizes: list[int] = []

        def predict(batch: pa.RecordBatch) -> pa.Array:
            sizes.append(batch.num_rows)
            return doubled(batch)

        source = Rows(*(numbers(65_536, start) for start in range(0, 200_000, 65_536)))
        run = run_of(FakeModel(predict, pa.float64()), source)
        table = pa.RecordBatchReader.from_stream(run).read_all()
        run.close()
        assert sizes[:6] == [2_048, 4_096, 8_192, 16_384, 32_768, 2_048]
        assert sizes[6:] == [65_536] * 3
        assert table["m"].to_pylist() == [2.0 * number for number in table["a"].to_pylist()]
        assert source.asked == ["batches of 65536", "interrupt", "close"]

    def test_wide_rows_come_in_small_batches(self) -> None:
        wide = pa.RecordBatch.from_pydict({"a": pa.array(["x" * 2**20] * 100)})
        model = FakeModel(lambda batch: pa.array([1.0] * batch.num_rows), pa.float64())
        stage = stage_of(model)
        run = StageRun(stage, stage.schema(wide.schema), ModelCalls(), lambda: Rows(wide))
        assert pa.RecordBatchReader.from_stream(run).read_all().num_rows == 100
        run.close()
        assert model.largest == MOST_BYTES // 2**20 - 1  # the offsets take some, too

    def test_several_workers_and_the_order_of_the_rows(self, session: EngineSession) -> None:
        """The first batch comes back last: as many are with the model as it has workers, and stay in order."""
        first_may_end = threading.Event()

        def predict(batch: pa.RecordBatch) -> pa.Array:
            if batch.column(0)[0].as_py() == 0:
                assert first_may_end.wait(30)
            else:
                first_may_end.set()
            return doubled(batch)

        session.numbers(100_000)
        model = session.model("f", predict)
        model.workers = 2
        expected = [(number, 2.0 * number) for number in range(100_000)]
        assert session.rows("select a, f(a) as p from numbers") == expected

    def test_one_thread_of_the_engine_waits_for_the_answers(
        self, session: EngineSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The others are left for the query that feeds the model."""
        joined, threads = StageRun._joined, set()

        def join(run: StageRun, *of: Any) -> pa.RecordBatch:
            threads.add(threading.get_ident())
            return joined(run, *of)

        monkeypatch.setattr(StageRun, "_joined", join)
        session.numbers(600_000)
        session.model("f")
        heavy = "sin(f(a)) + cos(f(a)) + exp(sin(f(a)))"
        assert session.rows(f"select count({heavy}) as n from numbers") == [(600_000,)]
        assert len(threads) == 1

    def test_no_more_than_two_for_each_worker_are_under_way(self, session: EngineSession) -> None:
        taken: list[int] = []

        def predict(batch: pa.RecordBatch) -> pa.Array:
            taken.append(batch.num_rows)
            return doubled(batch)

        batches = [numbers(1_000) for _ in range(10)]
        run = run_of(FakeModel(predict, pa.float64()), Rows(*batches))
        reader = pa.RecordBatchReader.from_stream(run)
        assert reader.read_next_batch().num_rows == 1_000
        run.close()
        assert len(taken) <= 2

    @pytest.mark.parametrize("workers", [1, 2])
    def test_stages_over_stages(self, session: EngineSession, workers: int) -> None:
        """Four stages one over the other, more than DuckDB may have threads."""
        session.numbers(150_000)
        models = [
            session.model(name, lambda batch: pc.add(batch.column(0).cast(pa.float64()), 1.0)) for name in "fghi"
        ]
        for model in models:
            model.workers = workers
        session.sql("select a, f(a) as p from numbers where f(a) > 10", "one")
        session.sql("select a, g(p) as p from one where g(p) > 11", "two")
        rows = session.rows("select sum(h(i(p))) as s, count(*) as n from two where a in (select a from numbers)")
        assert rows == [(sum(range(10, 150_000)) + 4.0 * 149_990, 149_990)]
        assert [model.rows for model in models] == [150_000, 149_990, 149_990, 149_990]


class TestTypes:
    @pytest.mark.parametrize(
        ("written", "kind"),
        [
            ("cast(1.5 as decimal(20, 3))", "DECIMAL(20,3)"),
            ("cast('2020-01-02' as date)", "DATE"),
            ("cast('2020-01-02 03:04:05' as timestamp)", "TIMESTAMP"),
            ("cast(null as string)", "VARCHAR"),
            ("null", '"NULL"'),
            ("map('a', array(1.0, null))", "MAP(VARCHAR, DECIMAL(2,1)[])"),
            ("named_struct('x', 1, 'y', array('z'))", "STRUCT(x INTEGER, y VARCHAR[])"),
            ("cast('ab' as binary)", "BLOB"),
            ("interval 3 days", "INTERVAL"),
            ("cast(12345678901234567890 as decimal(38, 0))", "DECIMAL(38,0)"),
            ("cast('inf' as float)", "FLOAT"),
        ],
    )
    def test_that_go_through(self, session: EngineSession, written: str, kind: str) -> None:
        session.model("f")
        session.numbers(2)
        session.sql(f"select a, {written} as x from numbers", "t")
        plain, streamed = session.sql("select a, x from t"), session.sql("select a, x, f(a) as p from t")
        types = {
            table: session.engine._database.columns(f'SELECT x FROM "{table.view}"') for table in (plain, streamed)
        }
        assert types == {plain: [("x", kind)], streamed: [("x", kind)]}
        assert [row[:2] for row in session.rows(streamed)] == session.rows(plain)

    def test_vectors(self, session: EngineSession) -> None:
        session.model("same", lambda batch: batch.column(0), VECTOR)
        session.sql(
            "select vec_dense(array(1.0)) as v union all select vec_sparse(2, map(1, 3.0)) union all select null",
            "t",
        )
        rows = session.rows("select v, same(v) as w, vec_size(same(v)) as n, array(v, same(v)) as l from t")
        first, second = dense(1.0), sparse(2, {1: 3.0})
        assert rows == [
            (first, first, 1, [first, first]),
            (second, second, 2, [second, second]),
            (None, None, None, [None, None]),
        ]

    def test_what_only_the_engine_has(self, session: EngineSession) -> None:
        """An hugeint, an interval or an enum is another type in Arrow, and comes back as itself."""
        session.model("f")
        session.sql("select a, sum(a) over () as h from (select 1 as a union all select 2)", "t")
        assert session.rows("with c as (select sum(a) as h from t) select h + 1 as h, f(h) as p from c") == [
            (4, 6.0)
        ]


class TestErrors:
    def test_a_second_scan_is_an_error_and_not_no_rows(self) -> None:
        import duckdb

        run = run_of(FakeModel(doubled, pa.float64()), Rows(numbers(3)))
        with duckdb.connect() as connection:
            connection.register("stream", run)
            assert connection.sql("select sum(m) from stream").fetchall() == [(6.0,)]
            with pytest.raises(duckdb.Error, match=r"mlsql-failure-0-") as raised:
                connection.sql("select sum(m) from stream").fetchall()
        run.close()
        carried = run._calls.carried(raised.value)
        assert carried is not None
        assert type(carried[1]) is InternalError

    def test_the_view_of_a_stage_without_its_stream_is_an_error(self, session: EngineSession) -> None:
        import duckdb

        session.numbers(3)
        session.model("f")
        relation: Any = session.sql("select f(a) as p from numbers")
        database = session.engine._database
        with database.cursor() as cursor, pytest.raises(duckdb.Error, match="is read without its stream"):
            cursor.execute(f'SELECT * FROM "{relation.view}"').fetchall()

    def test_of_the_query_below(self, session: EngineSession) -> None:
        session.numbers(10)
        model = session.model("f")
        session.sql("select a,\n vec_sparse(if(a > 5, 1, 5), map(3, 1.0)) as v from numbers", "t")
        with pytest.raises(SqlProblem, match="index 3 is out of range for a vector of size 1") as raised:
            session.rows("select f(vec_size(v)) as p from t")
        assert raised.value.span is not None
        assert model.rows == 0
        assert session.rows("select 1 as a") == [(1,)]

    def test_of_one_of_two_models_stands_at_its_own_call(self, session: EngineSession) -> None:
        def fail(batch: pa.RecordBatch) -> pa.Array:
            raise MlsqlError("no more")

        session.numbers(10)
        session.model("f")
        session.model("g", fail)
        with pytest.raises(MlsqlError, match="no more") as raised:
            session.rows("select f(a) as p, 1 + g(a) as q from numbers")
        assert raised.value.span is not None
        assert (raised.value.span.text, raised.value.span.start) == ("g", 22)

    def test_wrong_names_are_told_as_ever(self, session: EngineSession) -> None:
        session.numbers(10)
        session.model("f")
        with pytest.raises(MlsqlError) as raised:
            session.sql("select f(b) as p from numbers where f(a) > 1")
        assert raised.value.message == "there is no column 'b'"
        assert raised.value.span is not None
        assert raised.value.span.text == "b"


class TestEnding:
    def test_early(self, session: EngineSession) -> None:
        session.numbers(2_000_000)
        model = session.model("f")
        relation = session.sql("select f(a) as p from numbers")
        with session.engine.stream(relation) as stream:
            assert next(iter(stream)).column(0)[3].as_py() == 6.0
        rows = model.rows
        assert rows < 2_000_000
        assert session.engine._readings.opened() == []
        assert session.rows("select 1 as a") == [(1,)]
        assert model.rows == rows

    def test_a_limit_above(self, session: EngineSession) -> None:
        session.numbers(2_000_000)
        model = session.model("f")
        session.sql("select f(a) as p from numbers", "predicted")
        assert session.rows("select p from predicted limit 2") == [(0.0,), (2.0,)]
        assert model.rows < 2_000_000

    def test_a_signal_ends_the_model_and_the_query_below(self, session: EngineSession) -> None:
        """Ctrl-C while the model works; cancelling its calls, as the engine does, makes it give up."""
        cancelled = threading.Event()

        def predict(batch: pa.RecordBatch) -> pa.Array:
            os.kill(os.getpid(), signal.SIGINT)
            assert cancelled.wait(30)
            raise MlsqlError("the worker is gone")

        session.numbers(100_000)
        model = session.model("f", predict)
        model.cancel = cancelled.set  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            session.rows("select sum(f(a)) as s from numbers")
        assert session.engine._readings.opened() == []
        assert session.rows("select 1 as a") == [(1,)]

    def test_a_signal_ends_a_query_below_that_gives_no_rows(self, session: EngineSession) -> None:
        session.numbers(1_000)
        model = session.model("f")

        def late(batch: pa.RecordBatch) -> pa.Array:
            os.kill(os.getpid(), signal.SIGINT)
            return doubled(batch)

        session.model("g", late)
        session.sql("select a from numbers where case when a < 10 then g(a) end >= 0", "few")
        endless = "few b, numbers c, numbers d, numbers e"
        with pytest.raises(KeyboardInterrupt):
            session.rows(f"select f(b.a) as p from {endless} where sin(b.a + c.a + d.a + e.a) > 2")
        assert model.rows == 0
