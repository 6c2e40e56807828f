"""schemathesis asks every endpoint what its description allows, and what it does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine import Session
from mlsql_engine.core.settings import Settings
from mlsql_engine.server.composition import ROUTES
from mlsql_engine.server.settings import Limits, ServerSettings
from mlsql_engine.session import connect
from server.edge_server import Running, running

schemathesis = pytest.importorskip("schemathesis", reason="needs the extra heavy")
pytestmark = pytest.mark.heavy

SCRIPT = """
set code='''
def double(x: float) -> float:
    return 2.0 * x
''';
register ScriptUDF.`code` as twice where lang="python" and returnType="double" and methodName="double" and udfType="udf";
"""
ENDLESS = "text/event-stream"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("root")
    settings = ServerSettings(
        port=0, root=root, roots=(root,), audit_log=Path("/dev/null"), limits=Limits(request_seconds=10.0)
    )
    allowed = Settings(shell=False, http_include=False, roots=(root,))
    with connect(settings=allowed) as session:
        session.run(SCRIPT)
        with running(session, settings, ROUTES) as made:
            yield made
