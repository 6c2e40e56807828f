"""Several threads in one session, and the ends of what takes too long: real queries, real workers."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Session, connect
from mlsql_engine.core.jobs import Job
from recorded import RecordedProgress

SECONDS = 60.0
ENDLESS = "select sum(id * 1.5) as s from range(10000000000000) as t; !cache t;"


class Watched(RecordedProgress):
    """A progress that sets an event when a text is told."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = threading.Event()
        self.wanted = "started"

    def note(self, text: str) -> None:
        super().note(text)
        self._look(text)

    def output(self, who: str, line: str) -> None:
        super().output(who, line)
        self._look(line)

    def _look(self, text: str) -> None:
        if text == self.wanted:
            self.seen.set()


class Run(threading.Thread):
    """A script that runs in a thread of its own."""

    def __init__(self, session: Session, text: str, folder: Path) -> None:
        super().__init__(daemon=True)
        self._run: Callable[[], Any] = lambda: session.run(text, folder=folder, name=text[:8])
        self.error: MlsqlError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._run()
        except MlsqlError as error:
            self.error = error

    def code(self) -> str | None:
        """How it ended; it must end."""
        self.join(SECONDS)
        assert not self.is_alive()
        return None if self.error is None else self.error.code


@pytest.fixture
def progress() -> Watched:
    return Watched()


@pytest.fixture
def session(progress: Watched) -> Iterator[Session]:
    with connect(progress=progress) as session:
        yield session


def states(session: Session) -> list[tuple[int, str]]:
    table = session.run("select id, state from system.jobs as jobs;")
    assert table is not None
    return [(row["id"], row["state"]) for row in table.to_arrow().to_pylist()[:-1]]


def kill(session: Session, job: int) -> None:
    session.run(f"!kill {job};")


def cancel(session: Session, job: int) -> None:
    session.cancel(job)


@pytest.mark.parametrize("end", [kill, cancel])
def test_a_long_query(
    session: Session, progress: Watched, tmp_path: Path, end: Callable[[Session, int], None]
) -> None:
    run = Run(session, f"!println started; {ENDLESS} !println never;", tmp_path)
    assert progress.seen.wait(SECONDS)
    end(session, 1)
    assert run.code() == "CANCELLED"
    assert run.error is not None
    assert run.error.message == "job 1 was cancelled"
    assert run.error.span is not None
    assert "never" not in progress.notes
    assert states(session)[0] == (1, "cancelled")
    # The session goes on.
    table = session.run("select sum(id) as s from range(1000) as t;")
    assert table is not None
    assert table.to_arrow().to_pylist() == [{"s": 499_500}]


def test_a_training(session: Session, progress: Watched, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import threading\nprint('started', flush=True)\nthreading.Event().wait()\n", encoding="utf-8"
    )
    run = Run(session, "run command as PythonAlg.`m` where pythonScriptPath='train.py' as r;", tmp_path)
    assert progress.seen.wait(SECONDS)
    kill(session, 1)
    assert run.code() == "CANCELLED"
    table = session.run("select name, state, exitStatus from system.workers as w;")
    assert table is not None
    assert table.to_arrow().to_pylist() == [{"name": "train.py", "state": "ended", "exitStatus": -9}]
    assert not list(tmp_path.glob("m/_model_*"))


