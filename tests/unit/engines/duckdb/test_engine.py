"""Tables of the DuckDB engine: when they are computed, what they keep, what streams give."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import InternalError, MlsqlError, ScriptFailed, SqlProblem, UnknownName
from mlsql_engine.engines.base import BATCH_ROWS
from mlsql_engine.engines.requests import ArrowRows, CsvLoad, LibsvmLoad, ParquetSave, ReadRequest
from unit.engines.duckdb.sessions import VECTOR, EngineSession, dense, engine_session, sparse


class TestLaziness:
    def test_a_table_that_nothing_reads_is_not_computed(self, session: EngineSession) -> None:
        session.numbers(10)
        model = session.model("f")
        session.sql("select f(a) as p from numbers", "p")
        relation = session.sql("select p + 1 as q from p where p > 3", "q")
        assert (relation.columns, session.engine.schema(relation).types) == (("q",), [pa.float64()])
        assert (model.calls, model.rows) == (0, 0)

    def test_read_twice_it_is_computed_once_more_and_kept(self, session: EngineSession) -> None:
        session.numbers(10)
        model = session.model("f")
        session.sql("select f(a) as p from numbers", "p")
        seen = []
        for _ in range(4):
            assert session.rows("select sum(p) from p") == [(90.0,)]
            seen.append(model.rows)
        assert seen == [10, 20, 20, 20]

    @pytest.mark.parametrize(
        "query",
        [
            "select count(*) from p x join p y on x.a = y.a where x.p = y.p",
            "select sum(x.p) from p x, (select max(p) as m from p) y where x.p <= y.m",
            "with c as (select * from p) select (select max(p) from c), (select min(p) from c)",
            "select count(*) from (select a, p from p union all select a, p from p)",
            "select count(p) from p where a in (select a from p where p > 4)",
        ],
    )
    def test_a_query_that_reads_it_twice_computes_it_once(self, session: EngineSession, query: str) -> None:
        session.numbers(100)
        model = session.model("f")
        session.sql("select a, f(a) as p from numbers", "p")
        session.rows(query)
        assert model.rows == 100

    def test_a_chain_of_models(self, session: EngineSession) -> None:
        session.numbers(50)
        first, second = session.model("f"), session.model("g")
        session.sql("select a, f(a) as p from numbers", "one")
        session.sql("select a, g(p) as q from one", "two")
        session.sql("select x.q + y.q as s from two x join two y on x.a = y.a", "three")
        assert (first.rows, second.rows) == (0, 0)
        assert session.rows("select sum(s) from three") == [(9800.0,)]
        assert (first.rows, second.rows) == (50, 50)
        session.rows("select sum(q) from two")
        assert (first.rows, second.rows) == (50, 50)

    def test_a_call_that_is_written_twice_in_a_select_is_made_once(self, session: EngineSession) -> None:
        session.numbers(100)
        model = session.model("f")
        session.rows("select f(a) as p, f(a) + 1 as q from numbers")
        assert model.rows == 100

    def test_the_engine_reads_no_further_than_it_must(self, session: EngineSession) -> None:
        session.numbers(100)
        model = session.model("f")
        assert session.rows("select f(a) from numbers limit 3") == [(0.0,), (2.0,), (4.0,)]
        assert model.rows == 3


class TestRandomTables:
    @pytest.mark.parametrize("call", ["rand()", "random()", "uuid()"])
    def test_what_was_seen_is_what_is_seen_later(self, session: EngineSession, call: str) -> None:
        session.numbers(5)
        session.sql(f"select a, {call} as r from numbers", "t")
        first = session.rows("select a, r from t order by a")
        assert len({row[1] for row in first}) == 5
        assert session.rows("select a, r from t order by a") == first
        session.sql("select a, r from t where a < 3", "part")
        assert session.rows("select a, r from part order by a") == first[:3]
        assert session.rows("select count(*) from t x join t y on x.r = y.r") == [(5,)]

    def test_a_sample_is_one_sample(self, session: EngineSession) -> None:
        session.numbers(2000)
        session.sql("select a from numbers tablesample (30 percent)", "t")
        first = session.rows("select a from t order by a")
        assert 0 < len(first) < 2000
        assert session.rows("select a from t order by a") == first


class TestNames:
    def test_redefined_from_itself(self, session: EngineSession) -> None:
        session.sql("select 1 as a", "t")
        for _ in range(3):
            session.sql("select a * 2 as a from t", "T")
        assert session.rows("select * from t") == [(8,)]
        assert list(session.engine.tables) == ["t"]

    def test_what_was_made_of_the_old_one_stays(self, session: EngineSession) -> None:
        session.sql("select 1 as a", "t")
        session.sql("select a + 1 as b from t", "u")
        session.sql("select 'other' as c", "t")
        assert session.rows("select b from u") == [(2,)]

    def test_a_model_table_redefined_from_itself(self, session: EngineSession) -> None:
        session.numbers(10, "t")
        model = session.model("f")
        session.sql("select f(a) as a from t", "t")
        session.sql("select f(a) as a from t", "t")
        assert session.rows("select sum(a) from t") == [(180.0,)]
        assert model.rows == 20

    def test_a_table_keeps_the_function_it_was_made_with(self, session: EngineSession) -> None:
        session.numbers(3)
        session.model("f")
        session.sql("select f(a) as p from numbers", "old")
        session.model("F", lambda batch: pa.array([-1.0] * batch.num_rows))
        session.sql("select f(a) as p from numbers", "new")
        assert session.rows("select p from old") == [(0.0,), (2.0,), (4.0,)]
        assert session.rows("select p from new") == [(-1.0,)] * 3

    def test_a_relation_of_another_engine(self, session: EngineSession) -> None:
        class Other:
            columns = ("a",)

        with pytest.raises(InternalError):
            session.engine.bind("t", Other())

    def test_python_variables_are_no_tables(self, session: EngineSession) -> None:
        frame = pa.table({"a": [1]})
        with pytest.raises(UnknownName, match="there is no table 'frame'"):
            session.sql("select a from frame")
        assert frame.num_rows == 1

    def test_closed_twice(self) -> None:
        with engine_session() as session:
            session.sql("select 1 as a", "t")
            session.engine.close()
            assert dict(session.engine.tables) == {}


class TestStreams:
    def test_order_and_size_of_batches(self, session: EngineSession) -> None:
        session.numbers(200_000)
        session.model("f")
        for query in (
            "select a from numbers",
            "select a, f(a) as p from numbers",
            "select a from numbers order by -a",
        ):
            with session.engine.stream(session.sql(query)) as stream:
                batches = list(stream)
            assert max(batch.num_rows for batch in batches) <= BATCH_ROWS
            assert {batch.schema for batch in batches} == {stream.schema}
            values = pa.Table.from_batches(batches)["a"].to_pylist()
            assert values == sorted(values, reverse="-" in query)
            assert len(values) == 200_000

    def test_closing_early_ends_the_query(self, session: EngineSession) -> None:
        session.numbers(4_000_000)
        model = session.model("f")
        session.sql("select f(a) as p from numbers", "p")
        with session.engine.stream(session.engine.tables["p"]) as stream:
            assert next(iter(stream)).column(0)[3].as_py() == 6.0
        rows = model.rows
        assert rows < 4_000_000
        assert session.rows("select 1 as a") == [(1,)]
        assert model.rows == rows
        stream.close()

    def test_two_at_once(self, session: EngineSession) -> None:
        session.numbers(150_000)
        session.model("f")
        one, two = session.sql("select f(a) as p from numbers"), session.sql("select a from numbers")
        with (
            session.engine.stream(one) as left,
            session.engine.stream(two) as right,
            session.engine.stream(one) as third,
        ):
            found: list[list[float]] = [[], [], []]
            for turn in itertools.zip_longest(left, right, third):
                for values, batch in zip(found, turn, strict=True):
                    values.extend(batch.column(0).to_pylist() if batch else [])
        assert found == [[2.0 * number for number in found[1]], list(range(150_000)), found[0]]

    def test_queries_while_a_stream_is_open(self, session: EngineSession) -> None:
        session.numbers(150_000)
        with session.engine.stream(session.engine.tables["numbers"]) as stream:
            batches = iter(stream)
            next(batches)
            session.sql("select sum(a) as s from numbers", "sums")
            assert session.rows("select s from sums") == [(11249925000,)]
            assert next(batches).num_rows > 0

    def test_zero_rows(self, session: EngineSession) -> None:
        session.numbers(3)
        model = session.model("f")
        relation = session.sql("select a, f(a) as p, vec_dense(array(1.0)) as v from numbers where a > 5")
        with session.engine.stream(relation) as stream:
            assert [batch.num_rows for batch in stream] in ([], [0])
            assert stream.schema == session.engine.schema(relation)
            assert stream.schema.names == ["a", "p", "v"]
        assert model.rows == 0

    def test_a_thousand_columns(self, session: EngineSession) -> None:
        columns = {f"c{number}": pa.array([number, None]) for number in range(1000)}
        session.bind("wide", ArrowRows(pa.table(columns)))
        session.sql("select *, c1 + c2 as s from wide", "more")
        assert session.rows("select * from more") == [(*range(1000), 3), (None,) * 1001]
        assert session.rows("select struct(*) as r from wide limit 1")[0][0]["c999"] == 999


class TestErrorsWhileReading:
    def test_of_a_model_in_the_middle_of_a_stream(self, session: EngineSession) -> None:
        def fail_late(batch: pa.RecordBatch) -> pa.Array:
            if batch.column(0)[-1].as_py() >= 500_000:
                raise ScriptFailed("predict.py failed")
            return batch.column(0)

        session.numbers(1_000_000)
        session.model("f", fail_late, pa.int64())
        relation = session.sql("select 1 as x,\n f(a) as p from numbers")
        batches = []
        with session.engine.stream(relation) as stream, pytest.raises(ScriptFailed) as raised:
            batches.extend(stream)
        # Several threads read ahead: how many batches come before the error is theirs to say.
        assert sum(batch.num_rows for batch in batches) <= 500_000
        assert raised.value.message == "predict.py failed"
        assert raised.value.span is not None
        assert (raised.value.span.text, raised.value.span.source.position(raised.value.span.start)) == ("f", (2, 2))
        assert session.rows("select 1 as a") == [(1,)]

    @pytest.mark.parametrize("read", ["stream", "keep", "save"])
    def test_of_a_model_whoever_reads(self, session: EngineSession, read: str, tmp_path: Path) -> None:
        def fail(batch: pa.RecordBatch) -> pa.Array:
            raise MlsqlError("no more")

        session.numbers(5)
        session.model("f", fail)
        session.sql("select f(a) as p from numbers", "p")
        queries = {"stream": "select p from p", "keep": "select x.p from p x join p y", "save": "select p from p"}
        place = tmp_path / "x.parquet"
        run = partial(session.save, place=place, options=ParquetSave()) if read == "save" else session.rows
        with pytest.raises(MlsqlError) as raised:
            run(queries[read])
        assert list(tmp_path.iterdir()) == []
        assert (type(raised.value), raised.value.message) == (MlsqlError, "no more")

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_in_a_model_is_an_interrupt(
        self, session: EngineSession, error: type[BaseException]
    ) -> None:
        def stop(batch: pa.RecordBatch) -> pa.Array:
            raise error("stop")

        session.numbers(200_000)
        session.model("f", stop)
        for query in ("select f(a) as p from numbers", "select sum(f(a)) as p from numbers"):
            with pytest.raises(error):
                session.rows(query)
        session.sql("select f(a) as p from numbers", "p")
        with pytest.raises(error):
            session.rows("select count(*) from p x join p y on x.p = y.p")

    def test_of_the_engine_in_the_middle_of_a_stream(self, session: EngineSession) -> None:
        session.numbers(300_000)
        relation = session.sql("select vec_array(vec_sparse(if(a > 250000, 1, 5), map(3, 1.0))) as l from numbers")
        with session.engine.stream(relation) as stream, pytest.raises(SqlProblem) as raised:
            list(stream)
        message = "vec_sparse: index 3 is out of range for a vector of size 1"
        assert (raised.value.code, raised.value.message) == ("SQL", message)
        assert session.rows("select 1 as a") == [(1,)]


class TestVectors:
    def test_rows_and_null(self, session: EngineSession) -> None:
        session.sql("select vec_dense(array(1.0, 2.0)) as v union all select vec_sparse(3, map(1, 2.5))", "t")
        session.sql("select v from t union all select null", "u")
        assert session.rows("select v from u") == [(dense(1.0, 2.0),), (sparse(3, {1: 2.5}),), (None,)]
        assert session.engine.schema(session.engine.tables["u"]).field("v").type.equals(VECTOR)

    def test_through_a_model(self, session: EngineSession) -> None:
        model = session.model("same", lambda batch: batch.column(0), VECTOR)
        session.sql("select vec_dense(array(1.0)) as v union all select null", "t")
        assert session.rows("select same(v) as w, vec_size(same(v)) as n from t") == [(dense(1.0), 1), (None, None)]
        assert model.rows in (2, 4)

    def test_inside_arrays_and_structs(self, session: EngineSession) -> None:
        session.sql("select array(vec_dense(array(1.0)), null) as l, struct(vec_dense(array(2.0)) as v) as s", "t")
        assert session.rows("select l, s from t") == [([dense(1.0), None], {"v": dense(2.0)})]
        assert session.rows("select vec_array(l[0]) as x, vec_array(s.v) as y from t") == [([1.0], [2.0])]


class TestLibsvm:
    def test_is_parsed_once_and_not_before_it_is_read(self, session: EngineSession, tmp_path: Path) -> None:

        file = tmp_path / "a.svm"
        file.write_text("1 1:2 3:4\n0 2:1\n")
        relation = session.engine.read(ReadRequest(LibsvmLoad(), str(file)))
        session.engine.bind("t", relation)
        assert relation.columns == ("label", "features")
        file.write_text("5 7:1\n")
        first = [(5.0, sparse(7, {6: 1.0}))]
        assert session.rows("select * from t") == first
        file.write_text("not libsvm")
        assert session.rows("select * from t") == first
        assert session.rows("select count(*) from t x join t y on x.label = y.label") == [(1,)]

    def test_errors_come_when_it_is_read(self, session: EngineSession, tmp_path: Path) -> None:

        file = tmp_path / "a.svm"
        file.write_text("1 1:2\nx 1:2\n")
        session.bind("t", LibsvmLoad(), file)
        for _ in range(2):
            with pytest.raises(MlsqlError) as raised:
                session.rows("select * from t")
            assert raised.value.code == "MALFORMED_LIBSVM"


def test_a_view_of_a_file_reads_it_again(session: EngineSession, tmp_path: Path) -> None:

    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    session.bind("t", CsvLoad(header=True), file)
    assert session.rows("select * from t") == [("1",)]
    file.write_text("a\n2\n3\n")
    assert session.rows("select * from t") == [("2",), ("3",)]
