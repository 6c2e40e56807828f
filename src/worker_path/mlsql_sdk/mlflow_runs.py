"""What a project has logged to MLflow in its runs, and the model among it that becomes the model.

The runs of a training carry its tag, which the host gives by MLFLOW_RUN_CONTEXT; in a store that only this training
has, every run is one of its.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import util
from typing import Any, NamedTuple, Optional
from urllib.parse import urlparse
from urllib.request import url2pathname

from . import runtime
from .failures import ContractError
from .mlflow_models import FILE

TAG = "mlsql.training"
_MOST = 1_000
"""Runs in a page of MLflow's answers."""
_PARENT = "mlflow.parentRunId"


class Tracking(NamedTuple):
    """Where a training logs: `uri` is that of a store which nobody else has, or None where the user's is.

    `tag` is the training's, `model_name` what modelName asks for, `artifacts` the folder that artifacts go to.
    """

    uri: Optional[str]  # noqa: UP045 - NamedTuple evaluates it, also on Python 3.9
    tag: str
    model_name: Optional[str]  # noqa: UP045
    artifacts: str

    @property
    def store(self) -> str | None:
        """The folder of the training's own store."""
        return None if self.uri is None else path_of(self.uri)


class Logged(NamedTuple):
    """A model that a run has logged, at a path or URI; `order` grows with time, `deep` is the run's depth."""

    name: str
    run: str
    run_name: str
    deep: int
    order: int
    place: str


def of_control(control: Mapping[str, Any] | None) -> Tracking | None:
    """What the host says of it, None for a training that is no project's."""
    if control is None:
        return None
    return Tracking(control["uri"], control["tag"], control["modelName"], control["artifacts"])


def collect(tracking: Tracking, folder: str, *, failed: bool = False) -> None:
    """Tell the host what was logged; unless the training failed, take the artifacts, and the model into `folder`.

    Raises ContractError where it cannot be told which model is meant, and where MLflow cannot be asked.
    """
    if not _was_used(tracking):
        if not failed:
            _refuse_name(tracking, "the project has logged no model to MLflow")
        return
    try:
        _collect(tracking, folder, failed)
    except ContractError:
        if not failed:
            raise
    except Exception as error:
        if failed:
            print(f"mlsql: what was logged to MLflow cannot be read: {error}", file=sys.stderr)  # noqa: T201
            return
        raise ContractError(
            f"what the project has logged to MLflow cannot be read: {type(error).__name__}: {error}"
        ) from error


def _was_used(tracking: Tracking) -> bool:
    """Whether anything may have been logged; MLflow takes seconds to import, and is not asked for nothing."""
    if "mlflow" in sys.modules:
        return True
    if tracking.store is not None:
        return os.path.isdir(tracking.store)
    return util.find_spec("mlflow") is not None


def _collect(tracking: Tracking, folder: str, failed: bool) -> None:
    if util.find_spec("mlflow") is None:
        raise ContractError(f"the interpreter {sys.executable} has no mlflow, and the project has logged to it")
    import mlflow

    while mlflow.active_run() is not None:
        # As MLflow itself does when its process ends.
        mlflow.end_run("FAILED" if failed else "FINISHED")
    if callable(getattr(mlflow, "flush_async_logging", None)):
        mlflow.flush_async_logging()
    client = mlflow.MlflowClient()
    experiments = [found.experiment_id for found in _pages(client.search_experiments)]
    mine = _Mine(tracking, mlflow.get_tracking_uri(), client, experiments)
    told = [_told(run) for run in mine.runs()]
    if failed:
        _tell(told, None)
        return
    folders = _take_artifacts(mlflow, told, tracking.artifacts)
    try:
        model = _model([*mine.models(told), *_in_artifacts(told, folders)], tracking, folder)
    except ContractError:
        _tell(told, None)
        raise
    _tell(told, model)
    if model is not None:
        _place(mlflow, model, folder)


class _Mine:
    """What a training has logged: all of a store of its own, else what carries its tag."""

    def __init__(self, tracking: Tracking, uri: str, client: Any, experiments: Sequence[str]) -> None:
        self._all = tracking.uri is not None and path_of(uri) == tracking.store
        self._tag = tracking.tag
        self._client = client
        self._experiments = list(experiments)

    def runs(self) -> list[Any]:
        """Its runs, oldest first."""
        if not self._experiments:
            return []
        mine = "" if self._all else f"tags.`{TAG}` = '{self._tag}'"
        found = _pages(self._client.search_runs, experiment_ids=self._experiments, filter_string=mine)
        return sorted(found, key=lambda run: (run.info.start_time or 0, _PARENT in run.data.tags))

    def models(self, told: Sequence[Mapping[str, Any]]) -> Iterator[Logged]:
        """Its models that are entities of their own, as MLflow 3 logs them: in runs, and outside of all."""
        if not self._experiments or not callable(getattr(self._client, "search_logged_models", None)):
            return
        by_id = {run["id"]: run for run in told}
        for model in _pages(self._client.search_logged_models, experiment_ids=self._experiments):
            run = by_id.get(model.source_run_id)
            place, order = model.artifact_location, model.creation_timestamp
            if run is not None:
                yield Logged(model.name, run["id"], run["name"], _depth(run, by_id), order, place)
            elif not model.source_run_id and (self._all or (model.tags or {}).get(TAG) == self._tag):
                yield Logged(model.name, "", "", 0, order, place)


