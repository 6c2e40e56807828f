"""The training of one parameter group: the script in a worker of its own, and what is known of it afterwards."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlsql_engine.algorithms.base import TrainRequest, existing_file
from mlsql_engine.algorithms.mlflow_project import tracking
from mlsql_engine.algorithms.mlflow_project.tracking import LoggedRuns
from mlsql_engine.algorithms.python_alg.groups import ParameterGroup, with_columns_as_spelled
from mlsql_engine.algorithms.python_alg.hand_over import HandedOver
from mlsql_engine.algorithms.python_alg.log_file import LogFile
from mlsql_engine.algorithms.python_alg.options import RunOptions
from mlsql_engine.algorithms.training_program import Launch, Places, TrainingProgram
from mlsql_engine.core.errors import BadValue, Cancelled, InternalError, MlsqlError, ScriptFailed
from mlsql_engine.environments import interpreters
from mlsql_engine.models.manifest import GroupRecord
from mlsql_engine.transport.kafka.topic_data import TopicData
from mlsql_engine.transport.kafka.training_log import TrainingLog
from mlsql_engine.workers import script_run
from mlsql_engine.workers.conversation import Hello
from mlsql_engine.workers.launcher import WorkerCommand
from mlsql_engine.workers.running import RunningWorkers
from mlsql_engine.workers.script_run import Finished, ScriptRun


@dataclass(frozen=True)
class Run:
    """What the groups of a statement have in common.

    `several` is whether there is more than one group; `interpreter` a path, with its `flags`; `environment` the
    variables added to the workers'; `topic` where the data is, if not on local disk; `log` where else the scripts'
    output goes.
    """

    request: TrainRequest
    program: TrainingProgram
    interpreter: str
    flags: tuple[str, ...]
    environment: Mapping[str, str]
    workers: RunningWorkers
    log: TrainingLog | None = None
    topic: TopicData | None = None
    several: bool = False

    @property
    def options(self) -> RunOptions:
        """The statement's options."""
        options: RunOptions = self.request.options
        return options


