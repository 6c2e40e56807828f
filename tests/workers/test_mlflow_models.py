"""Models that MLflow has saved, predicted without a script by real workers."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine import Session
from workers.asking import Asking

pytestmark = pytest.mark.heavy

SAVE = """
import os
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import mlflow.sklearn, mlsql, pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression
data = pd.DataFrame({"x": [1.0, 2.0, 3.0], "n": [1, 2, 4]})
model = LinearRegression().fit(data, data.x + 2 * data.n)
place = mlsql.internal_system_param["tempModelLocalPath"]
"""
MODELS = {
    "named": "mlflow.sklearn.save_model(model, place, signature=infer_signature(data, model.predict(data)), serialization_format='pickle')",
    "tensor": "mlflow.sklearn.save_model(model, place + '/inside', signature=infer_signature(data.to_numpy(), model.predict(data)), serialization_format='pickle')",
    "unsigned": "mlflow.sklearn.save_model(model, place, serialization_format='pickle')",
    "text": """
class Shout(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["word"] + "!" * len(model_input["day"].dt.strftime("%Y"))
days = pd.DataFrame({"word": ["a"], "day": pd.to_datetime(["2024-01-01"])})
mlflow.pyfunc.save_model(place, python_model=Shout(), signature=infer_signature(days, pd.Series(["a"])))
""",
}


def model(session: Session, folder: Path, name: str) -> Asking:
    asking = Asking(session, folder)
    (folder / "save.py").write_text(SAVE + MODELS[name], encoding="utf-8")
    asking.run(f'select 1 as a as t; train t as PythonAlg.`{name}` where pythonScriptPath="save.py" as trained;')
    asking.run(f"register PythonAlg.`{name}` as f; select x, cast(y as int) as n, 'w' as word from data as rows;")
    return asking


@pytest.mark.parametrize("name", ["named", "tensor", "unsigned"])
def test_an_estimator_that_mlflow_has_saved(session: Session, tmp_path: Path, name: str) -> None:
    asking = model(session, tmp_path, name)
    for call in ("f(x, n)", "f(struct(x, n))", "f(array(x, n))", "f(vec_dense(array(x, n)))", "f(x, n * 1.0D)"):
        rows = asking.run(f"select round({call}, 6) as p from rows as t;")
        assert [row["p"] for row in rows] == [5.0, 11.0, 17.0], call
    assert asking.run("select f(x, null) as p from rows limit 1 as t;") == [{"p": None}]
    error = asking.fails("select f(x) as p from rows as t; select 1 as one as last;")
    takes = "2 features" if name == "tensor" else "2 features (x, n)"
    assert error.message == f"function f: the model takes {takes}, and the query gives it 1 argument"
    if name != "unsigned":
        error = asking.fails("select f(x, word) as p from rows as t; select 1 as one as last;")
        assert error.message == "function f: argument 2 is string, and the model takes numbers"
    if name == "named":
        error = asking.fails("select f(x, n + 0.5) as p from rows as t;")
        assert error.message == "function f: the model takes bigint as 'n', and the query gives it 2.5"
        rows = asking.run(f"predict rows as PythonAlg.`{name}` as t;")
        assert [round(row["prediction"], 6) for row in rows] == [5.0, 11.0, 17.0]
    if name != "unsigned":
        error = asking.fails(f'register PythonAlg.`{name}` as g where returnType="int";')
        assert error.message == "function g: the model gives double, which cannot always be made int"


def test_a_model_of_text_and_times(session: Session, tmp_path: Path) -> None:
    asking = model(session, tmp_path, "text")
    rows = asking.run("select f(word, timestamp'2024-02-03 04:05:06') as p from rows as t;")
    assert rows == [{"p": "w!!!"}] * 3
    error = asking.fails("select f(x, word) as p from rows as t; select 1 as one as last;")
    assert error.message == "function f: argument 1 is double, and the model takes string there"
    assert error.hint == "cast(… as string) in the query"
