"""What explain tells of a table, and tables and functions that are kept or forgotten."""

from __future__ import annotations

import gc

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.engines.requests import CsvLoad, LibsvmLoad
from unit.engines.duckdb.sessions import INTERNAL, EngineSession, text


def told(session: EngineSession, table: str) -> list[str]:
    """The lines before the plan."""
    explained = session.engine.explain(session.engine.tables[table])
    lines, _, plan = explained.partition("\n\n")
    assert plan.startswith("╭─")
    assert [word for word in INTERNAL if word in plan.lower()] == []
    return lines.split("\n")


STREAM = "stream through 1 worker in batches of up to 65,536 rows"


class TestExplain:
    def test_a_streamed_table(self, session: EngineSession) -> None:
        session.numbers(5)
        model = session.model("f")
        other = session.model("g")
        other.workers = 3
        session.sql("select a, f(a) as p, g(a) as q from numbers where a > 1", "predicted")
        assert told(session, "predicted") == [
            "numbers: view, read again each time",
            "the rows for f, g: view, read again each time",
            "the answers of f, g: stream through 3 workers in batches of up to 65,536 rows",
            "predicted: computed as it is read; kept when it is read again",
        ]
        assert (model.calls, other.calls) == (0, 0)

    def test_one_that_is_read_twice(self, session: EngineSession) -> None:
        session.numbers(5)
        session.model("f")
        session.sql("select a, f(a) as p from numbers", "predicted")
        session.sql("select x.p from predicted as x join predicted as y on x.p = y.p", "joined")
        kept = "computed now and kept, because it calls a model and is read again"
        assert told(session, "joined")[2:] == [
            f"the answers of f: {STREAM}",
            f"predicted: {kept}",
            "joined: view, read again each time",
        ]
        session.rows("select * from joined")
        assert told(session, "joined") == ["predicted: kept", "joined: view, read again each time"]

    def test_parts_of_one_query(self, session: EngineSession) -> None:
        session.numbers(5)
        session.model("f")
        session.sql("with c as (select f(a) as p from numbers) select count(*) as n from c as x, c as y", "pairs")
        assert told(session, "pairs") == [
            "numbers: view, read again each time",
            "the rows for f: view, read again each time",
            f"the answers of f: {STREAM}, kept because it is read more than once",
            "a part of the query: view, read again each time",
            "pairs: computed as it is read; kept when it is read again",
        ]

    def test_a_guarded_call(self, session: EngineSession) -> None:
        session.numbers(5)
        session.model("f")
        session.sql("select case when a > 1 then f(a) end as p from numbers", "guarded")
        assert told(session, "guarded")[1:] == [
            "guarded: computed as it is read; kept when it is read again; "
            "the engine calls f itself (guarded by CASE, IF …, or not to be cut out)"
        ]

    def test_random_rows_files_and_what_must_be_parsed(self, session: EngineSession, tmp_path: object) -> None:
        from pathlib import Path

        folder = Path(str(tmp_path))
        (folder / "x.csv").write_text("1,2\n")
        (folder / "x.txt").write_text("1 1:2.0\n")
        session.bind("csv", CsvLoad(), folder / "x.csv")
        session.bind("libsvm", LibsvmLoad(), folder / "x.txt")
        session.sql("select rand() as r from csv", "random")
        session.sql("select r from random, libsvm", "all_of_it")
        assert told(session, "all_of_it") == [
            "csv: files, read again each time",
            "random: computed once, when it is first read, because it is random",
            "libsvm: parsed when it is first read, then kept",
            "all_of_it: view, read again each time",
        ]

    def test_one_without_a_name(self, session: EngineSession) -> None:
        explained = session.engine.explain(session.sql("select 1 as a"))
        assert explained.split("\n")[0] == "a table without a name: view, read again each time"


class TestKeep:
    def test_it_is_computed_now_and_never_again(self, session: EngineSession) -> None:
        session.numbers(5)
        model = session.model("f")
        session.sql("select f(a) as p from numbers", "predicted")
        for _ in range(2):
            session.engine.keep(session.engine.tables["predicted"])
        assert session.rows("select sum(p) as s from predicted") == [(20.0,)]
        assert session.rows("select sum(p) as s from predicted") == [(20.0,)]
        assert model.rows == 5

    def test_of_what_is_read_again_otherwise(self, session: EngineSession) -> None:
        session.numbers(2)
        session.sql("select a + 1 as b from numbers", "plain")
        session.engine.keep(session.engine.tables["plain"])
        assert told(session, "plain") == ["plain: kept"]
        assert session.rows("select * from plain") == [(1,), (2,)]


class TestForgetting:
    def test_a_table(self, session: EngineSession) -> None:
        session.numbers(2)
        session.sql("select a from numbers", "more")
        session.engine.unbind("NUMBERS")
        session.engine.unbind("none of that name")
        assert list(session.engine.tables) == ["more"]
        assert session.rows("select * from more") == [(0,), (1,)]
        with pytest.raises(UnknownName):
            session.sql("select * from numbers")

    def test_a_function_lives_as_long_as_a_table_that_calls_it(self, session: EngineSession) -> None:
        session.numbers(2)
        model = session.model("f")
        session.sql("select f(a) as p from numbers", "predicted")
        session.sql("select case when a > 0 then f(a) end as p from numbers", "guarded")
        session.engine.unregister_function("F")
        session.engine.unregister_function("none of that name")
        with pytest.raises(UnknownName):
            session.sql("select f(1) as p")
        assert session.rows("select * from predicted") == [(0.0,), (2.0,)]
        assert session.rows("select * from guarded") == [(None,), (2.0,)]
        session.engine.unbind("predicted")
        assert model.closed == 0
        gc.collect()  # the error's traceback knows all tables
        session.engine.unbind("guarded")
        assert model.closed == 1

    def test_a_function_that_is_replaced(self, session: EngineSession) -> None:
        session.numbers(2)
        old = session.model("f")
        session.sql("select f(a) as p from numbers", "predicted")
        new = session.model("f", lambda batch: pa.array([7.0] * batch.num_rows))
        assert session.rows("select * from predicted union all select f(a) from numbers") == [
            (0.0,),
            (2.0,),
            (7.0,),
            (7.0,),
        ]
        session.engine.unbind("predicted")
        assert (old.closed, new.closed) == (1, 0)


def test_a_query_that_is_refused_leaves_no_views(session: EngineSession) -> None:
    session.numbers(2)
    session.model("f")

    def views() -> int:
        with session.engine._database.cursor() as cursor:
            rows = cursor.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall()
            return int(rows[0][0])

    before = views()
    with pytest.raises(UnknownName):
        session.engine.sql(text("select f(a) as p, b from numbers where f(a) > 1"))
    assert views() == before
