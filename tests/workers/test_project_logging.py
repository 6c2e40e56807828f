"""What MLflow projects log becomes the model's: parameters, metrics, artifacts, the model."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path

import pytest

from mlsql_engine import MlsqlError, Session
from recorded import RecordedProgress
from workers.projects import SAVE, Project

pytestmark = pytest.mark.heavy


@pytest.fixture
def project(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Project(session, tmp_path)


LOG = """
import sys
import mlflow, mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
import pandas as pd

data = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, 3.0, 2.0]})
model = LinearRegression().fit(data, data.x + 2 * data.y)
how = dict(signature=infer_signature(data, model.predict(data)), pip_requirements=[], serialization_format="pickle")


def log(name):
    mlflow.sklearn.log_model(model, name=name, **how)

"""


def test_what_a_project_logs_to_mlflow_becomes_ours(project: Project, progress: RecordedProgress) -> None:
    script = """
        with mlflow.start_run(run_name="outer"):
            mlflow.log_params({"alpha": sys.argv[1], "kind": "linear", "api_key": "s3cret"})
            mlflow.log_metric("rmse", 3.0, step=1)
            mlflow.log_metric("rmse", 2.0, step=2)
            mlflow.log_text("hello", "notes/a.txt")
            with mlflow.start_run(run_name="inner", nested=True):
                mlflow.log_metric("rmse", 9.0)
                log("tried")
            log("model")
    """
    project.write(
        """
        main:
          parameters: {alpha: {type: float, default: 0.5}}
          command: "python train.py {alpha}"
        """,
        train=LOG + textwrap.dedent(script),
    )
    (row,) = project.train()
    assert row["metrics"] == {"rmse": 2.0}
    wanted = {"alpha": "0.5", "kind": "linear", "api_key": "***"}
    assert {name: row["trainParams"][name] for name in wanted} == wanted
    told = "train: logged to MLflow: 2 runs with 3 parameters and 1 metric, and the model 'model'"
    assert told in progress.notes
    version = project.folder / "model" / "_model_0"
    assert (version / "artifacts/0/outer/notes/a.txt").read_text() == "hello"
    assert sorted(os.listdir(row["modelPath"]))[0] == "MLmodel"
    (group,) = project.manifest()["groups"]
    runs = [(run["name"], run["status"], run["metrics"], run["params"].get("api_key")) for run in group["runs"]]
    assert runs == [("outer", "FINISHED", {"rmse": 2.0}, "***"), ("inner", "FINISHED", {"rmse": 9.0}, None)]
    assert group["runs"][1]["parent"] == group["runs"][0]["id"]
    assert group["artifacts"] == "artifacts/0"
    rows = project.run("predict data as PythonAlg.`model` as p; select round(prediction, 6) as z from p as q;")
    assert [row["z"] for row in rows] == [5.0, 11.0, 17.0]
    rows = project.run("register PythonAlg.`model` as f; select round(f(x, y), 6) as z from data as q;")
    assert [row["z"] for row in rows] == [5.0, 11.0, 17.0]


def test_of_several_models_modelname_chooses(project: Project, progress: RecordedProgress) -> None:
    script = """
        with mlflow.start_run(run_name="a"):
            mlflow.log_metric("of", 1)
            log("one")
            log("two")
        with mlflow.start_run(run_name="b"):
            mlflow.log_metric("of", 2)
            log("one")
    """
    project.write('main: {command: "python train.py"}', train=LOG + textwrap.dedent(script))
    (first, second) = project.train(
        'and modelName="b/one" and fitParam.0.x="1" and fitParam.1.x="2" and maxParallel="1"'
    )
    assert (first["metrics"], second["metrics"]) == ({"of": 2.0}, {"of": 2.0})
    with pytest.raises(MlsqlError) as caught:
        project.train()
    error = caught.value
    assert error.message == "project demo: the project has logged several models: a/one, two, b/one"
    assert error.hint == "name the one that is meant by the option modelName"
    with pytest.raises(MlsqlError) as caught:
        project.train('and modelName="three"')
    assert caught.value.message == "project demo: the project has logged no model 'three'"
    assert caught.value.hint == "it has logged: a/one, two, b/one"


def test_autolog(project: Project) -> None:
    script = """
        import mlflow
        mlflow.sklearn.autolog(log_input_examples=False, extra_tags={"t": "1"}, serialization_format="pickle")
        import numpy as np
        from sklearn.linear_model import Ridge
        Ridge(alpha=2.0).fit(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), [0, 1, 1])
    """
    project.write('main: {command: "python train.py"}', train=script)
    (row,) = project.train()
    assert row["trainParams"]["alpha"] == "2.0"
    assert "training_mean_squared_error" in row["metrics"]
    (predicted, *_) = project.run("register PythonAlg.`model` as f; select f(x, y) as z from data as q;")
    assert isinstance(predicted["z"], float)


def test_a_project_that_fails_after_logging(project: Project) -> None:
    script = """
        import sys, mlflow, mlsql
        mlflow.log_metric("rmse", float(sys.argv[1]))
        mlflow.log_param("p", "q")
        if sys.argv[1] == "1":
            raise ValueError("after all")
        mlsql.save_model(1)
    """
    entry = """
        main:
          parameters: {n: int}
          command: "python train.py {n}"
    """
    project.write(entry, train=script)
    (good, bad) = project.train('and fitParam.0.n="0" and fitParam.1.n="1"')
    assert (good["status"], good["metrics"]) == ("success", {"rmse": 0.0})
    assert (bad["status"], bad["metrics"], bad["trainParams"]["p"]) == ("fail", {"rmse": 1.0}, "q")
    assert "raised ValueError: after all" in bad["message"]
    groups = project.manifest()["groups"]
    assert [group["runs"][0]["status"] for group in groups] == ["FINISHED", "FAILED"]


def test_the_users_own_tracking_server_is_used(project: Project, tmp_path: Path) -> None:
    uri = (tmp_path / "tracked").as_uri()
    script = """
        import mlflow, mlsql
        client = mlflow.MlflowClient()
        client.log_metric(client.create_run("0", run_name="of somebody else").info.run_id, "rmse", 7.0)
        with mlflow.start_run(run_name="mine"):
            mlflow.log_metric("rmse", 1.0)
        mlsql.save_model(1)
    """
    project.write('main: {command: "python train.py && true"}', train=script)
    environment = json.dumps(
        {"MLFLOW_TRACKING_URI": uri, "MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_RUN_CONTEXT": {"team": "x"}}
    )
    (row,) = project.train(f"and systemParam.envs='''{environment}'''")
    assert row["metrics"] == {"rmse": 1.0}
    (run,) = project.manifest()["groups"][0]["runs"]
    tags = tmp_path / "tracked" / "0" / run["id"] / "tags"
    assert (tags / "team").read_text() == "x"


def test_modelname_without_a_logged_model_is_an_error(project: Project) -> None:
    project.write('main: {command: "python train.py"}', train=SAVE)
    error = project.fails('and modelName="m"')
    assert error.message == (
        "project demo: modelName asks for the logged model 'm', and the project has logged no model to MLflow"
    )
    project.write('main: {command: "python train.py"}', train=SAVE + LOG + "log('m')\n")
    error = project.fails('and modelName="m"')
    assert error.message.endswith("and the project has written its model into tempModelLocalPath itself")


def test_no_model_at_all(project: Project) -> None:
    project.write('main: {command: "python train.py"}', train="import mlflow\nmlflow.log_metric('a', 1)\n")
    error = project.fails()
    assert (error.code, error.message) == ("NO_MODEL_WRITTEN", "project demo ended without writing a model")
    assert error.hint is not None
    assert error.hint.endswith(", or log it to MLflow")


def test_a_logged_model_is_scored_on_a_table(project: Project) -> None:
    project.write('main: {command: "python train.py"}', train=LOG + "log('m')\n")
    train = 'and validateTable="known" and fitParam.0.labelCol="z" and fitParam.0.featureCol="x,y"'
    project.run("select x, y, x + 2 * y as z from data as known;")
    (row,) = project.train(train)
    assert row["score"] == pytest.approx(1.0)
