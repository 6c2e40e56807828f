"""MLflow projects, trained and predicted with by real processes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from mlsql_engine import MlsqlError, Session
from mlsql_engine.core.errors import Cancelled
from mlsql_engine.core.span import Source
from mlsql_engine.session import check
from recorded import RecordedProgress
from workers.projects import SAVE, Project

pytestmark = pytest.mark.heavy


@pytest.fixture
def project(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Project(session, tmp_path)


def lines(progress: RecordedProgress) -> list[str]:
    """What the scripts have printed."""
    return [line for _, line in progress.lines]


def test_the_command_gets_parameters_and_its_script_is_told_of_the_run(
    project: Project, progress: RecordedProgress
) -> None:
    (project.folder / "words.txt").write_text("w")
    script = """
        import os, sys
        import mlsql, neighbour
        assert neighbour.X == 1
        print(sys.argv[1:])
        print(open(sys.argv[4]).read(), sorted(mlsql.params()["fitParam"].items())[:2])
        print(sorted(os.listdir(".")), len(list(mlsql.read_data()())[0]))
        open("written.txt", "w").write("into the copy")
        mlsql.log_metric("score", 0.25)
        mlsql.save_model(1)
    """
    project.write(
        """
        main:
          parameters:
            alpha: {type: float, default: 0.5}
            name: string
            count: {type: int, default: 3}
            words: path
          command: "python -u train.py {alpha} {name} {count} {words}"
        """,
        train=script,
        neighbour="X = 1",
    )
    (row,) = project.train(
        'and fitParam.name="it\'s $HOME; ls" and fitParam.0.words="words.txt" and keepVersion="true"'
    )
    words = str(project.folder / "words.txt")
    assert lines(progress) == [
        str(["0.5", "it's $HOME; ls", "3", words]),
        "w [('alpha', '0.5'), ('count', '3')]",
        "['MLproject', 'neighbour.py', 'train.py'] 3",
    ]
    assert sorted(os.listdir(project.place)) == ["MLproject", "neighbour.py", "train.py"]
    expected = {"alg": "demo", "status": "success", "score": 0.25, "metrics": {"score": 0.25}}
    assert {name: row[name] for name in expected} == expected
    assert row["execDesc"].startswith("project demo on Python 3.")
    assert row["trainParams"]["alpha"] == "0.5"
    manifest = project.manifest()
    assert sorted(manifest["code"]) == ["MLproject", "neighbour.py", "train.py"]
    assert manifest["project"]["entry_points"]["main"]["parameters"]["name"] == {"kind": "string", "default": None}
    assert sorted(os.listdir(project.folder / "model" / "_model_0")) == ["meta", "model", "project"]


def test_a_command_of_the_shell(project: Project, progress: RecordedProgress) -> None:
    """Its processes find mlsql, the stand-in for pyspark and the run's parameters, and tell what they measure."""
    step = """
        import mlsql
        from pyspark.ml.linalg import Vectors
        mlsql.progress(1, 4, "é" * 5000)
        mlsql.log_metric("size", Vectors.dense([1.0, 2.0]).size)
        mlsql.save_model({"step": mlsql.fit_param["alpha"]})
    """
    project.write(
        """
        train:
          parameters: {alpha: {type: float, default: 2}}
          command: "mkdir -p made && cd made && (python ../step.py) && echo {alpha} > out && cat out"
        """,
        step=step,
    )
    (row,) = project.train('and fitParam.0.alpha="0.5"')
    assert (row["metrics"], lines(progress)) == ({"size": 2.0}, ["0.5"])
    assert any(note.startswith("train: 25 % éé") and len(note) < 400 for note in progress.notes)
    assert not (project.place / "made").exists()


def test_a_command_that_fails_is_an_error_with_what_it_printed(project: Project) -> None:
    project.write('main: {command: "echo gone wrong; exit 3"}')
    error = project.fails()
    assert (error.code, error.message) == ("SCRIPT_EXITED", "project demo exited with status 3")
    assert [(detail.label, detail.text) for detail in error.details] == [("last output", "gone wrong")]


def test_a_command_that_a_signal_ends(project: Project) -> None:
    project.write('main: {command: "exec python kill.py && true"}', kill="import os; os.kill(os.getpid(), 11)")
    error = project.fails()
    assert (error.code, error.message) == (
        "CRASHED",
        "project demo: the command `exec python kill.py && true` was ended by SIGSEGV",
    )


def test_an_exception_is_placed_in_the_users_file(project: Project) -> None:
    project.write('main: {command: "python train.py"}', train="def f():\n    raise ValueError('no')\nf()\n")
    error = project.fails()
    assert error.message == f"project demo raised ValueError: no ({project.place / 'train.py'}, line 2)"
    assert f'File "{project.place / "train.py"}", line 3, in <module>' in error.details[0].text


