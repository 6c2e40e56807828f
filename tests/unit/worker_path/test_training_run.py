"""Whole trainings in real worker processes, spoken to over the wire."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from importlib import metadata
from pathlib import Path

import pyarrow as pa
import pytest

from mlsql_sdk import accepted, vectors
from mlsql_sdk.wire import Kind
from unit.worker_path.worker_processes import converse, interpreter, run, write

ROWS = pa.table({"x": [0.0, 1.0, 2.0, 3.0] * 5, "label": [0, 0, 1, 1] * 5})


def script(folder: Path, text: str) -> Path:
    path = folder / "train.py"
    path.write_text(textwrap.dedent(text))
    return path


def test_without_a_script_the_estimator_that_is_named_is_trained_and_measured(tmp_path: Path) -> None:
    write(tmp_path / "data", "json", ROWS)
    write(tmp_path / "validate", "json", ROWS.slice(0, 8))
    write(tmp_path / "evaluate", "json", pa.table({"x": [1.0]}))
    answer, _, printed = run(None, tmp_path, {"alg": "LogisticRegression"})
    assert answer.kind is Kind.RESULT
    result = answer.control
    assert (result["modelFormat"], printed) == ("skops", "")
    assert result["evaluations"]["validate"]["score"] == 1
    assert result["evaluations"]["validate"]["confusion_matrix"] == [[4, 0], [0, 4]]
    assert result["evaluations"]["evaluate"] == {"problem": "the data has no column 'label': it has: x"}
    assert result["libraries"]["scikit-learn"] == metadata.version("scikit-learn")
    answers, _ = converse(Kind.LOAD, {"modelPath": str(tmp_path / "model"), "libraries": {"numpy": "0.1"}})
    assert answers[-1].kind is Kind.DESCRIBED
    assert answers[-1].control == {
        "contract": "estimator",
        "form": "model",
        "featureNames": ["x"],
        "differences": [["numpy", "0.1", metadata.version("numpy")]],
        "sources": [],
        "accepted": accepted.features(1, ["x"]).control(),
        "pure": True,
    }


def test_a_script_is_measured_after_its_threads(tmp_path: Path) -> None:
    """Also those of a pool that it never shuts down, which end only with Python."""
    write(tmp_path / "data", "arrow", ROWS)
    write(tmp_path / "evaluate", "arrow", ROWS)
    text = """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        import mlsql
        from sklearn.ensemble import RandomForestClassifier

        started = threading.Event()
        def train():
            started.wait()
            X, y = mlsql.load_data(as_="numpy")
            mlsql.save_model(RandomForestClassifier(n_estimators=4, n_jobs=2).fit(X, y))
        pool = ThreadPoolExecutor(1)
        pool.submit(lambda: threading.Thread(target=train).start())
        threading.Timer(0, started.set).start()
    """
    answer, _, _ = run(script(tmp_path, text), tmp_path, {})
    assert answer.kind is Kind.RESULT
    assert answer.control["evaluations"]["evaluate"]["score"] == 1
    assert answer.control["modelFormat"] == "pickle"


def test_a_script_that_fails_is_not_measured(tmp_path: Path) -> None:
    write(tmp_path / "data", "json", ROWS)
    write(tmp_path / "validate", "json", ROWS)
    answer, _, _ = run(script(tmp_path, "import mlsql\nmlsql.save_model(1)\n1 / 0"), tmp_path, {})
    assert (answer.kind, answer.control["type"], answer.control["line"]) == (Kind.FAILED, "ZeroDivisionError", 3)


@pytest.mark.parametrize("ending", ["import sys; sys.exit()", "raise SystemExit(0)", ""])
def test_however_a_script_ends_well(tmp_path: Path, ending: str) -> None:
    write(tmp_path / "data", "json", ROWS)
    write(tmp_path / "validate", "json", ROWS)
    answer, _, _ = run(script(tmp_path, f"import mlsql\nmlsql.save_model([1])\n{ending}"), tmp_path, {})
    assert answer.control["evaluations"] == {"validate": {"problem": "list has no predict method"}}


def test_a_model_that_raises_when_it_predicts(tmp_path: Path) -> None:
    write(tmp_path / "data", "json", ROWS)
    write(tmp_path / "validate", "json", ROWS)
    text = """
        import mlsql
        class Model:
            def predict(self, X):
                raise KeyError("weights")
        mlsql.save_model(Model())
    """
    answer, _, _ = run(script(tmp_path, text), tmp_path, {})
    assert answer.control["evaluations"] == {"validate": {"problem": "KeyError: 'weights'"}}


def test_wrong_parameters_come_as_a_contract_error(tmp_path: Path) -> None:
    write(tmp_path / "data", "json", ROWS)
    answer, _, printed = run(None, tmp_path, {"alg": "SVC", "kernal": "rbf"})
    assert (answer.kind, printed) == (Kind.FAILED, "")
    assert answer.control == {
        "reason": "contract",
        "type": "ContractError",
        "message": "SVC has no parameter 'kernal'",
        "hint": "did you mean 'kernel'?",
    }


def test_the_calls_of_the_first_mlsql(tmp_path: Path) -> None:
    write(tmp_path / "data", "json", ROWS)
    text = """
        import mlsql
        from sklearn.naive_bayes import MultinomialNB

        clf = MultinomialNB()
        mlsql.sklearn_configure_params(clf)

        def train(X, y, label_size):
            clf.partial_fit(X, y, classes=range(label_size))

        mlsql.sklearn_batch_data(train)
        mlsql.sklearn_batch_data(lambda X, y: print(X.shape, y.tolist()))
        X, y = mlsql.sklearn_all_data()
        print(clf.score(X, y), X.shape, clf.classes_.tolist())
        X_test, y_test = mlsql.get_validate_data()
        print(len(X_test), y_test)
        mlsql.progress(1, 2, "half")
        mlsql.log_metric("f1", 0.5)
        mlsql.save_model(clf)
        print(mlsql.save_model({"a": 1}, format="joblib").rpartition("/")[2])
        mlsql.save_model({"a": 1}, "words.joblib")
    """
    given = {"batchSize": "15", "labelSize": "3", "alpha": "0.5", "fitprior": "true"}
    answer, told, printed = run(script(tmp_path, text), tmp_path, given)
    assert answer.kind is Kind.RESULT
    assert told == [{"done": 1.0, "total": 2.0, "message": "half"}, {"metric": "f1", "value": 0.5}]
    assert printed.splitlines() == [
        "mlsql: MultinomialNB with alpha=0.5",
        "mlsql: fitParam fitprior is no parameter of MultinomialNB; did you mean fit_prior?",
        "(15, 1) [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1]",
        "(5, 1) [1, 0, 0, 1, 1]",
        "0.5 (20, 1) [0, 1, 2]",
        "0 []",
        "model.joblib",
    ]
    assert answer.control["modelFormat"] is None
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "model.joblib",
        "model.pkl",
        "words.joblib",
    ]


def test_save_model_by_the_form_that_the_statement_asks_for(tmp_path: Path) -> None:
    write(tmp_path / "data", "json", ROWS)
    text = "import mlsql\nmlsql.save_model({'a': 1})\nmlsql.save_model({'a': 1}, 'own.pkl')"
    run(script(tmp_path, text), tmp_path, {"modelFormat": "joblib"})
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["model.joblib", "own.pkl"]


# Hides libraries, as an interpreter would that does not have them.
HIDE = """
import sys
from importlib.abc import MetaPathFinder
class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {names} else find(name, package)
sys.meta_path.insert(0, Hidden())
"""


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_interpreter_without_pyarrow_trains_and_measures(tmp_path: Path, form: str) -> None:
    write(tmp_path / "data", form, ROWS)
    write(tmp_path / "validate", form, ROWS)
    hide = HIDE.format(names={"pyarrow"})
    answer, _, printed = run(None, tmp_path, {"alg": "GaussianNB"}, before=hide)
    assert answer.kind is Kind.RESULT, answer.control
    assert answer.control["evaluations"]["validate"]["score"] == 1
    assert printed == ""
    answers, _ = converse(Kind.LOAD, {"modelPath": str(tmp_path / "model")}, before=hide)
    assert (answers[-1].kind, answers[-1].control["reason"]) == (Kind.FAILED, "contract")
    assert answers[-1].control["message"].endswith(" has no pyarrow, which predictions travel by")


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_an_interpreter_without_pyarrow_says_so_of_data_that_needs_it(tmp_path: Path, form: str) -> None:
    write(tmp_path / "data", form, ROWS)
    hide = HIDE.format(names={"pyarrow"})
    for text in ("mlsql.load_data(as_='numpy')", "mlsql.load_data()", "next(mlsql.read_data()())"):
        answer, _, _ = run(script(tmp_path, f"import mlsql\n{text}"), tmp_path, {}, before=hide)
        assert answer.control["message"].endswith(f" has no pyarrow, which {form} data need")
        assert answer.control["hint"].endswith("-m pip install pyarrow")


BARE = """
    import mlsql
    rows = [row for rows in mlsql.read_data()(max_records=7) for row in rows]
    first = rows[0]["features"]
    print(len(rows), type(first).__name__, list(first.values), rows[0]["label"])
    mlsql.log_metric("rows", len(rows))
    mlsql.save_model({"mean": sum(float(row["label"]) for row in rows) / len(rows)})
    for shape in ("numpy", "arrow", "pandas"):
        try:
            mlsql.load_data(as_=shape)
        except Exception as error:
            print(type(error).__name__, str(error).partition(" has no ")[2])