def test_a_prediction(session: Session, progress: Watched, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import mlsql\nmlsql.save_model(1)\n", encoding="utf-8")
    (tmp_path / "predict.py").write_text(
        "import threading\nimport python_fun\n\n"
        "def load(path):\n    return None\n\n"
        "def predict(model, batch):\n"
        "    if batch.column(0)[0].as_py() > 1:\n"
        "        print('started', flush=True)\n"
        "        threading.Event().wait()\n"
        "    return [2.0] * batch.num_rows\n\n"
        "python_fun.batch(load, predict)\n",
        encoding="utf-8",
    )
    session.run(
        "run command as PythonAlg.`m` where pythonScriptPath='train.py';"
        "register PythonAlg.`m` as f where pythonScriptPath='predict.py';",
        folder=tmp_path,
    )
    run = Run(session, "select f(5.0D) as p as t; !cache t;", tmp_path)
    assert progress.seen.wait(SECONDS)
    cancel(session, 2)
    assert run.code() == "CANCELLED"
    # Its workers were ended; the function starts others.
    table = session.run("select f(0.5D) as p as u;")
    assert table is not None
    assert table.to_arrow().to_pylist() == [{"p": 2.0}]


def test_a_shell_command_ends_with_its_statement(session: Session, progress: Watched, tmp_path: Path) -> None:
    """What the shell does is not interrupted: the job ends when the command does."""
    script = "!println started; set a = 'echo x' where type='shell'; !println '${a}';"
    run = Run(session, script, tmp_path)
    assert run.code() is None
    assert progress.notes == ["started", "x"]


def test_one_that_waits_is_cancelled_and_the_other_goes_on(
    session: Session, progress: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.py").write_text(
        "import os\nimport mlsql\nprint('started', flush=True)\n"
        "open(os.environ['GO']).read()\nmlsql.save_model(1)\n",
        encoding="utf-8",
    )
    go = tmp_path / "go"
    os.mkfifo(go)  # who reads it waits for who writes it
    train = (
        "run command as PythonAlg.`m` where pythonScriptPath='train.py' "
        f"and systemParam.envs='''{{\"GO\": \"{go}\"}}''' as r;"
    )
    first = Run(session, train, tmp_path)
    assert progress.seen.wait(SECONDS)
    waiting = started(session, monkeypatch)
    second = Run(session, "select 1 as a as waited;", tmp_path)
    kill(session, waiting.get(timeout=SECONDS))
    go.write_text("go")
    assert (first.code(), second.code()) == (None, "CANCELLED")
    assert "waited" not in tables(session)


def started(session: Session, monkeypatch: pytest.MonkeyPatch) -> queue.Queue[int]:
    """The numbers of the jobs that start from now on."""
    jobs = session._state.jobs
    numbers: queue.Queue[int] = queue.Queue()
    plain = jobs.started

    @contextmanager
    def started(name: str) -> Iterator[Job]:
        with plain(name) as job:
            numbers.put(job.id)
            yield job

    monkeypatch.setattr(jobs, "started", started)
    return numbers


def tables(session: Session) -> list[str]:
    table = session.run("!show tables;")
    assert table is not None
    return [row["tableName"] for row in table.to_arrow().to_pylist()]


def test_show_and_kill_do_not_wait(session: Session, progress: Watched, tmp_path: Path) -> None:
    run = Run(session, f"!println started; {ENDLESS}", tmp_path)
    assert progress.seen.wait(SECONDS)
    table = session.run("!show jobs;")
    assert table is not None
    kill(session, 1)
    assert run.code() == "CANCELLED"
    rows = table.to_arrow().to_pylist()
    assert [(row["id"], row["state"]) for row in rows] == [(1, "running"), (2, "running")]


def test_many_threads(session: Session, tmp_path: Path) -> None:
    """Every thread finds its own tables and variables of the request; the session's tables are whole."""
    script = (
        "set n = '{0}' where scope='request'; select ${{n}} as n from range(1000) as t{0};"
        "create table c{0} as select sum(n) as s from t{0};"
        "!assert c{0} ':s == {0} * 1000' \"sum\";"
    )
    runs = [Run(session, script.format(number), tmp_path) for number in range(12)]
    assert [run.code() for run in runs] == [None] * 12
    union = " union all ".join(f"select s from c{number}" for number in range(12))
    table = session.run(f"select sum(s) as s from ({union}) as total;")
    assert table is not None
    assert table.to_arrow().to_pylist() == [{"s": 66_000}]


def test_only_a_job_that_runs_can_be_cancelled(session: Session) -> None:
    session.run("select 1 as a as t;")
    with pytest.raises(MlsqlError) as caught:
        session.cancel(1)
    assert (caught.value.code, caught.value.hint) == ("UNKNOWN_RUNNING_JOB", "there is no running job yet")
