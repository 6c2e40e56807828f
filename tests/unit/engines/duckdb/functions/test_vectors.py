"""The vec_* macros: exact results for both kinds, NULLs, exact errors, and agreement with numpy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsql_engine.core.vectors import DUCKDB_TYPE, FIELDS
from mlsql_engine.engines.duckdb import functions

if TYPE_CHECKING:
    import duckdb

DENSE = "vec_dense([1.5, -2.0, 0.0, 4.0])"
SPARSE = "vec_sparse(4, MAP([3, 0], [4.0, 1.5]))"


def dense(*values: float) -> dict[str, Any]:
    return dict(zip(FIELDS, (1, None, None, list(values)), strict=True))


def sparse(size: int, elements: dict[int, float]) -> dict[str, Any]:
    return dict(zip(FIELDS, (0, size, list(elements), list(elements.values())), strict=True))


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with duckdb.connect() as connection:
        functions.install(connection)
        yield connection


class Ask:
    """One value from one expression; a vector comes back as its four fields."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self.database = database

    def __call__(self, expression: str, *parameters: object) -> Any:
        row = self.database.execute(f"SELECT {expression}", parameters).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture(scope="module")
def ask(database: duckdb.DuckDBPyConnection) -> Ask:
    return Ask(database)


RESULTS = [
    ("vec_dense([1, 2])", dense(1.0, 2.0)),
    ("vec_dense([1.5, 2.25])", dense(1.5, 2.25)),
    ("vec_dense([])", dense()),
    ("vec_dense(['1.5', '2'])", dense(1.5, 2.0)),
    ("vec_sparse(4, MAP([1, 3], [9.0, 2.5]))", sparse(4, {1: 9.0, 3: 2.5})),
    ("vec_sparse(4, MAP([3, 1], [2.5, 9.0]))", sparse(4, {1: 9.0, 3: 2.5})),
    ("vec_sparse(3, MAP([1, 2], [2, 0]))", sparse(3, {1: 2.0, 2: 0.0})),
    ("vec_sparse(3, MAP([], []))", sparse(3, {})),
    ("vec_sparse(0, MAP([], []))", sparse(0, {})),
    (f"vec_array({DENSE})", [1.5, -2.0, 0.0, 4.0]),
    (f"vec_array({SPARSE})", [1.5, 0.0, 0.0, 4.0]),
    ("vec_array(vec_sparse(3, MAP([], [])))", [0.0, 0.0, 0.0]),
    ("vec_array(vec_sparse(0, MAP([], [])))", []),
    ("vec_array(vec_sparse(3, MAP([1], [7])))", [0.0, 7.0, 0.0]),
    (f"vec_size({DENSE})", 4),
    (f"vec_size({SPARSE})", 4),
    ("vec_argmax(vec_dense([1.0, 7.0, 7.0]))", 1),
    ("vec_argmax(vec_dense([]))", -1),
    ("vec_argmax(vec_sparse(0, MAP([], [])))", -1),
    ("vec_argmax(vec_sparse(3, MAP([], [])))", 0),
    (f"vec_argmax({SPARSE})", 3),
    ("vec_argmax(vec_sparse(4, MAP([0, 1, 3], [-1, -2, -3])))", 2),
    ("vec_argmax(vec_sparse(3, MAP([0, 1], [-1, -2])))", 2),
    ("vec_argmax(vec_sparse(2, MAP([0, 1], [-3, -2])))", 1),
    ("vec_argmax(vec_sparse(4, MAP([0, 2], [-1, 0])))", 1),
    ("vec_argmax(vec_sparse(4, MAP([0, 1], [0, -1])))", 0),
    ("vec_argmax(vec_dense([1.0, 'nan'::DOUBLE, 3.0]))", 2),
    ("vec_argmax(vec_dense(['nan'::DOUBLE, 3.0]))", 0),
    ("vec_concat([vec_dense([1, 2]), vec_dense([3, 4])])", dense(1.0, 2.0, 3.0, 4.0)),
    (f"vec_concat({DENSE}, {SPARSE})", dense(1.5, -2.0, 0.0, 4.0, 1.5, 0.0, 0.0, 4.0)),
    ("vec_concat(vec_dense([1, 0]), vec_sparse(9, MAP([0, 5], [0, 7])))", sparse(11, {0: 1.0, 7: 7.0})),
    ("vec_concat(vec_dense([1]), vec_dense([2]), vec_dense([3]), vec_dense([4]))", dense(1.0, 2.0, 3.0, 4.0)),
    ("vec_concat(vec_sparse(1, MAP([], [])), vec_dense([2]), vec_dense([3]))", dense(0.0, 2.0, 3.0)),
    ("vec_concat([vec_dense([1])])", dense(1.0)),
    ("vec_concat([])", dense()),
    (f"vec_slice({DENSE}, [3, 0, 3])", dense(4.0, 1.5, 4.0)),
    (f"vec_slice({SPARSE}, [1, 3, 0])", sparse(3, {1: 4.0, 2: 1.5})),
    (f"vec_slice({DENSE}, [])", dense()),
    (f"vec_slice({SPARSE}, [])", sparse(0, {})),
    (f"vec_range({DENSE}, [1, 3])", dense(-2.0, 0.0)),
    (f"vec_range({SPARSE}, [2, 4])", sparse(2, {1: 4.0})),
    (f"vec_range({DENSE}, [4, 4])", dense()),
    (f"vec_range({SPARSE}, [0, 4])", sparse(4, {0: 1.5, 3: 4.0})),
    ("vec_norm(vec_dense([3, 4]))", 5.0),
    ("vec_norm(vec_dense([3, -4]), 2.0)", 5.0),
    ("vec_norm(vec_dense([3, -4]), 1)", 7.0),
    ("vec_norm(vec_dense([3, -4]), 'infinity'::DOUBLE)", 4.0),
    ("vec_norm(vec_sparse(9, MAP([1, 7], [3, 4])))", 5.0),
    ("vec_norm(vec_sparse(9, MAP([], [])), 3)", 0.0),
    ("vec_norm(vec_dense([]))", 0.0),
    (f"vec_sqdist({DENSE}, {SPARSE})", 4.0),
    (f"vec_sqdist({SPARSE}, vec_sparse(4, MAP([1, 3], [2, 1])))", 1.5**2 + 2**2 + 3**2),
    (f"vec_sqdist({DENSE}, {DENSE})", 0.0),
    ("vec_sqdist(vec_sparse(2, MAP([], [])), vec_sparse(2, MAP([], [])))", 0.0),
    ("vec_cosine(vec_dense([1, 2]), vec_dense([1, 1]))", 0.9486832980505138),
    ("vec_cosine(vec_sparse(2, MAP([0, 1], [1, 2])), vec_dense([1, 1]))", 0.9486832980505138),
    ("vec_cosine(vec_sparse(3, MAP([0], [1])), vec_sparse(3, MAP([2], [1])))", 0.0),
    ("vec_cosine(vec_dense([]), vec_dense([]))", 0.0),
    ("vec_mean(vec_dense([1, 2, 7, 2]))", 3.0),
    ("vec_mean(vec_sparse(4, MAP([1], [2])))", 0.5),
    ("vec_mean(vec_sparse(4, MAP([], [])))", 0.0),
    ("vec_stddev(vec_dense([3, 4, 5]))", 1.0),
    ("vec_stddev(vec_sparse(3, MAP([1], [3])))", math.sqrt(3.0)),
    ("vec_stddev(vec_dense([3]))", 0.0),
    ("vec_wise_add(vec_dense([2.5, 2.0]), vec_dense([3.0, 2.0]))", dense(5.5, 4.0)),
    (f"vec_wise_add({SPARSE}, {DENSE})", dense(3.0, -2.0, 0.0, 8.0)),
    (
        f"vec_wise_add({SPARSE}, vec_sparse(4, MAP([1, 3], [2, 1])))",
        sparse(4, {0: 1.5, 1: 2.0, 3: 5.0}),
    ),
    (f"vec_wise_add({SPARSE}, {SPARSE})", sparse(4, {0: 3.0, 3: 8.0})),
    ("vec_wise_dif(vec_dense([2.5, 3, 1]), vec_dense([3, 2, 1]))", dense(-0.5, 1.0, 0.0)),
    (
        f"vec_wise_dif({SPARSE}, vec_sparse(4, MAP([1, 3], [2, 1])))",
        sparse(4, {0: 1.5, 1: -2.0, 3: 3.0}),
    ),
    ("vec_wise_mul(vec_dense([2.5, 2, 1]), vec_dense([3, 2, 1]))", dense(7.5, 4.0, 1.0)),
    (f"vec_wise_mul({SPARSE}, {DENSE})", sparse(4, {0: 2.25, 3: 16.0})),
    (f"vec_wise_mul({DENSE}, {SPARSE})", sparse(4, {0: 2.25, 3: 16.0})),
    (f"vec_wise_mul({SPARSE}, vec_sparse(4, MAP([1, 3], [2, 1])))", sparse(4, {3: 4.0})),
    ("vec_wise_mod(vec_dense([11, 7, 3]), vec_dense([2, 3, 4]))", dense(1.0, 1.0, 3.0)),
    ("vec_wise_mod(vec_dense([-5.5, 5.5]), vec_dense([2, -2]))", dense(-1.5, 1.5)),
    (f"vec_wise_mod({SPARSE}, vec_dense([1, 1, 1, 3]))", dense(0.5, 0.0, 0.0, 1.0)),
    ("vec_inplace_add(vec_dense([2.5, 2.0, 1.0]), 4.4)", dense(6.9, 6.4, 5.4)),
    (f"vec_inplace_add({SPARSE}, 1)", dense(2.5, 1.0, 1.0, 5.0)),
    ("vec_inplace_ew_mul(vec_dense([2.5, 2.0, 1.0]), 4.4)", dense(11.0, 8.8, 4.4)),
    (f"vec_inplace_ew_mul({SPARSE}, 2)", sparse(4, {0: 3.0, 3: 8.0})),
    ("vec_ceil(vec_dense([2.5, 2.4, -1.6]))", dense(3.0, 3.0, -1.0)),
    (f"vec_ceil({SPARSE})", sparse(4, {0: 2.0, 3: 4.0})),
    ("vec_floor(vec_dense([2.5, 2.4, -1.6]))", dense(2.0, 2.0, -2.0)),
    (f"vec_floor({SPARSE})", sparse(4, {0: 1.0, 3: 4.0})),
    ("vec_mk_string('*', vec_dense([1, 2]))", "1.0*2.0"),
    (f"vec_mk_string(',', {SPARSE})", "1.5,0.0,0.0,4.0"),
    ("vec_mk_string('', vec_dense([]))", ""),
    ("vec_mk_string(s, vec_dense([1, 2])) FROM (VALUES ('; ')) t(s)", "1.0; 2.0"),
    # The macros' variables do not meet tables or columns with names like a script's.
    ("vec_size(v) FROM (SELECT vec_dense([1, 2]) AS v) v", 2),
    ("vec_wise_add(a, b) FROM (SELECT vec_dense([1]) AS a, vec_dense([2]) AS b) a", dense(3.0)),
    ("vec_norm(vec_slice(vec_concat(vec_dense([3]), vec_dense([9, 4])), [0, 2]))", 5.0),
    ("vec_dense(array_agg(x ORDER BY x)) FROM (VALUES (2), (1)) t(x)", dense(1.0, 2.0)),
    ("list_transform([[3, 4]], lambda x: vec_norm(vec_dense(x)))", [5.0]),
]


