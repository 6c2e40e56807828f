"""What workers do and have done, as Prometheus counters: of the same numbers as the table `system.workers`.

The text is that of https://prometheus.io/docs/instrumenting/exposition_formats/, written by prometheus_client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.extras import require
from mlsql_engine.workers.memory import memory_of
from mlsql_engine.workers.roster import Roster, WorkerEntry

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_LABELS = ["name", "model"]
_COUNTERS = {
    "started": ("mlsql_workers_started", "Worker processes that were started."),
    "batches": ("mlsql_worker_batches", "Batches that workers have answered."),
    "rows": ("mlsql_worker_rows", "Rows that workers have answered."),
    "failures": ("mlsql_worker_failures", "Batches that failed."),
    "busy_seconds": ("mlsql_worker_busy_seconds", "Seconds that workers have spent on batches."),
}


def exposition(roster: Roster) -> str:
    """The metrics of the workers of a roster. Raises MlsqlError without prometheus_client."""
    prometheus = require("prometheus_client", extra="metrics", purpose="the text of the metrics")
    registry = prometheus.CollectorRegistry()
    registry.register(WorkerCollector(roster))
    text: bytes = prometheus.generate_latest(registry)
    return text.decode()


def takes_time(roster: Roster) -> bool:
    """Whether there is a worker whose memory has to be asked of the system: it runs a script to its end."""
    return any(entry.activity is None and entry.exit_status is None for entry in roster.workers())


class WorkerCollector:
    """A Collector of prometheus_client."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        totals = self._roster.totals()
        for field, (name, told) in _COUNTERS.items():
            family = CounterMetricFamily(name, told, labels=_LABELS)
            for labels, total in totals.items():
                family.add_metric(labels, getattr(total, field))
            yield family
        lost = CounterMetricFamily(
            "mlsql_workers_lost", "Workers that ended by an error, by its code.", labels=[*_LABELS, "code"]
        )
        for labels, total in totals.items():
            for code, count in total.lost.items():
                lost.add_metric([*labels, code], count)
        yield lost
        yield from self._of_now(GaugeMetricFamily)

    def _of_now(self, family: Any) -> Iterator[Metric]:
        states: Counter[tuple[str, str, str]] = Counter()
        memory: Counter[tuple[str, str]] = Counter()
        for entry in self._roster.workers():
            if entry.exit_status is None:
                state: str = "running" if entry.activity is None else entry.activity.state
                states[entry.name, entry.model, state] += 1
                memory[entry.name, entry.model] += _memory(entry)
        running = family(
            "mlsql_workers", "Worker processes that there are, by what they do.", labels=[*_LABELS, "state"]
        )
        for (name, model, state), count in states.items():
            running.add_metric([name, model, state], count)
        yield running
        used = family("mlsql_worker_memory_bytes", "Memory of the workers that there are.", labels=_LABELS)
        for (name, model), size in memory.items():
            used.add_metric([name, model], size)
        yield used


def _memory(entry: WorkerEntry) -> int:
    """The memory of a worker in bytes: that of a function is looked at again and again anyway, see watch."""
    known = 0 if entry.activity is None else entry.activity.memory
    return known or memory_of(entry.process.pid, with_children=True)