WRONG = {
    'and fitParam.0.alhpa="1"': (
        "UNKNOWN_PROJECT_PARAMETER",
        "the entry point 'main' has no parameter 'alhpa'",
        "did you mean 'alpha'?",
        '"1"',
    ),
    'and fitParam.1.alpha="0.5" and fitParam.0.alpha="half"': (
        "BAD_VALUE",
        "the parameter 'alpha' is a number, not 'half'",
        None,
        '"half"',
    ),
    'and fitParam.0.alpha="1" and fitParam.1.count="1.5"': (
        "BAD_VALUE",
        "the entry point 'main' needs the parameter 'alpha'",
        'fitParam.0.alpha="…" gives it',
        '"project"',
    ),
    'and fitParam.alpha="1" and fitParam.0.count="1.5"': (
        "BAD_VALUE",
        "the parameter 'count' is a whole number, not '1.5'",
        None,
        '"1.5"',
    ),
    'and fitParam.alpha="1" and entryPoint="mian"': (
        "UNKNOWN_ENTRY_POINT",
        "there is no entry point 'mian'",
        "did you mean 'main'?",
        '"mian"',
    ),
    'and fitParam.alpha="1" and systemParam.envManager="conda"': (
        "BAD_VALUE",
        "the project demo has no file that says what its environment holds",
        "give it a python_env.yaml, a conda.yaml or a requirements.txt, or leave envManager out",
        '"conda"',
    ),
}


@pytest.mark.parametrize("options", WRONG)
def test_wrong_parameters_are_errors_before_anything_runs(
    project: Project, progress: RecordedProgress, options: str
) -> None:
    project.write(
        """
        main:
          parameters: {alpha: float, count: {type: int, default: 1}}
          command: "python train.py {alpha} {count}"
        """,
        train=SAVE,
    )
    error = project.fails(options)
    assert error.span is not None
    assert (error.code, error.message, error.hint, error.span.text) == WRONG[options]
    assert progress.notes == []


NESTED = """
main:
  train: {command: "python train.py"}
  batch_predict:
    parameters: {factor: {type: float, default: 1}}
    command: "python batch.py {factor}"
  api_predict: {command: "python -u api.py 10"}
"""
BATCH = """
import json, os, sys
import mlsql
from offset import OFFSET
isp = mlsql.params()["internalSystemParam"]
assert os.path.isfile(isp["tempDataLocalPath"]) and os.listdir(isp["tempModelLocalPath"]) == ["model.pkl"]
assert sum(len(rows) for rows in mlsql.read_data()()) == 3
print("predicting")
with open(isp["tempDataLocalPath"]) as lines, open(isp["tempOutputLocalPath"], "w") as output:
    for line in lines:
        row = json.loads(line)
        output.write(json.dumps({"z": row["x"] * float(sys.argv[1]) + OFFSET, "words": ["a"]}) + "\\n")
"""
API = """
import os, pickle, sys
import python_fun
from pyspark.ml.linalg import Vectors, VectorUDT
from offset import OFFSET
assert "offset.py" in os.listdir(".")

def predict(index, input):
    vector, path = [pickle.loads(item) for item in input]
    total = VectorUDT().deserialize(vector).toArray().sum() * int(sys.argv[1]) + OFFSET
    return [VectorUDT().serialize(Vectors.dense([total]))]

python_fun.udf(predict)
"""


def test_the_nested_form_predicts_tables_and_rows(project: Project, progress: RecordedProgress) -> None:
    project.write(NESTED, train=SAVE, batch=BATCH, api=API, offset="OFFSET = 100")
    project.train('and fitParam.factor="2"')
    (project.place / "offset.py").write_text("raise ValueError('the version has its own')")
    expected = [{"z": 102.0, "words": ["a"]}, {"z": 106.0, "words": ["a"]}, {"z": 110.0, "words": ["a"]}]
    assert project.run("predict data as PythonAlg.`model` as p;") == expected
    assert progress.lines[-1] == ("batch_predict", "predicting")
    assert project.run("select * from p as q;") == expected
    assert project.run("run data as PythonAlg.`model`;") == expected
    rows = project.run("register PythonAlg.`model` as pj; select vec_array(pj(array(x, y))) as v from data as q;")
    assert [row["v"] for row in rows] == [[130.0], [170.0], [210.0]]
    stored = project.folder / "model" / "_model_0" / "project"
    assert sorted(os.listdir(stored)) == ["MLproject", "api.py", "batch.py", "offset.py", "train.py"]


def test_api_predict_has_to_be_a_script(project: Project) -> None:
    project.write('train: {command: "python train.py"}\napi_predict: {command: "cd a && python b.py"}', train=SAVE)
    project.train()
    with pytest.raises(MlsqlError) as caught:
        project.run("register PythonAlg.`model` as f;")
    error = caught.value
    assert (error.code, error.message, error.hint) == (
        "MODEL",
        "the entry point 'api_predict' is `cd a && python b.py`, which runs no Python script of the project",
        "python predict.py, for example, whose script ends with python_fun.udf(predict)",
    )
    assert error.span is not None
    assert error.span.text == "`model`"


