"""Real sessions and real worker processes; every test checks that nothing of them is left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine import Session, connect
from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.workers.host import SHARED, WorkerHost
from mlsql_engine.workers.pool import Limits
from recorded import RecordedProgress
from wheels import write_wheel
from workers.provocations import Census, Faults, Told


@pytest.fixture
def progress() -> RecordedProgress:
    """What the session tells."""
    return RecordedProgress()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the session's temporary folder is made: a place of this test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def offline(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network, nothing of what the machine has configured or cached, and folders of this test's own."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("MLSQL_ENVIRONMENTS", str(tmp_path / "store"))


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Two versions of `shape`, `circle` that needs the first, and a pyarrow that needs nothing."""
    folder = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        write_wheel(folder, "shape", version, {"shape.py": f"VERSION = '{version}'\n"})
    write_wheel(folder, "circle", "1.0", {"circle.py": "import shape\n"}, ["shape"])
    write_wheel(folder, "pyarrow", "99.0", {"pyarrow.py": "OURS = True\n"})
    return folder


@pytest.fixture
def session(temporary: Path, progress: RecordedProgress) -> Iterator[Session]:
    """A session; when it is closed, its processes and its temporary folder are gone."""
    with connect(progress=progress) as session:
        session.run("set rows = '''" + ROWS + "'''; load jsonStr.`rows` as data;")
        yield session
    assert list(temporary.iterdir()) == []
    assert workers_of(temporary) == []


ROWS = '{"x": 1.0, "y": 2.0, "label": 0}\n{"x": 3.0, "y": 4.0, "label": 1}\n{"x": 5.0, "y": 6.0, "label": 1}'


def workers_of(folder: Path) -> list[int]:
    """Ids of processes that run below the folder, or have it in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                place = os.readlink(entry / "cwd")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if (str(folder) in command or place.startswith(str(folder))) and state != "Z":
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="session")
def any_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder whose model nobody looks at, trained once."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "train.py").write_text("import mlsql\nmlsql.save_model(1)\n", encoding="utf-8")
    with connect(progress=SilentProgress()) as session:
        script = 'select 1 as a as t; train t as PythonAlg.`model` where pythonScriptPath="train.py";'
        session.run(script, folder=folder)
    return folder / "model"


@pytest.fixture
def census(any_model: Path, temporary: Path) -> Iterator[None]:
    """Nothing is left of what the test did: no process, thread, descriptor, shared memory or temporary folder."""
    before = Census()
    yield
    before.check()
    assert list(temporary.iterdir()) == []
    assert workers_of(temporary) == []


@pytest.fixture
def told(tmp_path: Path, census: None) -> Iterator[Told]:
    """What scripts tell."""
    told = Told(tmp_path / "told")
    yield told
    told.close()


@pytest.fixture
def limits() -> Limits:
    """With which limits workers are started; tests parametrize it."""
    return Limits()


@pytest.fixture
def most_workers() -> int | None:
    """The cap on all workers; tests parametrize it."""
    return None


@pytest.fixture
def host(census: None, monkeypatch: pytest.MonkeyPatch, limits: Limits, most_workers: int | None) -> None:
    """What sessions share has these limits."""
    monkeypatch.setattr(SHARED, "make", lambda: WorkerHost(most_workers, limits))


@pytest.fixture
def faults(tmp_path: Path, any_model: Path, told: Told, host: None, progress: RecordedProgress) -> Iterator[Faults]:
    """A session in which functions fail; when it is closed, nothing is left of it."""
    shutil.copytree(any_model, tmp_path / "model")
    with connect(progress=progress) as session:
        yield Faults(session, tmp_path, told)
