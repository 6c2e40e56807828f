"""Predicting in real workers: the three contracts, NULLs, and every way in which they fail."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine import MlsqlError, Session, connect
from mlsql_engine.core.functions import FunctionSpec, Resources
from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.workers.audience import Audience
from mlsql_engine.workers.function import Function
from mlsql_engine.workers.host import WorkerHost
from mlsql_engine.workers.roster import Roster
from recorded import RecordedProgress

ROW_SCRIPT = """
    import os, pickle
    import python_fun
    from pyspark.ml.linalg import VectorUDT, Vectors
    def predict(index, input):
        items = [i for i in input]
        vector = VectorUDT().deserialize(pickle.loads(items[0]))
        with open(pickle.loads(items[1])[0] + "/model.pkl", "rb") as file:
            model = pickle.load(file)
        extra = [float(p["alpha"]) for p in pickle.loads(items[2])] if len(items) > 2 else []
        return [VectorUDT().serialize(Vectors.dense([model["a"], vector.toArray().sum(), *extra]))]
    python_fun.udf(predict)
"""
LINEAR = """
    import mlsql, numpy as np
    from sklearn.linear_model import LinearRegression
    mlsql.save_model(LinearRegression().fit(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 3.0]]), [3.0, 2.0, 6.0]))
"""


class Predictions:
    """Trains a model once and asks functions of it."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(textwrap.dedent(text), encoding="utf-8")

    def run(self, text: str) -> list[dict[str, Any]]:
        table = self.session.run(text, name="test.mlsql", folder=self.folder)
        return [] if table is None else table.to_arrow().to_pylist()

    def train(self, script: str, options: str = "") -> None:
        self.write("train.py", script)
        self.run(f'train data as PythonAlg.`model` where pythonScriptPath="train.py" {options} as trained;')

    def register(self, script: str, options: str = "") -> None:
        self.write("predict.py", script)
        self.run(f'register PythonAlg.`model` as f where pythonScriptPath="predict.py" {options};')

    def fails(self, text: str) -> MlsqlError:
        with pytest.raises(MlsqlError) as caught:
            self.run(text)
        return caught.value


@pytest.fixture
def predictions(session: Session, tmp_path: Path) -> Predictions:
    predictions = Predictions(session, tmp_path)
    predictions.train("import mlsql\nmlsql.save_model({'a': 7.0})", 'and fitParam.0.alpha="0.5"')
    return predictions


