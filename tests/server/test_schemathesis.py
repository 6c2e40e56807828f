"""schemathesis asks every endpoint what its description allows, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from mlsql_engine.core.settings import Settings
from mlsql_engine.server.composition import ROUTES
from mlsql_engine.server.openapi import document
from mlsql_engine.server.settings import Limits, ServerSettings
from mlsql_engine.session import connect
from server.running import SECONDS, Running, in_thread

schemathesis = pytest.importorskip("schemathesis", reason="needs the extra heavy")
checks = schemathesis.checks
pytestmark = pytest.mark.heavy

SCRIPT = """
register ScriptUDF.`` as twice where dataType="double" and code='''
def apply(x: float) -> float:
    return 2.0 * x
''';
"""
CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("root")
    served = ServerSettings(
        root=root, roots=(root,), audit_log=Path("/dev/null"), limits=Limits(request_seconds=10.0)
    )
    allowed = Settings(shell=False, http_include=False, roots=(root,))
    with connect(settings=allowed) as session:
        session.run(SCRIPT)
        with in_thread(session, served) as made:
            yield made


EVERYTHING = schemathesis.openapi.from_dict(msgspec.json.decode(msgspec.json.encode(document(ROUTES))))
OPERATIONS = {operation.ok().label: operation.ok() for operation in EVERYTHING.get_all_operations()}


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_endpoint(server: Running, label: str, mode: Any) -> None:
    """With what the description allows, and with what it does not."""

    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    @settings(
        max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    def ask(case: Any) -> None:
        case.call_and_validate(base_url=server.address, checks=CHECKS, timeout=SECONDS)

    try:
        ask()
    except Unsatisfiable:
        assert mode is schemathesis.GenerationMode.NEGATIVE  # there is nothing to be wrong
