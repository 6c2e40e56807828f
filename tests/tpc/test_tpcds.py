"""The queries of TPC-DS in Spark's dialect, from the package databricks-tpcds, over small tables of its schema."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.session import Session
from tpc.reading import in_order, rows_of
from tpc.rows import write_tables
from tpc.schemas import TPCDS


def _queries() -> dict[str, str]:
    """By name (q1, q14a …); q14, q23, q24 and q39 are two queries each and come as a and b."""
    files = importlib.metadata.files("databricks-tpcds") or []
    found = {}
    for file in files:
        if file.suffix == ".sql" and re.fullmatch(r"q[1-9]\d*[ab]?", file.stem):
            text = Path(str(file.locate())).read_text(encoding="utf-8")
            found[file.stem] = re.sub(r"--.*", "", text).strip()
    return {name: text for name, text in found.items() if f"{name}a" not in found}


QUERIES = _queries()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tpcds")
    write_tables(TPCDS, QUERIES.values(), path)
    return path


# The tables are too small for what these look for.
WITHOUT_ROWS = frozenset(
    {"q6", "q8", "q17", "q21", "q23b", "q24a", "q24b", "q25", "q29", "q31", "q34", "q39a", "q39b", "q40", "q46"}
    | {"q49", "q54", "q58", "q64", "q68", "q72", "q81", "q83", "q85", "q91"}
)
# DuckDB's own parser does not take `at` as a table's name.
NOT_PLAIN = frozenset({"q90"})
_LIMIT = re.compile(r"\blimit\s+100\b\s*;?\s*$", re.IGNORECASE)


def test_there_are_103() -> None:
    assert len(QUERIES) == 103


@pytest.mark.parametrize("name", sorted(QUERIES, key=lambda name: (int(re.sub(r"\D", "", name)), name)))
def test_query(session: Session, plain: Any, name: str) -> None:
    query = QUERIES[name]
    rows = rows_of(session, QUERIES[name])
    assert bool(rows) == (name not in WITHOUT_ROWS)
    if name in NOT_PLAIN:
        return
    if len(rows) == 100:
        # Which of equal rows stand before the limit is left open.
        query = _LIMIT.sub("", query)
        rows = rows_of(session, query)
    expected = plain.execute(query.replace("`", '"').rstrip("; \n")).fetchall()
    assert in_order(rows) == in_order(expected)