@pytest.fixture(scope="session")
def linear_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder whose estimator is x + 2 y, trained once."""
    folder = tmp_path_factory.mktemp("linear")
    (folder / "train.py").write_text(textwrap.dedent(LINEAR), encoding="utf-8")
    with connect(progress=SilentProgress()) as session:
        script = 'select 1 as a as t; train t as PythonAlg.`model` where pythonScriptPath="train.py";'
        session.run(script, folder=folder)
    return folder / "model"


@pytest.fixture
def linear(session: Session, tmp_path: Path, linear_model: Path) -> Predictions:
    shutil.copytree(linear_model, tmp_path / "model", dirs_exist_ok=True)
    return Predictions(session, tmp_path)


def dense(*values: float) -> dict[str, Any]:
    """A dense vector as Arrow gives it."""
    return {"type": 1, "size": None, "indices": None, "values": list(values)}


def test_row_contract(predictions: Predictions) -> None:
    predictions.register(ROW_SCRIPT)
    rows = predictions.run("select f(vec_dense(array(x, y))) from data as t;")
    assert rows == [{"f(vec_dense(array(x, y)))": dense(7.0, total)} for total in (3.0, 7.0, 11.0)]


def test_row_contract_with_train_params(predictions: Predictions) -> None:
    predictions.register(ROW_SCRIPT, 'and enableCopyTrainParamsToPython="true"')
    rows = predictions.run("select f(vec_sparse(3, map(2, 1.5))) as p as t;")
    assert rows == [{"p": dense(7.0, 1.5, 0.5)}]


ARGUMENTS = ["vec_dense(array(x, y))", "array(x, y)", "x, y", "struct(x, y)", "vec_sparse(2, map(0, x, 1, y))"]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_every_form_of_arguments_to_a_row_script(predictions: Predictions, arguments: str) -> None:
    predictions.register(ROW_SCRIPT)
    rows = predictions.run(f"select f({arguments}) as p from data as t;")
    assert [row["p"]["values"][1] for row in rows] == [3.0, 7.0, 11.0]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_every_form_of_arguments_to_an_estimator(linear: Predictions, arguments: str) -> None:
    linear.run("register PythonAlg.`model` as g;")
    rows = linear.run(f"select round(g({arguments}), 6) as p from data as t;")
    assert [row["p"] for row in rows] == [5.0, 11.0, 17.0]


def test_struct_star(linear: Predictions) -> None:
    linear.run("register PythonAlg.`model` as g; select x, y from data as xy;")
    rows = linear.run("select round(g(struct(*)), 6) as p from xy as t;")
    assert [row["p"] for row in rows] == [5.0, 11.0, 17.0]


def test_null_in_null_out(predictions: Predictions) -> None:
    predictions.register(ROW_SCRIPT)
    predictions.run(
        "select x, if(x = 3, null, vec_dense(array(x, y))) as v, if(x = 1, null, y) as z from data as n;"
    )
    rows = predictions.run("select f(v) as p, f(x, z) as q from n as t;")
    assert [row["p"] for row in rows] == [dense(7.0, 3.0), None, dense(7.0, 11.0)]
    assert [row["q"] for row in rows] == [None, dense(7.0, 7.0), dense(7.0, 11.0)]


def test_nothing_but_null_and_no_rows(linear: Predictions) -> None:
    linear.run("register PythonAlg.`model` as g;")
    assert linear.run("select g(cast(null as double), x) as p from data as t;") == [{"p": None}] * 3
    assert linear.run("select g(x, y) as p from data where x > 100 as t;") == []


def test_batch_contract(predictions: Predictions) -> None:
    predictions.register("""
        import pickle, python_fun
        def load(path):
            print("loading")
            with open(path + "/model.pkl", "rb") as file:
                return pickle.load(file)
        def predict(model, batch):
            return [f"{model['a']}/{row['arg0']}/{row['arg1']}" for row in batch.to_pylist()]
        python_fun.batch(load, predict, return_type="string")
    """)
    rows = predictions.run("select f(x, cast(label as string)) as p from data as t;")
    assert [row["p"] for row in rows] == ["7.0/1.0/0", "7.0/3.0/1", "7.0/5.0/1"]


@pytest.mark.parametrize(
    ("return_type", "answer", "expected"),
    [
        ("bigint", "batch.column(0)", 1),
        ("double", "np.asarray(batch.column(0))", 1.0),
        ("array<double>", "np.ones((batch.num_rows, 2))", [1.0, 1.0]),
        ("vector", "np.ones((batch.num_rows, 2))", dense(1.0, 1.0)),
        ("boolean", "[True] * batch.num_rows", True),
        ("string", "['a'] * batch.num_rows", "a"),
    ],
)
def test_return_types(predictions: Predictions, return_type: str, answer: str, expected: object) -> None:
    predictions.register(
        f"""
        import numpy as np, python_fun
        python_fun.batch(lambda path: None, lambda model, batch: {answer})
        """,
        f'and returnType="{return_type}"',
    )
    assert predictions.run("select f(1.0) as p as t;") == [{"p": expected}]


def test_an_estimator_needs_no_script(linear: Predictions) -> None:
    linear.run("register PythonAlg.`model` as g;")
    rows = linear.run("select round(g(x, y), 6) as p from data order by x desc as t;")
    assert rows == [{"p": 17.0}, {"p": 11.0}, {"p": 5.0}]


@pytest.mark.parametrize(
    ("labels", "expected"), [("['no', 'yes', 'no']", "no"), ("[1, 2, 1]", 1), ("[True, False, True]", True)]
)
def test_a_classifier_gives_its_labels(session: Session, tmp_path: Path, labels: str, expected: object) -> None:
    predictions = Predictions(session, tmp_path)
    predictions.train(f"""
        import mlsql
        from sklearn.tree import DecisionTreeClassifier
        mlsql.save_model(DecisionTreeClassifier().fit([[0.0], [5.0], [0.0]], {labels}), "tree.pickle")
    """)
    predictions.run("register PythonAlg.`model` as g;")
    assert predictions.run("select g(x) as p from data where x = 1 as t;") == [{"p": expected}]


def test_named_features_in_any_order(session: Session, tmp_path: Path) -> None:
    predictions = Predictions(session, tmp_path)
    predictions.train("""
        import mlsql
        from sklearn.linear_model import LinearRegression
        frame = mlsql.load_data(as_="pandas")
        mlsql.save_model(LinearRegression().fit(frame[["y", "x"]], frame["x"] * 10 + frame["y"] * 0))
    """)
    expected = [10.0, 30.0, 50.0]
    rows = predictions.run("predict data as PythonAlg.`model` as p; select round(prediction, 6) as p from p as t;")
    assert [row["p"] for row in rows] == expected
    predictions.run("register PythonAlg.`model` as g; select x, y from data as xy;")
    rows = predictions.run("select round(g(struct(*)), 6) as p, round(g(y, x), 6) as q from xy as t;")
    assert [row["p"] for row in rows] == [row["q"] for row in rows] == expected


def test_predict_statement(linear: Predictions) -> None:
    linear.run("select label, vec_dense(array(x, y)) as features from data as vectors;")
    rows = linear.run("predict vectors as PythonAlg.`model`;")
    assert list(rows[0]) == ["label", "features", "prediction"]
    assert [round(row["prediction"], 6) for row in rows] == [5.0, 11.0, 17.0]


def test_predict_statement_by_the_columns_of_the_training(session: Session, tmp_path: Path) -> None:
    predictions = Predictions(session, tmp_path)
    predictions.train(LINEAR, 'and fitParam.0.featureCol="x, y"')
    rows = predictions.run(
        "predict data as PythonAlg.`model` as p; select label, round(prediction, 6) as p from p as t;"
    )
    assert rows == [{"label": 0, "p": 5.0}, {"label": 1, "p": 11.0}, {"label": 1, "p": 17.0}]


def test_predict_statement_that_cannot_tell_its_columns(linear: Predictions) -> None:
    error = linear.fails("predict data as PythonAlg.`model`;")
    assert error.message == "the model does not tell which columns it takes, and the table has no vector column"
    error = linear.fails("select x as prediction from data as p; predict p as PythonAlg.`model`;")
    assert error.message == "the table 'p' already has a column 'prediction'"


def test_versions_and_groups(predictions: Predictions) -> None:
    predictions.train("import mlsql\nmlsql.save_model({'a': 8.0})")
    predictions.register(ROW_SCRIPT)
    assert predictions.run("select vec_array(f(1.0))[0] as p as t;") == [{"p": 8.0}]
    predictions.register(ROW_SCRIPT, 'and modelVersion="0"')
    assert predictions.run("select vec_array(f(1.0))[0] as p as t;") == [{"p": 7.0}]
    error = predictions.fails('register PythonAlg.`model` as f where modelVersion="5";')
    assert (error.code, error.hint) == ("NO_MODEL", "its versions: 0, 1")
    error = predictions.fails('register PythonAlg.`model` as f where algIndex="3";')
    assert error.message == "version 1 of the model has no parameter group 3 that was trained"


def test_an_old_table_keeps_its_old_function(predictions: Predictions) -> None:
    predictions.register(ROW_SCRIPT)
    predictions.run("select vec_array(f(x))[0] as p from data as old;")
    predictions.train("import mlsql\nmlsql.save_model({'a': 8.0})")
    predictions.register(ROW_SCRIPT)
    assert predictions.run("select max(p) as p from old as t;") == [{"p": 7.0}]
    assert predictions.run("select max(vec_array(f(x))[0]) as p from data as t;") == [{"p": 8.0}]


def test_every_worker_has_a_number_of_its_own(predictions: Predictions, tmp_path: Path) -> None:
    """As many threads as workers meet in the script, so that every worker serves one of them."""
    predictions.write(
        "predict.py",
        """
        import os, time, python_fun
        def predict(index, input):
            open(os.path.join(os.environ["PLACE"], f"{index}-{os.getpid()}"), "w").close()
            while len(os.listdir(os.environ["PLACE"])) < 3:
                os.sched_yield()
            return [(1, None, None, [float(index)])]
        python_fun.udf(predict)
        """,
    )
    place = tmp_path / "place"
    place.mkdir()
    spec = FunctionSpec(
        name="f",
        model_path=str(tmp_path / "model" / "_model_0" / "model" / "0"),
        interpreter=sys.executable,
        script=str(tmp_path / "predict.py"),
        environment={"PLACE": str(place)},
        resources=Resources(workers=3),
    )
    with contextlib.closing(WorkerHost()) as host:
        function = Function(spec, host.pools, Audience(spec, Roster(), SilentProgress()))
        function.open()
        batch = pa.RecordBatch.from_pydict({"x": [1.0]})
        with ThreadPoolExecutor(3) as threads:
            answers = list(threads.map(function.predict, [batch] * 3))
    assert sorted(answer.to_pylist()[0]["values"] for answer in answers) == [[0.0], [1.0], [2.0]]
    assert len({path.name.split("-")[1] for path in place.iterdir()}) == 3


def test_several_workers_answer_in_order(predictions: Predictions) -> None:
    predictions.register(ROW_SCRIPT, 'and workers="2"')
    rows = predictions.run("""
        select explode(sequence(1, 200000)) as i as many;
        select count(*) as n, count(distinct i) as d from (select i, f(cast(i as double)) as p from many) t
        where vec_array(p)[1] = i as t;
    """)
    assert rows == [{"n": 200_000, "d": 200_000}]


def test_metrics_of_a_predict_script_go_nowhere(predictions: Predictions) -> None:
    predictions.register("""
        import mlsql, python_fun
        mlsql.log_metric("loaded", 1)
        def predict(model, batch):
            mlsql.progress(1)
            return batch.column(0)
        python_fun.batch(lambda path: None, predict)
    """)
    assert predictions.run("select f(1.5) as p as t;") == [{"p": 1.5}]


def test_arrays_of_different_lengths(predictions: Predictions) -> None:
    predictions.register("""
        import python_fun
        def predict(model, batch):
            return [[1.0] * int(value) for value in batch.column(0).to_pylist()]
        python_fun.batch(lambda path: None, predict, "array<double>")
    """)
    rows = predictions.run("select f(x) as p from data as t;")
    assert [len(row["p"]) for row in rows] == [1, 3, 5]


COUNTING = """
    import os, python_fun
    def predict(model, batch):
        with open(os.environ["CALLS"], "a") as file:
            file.write("x" * batch.num_rows)
        return batch.column(0)
    python_fun.batch(lambda path: None, predict)
