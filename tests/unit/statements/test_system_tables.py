"""Which tables of `system` a text names. (What is in them: tests/scripts/good/system_*, show_*.)"""

from __future__ import annotations

import pytest

from mlsql_engine.statements.system_tables import TABLES, named_in
from unit.statements.scripts import Scripts


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select * from system.jobs", {"jobs"}),
        ("select * from SYSTEM . Jobs j join `system`.`workers` w", {"jobs", "workers"}),
        ("select * from system.`models`", {"models"}),
        ("select system from jobs", {"jobs"}),
        (
            "select * from Models m, `workers`, (jobs) join/* */functions",
            {"models", "workers", "jobs", "functions"},
        ),
        ("select * from -- the workers\n  worker_logs", {"worker_logs"}),
        ("select jobs as models from t where workers > 1", set()),
        ("select * from mysystem.jobs", set()),
        # A name that is none may be misspelled: all are there to be guessed from.
        ("select * from system.job", set(TABLES)),
    ],
)
def test_names(text: str, names: set[str]) -> None:
    assert set(named_in(text, ())) == names


def test_every_table_has_a_place_in_show_or_is_read(scripts: Scripts) -> None:
    for name in TABLES:
        scripts.run(f"select * from system.{name} as t; !desc system.{name}; !profile system.{name};")


def test_a_version_that_was_removed_is_left_out(scripts: Scripts) -> None:
    (scripts.folder / "train.py").write_text("import mlsql\nmlsql.save_model(1)\n")
    train = "run command as PythonAlg.`m` where pythonScriptPath='train.py' and keepVersion='{0}';"
    scripts.run(train.format("true") + train.format("true"))
    assert scripts.run("select version from system.models as t;") == [{"version": 0}, {"version": 1}]
    (scripts.folder / "m" / "_model_0" / "meta" / "manifest.json").write_text("broken")
    assert scripts.run("select version from system.models as t;") == [{"version": 1}]
    scripts.run(train.format("false"))
    assert scripts.run("select version from system.models as t;") == [{"version": 2}]
