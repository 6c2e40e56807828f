"""One training: the data to local disk, the script in a worker, the model into the store."""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlsql_engine.algorithms.base import TrainRequest, existing_file, existing_script
from mlsql_engine.algorithms.python_alg.groups import ParameterGroup, parse_group
from mlsql_engine.algorithms.python_alg.options import TrainOptions, environment, flags
from mlsql_engine.core.errors import BadValue, MlsqlError, ScriptFailed
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.version import __version__
from mlsql_engine.environments import interpreters
from mlsql_engine.models.manifest import GroupRecord, Manifest
from mlsql_engine.models.store import ModelVersion
from mlsql_engine.transport import local_files
from mlsql_engine.workers import script_run
from mlsql_engine.workers.conversation import Hello
from mlsql_engine.workers.launcher import WorkerCommand
from mlsql_engine.workers.script_run import ScriptRun


def train(request: TrainRequest) -> ModelVersion:
    """Train the statement's model and publish it.

    Whatever goes wrong, nothing of the model is published and the work folder is removed. Raises ScriptFailed,
    WorkerTimeout or WorkerProblem, and errors of the options before anything is written.
    """
    training = _Training(request)
    with request.store().stage() as staging, _work_folder(request) as work:
        model_folder = staging.model_folder(training.group.index)
        record = training.run(work, model_folder, staging.folder)
        schema = () if request.relation is None else request.engine.schema(request.relation)
        manifest = Manifest(
            algorithm="PythonAlg",
            created_at=datetime.now(UTC),
            created_by=_user(),
            mlsql_version=__version__,
            schema=tuple((column.name, str(column.type)) for column in schema),
            groups=(record,),
        )
        version = staging.publish(manifest, keep_versions=training.options.keep_version)
    request.workshop.progress.note(f"train: version {version.number} of {request.path}")
    return version


