"""Rows and buffers of aggregates as Spark has them."""

from __future__ import annotations

import pytest

from mlsql_sdk.buffers import Buffer, Row


def test_a_row() -> None:
    row = Row([1, None])
    assert (row.getLong(0), row.get(1), row[0], row.isNullAt(1), len(row), row.size()) == (1, None, 1, True, 2, 2)
    assert repr(row) == "Row([1, None])"
    with pytest.raises(IndexError, match=r"^there is nothing at place 2: it holds 2 values$"):
        row.getString(2)


def test_a_buffer_grows() -> None:
    buffer = Buffer()
    buffer.update(1, "b")
    buffer[0] = "a"
    assert (buffer[0], buffer.getString(1), repr(buffer)) == ("a", "b", "Buffer(['a', 'b'])")
    with pytest.raises(IndexError, match=r"^a buffer has no place -1$"):
        buffer.update(-1, 0)
