"""What tests of faults share: functions that fail for real, and the census of what they leave."""

from __future__ import annotations

import os
import select
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil  # noqa: TID253 - a test may
import pytest

from mlsql_engine import MlsqlError, Session

SECONDS = 60.0
"""How long a test waits for what must come."""
REPORTED_SECONDS = 5.0
"""How long any failure may take until it is told."""

IDENTITY = """
    import python_fun
    def predict(model, batch):
        return batch.column(0)
    python_fun.batch(lambda path: None, predict)
"""
"""A function that works."""


def failing(body: str, *, before: str = "", load: str = "None") -> str:
    """A script whose answer to rows that begin with 13 is `body`, and to all others their first column."""
    return (
        "import ctypes, os, signal, sys, threading, time\nimport python_fun\n"
        "def tell(*words):\n"
        "    with open(os.environ['TOLD'], 'w') as file:\n"
        "        file.write(' '.join(map(str, words)) + '\\n')\n"
        f"{textwrap.dedent(before)}\n"
        "def fail(model, batch):\n"
        f"{textwrap.indent(textwrap.dedent(body), '    ')}\n"
        "    return batch.column(0)\n"
        "def predict(model, batch):\n"
        "    return fail(model, batch) if batch.column(0)[0].as_py() == 13 else batch.column(0)\n"
        f"python_fun.batch(lambda path: {load}, predict)\n"
    )


class Told:
    """A pipe by which scripts tell how far they are: the lines that they write to the file in $TOLD."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""

    def next(self) -> list[str]:
        """The words of the next line."""
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._descriptor], [], [], SECONDS)
            assert ready, "the script did not tell anything"
            self._rest += os.read(self._descriptor, 4096)
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode().split()

    def numbers(self) -> list[int]:
        """The next line's words as numbers, such as process ids."""
        return [int(word) for word in self.next()]

    def close(self) -> None:
        os.close(self._descriptor)


class Background(threading.Thread):
    """What a test does beside the rest."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._error: BaseException | None = None
        self._result: Any = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - raised by `result`
            self._error = error

    def result(self) -> Any:
        """What came of it; it must end."""
        self.join(SECONDS)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error
        return self._result

    def error(self) -> MlsqlError:
        """How it failed."""
        with pytest.raises(MlsqlError) as caught:
            self.result()
        return caught.value


class Faults:
    """A session with a model, and functions of it that fail."""

    def __init__(self, session: Session, folder: Path, told: Told) -> None:
        self.session, self.folder, self.told = session, folder, told

    def run(self, text: str) -> list[dict[str, Any]]:
        return rows_of(self.session, text, self.folder)

    def write(self, script: str, name: str = "predict.py") -> Path:
        (self.folder / name).write_text(textwrap.dedent(script), encoding="utf-8")
        return self.folder / name

    def registering(self, options: str = "", name: str = "f", script: str = "predict.py") -> str:
        """The statement that registers a script."""
        environment = f"""systemParam.envs='{{"TOLD": "{self.told.path}"}}'"""
        return (
            f'register PythonAlg.`model` as {name} where pythonScriptPath="{script}" and {environment}'
            f"{' and ' + options if options else ''};"
        )

    def register(self, script: str, options: str = "", name: str = "f") -> None:
        """Register a script as a function `name`."""
        self.write(script, f"{name}.py")
        self.run(self.registering(options, name, f"{name}.py"))

    def fails(self, text: str) -> MlsqlError:
        """The error of a script, which must be told soon."""
        begun = time.monotonic()
        with pytest.raises(MlsqlError) as caught:
            self.run(text)
        assert time.monotonic() - begun < REPORTED_SECONDS
        return caught.value

    def prediction_fails(self, function: str = "f") -> MlsqlError:
        """The error of predicting the rows 13 and 14."""
        return self.fails(f"select {function}(a) as p from values (13.0D), (14.0D) as v(a) as t;")

    def works(self, function: str = "f") -> None:
        """The next query is answered."""
        rows = self.run(f"select {function}(a) as p from values (1.0D), (2.0D) as v(a) as t;")
        assert rows == [{"p": 1.0}, {"p": 2.0}]

    def line_of(self, words: str, name: str = "f.py") -> int:
        """The number of the line of a script that holds `words`."""
        lines = (self.folder / name).read_text(encoding="utf-8").split("\n")
        return next(number for number, line in enumerate(lines, 1) if words in line)

    def pid(self, place: int = -1) -> int:
        """The process id of a worker: of the last one that was started."""
        return int(self.workers()[place]["pid"])

    def workers(self) -> list[dict[str, Any]]:
        """The table system.workers, without the training."""
        return self.run("select * from system.workers where name like 'function %' order by worker as w;")

    def started(self) -> int:
        """How many workers were started."""
        return len(self.workers())


def rows_of(session: Session, text: str, folder: Path) -> list[dict[str, Any]]:
    """The rows of a script's last table."""
    table = session.run(text, name="test.mlsql", folder=folder)
    return [] if table is None else table.to_arrow().to_pylist()


def details(error: MlsqlError) -> dict[str, str]:
    """The blocks of an error by their labels."""
    return {detail.label: detail.text for detail in error.details}


def gone(pids: Iterable[int]) -> bool:
    """Whether none of the processes runs; one that has ended and is not yet waited for does not."""
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            pass
    return True


def wait_gone(pids: Iterable[int]) -> None:
    """Wait for the end of processes that are not ours."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            ready, _, _ = select.select([descriptor], [], [], SECONDS)
        finally:
            os.close(descriptor)
        assert ready, f"process {pid} runs on"


class Census:
    """What this process has open, and the processes below it."""

    def __init__(self) -> None:
        self.open = open_things()
        self.processes = {process.pid for process in psutil.Process().children(recursive=True)}
        self.threads = set(threading.enumerate())

    def check(self) -> None:
        """Nothing is there that was not there before."""
        for thread in set(threading.enumerate()) - self.threads:
            if thread.name.startswith("mlsql-output"):
                thread.join(SECONDS)
        names = [thread.name for thread in set(threading.enumerate()) - self.threads]
        names = [name for name in names if name.startswith("mlsql")]
        assert not names, names
        after = list(psutil.Process().children(recursive=True))
        processes = [process for process in after if process.pid not in self.processes]
        assert not processes, processes
        left = open_things() - self.open
        assert not left, left


def open_things() -> set[tuple[int, str]]:
    """The descriptors of this process that lead to another one: sockets, pipes, or memory that is shared.

    A pipe whose both ends are here is a library's own, by which it wakes its threads.
    """
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the one that lists
            continue
        if target.startswith(("socket:", "pipe:", "/memfd:", "/dev/shm", "anon_inode:[pidfd]")):
            found.append((int(name), target))
    ends = Counter(target for _, target in found if target.startswith("pipe:"))
    return {(number, target) for number, target in found if ends[target] < 2}
