"""What the system knows of itself, as tables of the schema `system`: each is taken down when a query names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from mlsql_engine.core.arrow_rows import arrow_table, timestamp
from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.core.type_names import type_name
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.models.tables import current_number
from mlsql_engine.workers.memory import memory_of
from mlsql_engine.workers.roster import WorkerEntry

if TYPE_CHECKING:
    import pyarrow as pa

    from mlsql_engine.statements.context import SessionState

_NAMED = re.compile(r"\bsystem`?\s*\.\s*`?(\w+)", re.IGNORECASE)
_FROM = re.compile(r"(?:\b(?:from|join)|[,(])(?:\s|--[^\n]*\n|/\*.*?\*/)*`?(\w+)", re.IGNORECASE | re.DOTALL)


def named_in(text: str, own: Collection[str]) -> dict[str, Callable[[SessionState], pa.Table]]:
    """The tables of `system` that a query may name, with what makes them; all where it names one that is not.

    One that no table of the session's `own` hides may be named without `system`.
    """
    found = {name.lower() for name in _NAMED.findall(text)}
    bare = {name.lower() for name in _FROM.findall(text)}.difference(own)
    return {
        name: make for name, make in TABLES.items() if name in found or name in bare or not found <= TABLES.keys()
    }


def functions(session: SessionState) -> pa.Table:
    """The functions that the session has registered."""
    import pyarrow as pa

    columns = pa.schema(
        [
            ("name", pa.string()),
            ("returnType", pa.string()),
            ("contract", pa.string()),
            ("model", pa.string()),
            ("script", pa.string()),
            ("interpreter", pa.string()),
            ("workers", pa.int32()),
        ]
    )
    rows = [
        {
            "name": spec.name,
            "returnType": type_name(described.return_type),
            "contract": described.contract,
            "model": spec.model or None,
            "script": spec.script if spec.function is None else spec.function.script.name,
            "interpreter": spec.interpreter,
            "workers": spec.resources.workers,
        }
        for spec, described in session.functions.registered()
        if not spec.called
    ]
    return arrow_table(rows, columns)


def models(session: SessionState) -> pa.Table:
    """Every version of the models that the session has trained, registered or predicted with: a row per group."""
    import pyarrow as pa

    columns = pa.schema(
        [
            ("path", pa.string()),
            ("version", pa.int32()),
            ("current", pa.bool_()),
            ("aliases", pa.list_(pa.string())),
            ("algorithm", pa.string()),
            ("algIndex", pa.int32()),
            ("alg", pa.string()),
            ("status", pa.string()),
            ("score", pa.float64()),
            ("createdAt", pa.timestamp("ms")),
            ("createdBy", pa.string()),
            ("pythonVersion", pa.string()),
        ]
    )
    rows = [row for path in session.models for row in _rows_of_model(session, path)]
    return arrow_table(rows, columns)


def _rows_of_model(session: SessionState, path: ModelPath) -> list[dict[str, object]]:
    """The groups of all versions of a model, oldest first; what cannot be read is told of."""
    try:
        store = session.workshop.store(path)
        versions, damaged = store.versions()
        pointers, current = store.pointers(), current_number(store)
    except ModelProblem as error:
        session.workshop.progress.warn("BROKEN_MODEL", error.message)
        return []
    for problem in damaged.values():
        session.workshop.progress.warn("BROKEN_MODEL", f"{problem.message}; it is left out")
    return [
        {
            "path": str(path),
            "version": version.number,
            "current": version.number == current,
            "aliases": pointers.of(version.number),
            "algorithm": version.manifest.algorithm,
            "algIndex": group.alg_index,
            "alg": group.alg,
            "status": group.status,
            "score": group.score,
            "createdAt": timestamp(version.manifest.created_at),
            "createdBy": version.manifest.created_by,
            "pythonVersion": group.python_version,
        }
        for version in reversed(versions)
        for group in version.manifest.groups
    ]


def workers(session: SessionState) -> pa.Table:
    """The worker processes that the session uses or has used; memory is that of this moment, in bytes.

    What counts batches is NULL for those that run a script to its end.
    """
    import pyarrow as pa

    columns = pa.schema(
        [
            ("worker", pa.int32()),
            ("name", pa.string()),
            ("pid", pa.int32()),
            ("interpreter", pa.string()),
            ("started", pa.timestamp("ms")),
            ("state", pa.string()),
            ("exitStatus", pa.int32()),
            ("model", pa.string()),
            ("batches", pa.int64()),
            ("rows", pa.int64()),
            ("failures", pa.int64()),
            ("busySeconds", pa.float64()),
            ("memory", pa.int64()),
            ("peakMemory", pa.int64()),
            ("lostBy", pa.string()),
        ]
    )
    return arrow_table([_worker_row(entry) for entry in session.roster.workers()], columns)


def _worker_row(entry: WorkerEntry) -> dict[str, object]:
    status = entry.exit_status
    row: dict[str, object] = {
        "worker": entry.number,
        "name": entry.name,
        "pid": entry.process.pid,
        "interpreter": entry.interpreter,
        "started": timestamp(entry.started),
        "state": "running" if status is None else "ended",
        "exitStatus": status,
        "memory": None if status is not None else memory_of(entry.process.pid, with_children=True),
    }
    activity = entry.activity
    if activity is not None:
        row |= {
            "state": "ended" if status is not None else activity.state,
            "model": entry.model or None,
            "batches": activity.batches,
            "rows": activity.rows,
            "failures": activity.failures,
            "busySeconds": activity.busy_seconds,
            "peakMemory": activity.peak_memory or None,
            "lostBy": activity.lost or None,
        }
    return row


def worker_logs(session: SessionState) -> pa.Table:
    """The last 10,000 lines that workers printed, oldest first."""
    import pyarrow as pa

    columns = pa.schema(
        [("time", pa.timestamp("ms")), ("worker", pa.int32()), ("name", pa.string()), ("line", pa.string())]
    )
    rows = [
        {"time": timestamp(line.time), "worker": line.worker, "name": line.name, "line": line.line}
        for line in session.roster.lines()
    ]
    return arrow_table(rows, columns)


def jobs(session: SessionState) -> pa.Table:
    """The runs of scripts in the session, oldest first; `statement` begins what it does, or did last."""
    import pyarrow as pa

    columns = pa.schema(
        [
            ("id", pa.int32()),
            ("name", pa.string()),
            ("state", pa.string()),
            ("statement", pa.string()),
            ("startTime", pa.timestamp("ms")),
            ("endTime", pa.timestamp("ms")),
            ("message", pa.string()),
        ]
    )
    rows = [
        {
            "id": job.id,
            "name": job.name,
            "state": job.state,
            "statement": job.statement,
            "startTime": timestamp(job.started),
            "endTime": timestamp(job.ended),
            "message": job.message or None,
        }
        for job in session.jobs
    ]
    return arrow_table(rows, columns)


TABLES: Final[dict[str, Callable[[SessionState], pa.Table]]] = {
    "functions": functions,
    "jobs": jobs,
    "models": models,
    "worker_logs": worker_logs,
    "workers": workers,
}
