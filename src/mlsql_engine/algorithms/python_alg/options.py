"""The options of train and register with PythonAlg."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from mlsql_engine.core.duration import Duration
from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.options import FilePath, TableName, option
from mlsql_engine.core.text import Text
from mlsql_engine.models.pointers import AskedVersion
from mlsql_engine.transport.local_files import LocalFormat


@dataclass(frozen=True)
class TrainOptions:
    """train … as PythonAlg.`path` where …"""

    python_script_path: FilePath = option(doc="the training script, a .py file", aliases=("pythonDescPath",))
    enable_data_local: bool = option(True, doc="put the data on local disk, where the script reads it")
    data_local_format: LocalFormat = option("json", doc="the form of the data on local disk")
    header: bool = option(True, doc="csv data has a first line with the column names")
    fit_param: Mapping[str, Text] = option({}, doc="what the script finds in mlsql.fit_param")
    kafka_param: Mapping[str, Text] = option({}, doc="what the script finds in mlsql.kafka_param")
    validate_table: TableName | None = option(None, doc="a table that the script may validate its model on")
    keep_version: bool = option(True, doc="add a version; false: the new version replaces the others")
    keep_local_directory: bool = option(False, doc="keep the folder that the script ran in, for debugging")
    timeout: Duration | None = option(None, doc="end the script after this time")
    python_path: Text | None = option(
        None, name="systemParam.pythonPath", doc="the interpreter; without it the one that runs mlsql"
    )
    python_param: Text | None = option(None, name="systemParam.pythonParam", doc="flags of the interpreter")
    python_ver: Text | None = option(
        None, name="systemParam.pythonVer", doc="the Python version wanted: 3, 3.11 or 3.11.7; another is a warning"
    )
    strict_version: bool = option(
        False, name="systemParam.strictVersion", doc="another Python version than pythonVer is an error"
    )
    envs: Text | None = option(
        None, name="systemParam.envs", doc="a JSON object of environment variables for the script"
    )


@dataclass(frozen=True)
class FunctionOptions:
    """register PythonAlg.`path` as f where …, and predict … as PythonAlg.`path` where …"""

    python_script_path: FilePath | None = option(
        None, doc="the script that predicts; without it the model's own estimator does", aliases=("pythonDescPath",)
    )
    alg_index: int | None = option(None, doc="the parameter group; without it the one of the best score, else 0")
    auto_select_by_metric: Text | None = option(None, doc="a metric such as f1: the group that is best by it")
    model_version: AskedVersion | None = option(
        None, doc="the model's version; without it the newest, or that which !model has rolled back to"
    )
    workers: int = option(1, doc="how many processes predict at once", least=1)
    return_type: Text | None = option(None, doc="the SQL type of a prediction, where the function can choose")
    enable_copy_train_params_to_python: bool = option(
        False, doc="a row script gets the train parameters as third input"
    )
    python_path: Text | None = option(
        None, name="systemParam.pythonPath", doc="the interpreter; without it the one that trained the model"
    )
    python_param: Text | None = option(None, name="systemParam.pythonParam", doc="flags of the interpreter")
    envs: Text | None = option(
        None, name="systemParam.envs", doc="a JSON object of environment variables for the script"
    )


def environment(envs: Text | None) -> dict[str, str]:
    """The environment variables of systemParam.envs. Raises BadValue when it is not a JSON object."""
    if envs is None:
        return {}
    try:
        content = json.loads(envs.value)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise BadValue("systemParam.envs is not a JSON object", span=envs.span, hint='{"NAME": "value"}')
    for name, value in content.items():
        if not name or "=" in name or "\0" in f"{name}{value}":
            raise BadValue(f"systemParam.envs: '{name}' cannot be an environment variable", span=envs.span)
    return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in content.items()}


def flags(python_param: Text | None) -> tuple[str, ...]:
    """The interpreter flags of systemParam.pythonParam, split as a shell would. Raises BadValue."""
    if python_param is None:
        return ()
    try:
        return tuple(shlex.split(python_param.value))
    except ValueError as error:
        raise BadValue(
            f"systemParam.pythonParam cannot be split into flags: {error}", span=python_param.span
        ) from None
