"""What processes leave that are gone is removed; what living ones make is not."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models import leftovers
from mlsql_engine.models.local import LocalStorage
from unit.models.stored import publish, store_at

# Begins a version, says so, and goes on when it is told to.
_STAGING = """
import sys
from pathlib import Path
from mlsql_engine.models.leftovers import staging_folder
with staging_folder(Path(sys.argv[1])) as folder:
    (folder / "model").mkdir()
    print(folder.name, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def process_at(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that makes a version of the model, and the name of its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", _STAGING, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def names(path: Path) -> list[str]:
    return sorted(os.listdir(path))


def test_what_a_killed_process_left_goes_with_the_next_training(tmp_path: Path) -> None:
    with process_at(tmp_path) as (process, name):
        assert str(process.pid) in name
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == [name]
    publish(store_at(tmp_path))
    assert names(tmp_path) == ["_model_0"]


def test_what_a_living_process_makes_stays(tmp_path: Path) -> None:
    with process_at(tmp_path) as (process, name):
        publish(store_at(tmp_path))
        assert names(tmp_path) == sorted([name, "_model_0"])
        assert (tmp_path / name / "model").is_dir()
        process.communicate("\n")
        assert process.returncode == 0
    assert names(tmp_path) == ["_model_0"]


def test_our_own_other_training_stays(tmp_path: Path) -> None:
    with leftovers.staging_folder(tmp_path) as folder:
        assert leftovers.clean(tmp_path) == []
        assert folder.is_dir()


def test_what_was_removed_in_half_goes(tmp_path: Path) -> None:
    (tmp_path / ".removed-1" / "model").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    assert leftovers.clean(tmp_path) == [".removed-1"]
    assert names(tmp_path) == ["other"]


def test_a_file_of_such_a_name_stays(tmp_path: Path) -> None:
    (tmp_path / ".staging-x").write_text("mine")
    assert leftovers.clean(tmp_path) == []
    assert names(tmp_path) == [".staging-x"]


def test_where_there_are_no_locks_nothing_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", refuse)
    (tmp_path / ".staging-x").mkdir()
    publish(store_at(tmp_path))
    assert names(tmp_path) == [".staging-x", "_model_0"]


def test_a_folder_that_somebody_takes_away_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when another process finds it between its making and its lock."""
    lock = fcntl.flock
    taken: list[Path] = []

    def after_it_was_removed(descriptor: int, operation: int) -> None:
        if not taken:
            taken.extend(tmp_path.iterdir())
            taken[0].rmdir()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", after_it_was_removed)
    with leftovers.staging_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert [folder] != taken


def test_a_folder_that_is_always_taken_away_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(descriptor: int, operation: int) -> None:
        raise BlockingIOError

    monkeypatch.setattr(fcntl, "flock", always)
    with pytest.raises(ModelProblem) as caught, LocalStorage(tmp_path / "m").staging():
        pass
    assert caught.value.message == (
        f"the model path {tmp_path}/m cannot be written: it is removed again and again by another process"
    )


_TRAINING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from unit.models.stored import fill, manifest, store_at
store = store_at(Path(sys.argv[1]))
sys.stdin.readline()
for turn in range(5):
    with store.stage() as staging:
        fill(staging, sys.argv[3] + str(turn))
        version = staging.publish(manifest(), keep_versions=True)
        print(version.number, sys.argv[3] + str(turn), flush=True)
"""


def test_processes_that_train_at_the_same_time_get_numbers_and_models_of_their_own(tmp_path: Path) -> None:
    tests = str(Path(__file__).parent.parent.parent)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _TRAINING, str(tmp_path / "m"), tests, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abc"
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [line.split() for process in processes for line in process.communicate()[0].splitlines()]
    assert [process.returncode for process in processes] == [0, 0, 0]
    store = store_at(tmp_path / "m")
    assert sorted(int(number) for number, _ in told) == store.numbers() == list(range(15))
    for number, text in told:
        folder = tmp_path / "m" / f"_model_{number}"
        assert (folder / "model" / "0" / "model.pkl").read_text() == text
    assert {version.number: version.manifest.version for version in store.versions()[0]} == {
        number: number for number in range(15)
    }
    assert names(tmp_path / "m") == sorted(f"_model_{number}" for number in range(15))
