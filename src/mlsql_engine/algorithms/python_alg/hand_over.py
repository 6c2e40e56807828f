"""The tables of a training, once for all of its groups: on local disk, or in a topic."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from mlsql_engine.algorithms.base import TrainRequest
from mlsql_engine.algorithms.python_alg.options import RunOptions
from mlsql_engine.engines.base import Relation
from mlsql_engine.transport import local_files
from mlsql_engine.transport.kafka.topic_data import TopicData
from mlsql_engine.transport.local_files import LocalFormat


@dataclass(frozen=True)
class HandedOver:
    """The folder of the training data or its topic, and the folders of the tables to measure on.

    `measured` has them by what scripts call them.
    """

    data: Path | TopicData
    measured: dict[str, str] = field(default_factory=dict)


_MEASURED = {"validate_table": "validateDataLocalPath", "evaluate_table": "evaluateDataLocalPath"}


def hand_over(request: TrainRequest, form: LocalFormat, work: Path, topic: TopicData | None = None) -> HandedOver:
    """Write the rows of the request and the tables to measure on into folders of `work`.

    The rows that go through a topic are not written. Without a relation there is an empty folder. Raises
    DataProblem and what reading the tables raises.
    """
    measured = write_measured(request, form, work)
    if topic is not None:
        return HandedOver(topic, measured)
    return HandedOver(write_data(request, request.relation, form, work / "data"), measured)


def write_measured(request: TrainRequest, form: LocalFormat, work: Path) -> dict[str, str]:
    """The tables to measure on as files."""
    options: RunOptions = request.options
    folders = {name: work / name.removesuffix("_table") for name in _MEASURED if name in request.tables}
    for name, folder in folders.items():
        local_files.write(request.engine, request.tables[name], folder, form, header=options.header)
    return {_MEASURED[name]: str(folder) for name, folder in folders.items()}


def write_data(
    request: TrainRequest, relation: Relation | None, form: LocalFormat, folder: Path, what: str = ""
) -> Path:
    """The rows to train on as files in the new folder `folder`; `what` tells the user which."""
    options: RunOptions = request.options
    if relation is None:
        folder.mkdir()
        return folder
    clock = time.monotonic()
    data = local_files.write(request.engine, relation, folder, form, header=options.header)
    request.workshop.progress.note(
        f"train: {data.rows:,} rows{what} handed over as {form} in {time.monotonic() - clock:.1f} s"
    )
    return data.folder
