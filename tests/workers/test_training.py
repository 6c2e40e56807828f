"""Training in a real process: what a script gets, what it leaves, and every way in which it fails."""

from __future__ import annotations

import json
import os
import platform
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Session
from recorded import RecordedProgress

SAVE = "import mlsql\nmlsql.save_model({'a': 1})\n"


class Trainer:
    """Runs train statements of scripts written on the spot."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder
        self.model = folder / "model"

    def train(self, script: str, options: str = "") -> list[dict[str, Any]]:
        """Train on the table `data` and give the result's rows."""
        (self.folder / "train.py").write_text(textwrap.dedent(script), encoding="utf-8")
        statement = f'train data as PythonAlg.`model` where pythonScriptPath="train.py" {options};'
        table = self.session.run(statement, name="test.mlsql", folder=self.folder)
        assert table is not None
        return table.to_arrow().to_pylist(maps_as_pydicts="strict")

    def fails(self, script: str, options: str = "") -> MlsqlError:
        """Train, and give the error; nothing of a model may be there afterwards."""
        with pytest.raises(MlsqlError) as caught:
            self.train(script, options)
        assert not self.model.exists()
        return caught.value


@pytest.fixture
def trainer(session: Session, tmp_path: Path) -> Trainer:
    return Trainer(session, tmp_path)


def details(error: MlsqlError) -> dict[str, str]:
    """The blocks below an error by their labels."""
    return {detail.label: detail.text for detail in error.details}


def test_result_row_and_model_folder(trainer: Trainer) -> None:
    (row,) = trainer.train(SAVE, 'and fitParam.0.alpha="0.5" and fitParam.beta="x"')
    assert row["modelPath"] == str(trainer.model / "_model_0" / "model" / "0")
    assert (Path(row["modelPath"]) / "model.pkl").is_file()
    expected = {
        "algIndex": 0,
        "alg": "train",
        "score": None,
        "metrics": {},
        "status": "success",
        "message": "",
        "trainParams": {"alpha": "0.5", "beta": "x", "modelPath": str(trainer.model)},
        "execDesc": f"train.py on Python {platform.python_version()}",
    }
    assert {name: row[name] for name in expected} == expected
    assert row["startTime"] <= row["endTime"]
    assert sorted(os.listdir(trainer.model)) == ["_model_0"]


