"""The queries of TPC-H over small tables of its schema: DuckDB itself, and plain Python, give the same rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mlsql_engine.session import Session
from tpc.reading import in_order, rows_of
from tpc.rows import write_tables
from tpc.schemas import TPCH
from tpc.tpch import QUERIES, WORDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tpch")
    write_tables(TPCH, [*QUERIES.values(), WORDS], path)
    return path


@pytest.mark.parametrize("name", QUERIES)
def test_query(session: Session, plain: Any, name: str) -> None:
    rows = rows_of(session, QUERIES[name])
    assert in_order(rows) == in_order(plain.execute(QUERIES[name]).fetchall())
    assert rows
    assert rows[0] != (None,)


def records(folder: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


def test_q01_in_python(session: Session, folder: Path) -> None:
    groups = defaultdict(list)
    for line in records(folder, "lineitem"):
        if line["l_shipdate"] <= date(2002, 9, 2):
            groups[line["l_returnflag"], line["l_linestatus"]].append(line)
    expected = []
    for key, lines in sorted(groups.items()):
        price = [line["l_extendedprice"] * (1 - line["l_discount"]) for line in lines]
        charged = [value * (1 + line["l_tax"]) for value, line in zip(price, lines, strict=True)]
        expected.append(
            (
                *key,
                sum(line["l_quantity"] for line in lines),
                sum(line["l_extendedprice"] for line in lines),
                sum(price),
                sum(charged),
                sum(line["l_quantity"] for line in lines) / len(lines),
                sum(line["l_discount"] for line in lines) / len(lines),
                len(lines),
            )
        )
    assert in_order(rows_of(session, QUERIES["q01 pricing summary"])) == in_order(expected)


def test_q06_in_python(session: Session, folder: Path) -> None:
    revenue = sum(
        line["l_extendedprice"] * line["l_discount"]
        for line in records(folder, "lineitem")
        if line["l_shipdate"].year == 2000
        and Decimal("0.05") <= line["l_discount"] <= Decimal("0.07")
        and line["l_quantity"] < 24
    )
    assert in_order(rows_of(session, QUERIES["q06 forecasting revenue change"])) == in_order([(revenue,)])


def test_q13_in_python(session: Session, folder: Path) -> None:
    orders = Counter(
        order["o_custkey"] for order in records(folder, "orders") if order["o_comment"] != "special fast requests"
    )
    customers = Counter(orders[customer["c_custkey"]] for customer in records(folder, "customer"))
    assert in_order(rows_of(session, QUERIES["q13 customer distribution"])) == in_order(list(customers.items()))
