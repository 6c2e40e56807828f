"""PythonParallelExt: a script once for every partition of a table."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlsql_engine.algorithms.base import TrainRequest
from mlsql_engine.algorithms.python_alg import PythonAlg, training
from mlsql_engine.algorithms.python_alg.group_training import Run
from mlsql_engine.algorithms.python_alg.groups import parse_groups
from mlsql_engine.algorithms.python_alg.hand_over import HandedOver, write_data, write_measured
from mlsql_engine.algorithms.python_alg.options import ParallelOptions
from mlsql_engine.algorithms.python_alg.training import Part
from mlsql_engine.core.errors import BadValue, MlsqlError, UnknownName
from mlsql_engine.engines.base import SupportsPartitions
from mlsql_engine.models import tables
from mlsql_engine.transport.local_files import LocalFormat

if TYPE_CHECKING:
    import pyarrow as pa


class PythonParallelExt(PythonAlg):
    """Runs a script once for every partition of a table, side by side."""

    name = "PythonParallelExt"
    train_options = ParallelOptions

    def run_predicts(self, options: Collection[str]) -> bool:  # noqa: ARG002
        """Never: run is its one statement."""
        return False

    def train(self, request: TrainRequest) -> pa.Table:
        """See Algorithm.train; the groups of the result are the partitions."""
        return tables.result(training.train(request, self.name, _partitions))


def _partitions(run: Run, form: LocalFormat, work: Path) -> Sequence[Part]:
    """The partitions of the statement's table as groups with the same parameters."""
    request = run.request
    options: ParallelOptions = request.options
    if request.relation is None:
        raise BadValue("run PythonParallelExt needs a table", hint="run table as PythonParallelExt.`path` …")
    key = None
    if options.partition_key is not None:
        known = {column.lower(): column for column in request.relation.columns}
        key = known.get(options.partition_key.value.lower())
        if key is None:
            raise UnknownName(
                "column", options.partition_key.value, request.relation.columns, span=options.partition_key.span
            )
    count = options.partition_num or os.cpu_count() or 1
    engine = request.engine
    if not isinstance(engine, SupportsPartitions):
        raise MlsqlError(f"the engine {engine.name} cannot cut a table into partitions", code="UNSUPPORTED")
    measured = write_measured(request, form, work)
    (group,) = parse_groups(options.fit_param)
    parts = []
    for index, relation in enumerate(engine.partitions(request.relation, count, key)):
        folder = write_data(request, relation, form, work / f"data-{index}", f" of partition {index}")
        parts.append(Part(replace(group, index=index), HandedOver(folder, measured)))
    return parts
