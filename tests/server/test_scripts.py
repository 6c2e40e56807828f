"""POST /run/script, over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mlsql_engine.server.settings import Limits, ServerSettings
from server.running import Running, serving


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Running]:
    with serving(ServerSettings(root=root, roots=(root,), limits=Limits(drain_seconds=0.0))) as running:
        yield running


def run(server: Running, sql: str, **parameters: object) -> httpx.Response:
    return server.client.post("/run/script", data={"sql": sql, **parameters})


def test_the_last_table_as_rows(server: Running) -> None:
    answer = run(server, "select 1 as a, 'x' as b as t; select a + 1 as c from t as u;")
    assert (answer.status_code, answer.text) == (200, '[{"c":2}]')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-mlsql-rows"] == "1"
    assert "x-mlsql-truncated" not in answer.headers
