"""Prometheus counters of workers."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families

from mlsql_engine.workers.activity import Activity
from mlsql_engine.workers.metrics import exposition
from mlsql_engine.workers.roster import Roster, WorkerEntry


class ThisProcess:
    """Stands for a worker that runs."""

    pid = os.getpid()

    def wait(self, timeout: float) -> int | None:
        return None

    def kill(self) -> None:
        raise AssertionError


def samples(roster: Roster) -> dict[tuple[str, tuple[str, ...]], float]:
    """The values by name and labels, without those of memory."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition(roster))
        for sample in family.samples
        if family.name != "mlsql_worker_memory_bytes"
    }


def test_counters_and_gauges_by_function_and_model() -> None:
    roster = Roster()
    now = datetime(2026, 1, 2, tzinfo=UTC)
    for state, lost in (("busy", ""), ("idle", "CRASHED")):
        activity = Activity(state=state, batches=3, rows=7, failures=1, busy_seconds=0.25, lost=lost)  # type: ignore[arg-type]
        roster.add(WorkerEntry(len(roster.workers()), "function f", "python", now, ThisProcess(), activity, "/m"))
    assert samples(roster) == {
        ("mlsql_workers_started_total", ("/m", "function f")): 2.0,
        ("mlsql_worker_batches_total", ("/m", "function f")): 6.0,
        ("mlsql_worker_rows_total", ("/m", "function f")): 14.0,
        ("mlsql_worker_failures_total", ("/m", "function f")): 2.0,
        ("mlsql_worker_busy_seconds_total", ("/m", "function f")): 0.5,
        ("mlsql_workers_lost_total", ("CRASHED", "/m", "function f")): 1.0,
        ("mlsql_workers", ("/m", "function f", "busy")): 1.0,
        ("mlsql_workers", ("/m", "function f", "idle")): 1.0,
    }


def test_a_session_without_workers() -> None:
    assert samples(Roster()) == {}
