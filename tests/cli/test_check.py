"""`mlsql check` as a process, and what `mlsql run` lets scripts do. (What is found: tests/scripts/check.)"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import ExitStack, chdir, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from mlsql_engine.cli.main import main


class Done(NamedTuple):
    """How it ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


MLSQL = [sys.executable, "-c", "from mlsql_engine.cli.main import entry_point; entry_point()"]


def mlsql(*arguments: str, script: str = "", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MLSQL, *arguments],
        check=False,
        input=script,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )


def check(*arguments: str, script: str = "", folder: Path | None = None) -> Done:
    """`mlsql check` in this process."""
    out, err = io.StringIO(), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(script.encode()))
    with ExitStack() as stack:
        for change in (redirect_stdout(out), redirect_stderr(err), chdir(folder or Path.cwd())):
            stack.enter_context(change)
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(sys, "stdin", given)
        status = main(["check", *arguments])
    return Done(status, out.getvalue(), err.getvalue())


def test_nothing_is_wrong(tmp_path: Path) -> None:
    script = "select 1 as a as t; save t as csv.`out`; set a = 'touch x' where type='shell';"
    (tmp_path / "s.mlsql").write_text(script)
    done = mlsql("check", "s.mlsql", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "s.mlsql: no errors\n")
    assert [path.name for path in tmp_path.iterdir()] == ["s.mlsql"]


def test_one_error_and_several(tmp_path: Path) -> None:
    (tmp_path / "one.mlsql").write_text("select * from t as u;")
    done = check(str(tmp_path / "one.mlsql"))
    assert done.returncode == 1
    assert done.stdout == (
        f"error[UNKNOWN_TABLE]: there is no table 't'\n --> {tmp_path}/one.mlsql:1:15\n  |\n"
        "1 | select * from t as u;\n  |               ^\n  = help: there is no table yet\n\n"
    )
    assert done.stderr == "one.mlsql: 1 error\n"
    done = check("-", script="select * from t as u; slect;")
    assert (done.returncode, done.stderr) == (1, "<stdin>: 2 errors\n")


def test_json(tmp_path: Path) -> None:
    script = "select 'é' as a as t;\nload csv.`ü.csv` as t;"
    done = check("-", "--format", "json", script=script, folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "<stdin>: 1 error\n")
    assert "ü.csv" in done.stdout
    assert json.loads(done.stdout) == {
        "file": "<stdin>",
        "line": 2,
        "column": 10,
        "endLine": 2,
        "endColumn": 17,
        "severity": "error",
        "code": "FILE_NOT_FOUND",
        "message": f"there is no file {tmp_path}/ü.csv",
        "hint": f"there is no file in {tmp_path} yet",
    }
    assert check("-", "--format", "json", script="select 1 as a as t;").stdout == ""


def test_variables_from_outside() -> None:
    script = "set b = 'x' where type='defaultParam'; select '${a}' as a, '${b}' as b as t;"
    assert check("-", script=script).returncode == 1
    assert check("-", "--set", "a=1", script=script).returncode == 0


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    done = check("none.mlsql", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[FILE_NOT_FOUND]: the script none.mlsql cannot be read")


def test_it_includes_itself(tmp_path: Path) -> None:
    (tmp_path / "s.mlsql").write_text("include file.`s.mlsql`;")
    assert "error[INCLUDE_CYCLE]: the script includes itself" in check("s.mlsql", folder=tmp_path).stdout


@pytest.mark.parametrize("command", ["run", "check"])
def test_without_the_shell(command: str, tmp_path: Path) -> None:
    script = "set a = 'touch made; echo x' where type='shell'; select '${a}' as a as t;"
    call = check if command == "check" else partial(mlsql, "run")
    done = call("-", "--no-shell", script=script, folder=tmp_path)
    assert done.returncode == 1
    assert "error[NOT_ALLOWED]: commands of the shell are not run here" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
    assert call("-", script=script, folder=tmp_path).returncode == 0


@pytest.mark.parametrize("command", ["run", "check"])
def test_http_must_be_allowed(command: str) -> None:
    script = "include http.`127.0.0.1:1/x.mlsql`;"
    call = check if command == "check" else partial(mlsql, "run")
    done = call("-", script=script)
    assert done.returncode == 1
    assert "error[NOT_ALLOWED]: scripts are not included over HTTP here" in done.stdout + done.stderr
    done = call("-", "--allow-http-include", script=script)
    if command == "run":
        assert "error[FILE_NOT_FOUND]: http://127.0.0.1:1/x.mlsql cannot be reached" in done.stderr
    else:
        assert (done.returncode, done.stdout) == (0, "")  # nothing is fetched


def test_a_given_value_comes_before_a_default() -> None:
    script = "set a = 'default' where type='defaultParam'; select '${a}' as a as t;"
    assert mlsql("run", "-", "--format", "json", script=script).stdout == '{"a":"default"}\n'
    assert mlsql("run", "-", "--format", "json", "--set", "a=", script=script).stdout == '{"a":""}\n'


def test_println_goes_to_standard_error() -> None:
    done = mlsql("run", "-", "--format", "json", script="!println 'hello'; select 1 as a as t;")
    assert (done.stdout, done.stderr) == ('{"a":1}\n', "hello\n")


def test_standard_output_that_is_closed() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -c "$1" check - >&-', sys.executable, MLSQL[2]],
        check=False,
        input=b"slect;",
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert done.stderr.splitlines()[0] == b"error[CANNOT_WRITE]: standard output is closed"
