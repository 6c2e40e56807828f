"""A table cut into partitions: each row in one of them."""

from __future__ import annotations

from itertools import pairwise

from mlsql_engine.engines.quoting import identifier

_NUMBER = identifier("mlsql row number")


def selects(view: str, count: int, key: str | None, rows: int) -> list[str]:
    """The selects of `count` partitions of a view with `rows` rows.

    With a key rows of the same value of it are in the same partition; without one they are runs of the view's rows
    in its order, of nearly the same length.
    """
    table = identifier(view)
    if key is not None:
        return [f"SELECT * FROM {table} WHERE hash({identifier(key)}) % {count} = {part}" for part in range(count)]
    numbered = f"SELECT *, row_number() OVER () - 1 AS {_NUMBER} FROM {table}"
    bounds = [rows * part // count for part in range(count + 1)]
    return [
        f"SELECT * EXCLUDE ({_NUMBER}) FROM ({numbered}) WHERE {_NUMBER} >= {first} AND {_NUMBER} < {end}"
        for first, end in pairwise(bounds)
    ]
