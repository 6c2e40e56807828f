"""Sessions over the tables that a module of tests writes into its `folder`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.session import Session
from tpc.reading import duckdb_over, session_over


@pytest.fixture(scope="module")
def session(folder: Path) -> Iterator[Session]:
    """A session with a table for each file."""
    with session_over(folder, _names(folder)) as session:
        yield session


@pytest.fixture(scope="module")
def plain(folder: Path) -> Any:
    """DuckDB alone, over the same files."""
    return duckdb_over(folder, _names(folder))


def _names(folder: Path) -> list[str]:
    return sorted(file.stem for file in folder.iterdir())