@dataclass
class GroupTraining:
    """One group: where its script runs, which data it reads, where its model and its log go."""

    run: Run
    group: ParameterGroup
    data: HandedOver
    work: Path
    version_folder: Path
    model_folder: Path
    error: MlsqlError | None = field(default=None, init=False)
    _metrics: dict[str, float] = field(default_factory=dict, init=False)
    _logged: LoggedRuns = field(default_factory=LoggedRuns, init=False)
    _launch: Launch = field(init=False)
    _python_version: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._launch = Launch(None, self.work)

    def train(self) -> GroupRecord:
        """Train and tell how it went; an error of the script or its process is kept as `error`.

        Raises what is not the group's own fault: Cancelled, InternalError, and what comes of the end of all.
        """
        self.run.request.check()
        started, clock = datetime.now(UTC), time.monotonic()
        with LogFile(self.version_folder / "meta" / "logs" / f"{self.group.index}.log") as log:
            try:
                finished = self._finish(log)
            except (Cancelled, InternalError):
                raise
            except MlsqlError as error:
                self.run.request.check()
                if self.run.workers.ended:
                    raise  # it was killed with the others, which is not its own failure
                self.error = error
                log.write(error.render())
                self._note(f"failed: {error.message}")
                return self._record(started, status="fail", message=_failure_text(error))
        record = self._record(started, status="success", message=finished.output, report=finished.report)
        self._note(f"{self._title} took {time.monotonic() - clock:.1f} s" + _shown_score(record))
        return record

    def _finish(self, log: LogFile) -> Finished:
        """Run the script. Raises ScriptFailed, WorkerTimeout or WorkerProblem."""
        run, options = self.run, self.run.options
        name = self._title

        launch = self._launch = run.program.launch(self.group, Places(self.work, self._artifacts))

        def told(_number: int, line: str) -> None:
            line = launch.shown(line)
            log.write(line)
            if run.log is not None:
                run.log.send(self.group.index, name, line)
            run.request.workshop.progress.output(f"{name}[{self.group.index}]" if run.several else name, line)

        flags, environment = (*run.flags, *launch.flags), {**run.environment, **launch.environment}
        job = ScriptRun(
            script=launch.script,
            parameters=self._parameters(),
            command=WorkerCommand(name, run.interpreter, launch.folder, told, flags, environment),
            timeout=options.timeout,
            report=self._report,
            on_hello=self._check_version,
            started=run.workers.add,
            arguments=launch.arguments,
            project=launch.project,
        )
        self._note(f"running {name}")
        try:
            finished = script_run.run(job, run.request.workshop.launcher)
        except MlsqlError as error:
            launch.show(error)
            raise
        if not any(path.is_file() for path in self.model_folder.rglob("*")):
            raise ScriptFailed(
                f"{name} ended without writing a model",
                code="NO_MODEL_WRITTEN",
                hint='write it into mlsql.internal_system_param["tempModelLocalPath"], or call '
                "mlsql.save_model(model)" + (", or log it to MLflow" if run.program.definition else ""),
            )
        return finished

    def _parameters(self) -> dict[str, dict[str, Any]]:
        """What the script finds by `mlsql.params()`."""
        options = self.run.options
        system: dict[str, Any] = {
            "tempModelLocalPath": str(self.model_folder),
            "tempOutputLocalPath": str(self.work / "output"),
            "checkpointDir": str(self.work / "checkpoint"),
            # A group is a cluster of one: scripts that are written for several processes may ask.
            "clusterSpec": "{}",
            "roleSpec": "{}",
            "stopFlagNum": 1,
            "resource": self._resources(),
            **self._data(),
            **self.data.measured,
        }
        if options.model_format is not None:
            system["modelFormat"] = options.model_format
        given = {
            "pythonPath": options.python_path,
            "pythonParam": options.python_param,
            "pythonVer": options.python_ver,
        }
        return {
            "internalSystemParam": system,
            "fitParam": self._fit_param(),
            "kafkaParam": self._kafka_param(),
            "systemParam": {name: value.value for name, value in given.items() if value is not None},
        }

    def _data(self) -> dict[str, Any]:
        """Where the script finds the training data."""
        if isinstance(self.data.data, TopicData):
            return {"kafkaData": self.data.data.told(self.work / "data")}
        return {"tempDataLocalPath": str(self.data.data)}

    def _kafka_param(self) -> dict[str, str]:
        """The parameters as they are written, and the topic also where it is not named."""
        written = {key: value.value for key, value in self.run.options.kafka_param.items()}
        if isinstance(self.data.data, TopicData):
            written["topic"] = self.data.data.place.topic
        return written

    def _fit_param(self) -> dict[str, str]:
        relation = self.run.request.relation
        columns = () if relation is None else relation.columns
        given = with_columns_as_spelled(self.group.parameters, columns)
        return {**self._launch.parameters, **given, "modelPath": str(self.run.request.path)}

    def _resources(self) -> dict[str, str]:
        return {name: self._link(name, path.value) for name, path in self.group.resources.items()}

    def _link(self, name: str, written: str) -> str:
        source = existing_file(self.group.resources[name], self.run.request.folder, "resource")
        target = self._launch.folder / Path(written).name
        if target.exists() or target.is_symlink():
            raise BadValue(
                f"two resources are called '{target.name}'",
                span=self.group.resources[name].span,
                hint="rename one of the files",
            )
        os.symlink(source.resolve(), target)
        return str(target)

    @property
    def _artifacts(self) -> Path:
        """The folder for what a project logs besides its model; it is made where there is something."""
        return self.version_folder / "artifacts" / str(self.group.index)

    def _report(self, report: dict[str, Any]) -> None:
        if "logged" in report:
            self._logged = tracking.of_report(report["logged"])
            if self._logged.runs or self._logged.model is not None:
                self._note(self._logged.told())
            return
        if "metric" in report:
            self._metrics[report["metric"]] = report["value"]
            self._note(f"{report['metric']} = {report['value']:g}")
            return
        done = 100 * report["done"] / (report["total"] or 1.0)
        self._note(f"{done:.0f} % {report['message']}".rstrip())

    def _check_version(self, hello: Hello) -> None:
        self._python_version = hello.python
        wanted = self.run.options.python_ver
        if wanted is None or interpreters.matches(wanted.value, hello.python):
            return
        text = f"systemParam.pythonVer asks for Python {wanted.value}, and the script runs on {hello.python}"
        if self.run.options.strict_version:
            raise MlsqlError(
                text,
                span=wanted.span,
                code="PYTHON_VERSION",
                hint="name another interpreter by systemParam.pythonPath",
            )
        self.run.request.workshop.progress.warn("PYTHON_VERSION", text)

    def _note(self, text: str) -> None:
        who = f"train: group {self.group.index}: " if self.run.several else "train: "
        self.run.request.workshop.progress.note(who + text)

    def _record(
        self, started: datetime, *, status: str, message: str, report: Mapping[str, Any] | None = None
    ) -> GroupRecord:
        scored = _Scored({**self._logged.metrics, **self._metrics}, (report or {}).get("evaluations", {}))
        for problem in scored.problems:
            self.run.request.workshop.progress.warn("NOT_SCORED", f"group {self.group.index} {problem}")
        python = f"Python {self._python_version}" if self._python_version else self.run.interpreter
        return GroupRecord(
            alg_index=self.group.index,
            alg=self.run.program.alg(self.group),
            model_path=str(self.model_folder.relative_to(self.version_folder)),
            status="success" if status == "success" else "fail",
            message=message,
            start_time=started,
            end_time=datetime.now(UTC),
            score=scored.score,
            metrics=scored.metrics,
            train_params={**self._logged.parameters, **self._fit_param()},
            exec_desc=f"{self._title} on {python}",
            python_version=self._python_version,
            python_path=self._python_path(),
            environment=self.run.program.interpreter.made,
            libraries=(report or {}).get("libraries", {}),
            evaluations=scored.evaluations,
            log=f"meta/logs/{self.group.index}.log",
            runs=self._logged.runs,
            artifacts=f"artifacts/{self.group.index}" if self._artifacts.is_dir() else "",
        )

    @property
    def _title(self) -> str:
        return self.run.program.title(self.group)

    def _python_path(self) -> str:
        """The interpreter for the manifest: a path as it was found, a name as it was written."""
        path = self.run.options.python_path
        if path is None:
            return "python" if self.run.interpreter == sys.executable else self.run.interpreter
        return self.run.interpreter if os.path.dirname(path.value) else path.value


