"""Requests and predictions as OpenTelemetry's spans.

See https://opentelemetry.io/docs/specs/semconv/http/http-spans/. There are spans where a provider of tracers is
set, as `opentelemetry-instrument` does, or where the environment names an exporter: OTEL_TRACES_EXPORTER, or
OTEL_EXPORTER_OTLP_ENDPOINT for that of OTLP. All else is what the SDK reads from the environment itself:
OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_*.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import BadValue, MlsqlError, suggestion
from mlsql_engine.core.extras import require
from mlsql_engine.core.version import __version__
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.parts import Part

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider
    from starlette.types import Scope

_EXPORTERS = "OTEL_TRACES_EXPORTER"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_OFF = "OTEL_SDK_DISABLED"
_GROUP = "opentelemetry_traces_exporter"
_OTLP = "otlp_proto_http"
_PURPOSE = "tracing (OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT)"


class Tracing:
    """Spans of requests and of predictions for them. Raises MlsqlError, MISSING_EXTRA, without the API."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        require("opentelemetry.trace", extra="tracing", purpose=_PURPOSE)
        from opentelemetry import propagate, trace

        self._trace = trace
        self._extract = propagate.extract
        self._tracer = trace.get_tracer("mlsql_engine.server", __version__, provider)

    @contextmanager
    def request(self, scope: Scope) -> Iterator[None]:
        """A span of a request, which a header of it may make a child of the client's."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        span = self._tracer.start_span(
            scope["method"],
            context=self._extract(headers),
            kind=self._trace.SpanKind.SERVER,
            attributes=_attributes(scope, headers),
        )
        with self._trace.use_span(span, end_on_exit=True, record_exception=False):
            yield

    def answered(self, route: str, method: str, status: int, code: str | None) -> None:
        """Take down in the span of the request what became of it; `code` is that of its error."""
        span = self._trace.get_current_span()
        if route:
            span.update_name(f"{method} {route}")
            span.set_attribute("http.route", route)
        span.set_attribute("http.response.status_code", status)
        if code is not None:
            span.set_attribute("error.type", code)
        if status >= 500:
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))

    def predicting(self, name: str, part: Part, answers: asyncio.Future[Answers]) -> None:
        """A span of a prediction for the request whose task calls this, from now until there are answers.

        See serving.served.Watch.
        """
        span = self._tracer.start_span(
            f"predict {name}", attributes={"mlsql.function": name, "mlsql.rows": part.rows}
        )

        def ended(future: asyncio.Future[Answers]) -> None:
            error = None if future.cancelled() else future.exception()
            if future.cancelled():
                span.set_attribute("error.type", "CANCELLED")
            elif error is None:
                span.set_attribute("mlsql.batch.rows", len(future.result().whole.array))
            else:
                span.set_attribute("error.type", error.code if isinstance(error, MlsqlError) else "INTERNAL")
                span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))
            span.end()

        answers.add_done_callback(ended)


def _attributes(scope: Scope, headers: Mapping[str, str]) -> dict[str, str | int]:
    made: dict[str, str | int] = {
        "http.request.method": scope["method"],
        "url.path": scope["path"],
        "url.scheme": scope["scheme"],
        "network.protocol.version": scope["http_version"],
    }
    if scope.get("client"):
        made["client.address"] = scope["client"][0]
    if scope.get("server"):
        made["server.address"], made["server.port"] = scope["server"][0], scope["server"][1] or 0
    if "user-agent" in headers:
        made["user_agent.original"] = headers["user-agent"]
    return made


@contextmanager
def configured(environment: Mapping[str, str] = os.environ) -> Iterator[Tracing | None]:
    """The tracing that the environment asks for, or that is set up already; None where there is none.

    What this set up is flushed and ended with the block. Raises MlsqlError: MISSING_EXTRA, and BAD_VALUE for an
    exporter that is not known.
    """
    if environment.get(_OFF, "").strip().lower() == "true":
        yield None
        return
    if _is_set_up():
        yield Tracing()
        return
    names = _exporters(environment)
    if not names:
        yield None
        return
    provider = _provider(names)
    try:
        yield Tracing(provider)
    finally:
        provider.shutdown()


def _is_set_up() -> bool:
    """Whether somebody has set a provider of tracers, or says in the environment which to load."""
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.trace") is None:
        return False
    from opentelemetry import trace

    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def _exporters(environment: Mapping[str, str]) -> list[str]:
    written = environment.get(_EXPORTERS, "").strip()
    if not written:
        return ["otlp"] if any(environment.get(name, "").strip() for name in _ENDPOINTS) else []
    names = [name.strip().lower() for name in written.split(",")]
    return [name for name in names if name not in ("", "none")]


def _provider(names: list[str]) -> Any:
    """A provider of the SDK's that exports by the exporters of these names."""
    require("opentelemetry.sdk.trace", extra="tracing", purpose=_PURPOSE)
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    for name in names:
        provider.add_span_processor(BatchSpanProcessor(_exporter(name)()))
    return provider


def _exporter(name: str) -> Callable[[], Any]:
    known = {point.name: point for point in entry_points(group=_GROUP)}
    wanted = _OTLP if name == "otlp" else name
    if wanted not in known:
        if wanted == _OTLP:
            require("opentelemetry.exporter.otlp.proto.http", extra="tracing", purpose=_PURPOSE)
        names = sorted({"otlp", "none", *known})
        raise BadValue(f"{_EXPORTERS} names no exporter: '{name}'", hint=suggestion(name, names, "exporter"))
    made: Callable[[], Any] = known[wanted].load()
    return made
