"""Scripts over models in a session: remote paths, damaged versions, models that go away."""

from __future__ import annotations

import os
import shutil
import signal
import uuid
from pathlib import Path

import pytest

from mlsql_engine.core.errors import MlsqlError
from recorded import RecordedProgress
from unit.statements.scripts import Scripts

TRAIN = (
    "import mlsql\nmlsql.log_metric('score', float(mlsql.fit_param['a']))\nmlsql.save_model(mlsql.fit_param['a'])\n"
)
PREDICT = """
import pickle, python_fun
def load(path):
    return float(pickle.load(open(path + "/model.pkl", "rb")))
python_fun.batch(load, lambda model, batch: [model] * batch.num_rows)
"""


@pytest.fixture
def models(scripts: Scripts) -> Scripts:
    """A session with scripts that train and predict the number `a`."""
    (scripts.folder / "train.py").write_text(TRAIN)
    (scripts.folder / "predict.py").write_text(PREDICT)
    scripts.run("select vec_dense(array(1.0)) as x as t;")
    return scripts


def train(models: Scripts, path: str, value: str, options: str = "") -> None:
    models.run(
        f"train t as PythonAlg.`{path}` where pythonScriptPath='train.py' and fitParam.a='{value}' {options};"
    )


def test_a_model_in_a_remote_place(models: Scripts) -> None:
    path = f"memory://{uuid.uuid4().hex}/m"
    train(models, path, "0.25")
    train(models, path, "0.75", "and keepVersion='true'")
    models.run(f"!model `{path}` alias champion version 0;")
    register = f"register PythonAlg.`{path}` as {{0}} where pythonScriptPath='predict.py' and modelVersion='{{1}}';"
    models.run(register.format("f", "champion") + register.format("g", "newest"))
    assert models.run("select f(x) as f, g(x) as g from t as u;") == [{"f": 0.25, "g": 0.75}]
    assert models.run(
        f"predict t as PythonAlg.`{path}` where pythonScriptPath='predict.py' as p;select prediction from p as q;"
    ) == [{"prediction": 0.75}]
    assert models.run("select name, model from functions order by name as u;") == [
        {"name": "f", "model": f"{path}/_model_0/model/0"},
        {"name": "g", "model": f"{path}/_model_1/model/0"},
    ]
    assert models.run("select path, version, current, aliases from models as u;") == [
        {"path": path, "version": 0, "current": False, "aliases": ["champion"]},
        {"path": path, "version": 1, "current": True, "aliases": []},
    ]
    assert models.run(f"load modelHistory.`{path}` as h; select version, score from h as u;") == [
        {"version": 1, "score": 0.75},
        {"version": 0, "score": 0.25},
    ]
    models.run(f"unregister PythonAlg.`{path}`;")
    assert models.run("select name from functions as u;") == []
    assert (
        models.fails(f"unregister PythonAlg.`{path}`;").message
        == f"no function is registered of PythonAlg.`{path}`"
    )


def test_a_url_of_a_local_file_is_that_folder(models: Scripts) -> None:
    train(models, f"file://{models.folder}/m", "1")
    train(models, "m", "2")
    assert models.run("select path, version from models as u;") == [
        {"path": f"{models.folder}/m", "version": number} for number in (0, 1)
    ]


def test_a_remote_place_that_cannot_be_written_is_named_in_the_script(models: Scripts) -> None:
    with pytest.raises(MlsqlError) as caught:
        train(models, "http://127.0.0.1:9/m", "1")
    assert caught.value.code in ("STORAGE", "MISSING_EXTRA")
    assert caught.value.span is not None
    assert caught.value.span.text == "`http://127.0.0.1:9/m`"


def damage(path: Path) -> None:
    (path / "meta" / "manifest.json").write_text("{}")


def test_damaged_versions_are_left_out_and_told_of(models: Scripts, progress: RecordedProgress) -> None:
    for value in "123":
        train(models, "m", value)
    damage(models.folder / "m" / "_model_1")
    told = (
        "BROKEN_MODEL",
        f"the manifest {models.folder}/m/_model_1/meta/manifest.json cannot be read: it has no 'format'; "
        "it is left out",
    )
    assert models.run("load modelHistory.`m` as h; select version from h as u;") == [{"version": 2}, {"version": 0}]
    assert progress.warnings == [told]
    progress.warnings.clear()
    assert models.run("select version, current from models as u;") == [
        {"version": 0, "current": False},
        {"version": 2, "current": True},
    ]
    assert progress.warnings == [told]
    damage(models.folder / "m" / "_model_2")
    progress.warnings.clear()
    assert models.run("select version, current from models as u;") == [{"version": 0, "current": False}]
    assert len(progress.warnings) == 2


def test_aliases_that_are_damaged_are_told_of(models: Scripts, progress: RecordedProgress) -> None:
    train(models, "m", "1")
    (models.folder / "m" / "_aliases.json").write_text("{")
    assert models.run("select * from models as u;") == []
    ((code, text),) = progress.warnings
    assert (code, text.partition(":")[0]) == (
        "BROKEN_MODEL",
        f"the file {models.folder}/m/_aliases.json cannot be read",
    )
    error = models.fails("register PythonAlg.`m` as f where pythonScriptPath='predict.py';")
    assert (error.code, error.hint) == (
        "MODEL",
        "it was written by another version of mlsql, or damaged: remove it, and set the aliases again",
    )


def test_a_function_goes_on_with_a_version_that_was_replaced(models: Scripts) -> None:
    """Its worker has loaded the model; once the worker is gone, what is wrong is said."""
    train(models, "m", "1")
    models.run("register PythonAlg.`m` as f where pythonScriptPath='predict.py';")
    train(models, "m", "2", "and keepVersion='false'")
    assert models.value("select f(x) as f from t as u;") == 1.0
    (pid,) = [row["pid"] for row in models.run("select pid from workers where state <> 'ended' as u;")]
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(MlsqlError):
        models.value("select f(x) as f from t as u;")  # the worker dies with its batch
    error = models.fails("select f(x) as f from t as u; select * from u as w;")
    assert (error.code, error.message) == (
        "NO_MODEL",
        f"the model of function f, {models.folder}/m/_model_0/model/0, was removed",
    )
    assert (
        error.hint
        == 'run the statement again; keepVersion="true" at train, or an alias, keeps versions that are used'
    )


def test_a_version_that_vanishes_between_its_choice_and_its_loading(
    models: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(models, "m", "1")
    from mlsql_engine.workers.catalog import Functions

    add = Functions.add

    def removed_first(self: Functions, spec: object, versions: object) -> object:
        shutil.rmtree(models.folder / "m")
        return add(self, spec, versions)  # type: ignore[arg-type]

    monkeypatch.setattr(Functions, "add", removed_first)
    error = models.fails("register PythonAlg.`m` as f where pythonScriptPath='predict.py';")
    assert (error.code, error.message) == (
        "NO_MODEL",
        f"the model of function f, {models.folder}/m/_model_0/model/0, was removed",
    )
