"""The server's metrics as Prometheus reads them.

The text is that of https://prometheus.io/docs/instrumenting/exposition_formats/, written by prometheus_client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from mlsql_engine.server.meters import SECONDS, Meters
from mlsql_engine.serving import meters as batch_meters
from mlsql_engine.workers.metrics import WorkerCollector

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from mlsql_engine.server.sessions import ServerSession
    from mlsql_engine.server.state import State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(state: State) -> bytes:
    """All metrics of a server."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(_Requests(state.meters))
    registry.register(_Functions(state.sessions.all()))
    for session in state.sessions.all()[:1]:
        registry.register(WorkerCollector(session.session.roster))
    text: bytes = generate_latest(registry)
    return text


class _Requests:
    """A Collector of prometheus_client."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "mlsql_http_requests", "Requests that were answered.", labels=["route", "method", "status"]
        )
        seconds = HistogramMetricFamily(
            "mlsql_http_request_seconds",
            "Seconds from a request's head to the begin of its answer.",
            labels=["route"],
        )
        for route, meter in self._meters.routes.items():
            for (method, status), count in meter.statuses.items():
                requests.add_metric([route, method, str(status)], count)
            seconds.add_metric([route], _buckets(SECONDS, meter.buckets), meter.seconds)
        yield requests
        yield seconds
        under_way = GaugeMetricFamily("mlsql_http_requests_under_way", "Requests that are not answered yet.")
        under_way.add_metric([], self._meters.under_way)
        yield under_way


class _Functions:
    """A Collector of prometheus_client."""

    def __init__(self, sessions: Iterable[ServerSession]) -> None:
        self._sessions = list(sessions)

    def collect(self) -> Iterator[Metric]:
        labels = ["session", "function"]
        families = {
            name: CounterMetricFamily(f"mlsql_function_{name}", told, labels=labels)
            for name, told in {
                "batches": "Batches that were predicted for requests.",
                "requests": "Requests for the function that were answered.",
                "rows": "Rows that were predicted for requests.",
                "failed": "Batches that failed.",
                "expired": "Requests whose time was over before they were answered.",
                "refused": "Requests that were refused because too many waited.",
            }.items()
        }
        sizes = HistogramMetricFamily("mlsql_function_batch_rows", "Rows of a batch.", labels=labels)
        queued = GaugeMetricFamily(
            "mlsql_function_queued_requests", "Requests that wait for a batch.", labels=labels
        )
        for session in self._sessions:
            for name, meter in session.served.meters.items():
                for field, family in families.items():
                    family.add_metric([session.name, name], getattr(meter, field))
                sizes.add_metric([session.name, name], _buckets(batch_meters.SIZES, meter.sizes), meter.rows)
                queued.add_metric([session.name, name], session.served.queued(name))
        yield from families.values()
        yield sizes
        yield queued
        yield self._versions()

    def _versions(self) -> Metric:
        family = GaugeMetricFamily(
            "mlsql_function_version", "The functions and the model that each has, always 1.",
            labels=["session", "function", "model", "version"],
        )  # fmt: skip
        for session in self._sessions:
            for spec, _ in session.session.functions.registered():
                version = "" if spec.version is None else str(spec.version)
                family.add_metric([session.name, spec.name.lower(), spec.model, version], 1)
        return family


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Counts of buckets as Prometheus has them: each with all that are smaller."""
    names = [*(str(float(bound)) for bound in bounds), "+Inf"]
    return list(zip(names, accumulate(counts), strict=True))
