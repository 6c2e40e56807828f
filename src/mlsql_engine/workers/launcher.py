"""Starting a worker process here, and ending it with everything that it started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import mlsql_sdk
from mlsql_engine.core.errors import WorkerProblem
from mlsql_engine.core.signals import held_signals
from mlsql_engine.workers.output import Output
from mlsql_engine.workers.roster import Roster, WorkerEntry
from mlsql_sdk.wire import Channel

_GRACE_SECONDS = 0.5
# Text that every Python can run, also one that is too old for the rest.
_CHECK = (
    "import sys; sys.version_info >= (3, 9) or "
    "sys.exit('mlsql runs scripts on Python 3.9 or newer; this is ' + sys.version.split()[0])"
)


@dataclass(frozen=True)
class WorkerCommand:
    """How to start one: the interpreter and its flags, added environment variables, the folder it runs in.

    `name` is what errors call it: its script, or its function. `tell` gets every line that it prints.
    """

    name: str
    interpreter: str
    folder: Path
    tell: Callable[[str], None]
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class Launcher(Protocol):
    """Starts workers somewhere."""

    def start(self, command: WorkerCommand) -> WorkerProcess:
        """A process that is about to say hello. Raises WorkerProblem when it cannot be started."""


class WorkerProcess:
    """A started process, the channel to it and what it prints."""

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], channel: Channel, output: Output, lifeline: int
    ) -> None:
        self.name = name
        self._process = process
        self._lifeline = lifeline
        self._ending = threading.Lock()
        self._ended = False
        self.channel = channel
        self.output = output

    @property
    def pid(self) -> int:
        """The process id, which is also its process group's."""
        return self._process.pid

    def wait(self, timeout: float) -> int | None:
        """The exit status (negative: the signal that ended it), or None when it still runs after `timeout` s."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill it and its process group at once; whoever waits for its answer finds out, and ends it."""
        self._signal(signal.SIGKILL)

    def end(self) -> None:
        """End it and its whole process group: ask, wait half a second, kill.

        Ending twice, or from several threads, is harmless.
        """
        with self._ending:
            if not self._ended:
                self._ended = True
                self._end()

    def _end(self) -> None:
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            if self.wait(_GRACE_SECONDS) is None:
                self._signal(signal.SIGKILL)
                self._process.wait()
        # Children of the script may have outlived it.
        self._signal(signal.SIGKILL)
        # Last, so that a thread which waits for an answer sees the end of the process first.
        self.channel.close()
        self.output.finish(timeout=_GRACE_SECONDS)
        os.close(self._lifeline)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


class LocalLauncher:
    """Starts workers on this machine.

    A worker has one end of a socket pair, which no other process can reach, so it needs no token. It is given
    a copy of exactly the script-side SDK, in `sdk_folder`, never the site-packages that mlsql itself is in.
    """

    def __init__(self, sdk_folder: Callable[[], Path], roster: Roster | None = None) -> None:
        self._sdk_folder = sdk_folder
        self._sdk_path: Path | None = None
        self._roster = roster or Roster()

    def start(self, command: WorkerCommand) -> WorkerProcess:
        """Start a process. See Launcher.start."""
        with held_signals():
            return self._start(command)

    def _start(self, command: WorkerCommand) -> WorkerProcess:
        if self._sdk_path is None:
            folder = self._sdk_folder()
            copy_sdk(folder)
            self._sdk_path = folder
        here, there = socket.socketpair()
        lifeline_there, lifeline_here = os.pipe()
        output_here, output_there = os.pipe()
        # The current folder, which `-c` puts first, may hold a file of the user's called json.py.
        path = f"[{str(self._sdk_path)!r}] + [p for p in sys.path if p]"
        boot = f"{_CHECK}; sys.path[:] = {path}; from mlsql_sdk.boot import main; main()"
        environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            **command.environment,
            "MLSQL_WORKER_FD": str(there.fileno()),
            "MLSQL_LIFELINE_FD": str(lifeline_there),
        }
        try:
            process = subprocess.Popen(
                [command.interpreter, *command.flags, "-c", boot],
                cwd=command.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output_there,
                stderr=output_there,
                pass_fds=(there.fileno(), lifeline_there),
                start_new_session=True,
            )
        except OSError as error:
            here.close()
            os.close(output_here)
            os.close(lifeline_here)
            raise WorkerProblem(
                f"the interpreter {command.interpreter} cannot be started: {error.strerror}",
                code="CANNOT_START",
            ) from error
        finally:
            there.close()
            os.close(lifeline_there)
            os.close(output_there)
        return self._listed(command, process, Channel(here), output_here, lifeline_here)

    def _listed(
        self,
        command: WorkerCommand,
        process: subprocess.Popen[bytes],
        channel: Channel,
        output: int,
        lifeline: int,
    ) -> WorkerProcess:
        number = self._roster.number()
        told = self._roster.listening(number, command.name, command.tell)
        worker = WorkerProcess(command.name, process, channel, Output(output, told), lifeline)
        self._roster.add(WorkerEntry(number, command.name, command.interpreter, datetime.now(UTC), worker))
        return worker


_SDK_FILES = ("mlsql.py", "python_fun.py")


def copy_sdk(target: Path) -> None:
    """Copy the modules that a script may import, and nothing else, to `target`.

    Their bytecode goes along: it holds for the same Python, since the copy keeps the files' times.
    """
    source = Path(mlsql_sdk.__file__).parent
    shutil.copytree(source, target / "mlsql_sdk")
    for name in _SDK_FILES:
        shutil.copy2(source.parent / name, target / name)
