"""The array helpers and onehot: exact results, NULLs and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from mlsql_engine.core.vectors import FIELDS
from mlsql_engine.engines.duckdb import functions
from mlsql_engine.engines.duckdb.functions.arrays import RENAMED

if TYPE_CHECKING:
    import duckdb


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with duckdb.connect() as connection:
        functions.install(connection)
        yield connection


def ask(database: duckdb.DuckDBPyConnection, expression: str) -> Any:
    for written, stored in RENAMED.items():
        expression = expression.replace(written, stored)
    row = database.execute(f"SELECT {expression}").fetchone()
    assert row is not None
    return row[0]


def sparse(size: int, indices: list[int], values: list[float]) -> dict[str, Any]:
    return dict(zip(FIELDS, (0, size, indices, values), strict=True))


LETTERS = "['a', 'b', 'c', 'd', 'e']"
RESULTS = [
    ("onehot(1, 4)", sparse(4, [1], [1.0])),
    ("onehot(0, 4)", sparse(4, [0], [1.0])),
    ("onehot(1.0::DOUBLE, 2)", sparse(2, [1], [1.0])),
    ("onehot(4, 4)", sparse(4, [], [])),
    ("onehot(0, 0)", sparse(0, [], [])),
    ("array_intersect(['b', 'a', 'b', 'c'], ['c', 'b', 'x'])", ["b", "c"]),
    ("array_intersect([3, NULL, 1], [NULL, 3])", [3, None]),
    ("array_intersect([1], [2])", []),
    (f"array_index({LETTERS}, 'b')", 1),
    (f"array_index({LETTERS}, 'z')", -1),
    ("array_index([5, 7, 7], 7)", 1),
    (f"array_slice({LETTERS}, 3, -1)", ["d", "e"]),
    (f"array_slice({LETTERS}, 1, 3)", ["b", "c"]),
    (f"array_slice({LETTERS}, 0, 9)", ["a", "b", "c", "d", "e"]),
    (f"array_slice({LETTERS}, -2, 1)", ["a"]),
    (f"array_slice({LETTERS}, 3, 2)", []),
    (f"array_slice({LETTERS}, 0, 0)", []),
    (f"array_slice({LETTERS}, 0, -2)", []),
    (f"array_slice({LETTERS}, 7, -1)", []),
    ("array_concat([['a', 'b'], ['c']])", ["a", "b", "c"]),
    ("array_concat(['a'], ['b', 'c'])", ["a", "b", "c"]),
    ("array_concat([1], [2], [3], [4, NULL])", [1, 2, 3, 4, None]),
    ("array_concat([['a'], []])", ["a"]),
    ("array_number_concat([[1, 2], [2, 3]])", [1.0, 2.0, 2.0, 3.0]),
    ("array_number_concat([[1.5], []])", [1.5]),
    ("array_number_to_string([1, 20])", ["1", "20"]),
    ("array_number_to_string([1.50, 2.25])", ["1.50", "2.25"]),
    ("array_number_to_string([1.5, 1e8, NULL]::DOUBLE[])", ["1.5", "1.0E8", None]),
    ("array_number_to_string([0.1, 16777216]::FLOAT[])", ["0.1", "1.6777216E7"]),
    ("array_string_to_double(['1.5', ' 2 ', NULL, '1e3'])", [1.5, 2.0, None, 1000.0]),
    ("array_string_to_float(['1.5', '0.25'])", [1.5, 0.25]),
    ("array_string_to_int(['1', '-2', NULL])", [1, -2, None]),
    ("array_string_to_int([]::VARCHAR[])", []),
    # DuckDB's own slices and concatenation go on working beside ours.
    (f"{LETTERS}[2:3]", ["b", "c"]),
    ("list_concat([1], [2])", [1, 2]),
]


@pytest.mark.parametrize(("expression", "expected"), RESULTS, ids=[r[0] for r in RESULTS])
def test_result(database: duckdb.DuckDBPyConnection, expression: str, expected: object) -> None:
    assert ask(database, expression) == expected


TYPES = [
    ("array_index(['a'], 'a')", "INTEGER"),
    ("array_number_concat([[1]])", "DOUBLE[]"),
    ("array_number_to_string([1])", "VARCHAR[]"),
    ("array_string_to_double(['1'])", "DOUBLE[]"),
    ("array_string_to_float(['1'])", "FLOAT[]"),
    ("array_string_to_int(['1'])", "INTEGER[]"),
    ("array_slice([1], 0, 1)", "INTEGER[]"),
]


@pytest.mark.parametrize(("expression", "kind"), TYPES)
def test_type(database: duckdb.DuckDBPyConnection, expression: str, kind: str) -> None:
    assert ask(database, f"typeof({expression})") == kind


@pytest.mark.parametrize(
    "expression",
    [
        "onehot(NULL, 4)",
        "onehot(1, NULL)",
        "array_intersect(NULL, [1])",
        "array_intersect([1], NULL)",
        "array_index(NULL, 1)",
        "array_index([1], NULL)",
        "array_slice(NULL, 0, 1)",
        "array_slice([1], NULL, 1)",
        "array_slice([1], 0, NULL)",
        "array_concat(NULL)",
        "array_concat([[1], NULL])",
        "array_concat([1], NULL)",
        "array_number_concat(NULL)",
        "array_number_concat([[1], NULL])",
        "array_number_to_string(NULL)",
        "array_string_to_double(NULL)",
        "array_string_to_float(NULL)",
        "array_string_to_int(NULL)",
    ],
)
def test_null_in_null_out(database: duckdb.DuckDBPyConnection, expression: str) -> None:
    assert ask(database, expression) is None


ERRORS = [
    ("onehot(-1, 4)", "onehot: the index must not be negative, it is -1"),
    ("onehot(1, -4)", "onehot: the size must not be negative, it is -4"),
    ("array_string_to_double(['1', 'abc'])", "array_string_to_double: 'abc' is not a number"),
    ("array_string_to_float([''])", "array_string_to_float: '' is not a number"),
    ("array_string_to_int(['1.5'])", "array_string_to_int: '1.5' is not an integer"),
    ("array_string_to_int(['2147483648'])", "array_string_to_int: '2147483648' is not an integer"),
]


@pytest.mark.parametrize(("expression", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_error(database: duckdb.DuckDBPyConnection, expression: str, message: str) -> None:
    import duckdb

    with pytest.raises(duckdb.InvalidInputException) as caught:
        ask(database, expression)
    assert str(caught.value) == f"Invalid Input Error: {message}"