@pytest.mark.parametrize(("expression", "expected"), RESULTS, ids=[r[0] for r in RESULTS])
def test_result(ask: Ask, expression: str, expected: object) -> None:
    assert ask(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "vec_cosine(vec_dense([0, 0]), vec_dense([1, 1]))",
        "vec_cosine(vec_sparse(2, MAP([], [])), vec_sparse(2, MAP([0], [1])))",
        "vec_mean(vec_dense([]))",
        "vec_norm(vec_dense([1.0, 'nan'::DOUBLE]))",
        "vec_array(vec_wise_mod(vec_dense([5]), vec_dense([0])))[1]",
        "vec_array(vec_wise_mod(vec_sparse(1, MAP([], [])), vec_sparse(1, MAP([], []))))[1]",
    ],
)
def test_not_a_number(ask: Ask, expression: str) -> None:
    assert math.isnan(ask(expression))


VECTOR_TYPED = (
    "vec_dense(NULL)",
    "vec_sparse(NULL, MAP([1], [1]))",
    "vec_sparse(2, NULL)",
    "vec_concat(NULL)",
    f"vec_concat(NULL, {DENSE})",
    f"vec_concat({DENSE}, NULL, {DENSE})",
    "vec_slice(NULL, [0])",
    f"vec_slice({DENSE}, NULL)",
    "vec_range(NULL, [0, 1])",
    f"vec_range({DENSE}, NULL)",
    *(f"vec_wise_{name}(NULL, {DENSE})" for name in ("add", "mul", "dif", "mod")),
    *(f"vec_wise_{name}({SPARSE}, NULL)" for name in ("add", "mul", "dif", "mod")),
    "vec_inplace_add(NULL, 1)",
    f"vec_inplace_add({DENSE}, NULL)",
    "vec_inplace_ew_mul(NULL, 1)",
    f"vec_inplace_ew_mul({SPARSE}, NULL)",
    "vec_ceil(NULL)",
    "vec_floor(NULL)",
)
OTHERS = (
    ("vec_array(NULL)", "DOUBLE[]"),
    ("vec_size(NULL)", "INTEGER"),
    ("vec_argmax(NULL)", "INTEGER"),
    ("vec_norm(NULL)", "DOUBLE"),
    ("vec_norm(NULL, 2)", "DOUBLE"),
    (f"vec_norm({DENSE}, NULL)", "DOUBLE"),
    (f"vec_sqdist(NULL, {DENSE})", "DOUBLE"),
    (f"vec_sqdist({SPARSE}, NULL)", "DOUBLE"),
    (f"vec_cosine(NULL, {DENSE})", "DOUBLE"),
    ("vec_mean(NULL)", "DOUBLE"),
    ("vec_stddev(NULL)", "DOUBLE"),
    ("vec_mk_string(',', NULL)", "VARCHAR"),
    (f"vec_mk_string(NULL, {DENSE})", "VARCHAR"),
)


