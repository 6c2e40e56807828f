"""A train statement: the data to where scripts read it, every group in a worker, the models into the store."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mlsql_engine.algorithms.base import TrainRequest
from mlsql_engine.algorithms.python_alg import through_kafka
from mlsql_engine.algorithms.python_alg.group_training import GroupTraining, Run
from mlsql_engine.algorithms.python_alg.groups import ParameterGroup, parse_groups
from mlsql_engine.algorithms.python_alg.hand_over import HandedOver, hand_over
from mlsql_engine.algorithms.python_alg.options import RunOptions
from mlsql_engine.algorithms.python_alg.program import program_of, with_algorithm
from mlsql_engine.core.errors import Detail, MlsqlError, ScriptFailed
from mlsql_engine.core.version import __version__
from mlsql_engine.environments import interpreters
from mlsql_engine.models.manifest import GroupRecord, Manifest
from mlsql_engine.models.store import ModelVersion, Staging
from mlsql_engine.transport.local_files import LocalFormat
from mlsql_engine.workers import threads
from mlsql_engine.workers.running import RunningWorkers, side_by_side


@dataclass(frozen=True)
class Part:
    """A group and the data that it is trained on."""

    group: ParameterGroup
    data: HandedOver


Parts = Callable[["Run", LocalFormat, Path], Sequence[Part]]
"""What a statement trains: its groups with their data, written in a format below a work folder."""


def groups_on_one_table(run: Run, form: LocalFormat, work: Path) -> Sequence[Part]:
    """The statement's parameter groups, all on the statement's table, which is written once."""
    data = hand_over(run.request, form, work, run.topic)
    groups = with_algorithm(parse_groups(run.options.fit_param), run.options)
    return [Part(group, data) for group in groups]


def train(request: TrainRequest, algorithm: str, parts: Parts = groups_on_one_table) -> ModelVersion:
    """Train the statement's groups side by side and publish those that succeed as one version.

    Where all fail, or the statement is ended, nothing is published; the work folder is removed. Raises
    ScriptFailed, WorkerTimeout or WorkerProblem, DataProblem where the data goes through a broker that is not
    there, and errors of the options before anything is written.
    """
    options: RunOptions = request.options
    if parts is not groups_on_one_table:
        through_kafka.refuse_partitions(options)
    with request.store().stage() as staging, _work_folder(request) as work:
        program = program_of(request, work, staging.folder)
        variables = {**program.interpreter.environment, **options.environment}
        run = Run(request, program, program.interpreter.path, options.flags, variables, RunningWorkers())
        form = _form(run)
        with through_kafka.log_of(request) as log, through_kafka.data_of(request, form, work) as topic:
            run = replace(run, log=log, topic=topic)
            records = _train_parts(run, parts(run, form, work), staging, work)
        version = staging.publish(_manifest(run, algorithm, records), keep_versions=options.keep_version)
    request.workshop.progress.note(f"train: version {version.number} of {request.path}")
    return version


def _form(run: Run) -> LocalFormat:
    """The form of the data: the one asked for, else what whoever reads it reads best."""
    if run.options.data_local_format is not None:
        return run.options.data_local_format
    if not run.program.built_in:
        return "json"
    return "arrow" if interpreters.has_package(run.interpreter, run.flags, run.environment, "pyarrow") else "json"


def _train_parts(run: Run, parts: Sequence[Part], staging: Staging, work: Path) -> tuple[GroupRecord, ...]:
    """Train every part and give the records of all. Raises the error where none has succeeded."""
    at_once = min(run.options.max_parallel or os.cpu_count() or 1, len(parts))
    run = replace(run, several=len(parts) > 1, environment={**threads.shared_out(at_once), **run.environment})
    trainings = []
    for part in parts:
        folder = work / f"group-{part.group.index}"
        folder.mkdir()
        model = staging.model_folder(part.group.index)
        trainings.append(GroupTraining(run, part.group, part.data, folder, staging.folder, model))
    if run.several:
        run.request.workshop.progress.note(f"train: {len(parts)} groups, {at_once} at once")
    records = _side_by_side(run, [training.train for training in trainings], at_once)
    if all(training.error is not None for training in trainings):
        raise _all_failed(trainings)
    for training in trainings:
        if training.error is not None:
            shutil.rmtree(training.model_folder, ignore_errors=True)
    return tuple(records)


def _side_by_side(run: Run, tasks: Sequence[Callable[[], GroupRecord]], at_once: int) -> list[GroupRecord]:
    """What the tasks give, and the rows sent beside them where they go through Kafka."""
    if run.topic is None:
        return side_by_side(tasks, at_once, run.workers, run.request.check)
    beside = through_kafka.SentBeside(run.topic, len(tasks), run.request.workshop.progress)
    run.workers.add(beside)
    records = side_by_side(beside.tasks(tasks), at_once + 1, run.workers, run.request.check)
    return [record for record in records if record is not None]


def _all_failed(trainings: Sequence[GroupTraining]) -> MlsqlError:
    """The error of the only group, or that of all of them."""
    errors = {training.group.index: training.error for training in trainings if training.error is not None}
    first = next(iter(errors.values()))
    if len(errors) == 1:
        return first
    if len({error.message for error in errors.values()}) == 1:
        first.message = f"all {len(errors)} parameter groups failed: {first.message}"
        return first
    return ScriptFailed(
        f"all {len(errors)} parameter groups failed",
        code="GROUPS_FAILED",
        details=[Detail(f"group {index}", _text(error)) for index, error in errors.items()],
        hint=first.hint,
    )


def _text(error: MlsqlError) -> str:
    return "\n".join([f"{error.code}: {error.message}", *(detail.text for detail in error.details[:1])])


def _manifest(run: Run, algorithm: str, records: tuple[GroupRecord, ...]) -> Manifest:
    request = run.request
    schema = () if request.relation is None else request.engine.schema(request.relation)
    return Manifest(
        algorithm=algorithm,
        created_at=datetime.now(UTC),
        created_by=_user(),
        mlsql_version=__version__,
        schema=tuple((column.name, str(column.type)) for column in schema),
        groups=records,
        query=request.query,
        code=run.program.hashes(),
        options=dict(request.written),
        platform=platform.platform(),
        project=run.program.definition,
    )


def _user() -> str:
    """Who trains; the number of a user who has no name on this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@contextmanager
def _work_folder(request: TrainRequest) -> Iterator[Path]:
    """The folder with the data and those that the scripts run in; removed at the end unless the options keep it."""
    options: RunOptions = request.options
    if options.keep_local_directory:
        kept = Path(tempfile.mkdtemp(prefix="mlsql-kept-"))
        request.workshop.progress.note(f"train: the script runs in {kept}, which is kept")
        yield kept
        return
    work = request.workshop.scratch.folder("train")
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
