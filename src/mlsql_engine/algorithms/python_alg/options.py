"""The options of train and register with PythonAlg, and of the algorithms that train the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mlsql_engine.algorithms.python_alg.groups import check_estimators, parse_groups
from mlsql_engine.algorithms.worker_options import InterpreterOptions, WorkerOptions
from mlsql_engine.core.duration import Duration
from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.options import FilePath, TableName, TableNames, names_in, option, written_at
from mlsql_engine.core.text import Text
from mlsql_engine.models.pointers import AskedVersion
from mlsql_engine.transport.kafka import parameters as kafka_parameters
from mlsql_engine.transport.kafka.parameters import KafkaParameters
from mlsql_engine.transport.local_files import LocalFormat

EnvManager = Literal["conda", "uv", "virtualenv", "local"]
PROJECT_OPTIONS: Final = {
    "env_manager": "systemParam.envManager",
    "model_name": "modelName",
    "project_version": "projectVersion",
}
"""The fields of ScriptOptions that only projects have, and what users call them."""
ModelFormat = Literal["pickle", "joblib", "skops", "onnx", "safetensors"]


@dataclass(frozen=True)
class RunOptions(InterpreterOptions):
    """What every training in Python takes: its data, its parameter groups, its interpreter."""

    enable_data_local: bool = option(
        True, doc="put the data on local disk, where the script reads it; false: through Kafka, while it trains"
    )
    data_local_format: LocalFormat | None = option(
        None,
        doc="the form of the data on local disk, or in Kafka (json or arrow); without it json for scripts, arrow "
        "for the built-in trainer",
    )
    header: bool = option(True, doc="csv data has a first line with the column names")
    fit_param: Mapping[str, Text] = option(
        {}, doc="N.NAME: a parameter of group N, which the script finds in mlsql.fit_param; one model per group"
    )
    kafka_param: Mapping[str, Text] = option(
        {},
        doc="bootstrap.servers, topic, group_id, reuse, timeout, and settings of the client: where the data goes "
        "with enableDataLocal=false, and the log with true; the script finds them in mlsql.kafka_param",
    )
    validate_table: TableName | None = option(None, doc="a table that every group's model is scored on")
    evaluate_table: TableName | None = option(
        None, doc="a table that every group's model is measured on; the score, if there is no validateTable"
    )
    max_parallel: int | None = option(None, doc="how many groups train at once; without it one per core", least=1)
    model_format: ModelFormat | None = option(
        None, doc="how models are saved by mlsql; without it skops where it can hold the model, else pickle"
    )
    keep_version: bool = option(True, doc="add a version; false: the new version replaces the others")
    keep_local_directory: bool = option(False, doc="keep the folders that the script ran in, for debugging")
    timeout: Duration | None = option(None, doc="end a group's script after this time")
    python_ver: Text | None = option(
        None, name="systemParam.pythonVer", doc="the Python version wanted: 3, 3.11 or 3.11.7; another is a warning"
    )
    strict_version: bool = option(
        False, name="systemParam.strictVersion", doc="another Python version than pythonVer is an error"
    )

    def check(self) -> None:
        """Raise BadValue for parameter groups, flags, variables or a broker of the wrong form."""
        parse_groups(self.fit_param)
        super().check()
        kafka = self.kafka
        if self.enable_data_local:
            return
        if kafka is None:
            raise BadValue(
                'enableDataLocal="false" sends the data through Kafka, and no broker is named',
                span=written_at(self, "enable_data_local"),
                hint='kafkaParam.bootstrap.servers="host:9092"',
            )
        if self.data_local_format not in (None, "json", "arrow"):
            raise BadValue(
                f"through Kafka the data goes as json or arrow, not as {self.data_local_format}",
                span=written_at(self, "data_local_format"),
            )

    @property
    def kafka(self) -> KafkaParameters | None:
        """The broker; None where none is named. Raises as `transport.kafka.parameters.parse` does."""
        return kafka_parameters.parse(self.kafka_param)


@dataclass(frozen=True)
class ScriptOptions(RunOptions):
    """Which script runs."""

    python_script_path: FilePath | None = option(
        None,
        doc="the script, a .py file; or an MLflow project: its folder, a zip file, or the address of a git "
        "repository, where #FOLDER names a folder inside",
        aliases=("pythonDescPath",),
    )
    scripts: TableNames | None = option(
        None, doc="tables that hold scripts (load script.`x` as t), divided by commas: each is a file TABLE.py"
    )
    entry_point: Text | None = option(
        None,
        doc="the one of the scripts that is run, without it the first; or the entry point of the project, without "
        "it train, else main",
    )
    env_manager: EnvManager | None = option(
        None, name="systemParam.envManager", doc="what makes the Python environment of a project"
    )
    project_version: Text | None = option(
        None, doc="the branch, tag or commit of a project that is a git repository; without it the default branch"
    )
    model_name: Text | None = option(
        None, doc="the model that becomes the model, of several that a project logs to MLflow: NAME, or RUN/NAME"
    )

    def check(self) -> None:
        """Raise BadValue where it is not clear what runs."""
        super().check()
        if self.python_script_path is None:
            self._refuse_project_options()
        if self.scripts is None:
            if self.entry_point is not None and self.python_script_path is None:
                raise BadValue("entryPoint is one of scripts, which is not given", span=self.entry_point.span)
            return
        if self.python_script_path is not None:
            raise BadValue(
                "scripts and pythonScriptPath both say which script runs", span=self.scripts.span, hint="give one"
            )
        names = [name.value.lower() for name in names_in(self.scripts)]
        if self.entry_point is not None and self.entry_point.value.lower() not in names:
            raise BadValue(
                f"the entryPoint '{self.entry_point.value}' is not one of the scripts",
                span=self.entry_point.span,
                hint=f"they are: {', '.join(names)}",
            )

    def _refuse_project_options(self) -> None:
        for name, word in PROJECT_OPTIONS.items():
            if getattr(self, name) is not None:
                raise BadValue(
                    f"{word} is an option of MLflow projects, and no project is given",
                    span=written_at(self, name),
                    hint="pythonScriptPath, the folder with the MLproject file",
                )

    @property
    def has_script(self) -> bool:
        """Whether a script of the user's runs."""
        return self.python_script_path is not None or self.scripts is not None