def _pages(search: Any, **asked: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(max_results=_MOST, page_token=token, **asked)
        yield from page
        token = page.token
        if not token:
            return


def _told(run: Any) -> dict[str, Any]:
    return {
        "id": run.info.run_id,
        "name": getattr(run.info, "run_name", None) or run.data.tags.get("mlflow.runName") or run.info.run_id,
        "parent": run.data.tags.get(_PARENT),
        "status": run.info.status,
        "params": {str(name): str(value) for name, value in run.data.params.items()},
        "metrics": {str(name): float(value) for name, value in run.data.metrics.items()},
    }


def _tell(told: Sequence[Mapping[str, Any]], model: Logged | None) -> None:
    """Tell the host; `main` is the run that the model is of, else the last that is in no other."""
    tops = [run["id"] for run in told if run["parent"] is None] or [run["id"] for run in told]
    main = model.run if model is not None and model.run else tops[-1] if tops else None
    runtime.tell({"logged": {"runs": list(told), "main": main, "model": None if model is None else model.name}})


def _take_artifacts(mlflow: Any, told: Sequence[Mapping[str, Any]], target: str) -> dict[str, str]:
    """Copy the artifacts of every run, and give the folder of each that has any.

    Of the only run they go into the folder itself, of several into one for each by its name.
    """
    folders: dict[str, str] = {}
    for run in told:
        folder = target if len(told) == 1 else _new_folder(target, run["name"])
        if mlflow.MlflowClient().list_artifacts(run["id"]):
            os.makedirs(folder)
            mlflow.artifacts.download_artifacts(run_id=run["id"], dst_path=folder)
            folders[run["id"]] = folder
    return folders


def _new_folder(target: str, name: str) -> str:
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name).strip(".") or "run"
    number, folder = 2, os.path.join(target, plain)
    while os.path.exists(folder):
        number, folder = number + 1, os.path.join(target, f"{plain}-{number}")
    return folder


def _model(found: Sequence[Logged], tracking: Tracking, folder: str) -> Logged | None:
    """The logged model that is the model; None where the project has written one itself, or logged none."""
    if os.listdir(folder):
        _refuse_name(tracking, "the project has written its model into tempModelLocalPath itself")
        return None
    if not found:
        _refuse_name(tracking, "the project has logged no model to MLflow")
        return None
    return chosen(found, tracking.model_name)


def _refuse_name(tracking: Tracking, why: str) -> None:
    if tracking.model_name is not None:
        raise ContractError(f"modelName asks for the logged model '{tracking.model_name}', and {why}")


def _in_artifacts(told: Sequence[Mapping[str, Any]], folders: Mapping[str, str]) -> Iterator[Logged]:
    """Models that are folders among the artifacts, as MLflow 2 logs them, and as log_artifacts does."""
    by_id = {run["id"]: run for run in told}
    for order, run in enumerate(told):
        top = folders.get(run["id"])
        if top is None:
            continue
        for place, inner, files in os.walk(top):
            if FILE in files:
                inner.clear()
                name = os.path.relpath(place, top)
                yield Logged(name, run["id"], run["name"], _depth(run, by_id), order, place)


def _depth(run: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> int:
    depth = 0
    while run["parent"] in by_id:
        run, depth = by_id[run["parent"]], depth + 1
    return depth


def chosen(models: Sequence[Logged], name: str | None) -> Logged:
    """The model of that name, `NAME` or `RUN/NAME`; without one the only model of the outermost runs that have any.

    Of those that a run has logged under one name it is the last. Raises ContractError where there is none of the
    name, or several models are left.
    """
    last = {(model.run, model.name): model for model in sorted(models, key=lambda model: model.order)}
    left = list(last.values())
    if name is not None:
        left = [model for model in left if name in (model.name, f"{model.run_name}/{model.name}")]
        if not left:
            raise ContractError(
                f"the project has logged no model '{name}'", f"it has logged: {_shown(last.values())}"
            )
    outermost = [model for model in left if model.deep == min(model.deep for model in left)]
    if len(outermost) == 1:
        return outermost[0]
    which = "several models" if name is None else f"several models '{name}'"
    raise ContractError(
        f"the project has logged {which}: {_shown(outermost)}", "name the one that is meant by the option modelName"
    )


def _shown(models: Any) -> str:
    """The models as modelName may name them, by their names alone where that is enough."""
    names = [model.name for model in models]
    return ", ".join(
        model.name if names.count(model.name) == 1 else f"{model.run_name}/{model.name}" for model in models
    )


def _place(mlflow: Any, model: Logged, folder: str) -> None:
    """Put the model into the model folder, so that the folder itself is a model of MLflow's."""
    local = model.place if os.path.isabs(model.place) else path_of(model.place)
    if local is not None and os.path.isdir(local):
        shutil.copytree(local, folder, dirs_exist_ok=True)
        return
    found = mlflow.artifacts.download_artifacts(artifact_uri=model.place)
    try:
        shutil.copytree(found, folder, dirs_exist_ok=True)
    finally:
        shutil.rmtree(found, ignore_errors=True)


def path_of(uri: str) -> str | None:
    """The path of a file: URI, or of a path; None for the other URIs."""
    parts = urlparse(uri)
    if parts.scheme == "file":
        return url2pathname(parts.path)
    return None if parts.scheme else uri