@pytest.mark.parametrize(("expression", "kind"), [*((e, DUCKDB_TYPE) for e in VECTOR_TYPED), *OTHERS])
def test_null_in_null_out_with_its_type(database: duckdb.DuckDBPyConnection, expression: str, kind: str) -> None:
    found = database.execute(f"SELECT x, typeof(x) = typeof(NULL::{kind}) FROM (SELECT {expression} AS x)")
    assert found.fetchone() == (None, True)


def test_null_and_both_kinds_in_one_column(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        f"SELECT vec_array(v), vec_size(v), vec_argmax(v), vec_wise_add(v, {SPARSE}) IS NULL "
        f"FROM (VALUES (1, {DENSE}), (2, NULL), (3, {SPARSE})) t(i, v) ORDER BY i"
    ).fetchall()
    assert rows == [
        ([1.5, -2.0, 0.0, 4.0], 4, 3, False),
        (None, None, None, True),
        ([1.5, 0.0, 0.0, 4.0], 4, 3, False),
    ]


TWO, THREE = "vec_dense([1, 2])", "vec_sparse(3, MAP([0], [1]))"
ERRORS = [
    ("vec_dense([1, 2, NULL])", "vec_dense: the array holds NULL at index 2"),
    ("vec_sparse(-1, MAP([], []))", "vec_sparse: the size must not be negative, it is -1"),
    ("vec_sparse(4, MAP([1, 4], [1, 2]))", "vec_sparse: index 4 is out of range for a vector of size 4"),
    ("vec_sparse(4, MAP([-1], [1]))", "vec_sparse: index -1 is out of range for a vector of size 4"),
    ("vec_sparse(4, MAP([1, 2], [1, NULL]))", "vec_sparse: the value of index 2 is NULL"),
    (f"vec_concat([{TWO}, NULL])", "vec_concat: the array holds NULL at index 1"),
    (f"vec_slice({TWO}, [0, 2])", "vec_slice: index 2 is out of range for a vector of size 2"),
    (f"vec_slice({THREE}, [-1])", "vec_slice: index -1 is out of range for a vector of size 3"),
    (f"vec_slice({TWO}, [NULL, 1])", "vec_slice: the array of indices holds NULL at index 0"),
    (f"vec_range({TWO}, [0])", "vec_range: the range must be array(from, to), its length is 1"),
    (f"vec_range({TWO}, [0, 3])", "vec_range: the range from 0 to 3 does not fit a vector of size 2"),
    (f"vec_range({THREE}, [2, 1])", "vec_range: the range from 2 to 1 does not fit a vector of size 3"),
    (f"vec_range({THREE}, [-1, 1])", "vec_range: the range from -1 to 1 does not fit a vector of size 3"),
    (f"vec_range({TWO}, [0, NULL])", "vec_range: the range from 0 to NULL does not fit a vector of size 2"),
    (f"vec_norm({TWO}, 0.5)", "vec_norm: p must be at least 1, it is 0.5"),
    *(
        (f"{name}({THREE}, {TWO})", f"{name}: the vectors have sizes 3 and 2")
        for name in (
            "vec_wise_add",
            "vec_wise_mul",
            "vec_wise_dif",
            "vec_wise_mod",
            "vec_sqdist",
            "vec_cosine",
        )
    ),
]


