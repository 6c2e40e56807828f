"""The examples of the manual: the script at the end of each statement's and command's page gives what it should."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docs.generator import load
from mlsql_engine import Session, connect, statements
from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.statements import commands

GENERATOR = load()
PAGES: dict[str, str] = {**GENERATOR.manual(statements), **GENERATOR.manual(commands)}

# The last table of each example.
EXPECTED: dict[str, Any] = {
    "connect": [{"id": 1}],
    "create": [{"product": "tea", "amount": 3}, {"product": "milk", "amount": 5}],
    "drop": [{"tableName": "data"}],
    "conditions": [{"text": "some"}],
    "include": [{"a": 1}],
    "insert": [{"product": "tea", "amount": 3}, {"product": "milk", "amount": None}],
    "load": [{"a": 1}, {"a": 2}],
    "predict": [{"label": 0, "prediction": 3.0}, {"label": 1, "prediction": 7.0}],
    "refresh": [{"a": "1"}],
    "register": [{"p": 3.0, "text": "300%"}, {"p": 7.0, "text": "700%"}],
    "save": [{"a": 1}],
    "select": [{"a": 1, "b": "x"}],
    "set": [{"text": "2 rows"}],
    "train": [{"algIndex": 0, "status": "success"}],
    "unregister": [{"label": 0}, {"label": 1}],
    "assertion": [{"status": "success"}],
    "cache": [{"n": 3}],
    "desc": [
        {"col_name": "a", "data_type": "int", "comment": None},
        {"col_name": "b", "data_type": "array<string>", "comment": None},
    ],
    "explain": [{"lines": True}],
    "kill": [{"id": 2, "state": "running"}],
    "last_command": [{"n": 1}],
    "model": [{"version": 0, "current": True, "aliases": ["champion"], "status": "success"}],
    "println": None,
    "profile": [
        {"column": "a", "type": "int", "count": 2, "nulls": 0, "distinct": 2, "min": "1", "max": "3"},
        {"column": "b", "type": "string", "count": 1, "nulls": 1, "distinct": 1, "min": "x", "max": "x"},
    ],
    "show": [{"namespace": "", "tableName": "data"}, {"namespace": "", "tableName": "t"}],
}
# What is looked at where the example leaves no table, or more than can be known.
AFTER = {
    "create": "select * from sales as s;",
    "insert": "select * from sales as s;",
    "predict": "select label, prediction from predicted as p;",
    "train": "select algIndex, status from result as r;",
    "unregister": "select label from data as d;",
    "cache": "select count(*) as n from t as u;",
    "drop": "!show tables; !lastCommand named s; select tableName from s as u;",
    "explain": "!lastCommand named e; select count(*) > 0 as lines from e as f;",
    "model": "!lastCommand named m; select version, `current`, aliases, status from m as n;",
    "kill": "!lastCommand named j; select id, state from j where state = 'running' as k;",
    "profile": "!lastCommand named p; select `column`, type, `count`, nulls, `distinct`, min, max from p as q;",
    "show": "!lastCommand named s; select namespace, tableName from s as u;",
    "connect": "select id from orders as o;",
}


def example(page: str) -> str:
    """The indented lines at the end of a page."""
    lines = page.rstrip().split("\n")
    first = len(lines)
    while first and (lines[first - 1].startswith("    ") or not lines[first - 1]):
        first -= 1
    return "\n".join(line[4:] for line in lines[first:]).strip()


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session that has what the examples take for granted: data, scripts, a model, files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("import mlsql\nmlsql.save_model(0)\n")
    (tmp_path / "predict.py").write_text(
        "import pyarrow.compute as pc\nimport python_fun\n\n"
        "def load(path):\n    return None\n\n"
        "def predict(model, batch):\n"
        "    return [sum(vector['values']) for vector in batch.column(0).to_pylist()]\n\n"
        "python_fun.batch(load, predict)\n"
    )
    for folder, name, text in (
        ("lib", "features.mlsql", "select 1 as a as features;"),
        ("data", "rows.csv", "a\n1\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    with connect(progress=SilentProgress()) as session:
        session.run(
            "select vec_dense(array(1.0, 2.0)) as features, 0 as label"
            " union all select vec_dense(array(3.0, 4.0)), 1 as data;"
        )
        yield session


NEEDS_A_MODEL = {"model", "predict", "register", "unregister"}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_example(session: Session, tmp_path: Path, name: str) -> None:
    if name == "connect":
        make_shop(tmp_path / "shop.db")
    script = example(PAGES[name]).replace("/tmp/model", str(tmp_path / "model"))
    assert script.endswith(";")
    if name in NEEDS_A_MODEL:
        where = 'where pythonScriptPath="train.py"'
        session.run(f"train data as PythonAlg.`{tmp_path}/model` {where};")
    if name == "unregister":
        script = script.replace("as score;", 'as score where pythonScriptPath="predict.py";')
    table = session.run(script + AFTER.get(name, ""))
    assert (None if table is None else table.to_arrow().to_pylist()) == EXPECTED[name]


def make_shop(path: Path) -> None:
    import sqlite3

    with sqlite3.connect(path) as database:
        database.execute("create table orders (id integer)")
        database.execute("insert into orders values (1)")


def test_every_page_has_an_example_and_a_form() -> None:
    assert set(PAGES) == set(EXPECTED)
    for name, page in PAGES.items():
        assert re.match(r"!?\w+: .*\.\n\n    \S", page), name
        assert example(page) != example(page.split("\n\n", 2)[1]), name