@dataclass(frozen=True)
class TrainOptions(ScriptOptions):
    """train … as PythonAlg.`path` where …"""

    def check(self) -> None:
        """Raise BadValue where a group neither has a script nor names an estimator."""
        super().check()
        if not self.has_script:
            check_estimators(parse_groups(self.fit_param), "train PythonAlg", "pythonScriptPath, a script")


@dataclass(frozen=True)
class SKLearnOptions(RunOptions):
    """train … as SKLearn.`path` where …"""

    alg: Text | None = option(
        None, doc="the estimator of scikit-learn, for groups that name none: SVC, RandomForestClassifier, …"
    )

    def check(self) -> None:
        """Raise BadValue where a group names no estimator and the option alg does not either."""
        super().check()
        if self.alg is None:
            check_estimators(parse_groups(self.fit_param), "train SKLearn", 'alg="SVC", for example')


@dataclass(frozen=True)
class ParallelOptions(ScriptOptions):
    """run … as PythonParallelExt.`path` where …"""

    partition_key: Text | None = option(
        None,
        doc="a column: rows of the same value of it go to the same partition; without it, in the table's order",
    )
    partition_num: int | None = option(None, doc="how many partitions; without it one per core", least=1)

    def check(self) -> None:
        """Raise BadValue without a script, and for a second parameter group: the partitions are the groups."""
        super().check()
        if not self.has_script:
            raise BadValue(
                "run PythonParallelExt needs a script",
                hint="pythonScriptPath, a .py file, or scripts, tables that hold scripts",
            )
        groups = parse_groups(self.fit_param)
        if len(groups) > 1:
            raise BadValue(
                f"every partition has the same parameters, and groups {groups[0].index} and {groups[1].index} "
                "are given",
                span=written_at(self, "fit_param"),
            )


@dataclass(frozen=True)
class FunctionOptions(WorkerOptions):
    """register PythonAlg.`path` as f where …, and predict … as PythonAlg.`path` where …"""

    python_script_path: FilePath | None = option(
        None, doc="the script that predicts; without it the model's own estimator does", aliases=("pythonDescPath",)
    )
    alg_index: int | None = option(None, doc="the parameter group; without it the one of the best score, else 0")
    auto_select_by_metric: Text | None = option(None, doc="a metric such as f1: the group that is best by it")
    model_version: AskedVersion | None = option(
        None, doc="the model's version; without it the newest, or that which !model has rolled back to"
    )
    return_type: Text | None = option(None, doc="the SQL type of a prediction, where the function can choose")
    enable_copy_train_params_to_python: bool = option(
        False, doc="a row script gets the train parameters as third input"
    )
