"""Values of every type as arguments and as results of real workers, NULLs and empty tables among them."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mlsql_engine import Session
from mlsql_sdk import types
from workers.asking import Asking

VALUES = [
    ("string", "'ä€ \\n'"),
    ("bigint", "9007199254740993L"),
    ("int", "7"),
    ("smallint", "7S"),
    ("tinyint", "-7Y"),
    ("double", "double('NaN')"),
    ("float", "1.5F"),
    ("boolean", "true"),
    ("decimal(10,2)", "cast(12.34 as decimal(10,2))"),
    ("decimal(38,18)", "cast(1.5 as decimal(38,18))"),
    ("date", "date'0001-01-01'"),
    ("timestamp", "timestamp'2024-02-29 12:34:56.789012'"),
    ("timestamp", "cast('2024-02-29T12:00:00+05:30' as timestamp)"),
    ("timestamp", "to_utc_timestamp(timestamp'2024-01-01 00:00:00', 'America/New_York')"),
    ("binary", "X'00ff'"),
    ("array<int>", "array(1, null, 3)"),
    ("array<string>", "array('a', null, '')"),
    ("array<array<double>>", "array(array(1.5D), null, array())"),
    ("array<timestamp>", "array(timestamp'2024-01-01 00:00:00')"),
    ("map<string,int>", "map('a', 1, 'b', null)"),
    ("map<int,array<date>>", "map(1, array(date'2024-01-01'))"),
    ("struct<a:int,b:string>", "named_struct('a', 1, 'b', cast(null as string))"),
    ("struct<a:array<int>,m:map<string,double>>", "named_struct('a', array(1), 'm', map('x', 1.5D))"),
    (
        "struct<s:struct<v:vector>,n:boolean>",
        "named_struct('s', named_struct('v', vec_dense(array(1.0))), 'n', false)",
    ),
    ("vector", "vec_dense(array(1.5, 2.5))"),
    ("vector", "vec_sparse(1000000, map(1, 2.0, 999999, 3.0))"),
    ("array<vector>", "array(vec_dense(array(1.0)), vec_sparse(3, map(0, 1.0)))"),
]
NAMES = [f"v{place}" for place, _ in enumerate(VALUES)]
ALL = "struct<{}>".format(",".join(f"{name}:{kind}" for name, (kind, _) in zip(NAMES, VALUES, strict=True)))


@pytest.fixture
def asking(session: Session, tmp_path: Path) -> Asking:
    return Asking(session, tmp_path)


@pytest.fixture
def rows(asking: Asking) -> Asking:
    """The table `rows`: all values, a row of NULLs, all values."""
    values = ", ".join(f"{value} as {name}" for name, (_, value) in zip(NAMES, VALUES, strict=True))
    nulls = ", ".join(["null"] * len(VALUES))
    asking.run(f"select 1 as n, {values} union all select 2, {nulls} union all select 3, {values} as rows;")
    return asking


def check(asking: Asking, kind: str, null: object) -> None:
    """The function f gives what it is given, in the types that it declares: values, NULLs, and no rows."""
    call = "f({}) as p".format(", ".join(NAMES))
    table = asking.table(f"select *, {call} from rows order by n as t;")
    assert table is not None
    answers = table.column("p").to_pylist()
    assert table.schema.field("p").type == types.parse(kind)
    for name, (one, value) in zip(NAMES, VALUES, strict=True):
        given = table.column(name).cast(types.parse(one)).to_pylist()
        # A NaN is no NaN's equal.
        assert [str(answer[name]) for answer in (answers[0], answers[2])] == [str(given[0]), str(given[2])], value
    assert answers[1] == null
    empty = asking.table(f"select {call} from rows where n > 3 as t;")
    assert empty is not None
    assert (empty.num_rows, empty.schema.field("p").type) == (0, types.parse(kind))


SAME = {
    "columns": "pa.StructArray.from_arrays(batch.columns, names)",
    "list": "[dict(zip(names, row.values())) for row in batch.to_pylist()]",
    "frame": "batch.to_pandas(maps_as_pydicts='strict', types_mapper=pd.ArrowDtype).set_axis(names, axis=1)",
}


@pytest.mark.parametrize("form", sorted(SAME))
def test_a_batch_script(rows: Asking, form: str) -> None:
    text = f"""
        import pandas as pd, pyarrow as pa, python_fun
        names = {NAMES}
        def predict(model, batch):
            return {SAME[form]}
        python_fun.batch(lambda path: None, predict, {ALL!r}, arguments={[kind for kind, _ in VALUES]})
    """
    rows.script(text)
    check(rows, ALL, None)


def test_a_function_of_a_script(rows: Asking) -> None:
    rows.code("def apply(*values): return values", f'and dataType="{ALL}"')
    check(rows, ALL, dict.fromkeys(NAMES))


def test_an_aggregate_of_a_script(rows: Asking) -> None:
    lists = "struct<{}>".format(
        ",".join(f"{name}:array<{kind}>" for name, (kind, _) in zip(NAMES, VALUES, strict=True))
    )
    rows.code("def aggregate(*values): return values", f'and udfType="udaf" and dataType="{lists}"')
    given = rows.table("select * from rows order by n as t;")
    found = rows.table(f"select f({', '.join(NAMES)} order by n) as p from rows as t;")
    assert given is not None
    assert found is not None
    (answer,) = found.column("p").to_pylist()
    for name, (kind, value) in zip(NAMES, VALUES, strict=True):
        assert str(answer[name]) == str(given.column(name).cast(types.parse(kind)).to_pylist()), value


def test_structs_stand_for_their_fields_unless_one_is_declared(asking: Asking) -> None:
    script = "import python_fun\npython_fun.batch(lambda p: p, lambda m, b: [str(b.schema.names)] * b.num_rows, 'string', {})"
    call = "select f(named_struct('a', 1, 'b', 'x')) as p, f(named_struct('a', 1, 'b', 'x'), 2) as q as t;"
    asking.script(script.format("None"))
    assert asking.run(call) == [{"p": "['a', 'b']", "q": "['arg0', 'arg1']"}]
    asking.script(script.format("('struct<a:int,b:string>',)"))
    assert asking.run("select f(named_struct('a', 1, 'b', 'x')) as p as t;") == [{"p": "['arg0']"}]


ROW = """
    import pickle, python_fun
    from pyspark.ml.linalg import VectorUDT, Vectors
    def predict(index, input):
        given = pickle.loads(input[0])
        text = f"{type(given).__name__} {given!r}"
        return [VectorUDT().serialize(Vectors.dense([float(ord(c)) for c in text[:60]]))]
    python_fun.udf(predict)
