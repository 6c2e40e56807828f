"""Vectors for tests: some rows, and hypothesis strategies for columns of them."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import strategies as st

from mlsql_sdk import vectors

SPARSE = (0, 4, [1, 3], [3.0, 4.0])
EMPTY = (0, 4, [], [])
DENSE = (1, None, None, [1.0, 2.0, 0.0, 5.0])
ROWS = {"sparse": [0.0, 3.0, 0.0, 4.0], "empty": [0.0] * 4, "dense": [1.0, 2.0, 0.0, 5.0]}


def made_by_arrow(rows):
    """The same array by pyarrow's own conversion."""
    names = ("type", "size", "indices", "values")
    objects = [None if row is None else dict(zip(names, row, strict=True)) for row in rows]
    return pa.array(objects, vectors.arrow_type())


def to_list(row, size):
    if row is None:
        return [float("nan")] * size
    if row[0] == 1:
        return row[3]
    entries = dict(zip(row[2], row[3], strict=True))
    return [entries.get(i, 0.0) for i in range(size)]


@st.composite
def columns(draw, kinds="sdn"):
    """Rows of one size, and an array of them that is a slice of a longer one, in chunks or not."""
    size = draw(st.integers(0, 5))
    value = st.floats(allow_nan=False)

    def row():
        kind = draw(st.sampled_from(kinds))
        if kind == "n":
            return None
        if kind == "d":
            return (1, None, None, draw(st.lists(value, min_size=size, max_size=size)))
        places = sorted(draw(st.sets(st.integers(0, size - 1)))) if size else []
        return (0, size, places, draw(st.lists(value, min_size=len(places), max_size=len(places))))

    rows = [row() for _ in range(draw(st.integers(0, 8)))]
    start, stop = sorted(draw(st.tuples(st.integers(0, len(rows)), st.integers(0, len(rows)))))
    array = draw(st.sampled_from([vectors.from_tuples, made_by_arrow]))(rows)
    array.validate(full=True)
    column = array.slice(start, stop - start)
    if draw(st.booleans()):
        cut = draw(st.integers(0, stop - start))
        column = pa.chunked_array([column.slice(0, cut), column.slice(cut)], vectors.arrow_type())
    return rows[start:stop], column