"""


@pytest.mark.parametrize("version", ["empty environment", "3.9", "3.10", "3.12", "3.13"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_bare_interpreters(tmp_path: Path, version: str, form: str) -> None:
    """An environment without any package, and what other versions this machine has: rows need no library."""
    executable: str | None = str(tmp_path / "environment" / "bin" / "python")
    if version == "empty environment":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "environment"], check=True)
    else:
        executable = interpreter(version)
    if executable is None:
        pytest.skip(f"no Python {version} here")
    data = pa.table({"features": vectors.from_tuples([(0, 3, [1], [2.5])] * 10), "label": [1.0, 0.0] * 5})
    write(tmp_path / "data", form, data)
    answer, told, printed = run(script(tmp_path, BARE), tmp_path, {}, executable)
    assert answer.kind is Kind.RESULT, answer.control
    assert told == [{"metric": "rows", "value": 10.0}]
    lines = printed.splitlines()
    assert lines[0] == f"10 SparseVector [2.5] {1.0 if form == 'json' else '1.0'}"
    assert lines[1:] == [
        "ContractError numpy",
        "ContractError pyarrow, which tables of Arrow need",
        "ContractError pandas",
    ]
    assert answer.control == {"evaluations": {}, "libraries": {}, "modelFormat": "pickle"}
    answers, _ = converse(Kind.LOAD, {"modelPath": str(tmp_path / "model")}, executable)
    assert answers[-1].control["hint"].endswith("-m pip install pyarrow")