def batch_error(project: Project, options: str = "") -> MlsqlError:
    with pytest.raises(MlsqlError) as caught:
        project.run(f"predict data as PythonAlg.`model` {options} as p;")
    return caught.value


def test_batch_prediction_that_fails(project: Project) -> None:
    project.write(NESTED, train=SAVE, batch="raise ValueError('no')", api=API)
    project.train()
    place = project.folder / "model" / "_model_0" / "project" / "batch.py"
    assert batch_error(project).message == f"batch_predict raised ValueError: no ({place}, line 1)"
    error = batch_error(project, 'where returnType="double"')
    assert error.message == (
        "the project's entry point batch_predict predicts the table, and returnType is an option of functions"
    )
    assert error.span is not None
    assert error.span.text == '"double"'
    project.write(NESTED, train=SAVE, batch="import mlsql\nmlsql.log_metric('a', 1)", api=API)
    project.train()
    error = batch_error(project)
    assert (error.code, error.message) == (
        "SCRIPT_CONTRACT",
        "batch_predict ended without writing a row to the file tempOutputLocalPath, and was given 3",
    )
    opened = "import mlsql\nopen(mlsql.internal_system_param['tempOutputLocalPath'], 'w')"
    project.write(NESTED, train=SAVE, batch=opened + ".write('{\"a\": 1}\\nnot json\\n')", api=API)
    project.train()
    error = batch_error(project)
    told = "the file tempOutputLocalPath that batch_predict wrote, line 2: malformed JSON: invalid literal"
    assert (error.code, error.message) == ("DATA", told)


def test_a_time_limit_ends_all_processes_of_a_command(project: Project) -> None:
    project.write('main: {command: "python wait.py; true"}', wait="import threading\nthreading.Event().wait()\n")
    error = project.fails('and timeout="2s"')
    assert (error.code, error.message) == ("TIMEOUT", "project demo did not end within 2 s and was ended")


def test_options_of_projects_are_refused_for_scripts(project: Project) -> None:
    (project.folder / "train.py").write_text(SAVE)
    for option, word in (("modelName", "modelName"), ("systemParam.envManager", "systemParam.envManager")):
        value = "local" if "env" in word else "m"
        with pytest.raises(MlsqlError) as caught:
            project.run(
                f'train data as PythonAlg.`model` where pythonScriptPath="train.py" and {option}="{value}";'
            )
        assert caught.value.message == f"{word} is an option of MLflow projects, and train.py is a script"


def test_check_tells_of_wrong_parameters(project: Project) -> None:
    """Nothing is run or written."""
    project.write('main: {parameters: {alpha: float}, command: "python train.py {alpha}"}', train=SAVE)
    script = """
        select 1 as a as t;
        train t as PythonAlg.`model` where pythonScriptPath="project" and fitParam.0.alpha="x";
        train t as PythonAlg.`model` where pythonScriptPath="project" and fitParam.0.alpha="1";
    """
    problems = check(Source("test.mlsql", script, folder=project.folder))
    assert [(problem.code, problem.message) for problem in problems] == [
        ("BAD_VALUE", "the parameter 'alpha' is a number, not 'x'")
    ]


@pytest.mark.parametrize("command", ["python wait.py", "true && python wait.py"])
@pytest.mark.parametrize("statement", ["train", "predict"])
def test_cancel_ends_all_processes(project: Project, command: str, statement: str) -> None:
    told = project.folder / "told"
    os.mkfifo(told)
    wait = f"import threading\nopen({str(told)!r}, 'w').close()\nthreading.Event().wait()\n"
    train = "python train.py" if statement == "predict" else command
    project.write(
        f"""
        train: {{command: "{train}"}}
        batch_predict: {{command: "{command}"}}
        """,
        train=SAVE,
        wait=wait,
    )
    if statement == "predict":
        project.train()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            project.train() if statement == "train" else project.run("predict data as PythonAlg.`model`;")
        except MlsqlError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    told.read_text()
    jobs = [row["id"] for row in project.run("!show jobs;") if "PythonAlg" in row["statement"]]
    project.session.cancel(max(jobs))
    thread.join(10)
    assert not thread.is_alive()
    assert [type(error) for error in failed] == [Cancelled]


def test_a_model_on_a_remote_file_system_brings_its_project_along(project: Project) -> None:
    project.write(NESTED, train=SAVE, batch=BATCH, api=API, offset="OFFSET = 100")
    project.run('train data as PythonAlg.`memory://projects/m` where pythonScriptPath="project";')
    rows = project.run("predict data as PythonAlg.`memory://projects/m` as p; select z from p as q;")
    assert [row["z"] for row in rows] == [101.0, 103.0, 105.0]
    project.run("register PythonAlg.`memory://projects/m` as g;")
    rows = project.run("select vec_array(g(array(x)))[0] as z from data as q;")
    assert [row["z"] for row in rows] == [110.0, 130.0, 150.0]
