"""Commands that build environments: what they say, how they end, and that nothing of them is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine.core.errors import Cancelled
from mlsql_engine.environments.commands import CommandFailed, Commands, Ending, environment_of, hidden
from named_pipe import Pipe

BLOCKS = """
import os, signal, sys
told = open(sys.argv[1], "w")
if sys.argv[2:] == ["stubborn"]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    told.write("here\\n")
    told.flush()
    os.read(os.pipe()[0], 1)
os.read(os.pipe()[0], 1)
"""
"""A command with a child that says that it is here; neither ends by itself, and both hold the pipe open."""


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path / "pipe")
    yield pipe
    pipe.close()


def commands(folder: Path, ending: Ending | None = None) -> tuple[Commands, list[str]]:
    lines: list[str] = []
    return Commands(folder, environment_of({}), lines.append, ending or Ending()), lines


def test_lines_are_told_and_the_last_are_given(tmp_path: Path) -> None:
    runner, lines = commands(tmp_path)
    script = (
        "import sys; print('one', flush=True); print(' two ', file=sys.stderr, flush=True); print(); print(open)"
    )
    tail = runner.run([sys.executable, "-c", script])
    assert lines == ["one", " two", "<built-in function open>"]
    assert tail == "one\n two\n<built-in function open>"


def test_how_it_fails(tmp_path: Path) -> None:
    runner, _ = commands(tmp_path)
    with pytest.raises(CommandFailed) as caught:
        runner.run([sys.executable, "-c", "for i in range(50): print(i)\nexit(3)"])
    assert (caught.value.program, caught.value.status) == (Path(sys.executable).name, 3)
    assert caught.value.tail.splitlines() == [str(number) for number in range(10, 50)]
    with pytest.raises(CommandFailed) as caught:
        runner.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    assert caught.value.status == 128 + signal.SIGKILL


def test_a_module_is_called_by_its_name(tmp_path: Path) -> None:
    runner, _ = commands(tmp_path)
    with pytest.raises(CommandFailed) as caught:
        runner.run([sys.executable, "-m", "json.tool", "none"])
    assert (caught.value.program, str(caught.value)) == ("json.tool", "json.tool ended with status 2")


def test_it_runs_in_its_folder_and_reads_nothing(tmp_path: Path) -> None:
    runner, lines = commands(tmp_path)
    runner.run([sys.executable, "-c", "import os, sys; print(os.getcwd(), repr(sys.stdin.read()))"])
    assert lines == [f"{tmp_path} ''"]


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    runner, _ = commands(tmp_path)
    with pytest.raises(CommandFailed) as caught:
        runner.run([str(tmp_path / "none")])
    assert caught.value.tail == f"{tmp_path}/none cannot be started: No such file or directory"
    assert caught.value.status == 127


@pytest.mark.parametrize("manner", [[], ["stubborn"]])
def test_ending_it_from_another_thread_ends_its_children_too(tmp_path: Path, pipe: Pipe, manner: list[str]) -> None:
    ending = Ending()
    runner, _ = commands(tmp_path, ending)
    raised: list[Cancelled] = []

    def run() -> None:
        try:
            runner.run([sys.executable, "-c", BLOCKS, str(pipe.path), *manner])
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert pipe.text() == "here\n"
    assert ending.running()
    ending.kill()
    pipe.assert_gone()
    thread.join()
    assert [error.message for error in raised] == ["the making of an environment was ended"]
    with pytest.raises(Cancelled):
        runner.run([sys.executable, "-c", "print('never')"])


def test_it_ends_with_whoever_started_it(tmp_path: Path, pipe: Pipe) -> None:
    starter = (
        "import sys; from pathlib import Path\n"
        "from mlsql_engine.environments.commands import Commands, environment_of\n"
        f"Commands(Path({str(tmp_path)!r}), environment_of({{}}), print).run([sys.executable, '-c', {BLOCKS!r}, "
        f"{str(pipe.path)!r}])"
    )
    process = subprocess.Popen([sys.executable, "-c", starter])
    assert pipe.text() == "here\n"
    process.kill()
    pipe.assert_gone()
    assert process.wait() == -signal.SIGKILL


def test_variables_that_would_lead_a_build_astray_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/x")
    monkeypatch.setenv("PIP_TARGET", "/x")
    monkeypatch.setenv("UV_INDEX_URL", "https://a")
    given = environment_of({"PIP_INDEX_URL": "https://b", "PIP_USER": "1", "UV_PYTHON_DOWNLOADS": "automatic"})
    assert {"PYTHONPATH", "PIP_TARGET", "PIP_USER"}.isdisjoint(given)
    assert (given["UV_INDEX_URL"], given["PIP_INDEX_URL"]) == ("https://a", "https://b")
    assert given["UV_PYTHON_DOWNLOADS"] == "never"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Looking in https://me:geheim@host/simple", "Looking in https://***@host/simple"),
        ("Looking in https://token123@host/simple, https://b", "Looking in https://***@host/simple, https://b"),
        ("GET https://host/simple?token=geheim&a=b", "GET https://host/simple?token=******&a=b"),
        ("git+ssh://git@host/r and mail@host", "git+ssh://***@host/r and mail@host"),
    ],
)
def test_secrets_are_not_shown(line: str, shown: str) -> None:
    assert hidden(line) == shown
