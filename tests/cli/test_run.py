"""`mlsql run` as a process: what goes to which stream, exit status, formats, interruption."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

MLSQL = [sys.executable, "-c", "from mlsql_engine.cli.main import entry_point; entry_point()"]
VECTORS = "select 1 as a, 'x;\"é' as b, vec_dense(array(1.0, 2.0)) as v, null as n as t;"


def mlsql(*arguments: str, script: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*MLSQL, *arguments],
        check=False,
        input=script.encode(),
        capture_output=True,
        env={**os.environ, **environment},
        timeout=60,
    )


def test_table(tmp_path: Path) -> None:
    done = mlsql("run", "-", script=VECTORS, TMPDIR=str(tmp_path))
    assert done.stdout.decode().splitlines() == [
        "  a  b     v                              n",
        "---  ----  -----------------------------  ----",
        '  1  x;"é  {"type":1,"values":[1.0,2.0]}  NULL',
    ]
    assert done.stderr == b""
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_json() -> None:
    done = mlsql("run", "-", "--format", "json", script=VECTORS)
    assert done.stdout.decode() == '{"a":1,"b":"x;\\"é","v":{"type":1,"values":[1.0,2.0]},"n":null}\n'


def test_csv() -> None:
    done = mlsql("run", "-", "--format", "csv", script=VECTORS)
    assert done.stdout.decode() == 'a,b,v,n\n1,"x;""é","{""type"":1,""values"":[1.0,2.0]}",\n'


def test_arrow() -> None:
    done = mlsql("run", "-", "--format", "arrow", script=VECTORS)
    table = pa.ipc.open_stream(done.stdout).read_all()
    vector = {"type": 1, "size": None, "indices": None, "values": [1.0, 2.0]}
    assert table.to_pylist() == [{"a": 1, "b": 'x;"é', "v": vector, "n": None}]


def test_variables_and_a_file(tmp_path: Path) -> None:
    script = tmp_path / "my script.mlsql"
    script.write_text("set b = 'default' where type='defaultParam'; select '${a}' as a, '${b}' as b as t;")
    done = mlsql("run", str(script), "--set", "a=1=2", "--set", "b=given", "--format", "json")
    assert json.loads(done.stdout) == {"a": "1=2", "b": "given"}


def test_paths_start_from_the_scripts_folder(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    (tmp_path / "s.mlsql").write_text("load csv.`rows.csv` where header='true' as t;")
    assert mlsql("run", str(tmp_path / "s.mlsql"), "--format", "json").stdout == b'{"a":"1"}\n'


def test_a_long_table_is_cut_on_the_terminal_only() -> None:
    script = "select explode(sequence(1, 250)) as i as t;"
    lines = mlsql("run", "-", script=script).stdout.decode().splitlines()
    assert len(lines) == 103
    assert lines[-1] == "… the first 100 rows; --format json, csv or arrow gives all"
    assert len(mlsql("run", "-", "--format", "json", script=script).stdout.splitlines()) == 250


def test_no_table_no_output() -> None:
    done = mlsql("run", "-", script="set a = '1';")
    assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize("form", ["table", "json", "csv", "arrow"])
def test_an_error_while_printing(form: str) -> None:
    done = mlsql("run", "-", "--format", form, script="select array_string_to_int(array('x')) as a as t;")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[:4] == [
        "error[SQL]: array_string_to_int: 'x' is not an integer",
        " --> <stdin>:1:1",
        "  |",
        "1 | select array_string_to_int(array('x')) as a as t;",
    ]
    assert b"Traceback" not in done.stderr


def test_exit_status_of_a_failed_script() -> None:
    done = mlsql("run", "-", script="select * from nope as t;")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        "error[UNKNOWN_TABLE]: there is no table 'nope'\n --> <stdin>:1:15\n  |\n"
        "1 | select * from nope as t;\n  |               ^^^^\n  = help: there is no table yet\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "the following arguments are required: FILE"),
        (["run", "-", "--format", "xml"], "invalid choice: 'xml'"),
        (["run", "-", "--set", "a"], "'a' is not NAME=VALUE"),
        (["fly"], "invalid choice: 'fly'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    done = mlsql(*arguments)
    assert done.returncode == 2
    assert message in done.stderr.decode()


def test_unknown_engine_and_missing_script(tmp_path: Path) -> None:
    done = mlsql("run", "-", "--engine", "spork")
    assert (done.returncode, done.stderr) == (
        1,
        b"error[UNKNOWN_ENGINE]: there is no engine 'spork'\n  = help: known: duckdb\n",
    )
    done = mlsql("run", str(tmp_path / "none.mlsql"))
    assert done.returncode == 1
    assert done.stderr.decode().startswith("error[FILE_NOT_FOUND]: the script ")


def test_a_reader_that_has_enough() -> None:
    script = "select i, i * 1.5 as x from (select explode(sequence(1, 2000000)) as i) as t;"
    with subprocess.Popen(
        [*MLSQL, "run", "-", "--format", "json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(script.encode())
        process.stdin.close()
        assert process.stdout.readline() == b'{"i":1,"x":1.5}\n'
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.wait(30)


ENDLESS = "select sum(id * 1.5) as s from range(10000000000000)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_from_the_first_moment_on(tmp_path: Path, number: signal.Signals) -> None:
    """Signals come as soon as the temporary folder is there: while the libraries are still being imported."""
    (tmp_path / "s.mlsql").write_text(f"{ENDLESS} as t;")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        [*MLSQL, "run", str(tmp_path / "s.mlsql")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as process:
        try:
            while not list(temporary.iterdir()):
                os.sched_yield()
            process.send_signal(number)
            _, rest = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 128 + number
    assert rest == (b"interrupted\n" if number == signal.SIGINT else b"")
    assert list(temporary.iterdir()) == []


def test_without_standard_error(tmp_path: Path) -> None:
    script = tmp_path / "s.mlsql"
    script.write_text("select 1 as a as t; save overwrite t as csv.`out.csv`;")
    command = f"{shlex.join([*MLSQL, 'run', str(script)])} 2>&-"
    done = subprocess.run(command, shell=True, check=False, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "out.csv").read_text() == "1\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    "statement",
    [
        f"{ENDLESS} as t;",
        f"{ENDLESS} as t; save overwrite t as parquet.`out.parquet`;",
        f'{ENDLESS} as t; train t as PythonAlg.`second` where pythonScriptPath="train.py";',
        f'{ENDLESS} as t; train t as PythonAlg.`x` where pythonScriptPath="train.py" and dataLocalFormat="arrow";',
    ],
)
def test_a_long_query_is_interrupted(tmp_path: Path, number: signal.Signals, status: int, statement: str) -> None:
    """The signal comes when the first statement has told that it is done."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "train.py").write_text("import mlsql; mlsql.save_model(1)")
    first = 'select 1.0 as x as data; train data as PythonAlg.`model` where pythonScriptPath="train.py";'
    (tmp_path / "s.mlsql").write_text(first + statement)
    with subprocess.Popen(
        [*MLSQL, "run", str(tmp_path / "s.mlsql")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"train: version 0" in line:
                break
        process.send_signal(number)
        try:
            _, rest = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == status
    assert rest == (b"interrupted\n" if number == signal.SIGINT else b"")
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "s.mlsql", "temporary", "train.py"]


@pytest.mark.parametrize("form", ["table", "json", "csv", "arrow"])
def test_standard_output_that_cannot_be_written(form: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*MLSQL, "run", "-", "--format", form],
            check=False,
            input=b"select 1 as a as t;",
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode == 1
    expected = "error[CANNOT_WRITE]: the result cannot be written: No space left on device\n"
    assert done.stderr.decode() == expected


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("where", ["train", "predict"])
def test_interrupted(tmp_path: Path, number: signal.Signals, status: int, where: str) -> None:
    """The script says that it is running by what it prints; then the signal comes."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    forever = "import threading; print('RUNNING', flush=True); threading.Event().wait()\n"
    (tmp_path / "train.py").write_text((forever if where == "train" else "") + "import mlsql; mlsql.save_model(1)")
    (tmp_path / "predict.py").write_text(
        f"import python_fun\ndef predict(m, b):\n    {forever}python_fun.batch(lambda p: None, predict)\n"
    )
    (tmp_path / "s.mlsql").write_text("""
        select 1.0 as x as data;
        train data as PythonAlg.`model` where pythonScriptPath="train.py";
        register PythonAlg.`model` as f where pythonScriptPath="predict.py";
        select f(x) as p from data as t;
    """)
    with subprocess.Popen(
        [*MLSQL, "run", str(tmp_path / "s.mlsql")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"RUNNING" in line:
                break
        process.send_signal(number)
        try:
            _, rest = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == status
    assert b"Traceback" not in rest
    assert list(temporary.iterdir()) == []
    assert (tmp_path / "model").exists() == (where == "predict")
