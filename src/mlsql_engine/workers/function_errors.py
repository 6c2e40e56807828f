"""Errors of a function's worker, as the one who called the function shall see them."""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa

from mlsql_engine.core.errors import WORKER, Detail, MlsqlError, ModelProblem
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.core.span import Span
from mlsql_engine.core.text_table import cell
from mlsql_engine.workers import failures
from mlsql_engine.workers.process import WorkerProcess
from mlsql_sdk.call_forms import ARGUMENT, NO_ARGUMENTS

_LONGEST_ROW = 400


def of_loading(spec: FunctionSpec, report: dict[str, Any], process: WorkerProcess) -> MlsqlError:
    """A FAILED message for a LOAD."""
    if spec.model_path and not os.path.isdir(spec.model_path):
        return ModelProblem(
            f"the model of {spec.title}, {spec.model}, was removed",
            code="NO_MODEL",
            hint='run the statement again; keepVersion="true" at train, or an alias, keeps versions that are used',
        )
    error = failures.script_failure(report, process, spec.title)
    error.at(_place(spec, report))
    return error


def of_batch(
    spec: FunctionSpec, report: dict[str, Any], process: WorkerProcess, batch: pa.RecordBatch, form: str
) -> MlsqlError:
    """A FAILED message for a PREDICT: the script's own exception, or an answer that breaks the contract."""
    error = failures.script_failure(report, process, spec.title)
    place = _place(spec, report)
    if place is not None:
        error.details = (Detail("raised at", place.render()), *error.details)
    row = report.get("row")
    if isinstance(row, int) and row < batch.num_rows and batch.num_columns:
        error.details = (Detail("group" if form == "udaf" else "row", _shown_row(batch, row)), *error.details)
        error.row = row
    return of_process(spec, error, process)


def of_process(spec: FunctionSpec, error: MlsqlError, process: WorkerProcess) -> MlsqlError:
    """An error of a worker that had loaded the function: it says which one, and of which model."""
    model = f", model {spec.model}" if spec.model else ""
    error.details = (*error.details, Detail(WORKER, f"{process.number}{model}"))
    return error


def _place(spec: FunctionSpec, report: dict[str, Any]) -> Span | None:
    """Where in an MLSQL script the line stands that failed."""
    function = spec.function
    if function is None or report.get("file") != function.script.name:
        return None
    return function.script.place(int(report.get("line") or 0))


def _shown_row(batch: pa.RecordBatch, row: int) -> str:
    values = batch.slice(row, 1).to_pylist(maps_as_pydicts="lossy")[0]
    return ", ".join(cell(_without_packing(value), _LONGEST_ROW) for value in values.values())


def _without_packing(value: Any) -> Any:
    """The rows of a group without the fields that several arguments travel in."""
    if isinstance(value, list):
        return [
            list(row.values())
            if isinstance(row, dict) and any(name.startswith((ARGUMENT, NO_ARGUMENTS)) for name in row)
            else row
            for row in value[:_LONGEST_ROW]
        ]
    return value