class _Scored:
    """What the script told of its model, and what measuring it gave.

    The script's own metrics win over measured ones of the same name. Where both tables are given, those of
    evaluateTable are called `evaluate_…` and the score is that of validateTable.
    """

    def __init__(self, told: Mapping[str, float], evaluations: Mapping[str, Mapping[str, Any]]) -> None:
        self.evaluations = {name: found for name, found in evaluations.items() if "problem" not in found}
        self.problems = [
            f"is not scored on {name}Table: {found['problem']}"
            for name, found in evaluations.items()
            if "problem" in found
        ]
        self.metrics: dict[str, float] = {}
        for name, found in self.evaluations.items():
            prefix = "evaluate_" if name == "evaluate" and "validate" in self.evaluations else ""
            self.metrics.update({prefix + metric: value for metric, value in found["metrics"].items()})
        self.metrics.update(told)
        main = self.evaluations.get("validate") or self.evaluations.get("evaluate") or {}
        self.score: float | None = told.get("score", main.get("score"))


def _shown_score(record: GroupRecord) -> str:
    return "" if record.score is None else f", score {record.score:.4g}"


def _failure_text(error: MlsqlError) -> str:
    """The error as the result's message: what happened, what was printed last, and what to do."""
    hint = [f"help: {error.hint}"] if error.hint else []
    return "\n".join([error.message, *(detail.text for detail in error.details), *hint])
