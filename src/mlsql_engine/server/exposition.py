"""The server's metrics as Prometheus reads them.

The text is that of https://prometheus.io/docs/instrumenting/exposition_formats/, written by prometheus_client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from mlsql_engine.core.version import __version__
from mlsql_engine.server.meters import SECONDS
from mlsql_engine.server.scrubbing import without_folders
from mlsql_engine.serving import meters as batch_meters
from mlsql_engine.workers import metrics

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from mlsql_engine.server.state import State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def of_loop(state: State) -> bytes:
    """The metrics of requests and functions, which the server's event loop counts: ask in it. Takes no time."""
    registry = CollectorRegistry()
    registry.register(_Requests(state))
    registry.register(_Functions(state))
    text: bytes = generate_latest(registry)
    return text


def of_process(state: State) -> bytes:
    """The metrics of the process and its workers. Better in a thread where `takes_time`.

    A thread gets its turns beside a busy event loop only every few milliseconds, one for each call of the system:
    what asks little is sooner done in the loop.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(_Workers(state))
    text: bytes = generate_latest(registry)
    return text


def takes_time(state: State) -> bool:
    """Whether `of_process` has to look for the children of processes."""
    return any(metrics.takes_time(session.session.roster) for session in state.sessions.all())


def model_label(model: str, roots: Sequence[Path]) -> str:
    """A model without the folders of the server: relative to a root, else its last part and a sign of the rest."""
    shown = without_folders(model, roots)
    if shown == model or any(model == f"{root}/{shown}" for root in roots):
        return shown
    return f"{shown} ({hashlib.sha256(model.encode()).hexdigest()[:6]})"


class _Workers:
    """metrics.WorkerCollector for each session, without the folders of the server."""

    def __init__(self, state: State) -> None:
        self._roots = state.roots
        self._sessions = state.sessions.all()

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for session in self._sessions:
            for family in metrics.WorkerCollector(session.session.roster).collect():
                samples = [
                    sample._replace(
                        labels={
                            "session": session.name,
                            **sample.labels,
                            "model": model_label(sample.labels["model"], self._roots),
                        }
                    )
                    for sample in family.samples
                ]
                known = families.setdefault(family.name, family)
                known.samples = samples if known is family else known.samples + samples
        yield from families.values()


class _Requests:
    """A Collector of prometheus_client."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._meters = state.meters

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
        yield _one("mlsql_http_requests_under_way", "Requests that are not answered yet.", self._meters.under_way)
        yield _one("mlsql_http_connections", "Connections that are open.", len(self._state.connections))
        held = self._state.bodies.held
        yield _one("mlsql_http_held_bytes", "Bytes of bodies that are held.", held)
        info = GaugeMetricFamily("mlsql_info", "Which mlsql this is, always 1.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield _one("mlsql_draining", "1 after the server was told to end.", self._state.draining)


def _one(name: str, told: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, told)
    family.add_metric([], value)
    return family


class _Functions:
    """A Collector of prometheus_client."""

    def __init__(self, state: State) -> None:
        self._roots = state.roots
        self._sessions = state.sessions.all()

    def collect(self) -> Iterator[Metric]:
        labels = ["session", "function", "version"]
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
            for served in (session.served, session.versions.others):
                for name, meter in served.meters.items():
                    function, _, version = name.partition("@")
                    values = [session.name, function, version]
                    for field, family in families.items():
                        family.add_metric(values, getattr(meter, field))
                    sizes.add_metric(values, _buckets(batch_meters.SIZES, meter.sizes), meter.rows)
                    queued.add_metric(values, served.queued(name))
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
                family.add_metric(
                    [session.name, spec.name.lower(), model_label(spec.model, self._roots), version], 1
                )
        return family


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Counts of buckets as Prometheus has them: each with all that are smaller."""
    names = [*(str(float(bound)) for bound in bounds), "+Inf"]
    return list(zip(names, accumulate(counts), strict=True))
