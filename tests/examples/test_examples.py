"""Every example runs in a copy of its folder and gives the table that its reader is promised."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlsql_engine import Session, SilentProgress, connect
from server.running import in_thread

ROOT = Path(__file__).parent.parent.parent
MLSQL = [sys.executable, "-c", "from mlsql_engine.cli.main import entry_point; entry_point()"]


@pytest.fixture
def example(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    source = ROOT / "examples" / request.param
    return Path(shutil.copytree(source, tmp_path / "an example", ignore=shutil.ignore_patterns("data", "model")))


@pytest.mark.parametrize("example", ["quickstart"], indirect=True)
def test_quickstart(example: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(example / "make_data.py")], check=True)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [*MLSQL, "run", str(example / "quickstart.mlsql")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert done.returncode == 0, done.stderr
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "label    prediction    patients    accuracy" in done.stdout
    assert f"```\n{done.stdout}```" in readme
    told = done.stderr.splitlines()
    assert len([line for line in told if line.startswith("warning[")]) == 2
    assert "train.py | trained on 569 rows" in told
    assert "train: accuracy = 0.896309" in told
    assert sorted(os.listdir(example / "model")) == ["_model_0"]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("example", ["script_functions"], indirect=True)
def test_script_functions(example: Path) -> None:
    done = subprocess.run(
        [*MLSQL, "run", str(example / "script.mlsql")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    readme = (ROOT / "examples" / "script_functions" / "README.md").read_text(encoding="utf-8")
    assert "product    orders      typical_price" in done.stdout
    assert f"```\n{done.stdout}```" in readme
    assert done.stderr.splitlines() == [
        "register: parts gives struct<name:string,grams:int>",
        "register: typical gives double",
        "register: spent gives double",
        "register: with_tax gives decimal(10,2)",
        "register: stars gives string",
    ]


@pytest.mark.heavy
@pytest.mark.parametrize("example", ["wine_project"], indirect=True)
def test_wine_project(example: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(example / "make_data.py")], check=True)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run(
        [*MLSQL, "run", str(example / "wine.mlsql")],
        capture_output=True,
        text=True,
        check=False,
        env={**variables, "TMPDIR": str(temporary)},
    )
    assert done.returncode == 0, done.stderr
    readme = (ROOT / "examples" / "wine_project" / "README.md").read_text(encoding="utf-8")
    assert "batch_error    function_error" in done.stdout
    assert f"```\n{done.stdout}```" in readme
    told = done.stderr.splitlines()
    assert told[1:4] == [
        "train: running project wine",
        "project wine | Save model to 0",
        "train: logged to MLflow: 1 run with 2 parameters and 2 metrics",
    ]
    assert list(temporary.iterdir()) == []
    asked, promised = re.findall(r"^    curl (.*)$", readme, re.MULTILINE)[0], re.search(r"answers `(.*)`", readme)
    assert promised is not None
    with connect(progress=SilentProgress()) as session:
        session.run("register PythonAlg.`model` as pj;", folder=example)
        assert answer(session, asked) == json.loads(promised[1])


def answer(session: Session, curl: str) -> Any:
    """What a server over the session answers to the form that the arguments of curl send."""
    *form, address = [word for word in shlex.split(curl) if word != "-d"]
    with in_thread(session) as running:
        sent = dict(part.split("=", 1) for part in form)
        return running.client.post(httpx.URL(address).path, data=sent).json()


def test_the_readme_shows_the_script(tmp_path: Path) -> None:
    """The README's script is the example's, but for comments and line breaks."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("```sql\n")[2].partition("```")[0]
    script = (ROOT / "examples" / "quickstart" / "quickstart.mlsql").read_text(encoding="utf-8")
    code = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    assert shown.replace(" ;", ";").split() == code.replace("\n;", ";").split()


def test_every_example_is_run() -> None:
    folders = sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())
    assert folders == ["quickstart", "script_functions", "wine_project"]