"""
ROW_VALUES = [
    ("'ä'", "str 'ä'"),
    ("true", "tuple (1, None, None, [1.0])"),
    ("cast(1.25 as decimal(5,2))", "tuple (1, None, None, [1.25])"),
    ("array(1, 2)", "tuple (1, None, None, [1.0, 2.0])"),
    ("vec_dense(array(1.5))", "tuple (1, None, None, [1.5])"),
    ("vec_sparse(1000000, map(7, 2.0))", "tuple (0, 1000000, [7], [2.0])"),
    ("struct(1 as a, 2.5 as b)", "tuple (1, None, None, [1.0, 2.5])"),
    ("date'2024-01-02'", "date datetime.date(2024, 1, 2)"),
    ("timestamp'2024-01-02 03:04:05'", "datetime datetime.datetime(2024, 1, 2, 3, 4, 5)"),
    ("X'00ff'", "bytes b'\\x00\\xff'"),
]


def test_a_row_script(asking: Asking) -> None:
    asking.script(ROW)
    for value, expected in ROW_VALUES:
        rows = asking.run(f"select f(v) as p from (select {value} as v union all select null) as t;")
        assert ["".join(map(chr, map(int, row["p"]["values"]))) if row["p"] else None for row in rows] == [
            expected,
            None,
        ]
        assert asking.run(f"select f({value}) as p from (select 1 as n) where n = 2 as t;") == []


WIDE = """
    import numpy as np, pyarrow as pa, python_fun
    def predict(model, batch):
        matrix = python_fun.csr(batch)
        totals = np.asarray(matrix.sum(axis=1)).ravel()
        return [f"{rows} {width} {matrix.nnz} {total:g}" for total in totals for rows, width in [matrix.shape]]
    python_fun.batch(lambda path: None, predict, "string")
