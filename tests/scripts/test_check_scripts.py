"""`mlsql check`: its whole output, no false alarm, and every error that is known without a run.

See golden.py for how the expected texts are written.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlsql_engine import MlsqlError
from mlsql_engine.cli.run import script_source
from mlsql_engine.session import check
from scripts import golden
from scripts.not_foreseen import ALARMS, NOT_FORESEEN

KIND = "check"
EXAMPLES = [
    pytest.param(script, id=script.stem, marks=[pytest.mark.heavy] if script.stem == "wine" else [])
    for script in sorted((golden.HERE.parent.parent / "examples").glob("*/*.mlsql"))
]


@pytest.mark.parametrize("script", golden.cases(KIND))
def test_the_output(script: Path) -> None:
    with golden.new_folder() as folder:
        text = golden.outcome(script, folder)
    assert text == golden.expected(script).read_text(encoding="utf-8")


def test_every_script_has_its_text_and_every_text_its_script() -> None:
    folder = golden.HERE / KIND
    assert {path.stem for path in folder.glob("*.mlsql")} == {path.stem for path in folder.glob("*.expected")}


def found(script: Path) -> list[MlsqlError]:
    source, includes = script_source(str(script))
    return check(source, includes=includes)


@pytest.mark.parametrize("script", golden.scripts("good"), ids=lambda script: script.stem)
def test_no_false_alarm(script: Path) -> None:
    with golden.new_folder() as folder:
        problems = [problem.message for problem in found(golden.placed(script, folder))]
    if script.stem in ALARMS:
        assert problems
    else:
        assert problems == []


@pytest.mark.parametrize("script", EXAMPLES)
def test_the_examples_are_clean(script: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(script.parent, tmp_path / script.parent.name)
    (folder / "data").mkdir(exist_ok=True)
    for name in ("sample_libsvm_data.txt", "wine.csv"):
        (folder / "data" / name).touch()  # what make_data.py writes
    assert [problem.render() for problem in found(folder / script.name)] == []


@pytest.mark.parametrize("script", golden.scripts("errors"), ids=lambda script: script.stem)
def test_what_a_run_finds_is_foreseen(script: Path) -> None:
    """The very error of a run is among those of the check, word for word; or the reason why not is written down."""
    with golden.new_folder() as folder:
        texts = [
            problem.render().replace(str(folder), golden.FOLDER) for problem in found(golden.placed(script, folder))
        ]
    expected = golden.expected(script).read_text(encoding="utf-8").rstrip("\n")
    if script.stem in NOT_FORESEEN:
        assert expected not in texts
    else:
        assert expected in texts


def test_no_reason_without_its_script() -> None:
    assert set(NOT_FORESEEN) <= {script.stem for script in golden.scripts("errors")}
    assert set(ALARMS) <= {script.stem for script in golden.scripts("good")}