@pytest.mark.parametrize(("expression", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_error(ask: Ask, expression: str, message: str) -> None:
    import duckdb

    with pytest.raises(duckdb.InvalidInputException) as caught:
        ask(expression)
    assert str(caught.value) == f"Invalid Input Error: {message}"


def test_an_error_is_only_for_the_rows_that_have_it(ask: Ask) -> None:
    chosen = "CASE WHEN len(a) = 2 THEN vec_wise_add(vec_dense(a), vec_dense([1, 1])) END"
    found = ask(f"array_agg({chosen} ORDER BY len(a)) FROM (VALUES ([1, 2]), ([1, 2, 3])) t(a)")
    assert found == [dense(2.0, 3.0), None]


def test_an_array_is_no_vector(ask: Ask) -> None:
    import duckdb

    with pytest.raises(duckdb.Error, match=r"Unimplemented type for cast"):
        ask("vec_size([1.0, 2.0])")


def test_an_argument_is_evaluated_once(ask: Ask) -> None:
    assert ask(
        "bool_and(vec_sqdist(v, v) = 0 AND vec_norm(vec_dense([random(), 2])) > 2) "
        "FROM (SELECT vec_dense([random(), random()]) AS v FROM range(5000))"
    )
    assert ask("bool_and(vec_size(vec_dense([nextval('counted')])) = 1) FROM range(10)") is True
    assert ask("currval('counted')") == 10


@pytest.fixture(scope="module", autouse=True)
def _counter(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("CREATE SEQUENCE counted")


def test_nesting_stays_cheap(ask: Ask) -> None:
    """A body is bound once per call, so twelve levels are no more than twelve calls."""
    assert ask("vec_ceil(" * 12 + "vec_dense([0.5])" + ")" * 12) == dense(1.0)


def test_other_cursors_see_the_macros(database: duckdb.DuckDBPyConnection) -> None:
    assert database.cursor().execute("SELECT vec_size(vec_dense([1]))").fetchone() == (1,)


def test_install_creates_only_what_is_wanted() -> None:
    import duckdb

    with duckdb.connect() as connection:
        functions.install(connection, ["vec_dense", "array_slice"])
        found = connection.execute("SELECT function_name FROM duckdb_functions() WHERE NOT internal ORDER BY 1")
        assert found.fetchall() == [("mlsql_array_slice",), ("vec_dense",)]


def test_every_macro_is_described() -> None:
    assert functions.names() == {*functions.MACROS, *functions.SPARK}
    for name, macro in functions.MACROS.items():
        assert (macro.name, macro.signature.partition("(")[0]) == (name, name)
        assert macro.description.endswith(".")


JAVA = [
    (1e7, "1.0E7"),
    (9999999.0, "9999999.0"),
    (12345678.5, "1.23456785E7"),
    (123456789012345680.0, "1.2345678901234568E17"),
    (1e16, "1.0E16"),
    (1e22, "1.0E22"),
    (1.5e300, "1.5E300"),
    (0.001, "0.001"),
    (0.0012, "0.0012"),
    (0.00099, "9.9E-4"),
    (1e-4, "1.0E-4"),
    (-1.25e-5, "-1.25E-5"),
    (5e-324, "5.0E-324"),
    (-0.0, "-0.0"),
    (math.nan, "NaN"),
    (math.inf, "Infinity"),
    (-math.inf, "-Infinity"),
    (100.0, "100.0"),
    (-1e10, "-1.0E10"),
]


@pytest.mark.parametrize(("number", "text"), JAVA)
def test_numbers_are_written_as_spark_does(ask: Ask, number: float, text: str) -> None:
    assert ask("vec_mk_string(',', vec_dense(?::DOUBLE[]))", [number]) == text


# Binding a dozen macros a question takes longer than answering it.
few = settings(max_examples=30, deadline=None)
numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
pairs = st.integers(0, 12).flatmap(
    lambda n: st.tuples(*[st.lists(st.just(0.0) | numbers, min_size=n, max_size=n)] * 2)
)


def forms(values: list[float]) -> list[str]:
    """SQL of the vector as dense, and as sparse without its zeros."""
    keys = [i for i, x in enumerate(values) if x != 0]
    stored = [values[i] for i in keys]
    return [
        f"vec_dense({values}::DOUBLE[])",
        f"vec_sparse({len(values)}, MAP({keys}::INTEGER[], {stored}::DOUBLE[]))",
    ]


def answers(ask: Ask, calls: list[str]) -> list[Any]:
    return list(ask(f"[{', '.join(calls)}]"))


@few
@given(pair=pairs)
def test_by_element_agrees_with_numpy(ask: Ask, pair: tuple[list[float], list[float]]) -> None:
    a, b = (np.array(x, dtype=float) for x in pair)
    with np.errstate(all="ignore"):
        wanted = {"add": a + b, "dif": a - b, "mul": a * b, "mod": np.fmod(a, b)}
    for name, expected in wanted.items():
        calls = [f"vec_array(vec_wise_{name}({x}, {y}))" for x in forms(pair[0]) for y in forms(pair[1])]
        for found in answers(ask, calls):
            np.testing.assert_array_equal(np.array(found, dtype=float), expected)


@few
@given(pair=pairs)
def test_sparse_results_are_well_formed(ask: Ask, pair: tuple[list[float], list[float]]) -> None:
    x, y = forms(pair[0])[1], forms(pair[1])[1]
    for found in answers(ask, [f"vec_wise_{name}({x}, {y})" for name in ("add", "dif", "mul")]):
        kind, size, indices, values = (found[field] for field in FIELDS)
        assert (kind, size, len(indices)) == (0, len(pair[0]), len(values))
        assert indices == sorted(set(indices))


@few
@given(pair=pairs)
def test_distances_agree_with_numpy(ask: Ask, pair: tuple[list[float], list[float]]) -> None:
    a, b = (np.array(x, dtype=float) for x in pair)
    with np.errstate(all="ignore"):
        cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) if len(a) else 0.0
    for name, expected in (("vec_sqdist", ((a - b) ** 2).sum()), ("vec_cosine", cosine)):
        calls = [f"{name}({x}, {y})" for x in forms(pair[0]) for y in forms(pair[1])]
        np.testing.assert_allclose(answers(ask, calls), [expected] * 4, rtol=1e-12, atol=1e-12)


@few
@given(pair=pairs, p=st.sampled_from([1.0, 1.5, 2.0, 3.0, math.inf]))
def test_one_vector_agrees_with_numpy(ask: Ask, pair: tuple[list[float], list[float]], p: float) -> None:
    a = np.array(pair[0], dtype=float)
    for form in forms(pair[0]):
        found = answers(ask, [f"vec_norm({form}, '{p}'::DOUBLE)", f"vec_norm({form})", f"vec_stddev({form})"])
        norms = [np.linalg.norm(a, order) if len(a) else 0.0 for order in (p, 2)]
        deviation = a.std(ddof=1) if len(a) > 1 else 0.0
        np.testing.assert_allclose(found, [*norms, deviation], rtol=1e-12, atol=1e-6)
        assert ask(f"vec_argmax({form})") == (a.argmax() if len(a) else -1)
        assert ask(f"vec_array({form})") == a.tolist()


@few
@given(pair=pairs, data=st.data())
def test_parts_agree_with_numpy(ask: Ask, pair: tuple[list[float], list[float]], data: st.DataObject) -> None:
    a = np.array(pair[0], dtype=float)
    indices = data.draw(st.lists(st.integers(0, len(a) - 1), max_size=8)) if len(a) else []
    low, high = sorted(data.draw(st.tuples(st.integers(0, len(a)), st.integers(0, len(a)))))
    for form in forms(pair[0]):
        assert ask(f"vec_array(vec_slice({form}, {indices}))") == a[np.array(indices, dtype=int)].tolist()
        assert ask(f"vec_array(vec_range({form}, [{low}, {high}]))") == a[low:high].tolist()
        for other in forms(pair[1]):
            assert ask(f"vec_array(vec_concat({form}, {other}))") == [*pair[0], *pair[1]]
