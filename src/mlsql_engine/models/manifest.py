"""What is known of one version of a model, beside its files in `_model_N/meta/manifest.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.core.secrets import hide_secrets, is_secret

FORMAT = 1


@dataclass(frozen=True)
class GroupRecord:
    """How the training of one parameter group went.

    `model_path` is relative to the version's folder; `score` the metric called score, if any; `message` the
    tail of the script's output, or why it failed; times are UTC; `exec_desc` says what ran it; `python_path`
    is the interpreter as the statement named it, and `environment` how the environment of a project was made: its
    "key", the "manager", and the "interpreter" that was named for it, if any. `libraries` are the versions of the
    packages that the training imported; `evaluations` what scoring it on validateTable ("validate") and
    evaluateTable ("evaluate") gave, with what pictures of it need; `runs` what a project has logged to MLflow, run
    by run, and `artifacts` the folder of its artifacts, relative to the version's, as `log` is, the file of its
    output.
    """

    alg_index: int
    alg: str
    model_path: str
    status: Literal["success", "fail"]
    message: str
    start_time: datetime
    end_time: datetime
    score: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    train_params: Mapping[str, str] = field(default_factory=dict)
    exec_desc: str = ""
    python_version: str = ""
    python_path: str = "python"
    libraries: Mapping[str, str] = field(default_factory=dict)
    evaluations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    log: str = ""
    runs: Sequence[Mapping[str, Any]] = ()
    artifacts: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """One version: who made it from what, and its groups.

    `schema` lists (column, Arrow type); `query` the statements that made the table trained on; `code` the SHA-256
    of every script file that ran, by name; `options` what the train statement said; `platform` the machine's kind;
    `project` is the definition of the MLflow project that ran, and lies in the version's folder of that name.
    """

    algorithm: str
    created_at: datetime
    created_by: str
    mlsql_version: str
    schema: tuple[tuple[str, str], ...]
    groups: tuple[GroupRecord, ...]
    version: int = -1
    query: str = ""
    code: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    project: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The manifest's text; values of parameters that look like secrets are not in it."""
        content = {"format": FORMAT, **asdict(self)}
        content["options"] = without_secrets(content["options"])
        for group in content["groups"]:
            group["train_params"] = without_secrets(group["train_params"])
            group["runs"] = [{**run, "params": without_secrets(run["params"])} for run in group["runs"]]
        return json.dumps(content, indent=2, default=_as_text)


def without_secrets(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters with `***` for values whose names speak of secrets, and no password inside addresses."""
    return {key: "***" if is_secret(key) else hide_secrets(value) for key, value in parameters.items()}


def parse(text: str, place: str) -> Manifest:
    """The manifest in a text, which stands at `place`. Raises ModelProblem where it is not one of ours."""
    try:
        content: dict[str, Any] = json.loads(text)
        if content.pop("format") != FORMAT:
            raise ValueError("another format")
        groups = tuple(_group(record) for record in content.pop("groups"))
        content["created_at"] = datetime.fromisoformat(content["created_at"])
        content["schema"] = tuple((name, kind) for name, kind in content["schema"])
        return Manifest(**content, groups=groups)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelProblem(
            f"the manifest {place} cannot be read: {_reason(error)}",
            hint="the version was written by another version of mlsql, or damaged: name another by modelVersion, "
            "or remove it",
        ) from error


def _reason(error: Exception) -> str:
    return f"it has no '{error.args[0]}'" if isinstance(error, KeyError) else str(error)


def _group(record: dict[str, Any]) -> GroupRecord:
    for name in ("start_time", "end_time"):
        record[name] = datetime.fromisoformat(record[name])
    return GroupRecord(**{**record, "runs": tuple(record.get("runs", ()))})


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