def test_the_script_gets_its_parameters(trainer: Trainer, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("w")
    script = """
        import json, os, mlsql
        system = mlsql.internal_system_param
        assert mlsql.params() == {
            "internalSystemParam": system, "fitParam": mlsql.fit_param,
            "kafkaParam": mlsql.kafka_param, "systemParam": mlsql.system_param}
        with open(system["resource"]["words"]) as file:
            word = file.read()
        print(json.dumps([mlsql.fit_param, mlsql.kafka_param, mlsql.system_param, sorted(system), word,
                          os.listdir(system["tempDataLocalPath"]), os.environ["GREETING"],
                          os.path.basename(os.getcwd()).split("-")[0]]))
        mlsql.save_model(1)
    """
    options = """and `fitParam.0.alpha`="1" and fitParam.0.resource.words="words.txt"
        and `kafkaParam.bootstrap.servers`="127.0.0.1:9092"
        and systemParam.pythonPath="python" and systemParam.pythonParam="-u"
        and systemParam.envs='{"GREETING": "hello"}'"""
    (row,) = trainer.train(script, options)
    fit, kafka, system, names, word, files, greeting, cwd = json.loads(row["message"])
    assert fit == {"alpha": "1", "modelPath": str(trainer.model)}
    assert kafka == {"bootstrap.servers": "127.0.0.1:9092"}
    assert system == {"pythonPath": "python", "pythonParam": "-u"}
    assert names == [
        *("checkpointDir", "clusterSpec", "resource", "roleSpec", "stopFlagNum"),
        *("tempDataLocalPath", "tempModelLocalPath", "tempOutputLocalPath"),
    ]
    assert (word, files, greeting, cwd) == ("w", ["part-00000.json"], "hello", "group")


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_data_in_every_format_and_shape(trainer: Trainer, form: str) -> None:
    script = """
        import json, mlsql
        X, y = mlsql.load_data(as_="numpy")
        C, _ = mlsql.load_data(as_="csr")
        table, frame = mlsql.load_data(), mlsql.load_data(as_="pandas")
        batches = [len(rows) for rows in mlsql.read_data()(max_records=2)]
        first = next(mlsql.read_data()(max_records=1))[0]
        V, _ = mlsql.get_validate_data()
        print(json.dumps([X.tolist(), [int(v) for v in y], C.toarray().tolist(), table.num_rows,
                          sorted(frame.columns), batches, {k: float(v) for k, v in first.items()}, V.tolist()]))
        mlsql.save_model(1)
    """
    trainer.session.run("select * from data where label = 0 as zero;")
    (row,) = trainer.train(script, f'and dataLocalFormat="{form}" and validateTable="zero"')
    X, y, C, rows, columns, batches, first, V = json.loads(row["message"])
    assert X == C == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert (y, rows, columns, batches) == ([0, 1, 1], 3, ["label", "x", "y"], [2, 1])
    assert first == {"x": 1.0, "y": 2.0, "label": 0.0}
    assert V == [[1.0, 2.0]]


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_vectors_in_every_format(trainer: Trainer, form: str) -> None:
    trainer.session.run("""
        select vec_dense(array(1.0, 2.0)) as features, 1 as label
        union all select vec_sparse(2, map(1, 5.0)), 0 as data;
    """)
    script = """
        import json, mlsql
        X, y = mlsql.load_data(as_="numpy")
        rows = [row["features"].toArray().tolist() for rows in mlsql.read_data()() for row in rows]
        print(json.dumps([X.tolist(), [int(v) for v in y], rows]))
        mlsql.save_model(1)
    """
    (row,) = trainer.train(script, f'and dataLocalFormat="{form}"')
    matrix = [[1.0, 2.0], [0.0, 5.0]]
    assert json.loads(row["message"]) == [matrix, [1, 0], matrix]


def test_json_lines_of_a_vector_are_sparks(trainer: Trainer) -> None:
    trainer.session.run("""
        select 1.5 as label, vec_sparse(4, map(1, 9.0, 3, 2.5)) as features
        union all select 0.0, vec_dense(array(1, 2)) as data;
    """)
    script = """
        import os, mlsql
        folder = mlsql.internal_system_param["tempDataLocalPath"]
        print(open(os.path.join(folder, os.listdir(folder)[0])).read(), end="")
        mlsql.save_model(1)
    """
    (row,) = trainer.train(script)
    assert row["message"].split("\n") == [
        '{"label":1.5,"features":{"type":0,"size":4,"indices":[1,3],"values":[9.0,2.5]}}',
        '{"label":0.0,"features":{"type":1,"values":[1.0,2.0]}}',
    ]


def test_csv_without_header(trainer: Trainer) -> None:
    script = """
        import os, mlsql
        folder = mlsql.internal_system_param["tempDataLocalPath"]
        print(open(os.path.join(folder, os.listdir(folder)[0])).readline(), end="")
        mlsql.save_model(1)
    """
    (row,) = trainer.train(script, 'and dataLocalFormat="csv" and header="false"')
    assert row["message"] == "1.0,2.0,0"


def test_csv_without_header_keeps_every_row_and_name(trainer: Trainer) -> None:
    script = """
        import json, mlsql
        X, y = mlsql.load_data(as_="numpy")
        print(json.dumps([X.tolist(), y.tolist(), [sorted(row) for rows in mlsql.read_data()() for row in rows]]))
        mlsql.save_model(1)
    """
    (row,) = trainer.train(script, 'and dataLocalFormat="csv" and header="false"')
    names = ["label", "x", "y"]
    assert json.loads(row["message"]) == [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0, 1, 1], [names, names, names]]


def test_a_long_row_behind_a_short_one(trainer: Trainer) -> None:
    trainer.session.run("""
        select 1 as label, vec_dense(array(1.5)) as features
        union all select 0, vec_dense(transform(sequence(1, 300000), i -> i + 0.5)) as data;
    """)
    script = """
        import mlsql
        sizes = [len(v["values"]) for v in mlsql.load_data().column("features").to_pylist()]
        print(sizes, [len(row["features"]) for rows in mlsql.read_data()() for row in rows])
        mlsql.save_model(1)
    """
    for form in ("json", "csv"):
        (row,) = trainer.train(script, f'and dataLocalFormat="{form}"')
        assert row["message"] == "[1, 300000] [1, 300000]"


