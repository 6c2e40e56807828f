"""How many rows a model is asked for: each row once, and none that the result does not need."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mlsql_engine.engines.requests import ParquetLoad, ParquetSave
from unit.engines.duckdb.sessions import EngineSession, FakeModel, Row, dense


@pytest.fixture
def model(session: EngineSession) -> FakeModel:
    """f(a) = 2a over `t`: a = 0 … 19, k = a % 3, s = a as text."""
    session.numbers(20)
    session.sql("select a, a % 3 as k, cast(a as string) as s, array(a, a + 1) as l from numbers", "t")
    return session.model("f")


ALL = [(2.0 * a,) for a in range(20)]


@pytest.mark.parametrize(
    ("query", "rows", "predicted"),
    [
        ("select f(a), f(a) + 1, F(t.a) from t limit 2", [(0.0, 1.0, 0.0), (2.0, 3.0, 2.0)], 2),
        ("select a, f(a) as p from t where f(a) > 34 order by f(a) desc", [(19, 38.0), (18, 36.0)], 20),
        ("select f(a) as p, p * 2 as q from t where a < 2", [(0.0, 0.0), (2.0, 4.0)], 2),
        ("select f(a) as p from t where k = 1 and f(a) > 30", [(32.0,), (38.0,)], 7),
        ("select f(a) as p from t where f(a) > 30 or k = 5 order by p limit 1", [(32.0,)], 20),
        ("select * from (select a, f(a) as p from t) where p > 36", [(19, 38.0)], 20),
        ("select a, f(a) as a2 from t limit 3", [(0, 0.0), (1, 2.0), (2, 4.0)], 3),
        ("select f(a) as p from t limit 2 offset 3", [(6.0,), (8.0,)], 2),
        ("select f(a) as p from t order by a desc limit 3", [(38.0,), (36.0,), (34.0,)], 3),
        ("select f(a) as p, a as b from t order by b desc limit 1", [(38.0, 19)], 1),
        ("select a as b, f(a) as p from t order by 1 desc limit 1", [(19, 38.0)], 1),
        ("select f(a) as p from t order by p desc limit 1", [(38.0,)], 20),
        ("select distinct f(k) as p from t order by p limit 2", [(0.0,), (2.0,)], 20),
        ("select sum(f(a)) as s from t limit 1", [(380.0,)], 20),
    ],
)
def test_one_select(session: EngineSession, model: FakeModel, query: str, rows: list[Row], predicted: int) -> None:
    assert (session.rows(query), model.rows) == (rows, predicted)


@pytest.mark.parametrize(
    ("query", "rows", "predicted"),
    [
        ("select sum(case when a < 5 then f(a) end) as s from t", [(20.0,)], 5),
        ("select sum(if(a < 5, f(a), 0)) as s from t", [(20.0,)], 5),
        ("select sum(coalesce(if(a > 2, a, null), f(a))) as s from t", [(193.0,)], 3),
        ("select sum(nvl(if(a > 2, a, null), f(a))) as s from t", [(193.0,)], 3),
        ("select sum(nvl2(if(a > 2, a, null), 1, f(a))) as s from t", [(23.0,)], 3),
        ("select sum(decode(k, 0, f(a), 1, 7)) as s from t", [(175.0,)], 7),
        # What decides is computed for every row, and once.
        ("select sum(case when f(a) < 6 then 1 when f(a) < 30 then 2 end) as s from t", [(27,)], 20),
        ("select count(nullif(f(a), 2)) as n from t", [(19,)], 20),
        ("select count(coalesce(f(a), f(a) + 1)) as n from t", [(20,)], 20),
        # A call that is made for every row anyway is not made again where it is guarded.
        ("select sum(case when a < 5 then f(a) end) as s, sum(f(a)) as u from t", [(20.0, 380.0)], 20),
        ("select cast(f(a) as int) as i from t where a = 3", [(6,)], 1),
        ("select transform(l, x -> f(x)) as m from t where a = 3", [([6.0, 8.0],)], 2),
        ("select transform(l, a -> f(a)) as m, f(a) as p from t where a = 3", [([6.0, 8.0], 6.0)], 3),
    ],
)
def test_guards(session: EngineSession, model: FakeModel, query: str, rows: list[Row], predicted: int) -> None:
    assert (session.rows(query), model.rows) == (rows, predicted)


@pytest.mark.parametrize(
    ("query", "rows", "predicted"),
    [
        ("select f(k) as p, count(*) as n from t group by f(k) order by p", [(0.0, 7), (2.0, 7), (4.0, 6)], 20),
        ("select f(k) + 1 as p, count(*) as n from t group by p order by p", [(1.0, 7), (3.0, 7), (5.0, 6)], 20),
        ("select f(k) as p, count(*) as n from t group by 1 order by 1", [(0.0, 7), (2.0, 7), (4.0, 6)], 20),
        (
            "select k, f(k) as p, count(*) as n from t group by t.k order by k",
            [(0, 0.0, 7), (1, 2.0, 7), (2, 4.0, 6)],
            3,
        ),
        ("select k, avg(f(a)) as m from t group by k having avg(f(a)) > 18 order by k", [(1, 20.0), (2, 19.0)], 20),
        ("select k, f(avg(a)) as p from t group by k having k > 0 and f(avg(a)) > 19", [(1, 20.0)], 2),
        ("select f(max(f(a))) as p from t", [(76.0,)], 21),
        (
            "select k, f(k) as p, sum(f(k)) as s from t group by k order by k",
            [(0, 0.0, 0.0), (1, 2.0, 14.0), (2, 4.0, 24.0)],
            23,
        ),
        ("select max(s) as m from (select sum(f(a)) over (partition by k) as s from t)", [(140.0,)], 20),
        ("select f(row_number() over (order by a desc)) as r from t where a > 17 order by r", [(2.0,), (4.0,)], 2),
        (
            "select f(a) as p from t qualify row_number() over (partition by k order by f(a) desc) = 1 order by p",
            [(34.0,), (36.0,), (38.0,)],
            20,
        ),
        (
            "select f(sum(sum(a)) over (order by k)) as p from t group by k order by p",
            [(126.0,), (266.0,), (380.0,)],
            3,
        ),
        ("select kurtosis(f(a)) < 0 as flat from t", [(True,)], 20),
    ],
)
def test_groups_and_windows(
    session: EngineSession, model: FakeModel, query: str, rows: list[Row], predicted: int
) -> None:
    assert (session.rows(query), model.rows) == (rows, predicted)


@pytest.mark.parametrize(
    ("query", "rows", "predicted"),
    [
        ("with c as (select a, f(a) as p from t) select count(*) from c x join c y on x.p = y.p", [(20,)], 20),
        (
            "with c as (select f(a) p from t), d as (select * from c union all select * from c)"
            " select sum(p) from d",
            [(760.0,)],
            20,
        ),
        ("with c(x, y) as (select a, f(a) from t) select y from c where x = 3", [(6.0,)], 20),
        ("with c as (select f(a) as p from t) select count(*) from t", [(20,)], 0),
        (
            "with c as (select a from t where a < 3) select f(a) as p from c union all select f(a) from c",
            [(0.0,), (2.0,), (4.0,)] * 2,
            6,
        ),
        (
            "with recursive r as (select 1 as n union all select n + 1 from r where n < 4) select sum(f(n)) from r",
            [(20.0,)],
            4,
        ),
        ("select count(*) as n from t where a in (select cast(f(a) as bigint) from t)", [(10,)], 20),
        ("select count(*) as n from t where f(a) in (select a from t)", [(10,)], 20),
        ("select a from t where a = (select max(f(a)) / 2 from t)", [(19,)], 20),
        ("select sum(f(a)) as s from t where exists (select 1 from t as u where u.a = t.a + 1)", [(342.0,)], 19),
        ("select f(a) as p, (select max(u.a) from t as u where u.k = t.k) as m from t where a = 2", [(4.0, 17)], 1),
        (
            "select x.a, f(y.a) as p from t x join t y on x.a = y.a + 17 where f(y.a) > 0 order by p",
            [(18, 2.0), (19, 4.0)],
            3,
        ),
        ("select f(5) as p, count(*) as n from t group by k order by n", [(10.0, 6), (10.0, 7), (10.0, 7)], 1),
        ("select f(5) + a as p from t where a < 2", [(10.0,), (11.0,)], 1),
        ("select f(5) as p", [(10.0,)], 1),
        ("select f(s * 2) as p from t where a = 4", [(16.0,)], 1),
        ("select count(*) as n from (select f(a) as p from t)", [(20,)], 0),
        ("select k from (select k, f(a) as p from t) where k = 2 limit 1", [(2,)], 0),
        ("select e, f(a) as p from t lateral view explode(l) x as e where a = 3", [(3, 6.0), (4, 6.0)], 2),
        ("select f(a) as p from t where a > 50", [], 0),
    ],
)
def test_several_selects(
    session: EngineSession, model: FakeModel, query: str, rows: list[Row], predicted: int
) -> None:
    assert (session.rows(query), model.rows) == (rows, predicted)


def test_calls_in_calls(session: EngineSession, model: FakeModel) -> None:
    other = session.model("g", lambda batch: pc.add(batch.column(0).cast(pa.float64()), 1.0))
    assert session.rows("select f(g(a)) as p, g(a) as q from t where f(g(a)) > 38") == [(40.0, 20.0)]
    assert (model.rows, other.rows) == (20, 20)
    assert session.rows("select f(a) as p, g(p) as q from t where a = 1") == [(2.0, 3.0)]
    assert (model.rows, other.rows) == (21, 21)


def test_only_the_answers_that_are_read(session: EngineSession, model: FakeModel) -> None:
    other = session.model("g")
    session.sql("select a, f(a) as p, g(a) as q from t", "predicted")
    assert session.rows("select a from predicted where q = 6") == [(3,)]
    assert (model.rows, other.rows) == (0, 20)


class TestTables:
    def test_one_that_nothing_reads(self, session: EngineSession, model: FakeModel) -> None:
        session.sql("select f(a) as p from t", "predicted")
        session.sql("select p + 1 as q from predicted", "more")
        assert session.columns("select * from more") == ["q"]
        assert model.calls == 0

    def test_joined_with_itself(self, session: EngineSession, model: FakeModel) -> None:
        session.sql("select a, f(a) as p from t", "predicted")
        query = "select count(*) from predicted x join predicted y on x.p = y.p"
        assert [session.rows(query), session.rows(query)] == [[(20,)], [(20,)]]
        assert model.rows == 20

    def test_filtered_later(self, session: EngineSession, model: FakeModel) -> None:
        session.sql("select a, f(a) as p from t", "predicted")
        session.sql("select a from predicted where p > 34", "few")
        assert session.rows("select * from few") == [(18,), (19,)]
        assert model.rows == 20

    def test_the_same_cell_twice(self, session: EngineSession, model: FakeModel) -> None:
        for _ in range(2):
            session.sql("select a, f(a) as p from t", "predicted")
            assert session.rows("select sum(p) as s from predicted") == [(380.0,)]
        assert model.rows == 40

    def test_read_three_times(self, session: EngineSession, model: FakeModel) -> None:
        session.sql("select f(a) as p from t", "predicted")
        assert [session.rows("select p from predicted") for _ in range(3)] == [ALL] * 3
        assert model.rows == 40  # the second reading keeps it

    def test_saved_and_read_again(self, session: EngineSession, model: FakeModel, tmp_path: Path) -> None:
        session.sql("select f(a) as p from t", "predicted")
        session.save("predicted", tmp_path / "out", ParquetSave())
        session.bind("predicted", ParquetLoad(), tmp_path / "out")
        assert [session.rows("select p from predicted") for _ in range(2)] == [ALL] * 2
        assert model.rows == 20

    def test_a_random_argument_is_the_one_that_is_seen(self, session: EngineSession, model: FakeModel) -> None:
        session.sql("select r, f(r) as p from (select rand() as r from t)", "predicted")
        first = session.rows("select r, p from predicted")
        assert [p for _, p in first] == [2.0 * r for r, _ in first]
        assert session.rows("select r, p from predicted") == first
        assert model.rows == 20


class TestStars:
    def test_before_and_after_the_call(self, session: EngineSession, model: FakeModel) -> None:
        query = "select *, f(a) as p, t.* except (l, s) from t where a = 2"
        assert session.columns(query) == ["a", "k", "s", "l", "p", "a_1", "k_1"]
        assert session.rows(query) == [(2, 2, "2", [2, 3], 4.0, 2, 2)]
        assert model.rows == 1

    def test_of_a_join(self, session: EngineSession, model: FakeModel) -> None:
        session.sql("select a, vec_dense(array(a, 1)) as v from t", "u")
        session.sql("select * from t join u using (a)", "both")
        sizes = session.model(
            "size", lambda batch: pc.list_value_length(pc.struct_field(batch.column(0), [1, 3])), pa.int32()
        )
        rows = session.rows("select size(struct(a, v)) as n, both.* except (l) from both where f(a) = 6")
        assert rows == [(2, 3, 0, "3", dense(3.0, 1.0))]
        assert (model.rows, sizes.rows) == (20, 20)

    def test_struct_of_everything(self, session: EngineSession, model: FakeModel) -> None:
        wide = session.model("w", lambda batch: pc.cast(batch.column(0).field("a"), pa.float64()))
        assert session.rows("select a, w(struct(*)) as p from t where w(struct(*)) > 17") == [
            (18, 18.0),
            (19, 19.0),
        ]
        assert wide.rows == 20


def test_null_in_and_out(session: EngineSession, model: FakeModel) -> None:
    session.sql("select 1 as a union all select null", "n")
    assert session.rows("select f(a) as p from n where f(a) > 0 or a is null") == [(2.0,), (None,)]
    assert model.rows == 2


def test_names_as_spark_finds_them(session: EngineSession, model: FakeModel) -> None:
    """A column of the source wins over an alias of the select list, except in ORDER BY."""
    assert session.rows("select a + 1 as k, k * 10 as x, f(k) as p from t where a = 4") == [(5, 10, 2.0)]
    assert session.rows("select a as b, -b as c, f(b) as p from t where f(c) > -4") == [(0, 0, 0.0), (1, -1, 2.0)]
    assert session.rows("select -a as a, f(a) as p from t order by a limit 1") == [(-19, 38.0)]


def test_a_cast_that_only_rows_survive_which_the_filter_leaves(session: EngineSession, model: FakeModel) -> None:
    session.sql("select a, if(a = 3, '3', 'x') as s from t", "u")
    assert session.rows("select cast(s as int) + 0 as i, 1 / (a - 3) as d from u where f(a) = 6") == [(3, None)]
