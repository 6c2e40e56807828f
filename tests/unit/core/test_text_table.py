"""Rows as text for a terminal."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.text_table import WIDEST_CELL, cell, render


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (1.50, "1.5"),
        (Decimal("1.50"), "1.50"),
        ("", ""),
        ("a b", "a b"),
        ("1e3", "1e3"),
        ("a\tb\r\nc", "a\\tb\\nc"),
        (b"\x00\xff", "0x00ff"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        ([1, None, "é"], '[1,null,"é"]'),
        ([], "[]"),
        ({"a": {"b": True}}, '{"a":{"b":true}}'),
        ({"d": datetime.date(2024, 2, 29)}, '{"d":"2024-02-29"}'),
    ],
)
def test_cells(value: Any, text: str) -> None:
    assert cell(value) == text


def test_vectors_as_spark_prints_them() -> None:
    sparse = {"type": 0, "size": 5, "indices": [1], "values": [2.0]}
    dense = {"type": 1, "size": None, "indices": None, "values": [1.0, 2.0]}
    assert cell(sparse) == '{"type":0,"size":5,"indices":[1],"values":[2.0]}'
    assert cell(dense) == '{"type":1,"values":[1.0,2.0]}'
    assert cell([dense]) == '[{"type":1,"values":[1.0,2.0]}]'


def test_a_struct_that_only_has_some_of_the_fields_is_no_vector() -> None:
    assert cell({"type": 1, "size": None, "values": [1.0]}) == '{"type":1,"size":null,"values":[1.0]}'


def test_long_cells_are_cut() -> None:
    assert cell("x" * WIDEST_CELL) == "x" * WIDEST_CELL
    assert cell("x" * (WIDEST_CELL + 1)) == "x" * (WIDEST_CELL - 1) + "…"
    assert len(cell(list(range(100)))) == WIDEST_CELL


def test_the_table() -> None:
    schema = pa.schema([("name", pa.string()), ("n", pa.int64()), ("share", pa.float64()), ("ok", pa.bool_())])
    rows = [("Ann", 5, 0.25, True), ("Bob", None, 10.0, None)]
    assert render(schema, rows) == "\n".join(
        [
            "name       n    share  ok",
            "------  ----  -------  ----",
            "Ann        5     0.25  true",
            "Bob     NULL     10.0  NULL",
        ]
    )


def test_text_that_looks_like_a_number_stays_as_it_is() -> None:
    assert render(pa.schema([("code", pa.string())]), [("007",), ("1e5",)]) == "code\n------\n007\n1e5"


def test_decimals_stand_to_the_right() -> None:
    schema = pa.schema([("price", pa.decimal128(6, 2))])
    assert render(schema, [(Decimal("1.50"),), (Decimal("100.00"),)]) == "  price\n-------\n   1.50\n 100.00"


def test_no_rows() -> None:
    assert render(pa.schema([("a", pa.int64()), ("b", pa.string())]), []) == "a    b\n---  ---"


def test_column_names_are_cut_and_kept_on_one_line() -> None:
    schema = pa.schema([("a\nb", pa.string())])
    assert render(schema, [("x",)]) == "a\\nb\n------\nx"