def _user() -> str:
    """Who trains; the number of a user who has no name on this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@contextmanager
def _work_folder(request: TrainRequest) -> Iterator[Path]:
    """The folder that the script runs in; removed at the end unless the options keep it."""
    options: TrainOptions = request.options
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


@dataclass
class _Training:
    """A training with its options checked: nothing has been written yet."""

    request: TrainRequest
    options: TrainOptions = field(init=False)
    group: ParameterGroup = field(init=False)
    metrics: dict[str, float] = field(default_factory=dict)
    python_version: str = ""

    def __post_init__(self) -> None:
        self.options = self.request.options
        self.group = parse_group(self.options.fit_param)
        self.script = existing_script(self.options.python_script_path, self.request.folder)
        self.interpreter = interpreters.resolve(self.options.python_path, self.request.folder)
        self.environment = environment(self.options.envs)
        self.flags = flags(self.options.python_param)
        self._check_transport()

    def _check_transport(self) -> None:
        if not self.options.enable_data_local:
            raise MlsqlError(
                "this version of mlsql hands training data over on local disk only, not through Kafka",
                span=self.options.python_script_path.span,
                code="UNSUPPORTED",
                hint='leave enableDataLocal out, or set it to "true"',
            )
        if self.options.kafka_param:
            self._progress.warn(
                "KAFKA_LOG", "kafkaParam is given with local data: no log is sent to Kafka, it is shown here"
            )

    @property
    def _progress(self) -> Progress:
        return self.request.workshop.progress

    def run(self, work: Path, model_folder: Path, version_folder: Path) -> GroupRecord:
        """Hand the data over, run the script, and tell how it went."""
        system = self._hand_over(work)
        system["tempModelLocalPath"] = str(model_folder)
        started = datetime.now(UTC)
        clock = time.monotonic()
        parameters = {**self.group.parameters, "modelPath": str(self.request.path)}
        job = ScriptRun(
            script=self.script,
            parameters={
                "internalSystemParam": system,
                "fitParam": parameters,
                "kafkaParam": {key: value.value for key, value in self.options.kafka_param.items()},
                "systemParam": self._system_param(),
            },
            command=WorkerCommand(
                name=self.script.name,
                interpreter=self.interpreter,
                folder=work,
                tell=self._told,
                flags=self.flags,
                environment=self.environment,
            ),
            timeout=self.options.timeout,
            report=self._report,
            on_hello=self._check_version,
        )
        self._progress.note(f"train: running {self.script.name}")
        tail = script_run.run(job, self.request.workshop.launcher)
        if not any(path.is_file() for path in model_folder.rglob("*")):
            raise ScriptFailed(
                f"{self.script.name} ended without writing a model",
                code="NO_MODEL_WRITTEN",
                hint='write it into mlsql.internal_system_param["tempModelLocalPath"], or call '
                "mlsql.save_model(model)",
            )
        self._progress.note(f"train: {self.script.name} took {time.monotonic() - clock:.1f} s")
        return GroupRecord(
            alg_index=self.group.index,
            alg=self.script.stem,
            model_path=str(model_folder.relative_to(version_folder)),
            status="success",
            message=tail,
            start_time=started,
            end_time=datetime.now(UTC),
            score=self.metrics.get("score"),
            metrics=self.metrics,
            train_params=parameters,
            exec_desc=f"{self.script.name} on Python {self.python_version}",
            python_version=self.python_version,
            python_path=self._python_path(),
        )

    def _python_path(self) -> str:
        """The interpreter for the manifest: a path as it was found, a name as it was written."""
        written = self.options.python_path.value if self.options.python_path else "python"
        return self.interpreter if os.path.dirname(written) else written

    def _hand_over(self, work: Path) -> dict[str, Any]:
        """The data, the validation data and the resources in the work folder, as the script finds them."""
        request, options = self.request, self.options
        system: dict[str, Any] = {"tempDataLocalPath": str(self._hand_over_data(work / "data"))}
        validate = request.tables.get("validate_table")
        if validate is not None:
            folder = work / "validate"
            local_files.write(request.engine, validate, folder, options.data_local_format, header=options.header)
            system["validateDataLocalPath"] = str(folder)
        system["tempOutputLocalPath"] = str(work / "output")
        system["checkpointDir"] = str(work / "checkpoint")
        system["resource"] = {
            name: self._link_resource(name, path.value, work) for name, path in self.group.resources.items()
        }
        return system

    def _hand_over_data(self, folder: Path) -> Path:
        """The rows to train on as files in `folder`; an empty folder where there are none to train on."""
        request, options = self.request, self.options
        if request.relation is None:
            folder.mkdir()
            return folder
        clock = time.monotonic()
        data = local_files.write(
            request.engine, request.relation, folder, options.data_local_format, header=options.header
        )
        self._progress.note(
            f"train: {data.rows:,} rows handed over as {options.data_local_format} "
            f"in {time.monotonic() - clock:.1f} s"
        )
        return data.folder

    def _link_resource(self, name: str, written: str, work: Path) -> str:
        source = existing_file(self.group.resources[name], self.request.folder, "resource")
        target = work / Path(written).name
        if target.exists() or target.is_symlink():
            raise BadValue(
                f"two resources are called '{target.name}'",
                span=self.group.resources[name].span,
                hint="rename one of the files",
            )
        os.symlink(source.resolve(), target)
        return str(target)

    def _system_param(self) -> dict[str, str]:
        options = self.options
        given = {
            "pythonPath": options.python_path.value if options.python_path else None,
            "pythonParam": options.python_param.value if options.python_param else None,
            "pythonVer": options.python_ver.value if options.python_ver else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _told(self, line: str) -> None:
        self._progress.output(self.script.name, line)

    def _report(self, report: dict[str, Any]) -> None:
        if "metric" in report:
            self.metrics[report["metric"]] = report["value"]
            self._progress.note(f"train: {report['metric']} = {report['value']:g}")
            return
        done = 100 * report["done"] / (report["total"] or 1.0)
        self._progress.note(f"train: {done:.0f} % {report['message']}".rstrip())

    def _check_version(self, hello: Hello) -> None:
        self.python_version = hello.python
        wanted = self.options.python_ver
        if wanted is None or interpreters.matches(wanted.value, hello.python):
            return
        text = f"systemParam.pythonVer asks for Python {wanted.value}, and the script runs on {hello.python}"
        if self.options.strict_version:
            raise MlsqlError(
                text,
                span=wanted.span,
                code="PYTHON_VERSION",
                hint="name another interpreter by systemParam.pythonPath",
            )
        self._progress.warn("PYTHON_VERSION", text)