"""


def test_a_predicted_table_is_computed_once(predictions: Predictions, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.touch()
    predictions.register(COUNTING, f"""and systemParam.envs='{{"CALLS": "{calls}"}}'""")
    predictions.session.run("select x, f(x) as p from data as scored; select x, f(y) as q from data as unused;")
    assert calls.read_text() == ""
    assert predictions.run("select a.p + b.p as s from scored a join scored b on a.x = b.x order by 1 as t;") == [
        {"s": 2.0},
        {"s": 6.0},
        {"s": 10.0},
    ]
    assert len(calls.read_text()) == 3
    predictions.run("select sum(p) as s from scored as t;")
    assert len(calls.read_text()) == 3


def test_a_row_is_predicted_once_in_large_batches(predictions: Predictions, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    counting = COUNTING.replace('"x" * batch.num_rows', "str(batch.num_rows) + ' '")
    predictions.register(counting, f"""and workers="2" and systemParam.envs='{{"CALLS": "{calls}"}}'""")
    rows = predictions.run("""
        select explode(sequence(1, 200000)) as i as many;
        select i, f(cast(i as double)) as p from many where i > 50000 and f(cast(i as double)) > 60000 as large;
        select count(*) as n, sum(f(p)) as s, sum(if(i > 199990, f(p), 0)) as t from large as answer;
    """)
    assert rows == [{"n": 140_000, "s": 18_200_070_000.0, "t": 1_999_955.0}]
    sizes = [int(size) for size in calls.read_text().split()]
    assert (sum(sizes), max(sizes)) == (150_000 + 140_000, 65_536)


def test_output_of_a_predict_script_is_shown(predictions: Predictions, progress: RecordedProgress) -> None:
    predictions.register("""
        import python_fun
        print("ready")
        python_fun.batch(lambda path: None, lambda model, batch: batch.column(0))
    """)
    assert ("f", "ready") in progress.lines


def test_one_bad_row(predictions: Predictions) -> None:
    predictions.register("""
        import pickle, python_fun
        def predict(index, input):
            values = pickle.loads(list(input)[0])[3]
            if values[0] == 3.0:
                raise KeyError("row three")
            return [(1, None, None, values)]
        python_fun.udf(predict)
    """)
    error = predictions.fails("select 1 as a as one;\nselect x, f(vec_dense(array(x, y))) as p from data as t;")
    assert error.message == f"function f raised KeyError: 'row three' ({predictions.folder}/predict.py, line 6)"
    assert error.span is not None
    assert (error.span.text, error.span.source.position(error.span.start)) == ("f", (2, 11))
    blocks = {detail.label: detail.text for detail in error.details}
    assert blocks["row"] == '{"type":1,"values":[3.0,4.0]}'
    assert blocks["traceback"].endswith("KeyError: 'row three'\n")
    # The worker is still there for the next query.
    assert predictions.run("select f(1.0) as p as t;") == [{"p": dense(1.0)}]


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        ("x = 1", "SCRIPT_CONTRACT", "function f: the script {script} does not say what predicts"),
        ("1 / 0", "SCRIPT_FAILED", "function f raised ZeroDivisionError: division by zero ({script}, line 1)"),
        ("import sys; sys.exit(4)", "SCRIPT_EXITED", "function f exited with status 4"),
        ("import os; os._exit(4)", "SCRIPT_EXITED", "function f ended its process with exit status 4"),
        (
            "import python_fun\npython_fun.batch(lambda p: 1 / 0, lambda m, b: b)",
            "SCRIPT_FAILED",
            "function f raised ZeroDivisionError: division by zero ({script}, line 2)",
        ),
        (
            "import python_fun\npython_fun.batch(None, lambda m, b: b)",
            "SCRIPT_CONTRACT",
            "function f: python_fun.batch takes two functions, not NoneType",
        ),
        (
            "import python_fun\npython_fun.batch(lambda p: 1, lambda m, b: b, 'doubel')",
            "SCRIPT_CONTRACT",
            "function f: python_fun.batch: 'doubel' is not a type; known: double, float, bigint, int, smallint, "
            "tinyint, decimal(…), boolean, string, date, timestamp, binary, vector, array<…>, "
            "map<…>, struct<…>, st(field(…))",
        ),
    ],
)
def test_register_says_what_is_wrong(predictions: Predictions, script: str, code: str, message: str) -> None:
    predictions.write("predict.py", script)
    error = predictions.fails('register PythonAlg.`model` as f where pythonScriptPath="predict.py";')
    assert (error.code, error.message) == (code, message.format(script=predictions.folder / "predict.py"))


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("return [1.0]", "SCRIPT_CONTRACT", "function f: predict returned 1 values for 3 rows"),
        ("return 5", "SCRIPT_CONTRACT", "function f: predict returned 5, not one value for each row"),
        ("import os; os._exit(2)", "SCRIPT_EXITED", "function f ended its process with exit status 2"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            "CRASHED",
            "the process of function f was ended by SIGKILL",
        ),
    ],
)
def test_a_failing_batch_and_the_next_query(predictions: Predictions, body: str, code: str, message: str) -> None:
    predictions.register(f"""
        import python_fun
        def predict(model, batch):
            if batch.num_rows == 3:
                {body}
            return batch.column(0)
        python_fun.batch(lambda path: None, predict)
    """)
    # A file may be read in several pieces; these rows come in one batch.
    predictions.run("select cast(x as double) as x from values (1.0), (3.0), (5.0) as v(x) as three;")
    error = predictions.fails("select f(x) as p from three as t;")
    assert (error.code, error.message) == (code, message)
    assert error.span is not None
    assert predictions.run("select f(x) as p from three where x > 1 as t;") == [{"p": 3.0}, {"p": 5.0}]


def test_wrong_number_of_features(linear: Predictions) -> None:
    linear.run("register PythonAlg.`model` as g;")
    error = linear.fails("select g(x, y, label) as p from data as t;")
    assert error.message == "function g: the model takes 2 features, and the query gives it 3 arguments"


def test_model_folders_that_cannot_be_loaded_without_a_script(session: Session, tmp_path: Path) -> None:
    predictions = Predictions(session, tmp_path)
    predictions.train("import mlsql\nmlsql.save_model(1)\nmlsql.save_model(2, 'b.pkl')")
    error = predictions.fails("register PythonAlg.`model` as g;")
    assert error.message == "function g: the model folder has several models: b.pkl, model.pkl"
    predictions.train("import mlsql\nmlsql.save_model(1)")
    error = predictions.fails("register PythonAlg.`model` as g;")
    assert error.message == "function g: model.pkl holds int, which has no predict method"
    predictions.train("import mlsql\nmlsql.save_model(1, 'model.txt')")
    error = predictions.fails("register PythonAlg.`model` as g;")
    assert error.message.startswith(
        "function g: the model folder has no estimator that can be loaded without a script"
    )


def test_a_pickle_is_never_loaded_in_this_process(session: Session, tmp_path: Path) -> None:
    predictions = Predictions(session, tmp_path)
    predictions.train(
        """
        import os, mlsql
        class Pid:
            def __reduce__(self):
                return (exec, ("import os; open({!r}, 'w').write(str(os.getpid()))".format(os.environ["OUT"]),))
        mlsql.save_model(Pid())
    """,
        f"""and systemParam.envs='{{"OUT": "{tmp_path}/pid"}}'""",
    )
    predictions.fails("register PythonAlg.`model` as g;")
    assert int((tmp_path / "pid").read_text()) != os.getpid()