"""


def test_a_wide_dense_vector(asking: Asking) -> None:
    asking.script(WIDE)
    rows = asking.run("""
        select vec_dense(transform(sequence(1, 10000), x -> cast(x as double))) as v from range(100) as wide;
        select f(v) as p from wide as t;
    """)
    assert rows == [{"p": "100 10000 1000000 5.0005e+07"}] * 100


@pytest.mark.parametrize("size", [10_000, 1_000_000])
def test_wide_sparse_vectors_stay_sparse(asking: Asking, size: int) -> None:
    asking.script(WIDE)
    rows = asking.run(f"""
        select vec_sparse({size}, map(cast(id as int), 1.0, {size - 1}, 2.0)) as v from range(2000) as wide;
        select f(v) as p from wide as t;
    """)
    assert rows == [{"p": f"2000 {size} 4000 3"}] * 2000


def test_wide_results(asking: Asking) -> None:
    asking.script("""
        import numpy as np, python_fun
        from scipy import sparse
        def predict(model, batch):
            rows = batch.num_rows
            return sparse.csr_matrix((np.ones(rows), (np.arange(rows), np.arange(rows))), shape=(rows, 1000000))
        python_fun.batch(lambda path: None, predict, "vector")
    """)
    rows = asking.run("select vec_size(f(id)) as n, vec_argmax(f(id)) as at from range(3) order by at as t;")
    assert rows == [{"n": 1_000_000, "at": place} for place in range(3)]


def test_a_model_without_a_script(asking: Asking) -> None:
    from sklearn.linear_model import LogisticRegression

    asking.model(LogisticRegression().fit(np.array([[0.0], [1.0]]), ["no", "yes"]))
    asking.run("register PythonAlg.`model` as f;")
    for value in (
        "5",
        "5L",
        "5.0D",
        "5.0F",
        "true",
        "cast(5.0 as decimal(9,2))",
        "array(5)",
        "vec_dense(array(5.0))",
        "vec_sparse(1, map(0, 5.0))",
    ):
        rows = asking.run(
            f"select f(v) as p from (select {value} as v union all select null union all select {value}) as t;"
        )
        assert rows == [{"p": "yes"}, {"p": None}, {"p": "yes"}], value
        assert (
            asking.table(f"select f(v) as p from (select {value} as v) where false as t;").schema.field("p").type
            == pa.string()
        )  # type: ignore[union-attr]


@pytest.mark.parametrize("argument", ["a, b", "struct(*)", "vec_dense(array(a, b))", "array(a, b)"])
def test_a_model_may_work_in_the_memory_of_its_rows(asking: Asking, argument: str) -> None:
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    shown = np.array([[0.0, 1.0], [2.0, 5.0], [4.0, 3.0]])
    asking.model(make_pipeline(StandardScaler(copy=False), LinearRegression()).fit(shown.copy(), shown.sum(axis=1)))
    # Several batches, each of which is large enough for shared memory.
    answers = f"""
        select double(id) as a, double(id % 7) as b from range(150000) as rows;
        register PythonAlg.`model` as f where workers='1';
        select count(*) as n, max(abs(f({argument}) - a - b)) < 1e-6 as right from rows as t;
    """
    assert asking.run(answers) == [{"n": 150_000, "right": True}]


def test_a_script_cannot_write_over_its_rows(asking: Asking) -> None:
    asking.script("""
        import python_fun

        def predict(model, batch):
            matrix = python_fun.matrix(batch)
            try:
                matrix -= 1
            except ValueError as error:
                return [str(error)] * batch.num_rows

        python_fun.batch(lambda path: None, predict, return_type="string")
    """)
    for argument in ("double(id), double(id)", "id, id", "vec_dense(array(id, id))", "array(id, id)"):
        rows = asking.run(f"select distinct f({argument}) as said from range(20000) as t;")
        assert rows == [{"said": "output array is read-only"}], argument


def test_a_wide_sparse_model_without_a_script(asking: Asking) -> None:
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    shown = sparse.csr_matrix(([1.0, 1.0], ([0, 1], [3, 199_999])), shape=(2, 200_000))
    asking.model(LogisticRegression().fit(shown, ["low", "high"]))
    rows = asking.run("""
        register PythonAlg.`model` as f;
        select id, f(vec_sparse(200000, map(if(id % 2 = 0, 3, 199999), 1.0))) as p from range(1000) as t;
    """)
    assert rows == [{"id": place, "p": "high" if place % 2 else "low"} for place in range(1000)]
