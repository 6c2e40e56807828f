"""Spans of requests and of predictions for them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.composition import ROUTES
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.tracing import Tracing, configured
from mlsql_engine.session import Session
from server import edge_routes
from server.running import Running, as_process, in_thread

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SCRIPT = """
register ScriptUDF.`` as traced where dataType="double" and code='''
def apply(x: float) -> float:
    return 2.0 * x
''';
"""
OTHERS = tuple(route for route in edge_routes.ROUTES if route.path not in {one.path for one in ROUTES})


@pytest.fixture(scope="module")
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(scope="module")
def server(session: Session, spans: InMemorySpanExporter) -> Iterator[Running]:
    session.run(SCRIPT)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    settings = ServerSettings(audit_log=Path("/dev/null"))
    with in_thread(session, settings, (*ROUTES, *OTHERS), Tracing(provider)) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_from_before(spans: InMemorySpanExporter) -> None:
    spans.clear()


def ended(server: Running, spans: InMemorySpanExporter, count: int) -> list[ReadableSpan]:
    """The spans of requests that were answered: each ends after its answer."""
    while len(spans.get_finished_spans()) < count:
        server.call(lambda: None)
    return sorted(spans.get_finished_spans(), key=lambda span: span.start_time or 0)


def test_request(server: Running, spans: InMemorySpanExporter) -> None:
    with server.asking() as client:
        client.get("/parts/x?a=1", headers={"User-Agent": "test"})
    (span,) = ended(server, spans, 1)
    assert span.name == "GET /parts/{name}"
    assert span.kind.name == "SERVER"
    assert span.parent is None
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/parts/{name}",
        "http.response.status_code": 200,
        "url.path": "/parts/x",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "client.address": "127.0.0.1",
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "user_agent.original": "test",
    }


def test_request_of_a_trace(server: Running, spans: InMemorySpanExporter) -> None:
    with server.asking() as client:
        client.get("/open", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    (span,) = ended(server, spans, 1)
    assert span.context is not None
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)


@pytest.mark.parametrize(
    ("path", "code", "status", "name"),
    [("/nothing", "NOT_FOUND", "UNSET", "GET"), ("/broken", "INTERNAL", "ERROR", "GET /broken")],
)
def test_error(server: Running, spans: InMemorySpanExporter, path: str, code: str, status: str, name: str) -> None:
    with server.asking() as client:
        client.get(path)
    (span,) = ended(server, spans, 1)
    assert span.name == name
    assert (span.attributes or {})["error.type"] == code
    assert span.status.status_code.name == status
    assert span.events == ()


def test_prediction(server: Running, spans: InMemorySpanExporter) -> None:
    body = {"inputs": [{"name": "x", "shape": [2], "datatype": "FP64", "data": [1.0, 2.0]}]}
    with server.asking() as client:
        answer = client.post("/v2/models/traced/infer", json=body)
    assert answer.json()["outputs"][0]["data"] == [2.0, 4.0]
    request, prediction = ended(server, spans, 2)
    assert request.context is not None
    assert prediction.parent is not None
    assert prediction.parent.span_id == request.context.span_id
    assert prediction.name == "predict traced"
    assert prediction.attributes == {"mlsql.function": "traced", "mlsql.rows": 2, "mlsql.batch.rows": 2}


def test_prediction_that_fails(server: Running, spans: InMemorySpanExporter) -> None:
    body = {"inputs": [{"name": "x", "shape": [1], "datatype": "BYTES", "data": ["a"]}]}
    with server.asking() as client:
        assert client.post("/v2/models/traced/infer", json=body).status_code == 400
    names = [span.name for span in ended(server, spans, 1)]
    assert names[0] == "POST /v2/models/{name}/infer"


def test_nobody_asks_for_it() -> None:
    with configured({}) as tracing:
        assert tracing is None
    with configured({"OTEL_TRACES_EXPORTER": "none"}) as tracing:
        assert tracing is None
    with configured({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "TRUE"}) as tracing:
        assert tracing is None


def test_exporter_that_there_is_not() -> None:
    with pytest.raises(MlsqlError) as raised, configured({"OTEL_TRACES_EXPORTER": "otpl"}):
        pass
    assert raised.value.message == "OTEL_TRACES_EXPORTER names no exporter: 'otpl'"
    assert raised.value.hint == "did you mean 'otlp'?"


class Collector(BaseHTTPRequestHandler):
    """What OTLP is sent to."""

    received: list[tuple[str, ExportTraceServiceRequest]]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.path, ExportTraceServiceRequest.FromString(content)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


def test_collector_of_the_environment(tmp_path: Path) -> None:
    """`mlsql serve` sends its spans, the last ones when it ends."""
    received: list[tuple[str, ExportTraceServiceRequest]] = []
    collector = HTTPServer(("127.0.0.1", 0), type("_", (Collector,), {"received": received}))
    thread = threading.Thread(target=collector.serve_forever)
    thread.start()
    try:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "OTEL_SERVICE_NAME": "wine",
        }
        with as_process(cwd=tmp_path, **environment) as server:
            assert httpx.get(f"{server.address}/health").status_code == 200
            server.process.send_signal(signal.SIGTERM)
            assert server.ended() == (0, "", "")
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()
    ((path, sent),) = received
    assert path == "/v1/traces"
    (resource,) = sent.resource_spans
    assert {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"] == "wine"
    assert [span.name for scope in resource.scope_spans for span in scope.spans] == ["GET /health"]
