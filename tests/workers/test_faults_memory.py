"""Workers that want more memory than they may have, and disks that are full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine.workers.watch import look_at, memory_of
from workers.provocations import IDENTITY, Background, Faults, details, failing, wait_gone

LIMIT = "memoryLimit='400m'"


@pytest.mark.parametrize(
    "body",
    [
        "kept = bytearray(1 << 30)",
        "import numpy\nkept = numpy.empty(1 << 27)",
        "kept = []\nwhile True: kept.append([None])",
        "kept = {}\nwhile True: kept[len(kept)] = str(len(kept))",
    ],
)
def test_more_than_the_limit(faults: Faults, body: str) -> None:
    faults.register(failing(body), LIMIT)
    faults.works()
    error = faults.prediction_fails()
    assert error.code == "OUT_OF_MEMORY"
    if error.message.startswith("the process"):
        # The watch has seen it before the system refused it.
        assert error.message.endswith("of memory, and 400 MiB is the most")
    else:
        assert error.message.startswith("function f has no more memory: ")
        # Where there is no memory for a traceback, its innermost frame is missing.
        assert f" ({faults.folder}/f.py, line " in error.message
    assert error.hint is not None
    assert "memoryLimit at register" in error.hint
    assert details(error)["worker"].endswith("/model/_model_0/model/0, rows 1 to 2")
    faults.works()


BALLOON = """
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", {code!r}])
    tell(child.pid)
    child.wait()
    time.sleep(100)
"""
EIGHT = "import os, signal; [os.fork() for _ in range(3)]; kept = bytearray(b'x') * (80 << 20); signal.pause()"


def test_a_child_process_with_more_than_the_limit(faults: Faults) -> None:
    """Each of eight has less than it may have; all together have more."""
    faults.register(failing(BALLOON.format(code=EIGHT)), LIMIT)
    error = faults.prediction_fails()
    assert error.code == "OUT_OF_MEMORY"
    assert error.message.startswith("the process of function f had ")
    assert error.message.endswith(" of memory, and 400 MiB is the most")
    wait_gone(faults.told.numbers())
    faults.works()


def test_more_than_the_limit_while_it_loads(faults: Faults) -> None:
    path = faults.write("kept = bytearray(1 << 30)")
    error = faults.fails(faults.registering(LIMIT))
    assert (error.code, error.message) == (
        "OUT_OF_MEMORY",
        f"function f has no more memory: MemoryError ({path}, line 1)",
    )
    faults.write(failing("pass", before=BALLOON.format(code=EIGHT)))
    error = faults.fails(faults.registering(LIMIT))
    assert error.code == "OUT_OF_MEMORY"
    assert error.message.endswith(" of memory, and 400 MiB is the most")


def test_memory_that_forked_children_share_counts_once(faults: Faults) -> None:
    """Four children that share 200 MiB with their parent do not have 1 GiB."""
    body = """
        children = []
        for _ in range(4):
            child = os.fork()
            if child == 0:
                sum(kept[::4096])
                tell("looked")
                signal.pause()
            children.append(child)
        open(os.environ["TOLD"] + "-go").read()
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    """
    go = faults.folder / "told-go"
    os.mkfifo(go)
    faults.register(failing(body, before="kept = bytearray(b'x') * (200 << 20)"), LIMIT)
    running = Background(lambda: faults.run("select f(a) as p from values (13.0D) as v(a) as t;"))
    for _ in range(4):
        assert faults.told.next() == ["looked"]
    (pool,) = faults.session._state.functions._functions["f"]._pools.all()
    (worker,) = pool.workers()
    assert memory_of(worker.process.pid, with_children=True) > 800 << 20
    look_at(pool, 0.0, with_children=True)
    assert 200 << 20 < worker.activity.memory < 300 << 20
    go.write_text("go")
    assert running.result() == [{"p": 13.0}]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_when_a_worker_starts(
    small_disk: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(small_disk)
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    faults.write(IDENTITY)
    for _ in range(4):  # which is not a crash
        error = faults.fails(faults.registering())
        assert (error.code, error.message, error.hint) == (
            "CANNOT_WRITE",
            "the temporary folder cannot be written: No space left on device",
            "TMPDIR names another one",
        )
    (small_disk / "full").unlink()
    faults.run(faults.registering())
    faults.works()


def test_a_temporary_folder_that_is_not_there(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.write(IDENTITY)
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(faults.folder / "nowhere"))
        error = faults.fails(faults.registering())
    assert (error.code, error.message) == (
        "CANNOT_WRITE",
        "the temporary folder cannot be written: No such file or directory",
    )
    faults.run(faults.registering())
    faults.works()


def fill(folder: Path) -> None:
    with (folder / "full").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def test_a_script_that_fills_the_disk_of_its_folder(
    small_disk: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.register(failing(f"os.chdir('{small_disk}')\nopen('big', 'wb').write(bytes(5 << 20))"))
    error = faults.prediction_fails()
    line = faults.line_of("open('big'")
    assert (error.code, error.message) == (
        "SCRIPT_FAILED",
        f"function f raised OSError: [Errno 28] No space left on device ({faults.folder}/f.py, line {line})",
    )
    faults.works()