def test_a_listener_that_breaks_does_not_break_the_script(
    trainer: Trainer, progress: RecordedProgress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(who: str, line: str) -> None:
        raise ValueError("listener")

    monkeypatch.setattr(progress, "output", broken)
    (row,) = trainer.train("for i in range(50000): print(i)\n" + SAVE)
    assert row["message"].endswith("49998\n49999")


def test_output_metrics_and_progress_are_told(trainer: Trainer, progress: RecordedProgress) -> None:
    script = """
        import sys, mlsql
        print("out")
        print("err", file=sys.stderr)
        sys.stdout.write("10%\\r50%\\r100%\\n")
        mlsql.log_metric("accuracy", 0.5)
        mlsql.log_metric("accuracy", 0.75)
        mlsql.log_metric("score", 2)
        mlsql.progress(1, 4, "fitting")
        mlsql.save_model(1)
    """
    (row,) = trainer.train(script)
    assert progress.lines == [("train.py", "out"), ("train.py", "err"), ("train.py", "100%")]
    assert row["metrics"] == {"accuracy": 0.75, "score": 2.0}
    assert (row["score"], row["message"]) == (2.0, "out\nerr\n100%")
    assert "train: accuracy = 0.75" in progress.notes
    assert "train: 25 % fitting" in progress.notes
    assert progress.notes[-1] == f"train: version 0 of {trainer.model}"


def test_versions_are_kept_or_replaced(trainer: Trainer) -> None:
    trainer.train(SAVE)
    trainer.train(SAVE)
    assert sorted(os.listdir(trainer.model)) == ["_model_0", "_model_1"]
    trainer.train(SAVE, 'and keepVersion="false"')
    assert os.listdir(trainer.model) == ["_model_2"]


def test_a_failure_leaves_older_versions_alone(trainer: Trainer) -> None:
    trainer.train(SAVE)
    with pytest.raises(MlsqlError):
        trainer.train("1/0", 'and keepVersion="false"')
    assert os.listdir(trainer.model) == ["_model_0"]


def test_warnings_are_told_once(trainer: Trainer, progress: RecordedProgress) -> None:
    options = 'and systemParam.pythonVer="2.7" and `kafkaParam.bootstrap.servers`="127.0.0.1:9"'
    trainer.train(SAVE, options)
    trainer.train(SAVE, options)
    running = platform.python_version()
    assert sorted(progress.warnings) == [
        (
            "KAFKA_LOG",
            "the training log is shown here only: the Kafka broker 127.0.0.1:9 cannot be reached: "
            "Connection refused",
        ),
        ("PYTHON_VERSION", f"systemParam.pythonVer asks for Python 2.7, and the script runs on {running}"),
    ]


def test_a_prefix_of_the_version_is_enough(trainer: Trainer, progress: RecordedProgress) -> None:
    trainer.train(
        SAVE, f'and systemParam.pythonVer="3.{sys.version_info.minor}" and systemParam.strictVersion="true"'
    )
    assert progress.warnings == []


def test_strict_version(trainer: Trainer) -> None:
    error = trainer.fails(SAVE, 'and systemParam.pythonVer="2.7" and systemParam.strictVersion="true"')
    assert error.code == "PYTHON_VERSION"
    assert error.span is not None
    assert error.span.text == '"2.7"'


def test_a_script_that_raises(trainer: Trainer) -> None:
    error = trainer.fails("""
        def fit():
            raise ValueError("bad label é")
        print("so far")
        fit()
    """)
    script = trainer.folder / "train.py"
    assert (error.code, error.message) == (
        "SCRIPT_FAILED",
        f"train.py raised ValueError: bad label é ({script}, line 3)",
    )
    assert details(error) == {
        "traceback": "Traceback (most recent call last):\n"
        f'  File "{script}", line 5, in <module>\n    fit()\n'
        f'  File "{script}", line 3, in fit\n    raise ValueError("bad label é")\nValueError: bad label é\n',
        "last output": "so far",
    }
    assert error.render().startswith("error[SCRIPT_FAILED]: train.py raised")
    assert " --> test.mlsql:1:1\n" in error.render()


def test_a_script_with_a_syntax_error(trainer: Trainer) -> None:
    error = trainer.fails("x = (\n")
    assert error.message == f"train.py raised SyntaxError: '(' was never closed ({trainer.folder}/train.py, line 1)"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import sys; print('bye'); sys.exit(3)", "train.py exited with status 3"),
        ("import sys; print('bye'); sys.exit('no data')", "train.py exited with status 1: no data"),
        ("import os; print('bye'); os._exit(3)", "train.py ended its process with exit status 3"),
        ("import os; print('bye'); os._exit(0)", "train.py ended its process with exit status 0"),
    ],
)
def test_a_script_that_exits(trainer: Trainer, script: str, message: str) -> None:
    error = trainer.fails(script)
    assert (error.code, error.message) == ("SCRIPT_EXITED", message)
    assert details(error) == {"last output": "bye"}


def test_exit_status_zero_is_success(trainer: Trainer) -> None:
    (row,) = trainer.train(SAVE + "import sys; sys.exit(0)")
    assert row["status"] == "success"


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSEGV", "SIGTERM"])
def test_a_script_that_is_killed(trainer: Trainer, signal: str) -> None:
    error = trainer.fails(f"import os, signal; print('x'); os.kill(os.getpid(), signal.{signal})")
    place = f" ({trainer.folder / 'train.py'}, line 1)" if signal == "SIGSEGV" else ""
    assert (error.code, error.message) == ("CRASHED", f"the process of train.py was ended by {signal}{place}")
    assert details(error)["last output"].startswith("x")
    assert "mlsql_sdk" not in error.render()


