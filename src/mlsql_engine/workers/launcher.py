"""Starting a worker process here."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import mlsql_sdk
from mlsql_engine.core.errors import WorkerProblem
from mlsql_engine.core.signals import held_signals
from mlsql_engine.workers import arena
from mlsql_engine.workers.output import Output
from mlsql_engine.workers.process import WorkerProcess
from mlsql_engine.workers.spawner.client import Child, Spawner, StartRequest
from mlsql_sdk.wire import Channel

# Text that every Python can run, also one that is too old for the rest.
_CHECK = (
    "import sys; sys.version_info >= (3, 9) or "
    "sys.exit('mlsql runs scripts on Python 3.9 or newer; this is ' + sys.version.split()[0])"
)


@dataclass(frozen=True)
class WorkerCommand:
    """How to start one: the interpreter and its flags, added environment variables, the folder it runs in.

    `name` is what errors call it: its script, or its function. `tell` gets its number and every line that it
    prints. `shares` is whether batches may come to it by shared memory; `memory` limits its data in bytes
    (RLIMIT_DATA).
    """

    name: str
    interpreter: str
    folder: Path
    tell: Callable[[int, str], None]
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    shares: bool = False
    memory: int | None = None


class Launcher(Protocol):
    """Starts workers somewhere."""

    def prepare(self) -> None:
        """Begin what the first start takes, and do not wait for it."""

    def start(self, command: WorkerCommand) -> WorkerProcess:
        """A process that is about to say hello. Raises WorkerProblem when it cannot be started."""


class LocalLauncher:
    """Starts workers on this machine.

    A worker has one end of a socket pair, which no other process can reach, so it needs no token. It is given
    a copy of exactly the script-side SDK, in `sdk_folder`, never the site-packages that mlsql itself is in.
    """

    def __init__(self, sdk_folder: Callable[[], Path]) -> None:
        self._sdk_folder = sdk_folder
        self._sdk_path: Path | None = None
        self._copying = threading.Lock()
        self._spawner = Spawner()
        self._numbers = itertools.count(1)

    def prepare(self) -> None:
        """Have the spawner come up. See Launcher.prepare."""
        with held_signals(), suppress(OSError):  # the start will tell
            self._spawner.prepare()

    def start(self, command: WorkerCommand) -> WorkerProcess:
        """Start a process. See Launcher.start."""
        process = None
        try:
            with held_signals():
                process = self._start(command)
        except BaseException:
            if process is not None:  # a signal came, whose handler raised
                process.end()
            raise
        return process

    def _start(self, command: WorkerCommand) -> WorkerProcess:
        sdk = self._sdk()
        with ExitStack() as ours, ExitStack() as theirs:
            try:
                here, there = socket.socketpair()
                ours.callback(here.close)
                theirs.callback(there.close)
                output_here, output_there = os.pipe()
                ours.callback(os.close, output_here)
                theirs.callback(os.close, output_there)
                shared = arena.make() if command.shares else None
                descriptors = {"MLSQL_WORKER_FD": there.fileno()}
                if shared is not None:
                    ours.callback(shared.close)
                    descriptors["MLSQL_ARENA_FD"] = shared.descriptor
                child = self._spawner.start(_request(command, sdk, output_there, descriptors))
            except OSError as error:
                raise WorkerProblem(
                    f"the interpreter {command.interpreter} cannot be started: {error.strerror or error}",
                    code="CANNOT_START",
                ) from error
            ours.pop_all()
        return self._process(command, child, Channel(here), output_here, shared)

    def _process(
        self, command: WorkerCommand, child: Child, channel: Channel, output: int, shared: arena.Arena | None
    ) -> WorkerProcess:
        number = next(self._numbers)
        told = Output(output, partial(command.tell, number))
        return WorkerProcess(number, command.name, child, channel, told, shared)

    def _sdk(self) -> Path:
        """The folder of the script-side SDK. Raises WorkerProblem where it cannot be written."""
        with self._copying:
            if self._sdk_path is None:
                with writing_to_temporary_folder():
                    folder = self._sdk_folder()
                    try:
                        copy_sdk(folder)
                    except BaseException:
                        shutil.rmtree(folder, ignore_errors=True)
                        raise
                self._sdk_path = folder
            return self._sdk_path

    def close(self) -> None:
        """End everything that was started here."""
        self._spawner.close()


def _request(command: WorkerCommand, sdk: Path, output: int, descriptors: Mapping[str, int]) -> StartRequest:
    # The current folder, which `-c` puts first, may hold a file of the user's called json.py.
    path = f"[{str(sdk)!r}] + [p for p in sys.path if p]"
    boot = f"{_CHECK}; sys.path[:] = {path}; from mlsql_sdk.boot import main; main()"
    return StartRequest(
        command=(command.interpreter, *command.flags, "-c", boot),
        folder=command.folder,
        environment={**os.environ, "PYTHONUNBUFFERED": "1", **command.environment},
        output=output,
        descriptors=descriptors,
        memory=command.memory,
    )


_SDK_FILES = ("mlsql.py", "python_fun.py")


@contextmanager
def writing_to_temporary_folder() -> Iterator[None]:
    """Raise WorkerProblem where what is done cannot be written."""
    try:
        yield
    except OSError as error:
        raise WorkerProblem(
            f"the temporary folder cannot be written: {error.strerror or error}",
            code="CANNOT_WRITE",
            hint="TMPDIR names another one",
        ) from error


def copy_sdk(target: Path) -> None:
    """Copy the modules that a script may import, and nothing else, to `target`.

    Their bytecode goes along: it holds for the same Python, since the copy keeps the files' times.
    """
    source = Path(mlsql_sdk.__file__).parent
    for path in (source, *sorted(source.rglob("*"))):
        copy = target / path.relative_to(source.parent)
        if path.is_dir():
            copy.mkdir()
        else:
            shutil.copy2(path, copy)
    for name in _SDK_FILES:
        shutil.copy2(source.parent / name, target / name)
