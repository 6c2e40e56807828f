"""The process that starts others: what it starts, what it tells, and what it leaves, which is nothing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine.workers.spawner.client import Child, Spawner, StartRequest

SECONDS = 30.0


@pytest.fixture
def spawner() -> Iterator[Spawner]:
    spawner = Spawner()
    yield spawner
    spawner.close()


class Started:
    """A program that the spawner runs, and what it prints."""

    def __init__(self, spawner: Spawner, folder: Path, code: str, memory: int | None = None) -> None:
        here, there = os.pipe()
        request = StartRequest(
            (sys.executable, "-S", "-c", code), folder, {"WORD": "a=b ü"}, there, {"DESCRIPTOR": there}, memory
        )
        try:
            self.child: Child = spawner.start(request)
        finally:
            os.close(there)
        self._output = os.fdopen(here, "rb")

    def printed(self) -> str:
        """All that it and its children print, until they have ended."""
        with self._output as output:
            return output.read().decode()

    def line(self) -> str:
        return self._output.readline().decode().strip()

    def close(self) -> None:
        self._output.close()


def test_it_runs_in_its_folder_with_its_environment(spawner: Spawner, tmp_path: Path) -> None:
    code = """if True:
        import os, sys
        print(os.getcwd(), sorted(name for name in os.environ if name != "LC_CTYPE"), os.environ["WORD"])
        os.write(int(os.environ["DESCRIPTOR"]), b"by descriptor, ")
        print(os.getsid(0) == os.getpid(), sys.stdin.read() == "", file=sys.stderr)
        sys.exit(7)
    """
    started = Started(spawner, tmp_path, code)
    assert started.printed() == f"by descriptor, True True\n{tmp_path} ['DESCRIPTOR', 'WORD'] a=b ü\n"
    assert started.child.wait(SECONDS) == 7


def test_signals_and_their_status(spawner: Spawner, tmp_path: Path) -> None:
    started = Started(spawner, tmp_path, "import signal; print('up', flush=True); signal.pause()")
    assert started.line() == "up"
    assert started.child.wait(0) is None
    started.child.signal(signal.SIGUSR1)
    assert started.child.wait(SECONDS) == -signal.SIGUSR1
    started.child.signal(signal.SIGKILL)  # nobody is there any more
    assert started.child.wait(0) == -signal.SIGUSR1
    started.close()


def test_what_cannot_be_started(spawner: Spawner, tmp_path: Path) -> None:
    here, there = os.pipe()
    os.close(here)
    try:
        for command, folder, error in (
            (("/no/such/program",), tmp_path, "No such file or directory"),
            ((str(tmp_path),), tmp_path, "Permission denied"),
            ((sys.executable,), tmp_path / "nowhere", "No such file or directory"),
        ):
            with pytest.raises(OSError, match=error):
                spawner.start(StartRequest(command, folder, {}, there, {}))
        assert Started(spawner, tmp_path, "print(1)").printed() == "1\n"
    finally:
        os.close(there)


def test_a_limit_of_memory(spawner: Spawner, tmp_path: Path) -> None:
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_DATA)[0])"
    assert Started(spawner, tmp_path, code, 1 << 28).printed() == f"{1 << 28}\n"
    assert Started(spawner, tmp_path, code).printed() != f"{1 << 28}\n"


ORPHAN = """if True:
    import os, signal
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print(os.getpid(), flush=True)
            while True:
                signal.pause()
        os._exit(0)
    signal.pause()
"""


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_status_is_told_when_all_that_it_left_is_gone(spawner: Spawner, tmp_path: Path) -> None:
    started = Started(spawner, tmp_path, ORPHAN)
    orphan = int(started.line())
    started.child.signal(signal.SIGKILL)
    assert started.child.wait(SECONDS) == -signal.SIGKILL
    assert is_gone(orphan)
    started.close()


def test_others_go_on_when_one_ends(spawner: Spawner, tmp_path: Path) -> None:
    first, second = (Started(spawner, tmp_path, ORPHAN) for _ in range(2))
    orphan = int(second.line())
    first.child.signal(signal.SIGKILL)
    assert first.child.wait(SECONDS) == -signal.SIGKILL
    assert second.child.wait(0) is None
    assert not is_gone(orphan)
    first.close()
    second.close()


def test_all_is_gone_when_it_is_closed_and_it_may_begin_anew(spawner: Spawner, tmp_path: Path) -> None:
    started = Started(spawner, tmp_path, ORPHAN)
    orphan = int(started.line())
    spawner.close()
    assert started.child.wait(0) == -signal.SIGKILL
    assert is_gone(orphan)
    assert is_gone(started.child.pid)
    assert Started(spawner, tmp_path, "print(1)").printed() == "1\n"
    started.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("inner", [False, True])
def test_one_that_is_killed_is_started_again(
    spawner: Spawner, tmp_path: Path, number: signal.Signals, inner: bool
) -> None:
    """There are two processes: the one that starts workers, and its parent, which watches it."""
    started = Started(spawner, tmp_path, ORPHAN)
    orphan = int(started.line())
    assert spawner._connection is not None
    watcher = spawner._connection._process
    pid = watcher.pid
    if inner:
        pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text())
    os.kill(pid, number)
    assert started.child.wait(SECONDS) == -signal.SIGKILL
    watcher.wait(SECONDS)
    # The end of what they print is the end of the last of them.
    assert started.printed() == ""
    assert is_gone(orphan) or Path(f"/proc/{orphan}/stat").read_text().split()[2] == "Z"
    assert Started(spawner, tmp_path, "print(1)").printed() == "1\n"


def test_a_tracker_of_shared_memory_may_clean_up(spawner: Spawner, tmp_path: Path) -> None:
    """It removes what others have left, when its pipe says that they are gone."""
    name = f"/mlsql-test-{os.getpid()}"
    code = f"""if True:
        import os, signal
        from multiprocessing import shared_memory
        made = shared_memory.SharedMemory(name={name!r}, create=True, size=10)
        print("made", flush=True)
        signal.pause()
    """
    started = Started(spawner, tmp_path, code)
    assert started.line() == "made"
    assert Path(f"/dev/shm{name}").exists()
    started.child.signal(signal.SIGKILL)
    assert started.child.wait(SECONDS) == -signal.SIGKILL
    assert not Path(f"/dev/shm{name}").exists()
    started.close()


def test_a_start_that_comes_when_it_is_lost(spawner: Spawner, tmp_path: Path) -> None:
    started = Started(spawner, tmp_path, "print(1)")
    connection = spawner._connection
    assert connection is not None
    connection.close()
    started.close()
    child = connection.start(StartRequest((sys.executable,), tmp_path, {}, 1, {}))
    with pytest.raises(OSError, match="it could not be started"):
        child.started()