def test_a_script_that_never_ends(trainer: Trainer) -> None:
    error = trainer.fails(
        """
        import signal, subprocess, sys, threading
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", "TMP"])
        print("started")
        threading.Event().wait()
        """,
        'and timeout="500ms"',
    )
    assert (error.code, error.message) == ("TIMEOUT", "train.py did not end within 0.5 s and was ended")
    assert error.hint == "give it more time by the option timeout, or less to do"


def test_ten_megabytes_of_output(trainer: Trainer, progress: RecordedProgress) -> None:
    (row,) = trainer.train("for i in range(100_000): print('%099d' % i)\nprint('x' * 3_000_000)\n" + SAVE)
    assert len(row["message"]) == 8000
    assert sum(len(line) for _, line in progress.lines) == 99 * 100_000 + 3_000_000
    assert progress.lines[12_345] == ("train.py", f"{12_345:099d}")


def test_output_in_an_error_is_short(trainer: Trainer) -> None:
    error = trainer.fails("print('x' * 10_000_000)\nfor i in range(1000): print(i)\n1/0")
    assert details(error)["last output"] == "\n".join(str(i) for i in range(980, 1000))


def test_a_script_that_writes_no_model(trainer: Trainer) -> None:
    error = trainer.fails("import mlsql, os\nos.makedirs(mlsql.internal_system_param['tempModelLocalPath'] + '/a')")
    assert (error.code, error.message) == ("NO_MODEL_WRITTEN", "train.py ended without writing a model")
    assert error.hint is not None
    assert "mlsql.save_model(model)" in error.hint


def test_a_script_that_closes_everything(trainer: Trainer) -> None:
    error = trainer.fails(
        "import os\nos.closerange(3, 100)\nimport threading; threading.Event().wait()", 'and timeout="20s"'
    )
    assert (error.code, error.message) == ("PROTOCOL", "train.py closed the connection to mlsql")


def test_a_neighbour_module_and_a_pickled_class(trainer: Trainer, tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("VALUE = 7\n")
    script = """
        import pickle
        import mlsql, neighbour
        class Model:
            value = neighbour.VALUE
        assert pickle.loads(pickle.dumps(Model())).value == 7
        assert __name__ == "__main__" and __file__.endswith("train.py")
        mlsql.save_model(1)
    """
    (row,) = trainer.train(script)
    assert row["status"] == "success"


def test_a_resource_that_is_not_there(trainer: Trainer) -> None:
    error = trainer.fails(SAVE, 'and fitParam.0.resource.words="none.txt"')
    assert (error.code, error.message) == ("FILE_NOT_FOUND", f"there is no resource {trainer.folder}/none.txt")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ('and enableDataLocal="false"', "BAD_VALUE"),
        ('and kafkaParam.bootstrap.servers="h:1" and kafkaParam.topik="t"', "UNKNOWN_OPTION"),
        (
            'and kafkaParam.bootstrap.servers="h:1" and enableDataLocal="false" and dataLocalFormat="csv"',
            "BAD_VALUE",
        ),
        ('and fitParam.0.alpha="1" and fitParam.alpha="1"', "BAD_VALUE"),
        ('and maxParallel="0"', "BAD_VALUE"),
        ('and modelFormat="word"', "BAD_VALUE"),
        ('and evaluateTable="nope"', "UNKNOWN_TABLE"),
        ('and scripts="data"', "BAD_VALUE"),
        ('and timeout="soon"', "BAD_VALUE"),
        ('and dataLocalFormat="orc"', "BAD_VALUE"),
        ('and keepVersion="yes"', "BAD_VALUE"),
        ("and systemParam.envs='[1]'", "BAD_VALUE"),
        ("""and systemParam.envs='{"A=B": "1"}'""", "BAD_VALUE"),
        ('and systemParam.pythonPath="python9.9"', "UNKNOWN_INTERPRETER"),
        ('and validateTable="nope"', "UNKNOWN_TABLE"),
        ('and maxDeph="1"', "UNKNOWN_OPTION"),
    ],
)
def test_options_are_checked_before_anything_is_written(trainer: Trainer, options: str, code: str) -> None:
    error = trainer.fails(SAVE, options)
    assert error.code == code
    assert error.span is not None


def test_keep_local_directory(trainer: Trainer, progress: RecordedProgress, temporary: Path) -> None:
    trainer.train(SAVE, 'and keepLocalDirectory="true"')
    (kept,) = [path for path in temporary.iterdir() if path.name.startswith("mlsql-kept-")]
    assert (kept / "data" / "part-00000.json").is_file()
    assert f"train: the script runs in {kept}, which is kept" in progress.notes
    import shutil

    shutil.rmtree(kept)
