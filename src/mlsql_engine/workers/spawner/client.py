"""The host's side of the spawner: starting children, signalling them, being told how they ended."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlsql_engine.workers.spawner.program import LENGTH, OUTPUT

_PROGRAM = Path(__file__).with_name("program.py")
_START_SECONDS = 60.0


@dataclass(frozen=True)
class StartRequest:
    """What runs where. `descriptors` go to it under the variables' names; `output` is where it prints.

    `memory` limits the data of it and of each of its children, in bytes.
    """

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    output: int
    descriptors: Mapping[str, int]
    memory: int | None = None


class Child:
    """A process that the spawner has started. `wait` may be called from any thread."""

    def __init__(self, spawner: _Connection, number: int) -> None:
        self._spawner = spawner
        self._number = number
        self._begun = threading.Event()
        self._ended = threading.Event()
        self._status: int | None = None
        self._error = 0
        self.pid = 0

    def wait(self, timeout: float) -> int | None:
        """The exit status (negative: the signal that ended it), or None when it still runs after `timeout` s."""
        return self._status if self._ended.is_set() or self._ended.wait(timeout) else None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and its process group; nothing where it has ended."""
        if not self._ended.is_set():
            self._spawner.send({"id": self._number, "signal": int(number)}, ())

    def started(self) -> None:
        """Wait until it is. Raises OSError where it could not be started."""
        if not self._begun.wait(_START_SECONDS):
            raise TimeoutError("the process that starts workers does not answer")
        if not self.pid:
            raise OSError(self._error, os.strerror(self._error) if self._error else "it could not be started")

    def answered(self, answer: Mapping[str, Any]) -> None:
        """Take what the spawner tells of it."""
        if "status" in answer:
            self._status = int(answer["status"])
            self._ended.set()
            return
        self.pid, self._error = int(answer.get("pid", 0)), int(answer.get("error", 0))
        self._begun.set()

    def lost(self) -> None:
        """The spawner is gone, and everything that it had started with it."""
        self._begun.set()
        if not self._ended.is_set():
            self._status = -int(signal.SIGKILL)
            self._ended.set()


class Spawner:
    """Starts processes through a spawner, which is itself started at first, and again when somebody killed it."""

    def __init__(self) -> None:
        self._connection: _Connection | None = None
        self._lock = threading.Lock()
        self._finalizer: weakref.finalize[[_Connection, int], Spawner] | None = None

    def start(self, request: StartRequest) -> Child:
        """Start a process. Raises OSError where the system refuses."""
        child = self._connected().start(request)
        child.started()
        return child

    def prepare(self) -> None:
        """Start the spawner, and do not wait until it is up. Raises OSError where the system refuses."""
        self._connected()

    def _connected(self) -> _Connection:
        with self._lock:
            if self._connection is None or self._connection.lost:
                self._close()
                self._connection = _Connection()
                self._finalizer = weakref.finalize(self, _close, self._connection, os.getpid())
            return self._connection

    def close(self) -> None:
        """End everything that was started here. A later `start` begins anew."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._connection = self._finalizer = None


def _close(connection: _Connection, owner: int) -> None:
    if os.getpid() == owner:  # a forked child has the objects, not the process
        connection.close()


class _Connection:
    """One spawner process."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._children: dict[int, Child] = {}
        self._sending = threading.Lock()
        self.lost = False
        self._control, there = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_PROGRAM), str(there.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(there.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            self._control.close()
            raise
        finally:
            there.close()
        self._reader = threading.Thread(target=self._read, name="mlsql-spawner", daemon=True)
        self._reader.start()

    def start(self, request: StartRequest) -> Child:
        child = Child(self, next(self._numbers))
        self._children[child._number] = child
        self.send(
            {
                "id": child._number,
                "command": request.command,
                "folder": str(request.folder),
                "environment": dict(request.environment),
                "names": [OUTPUT, *request.descriptors],
                "memory": request.memory,
            },
            (request.output, *request.descriptors.values()),
        )
        if self.lost:  # after all its children were told so
            child.lost()
        return child

    def send(self, request: Mapping[str, Any], descriptors: tuple[int, ...]) -> None:
        text = json.dumps(request).encode()
        with self._sending, suppress(BrokenPipeError, ConnectionResetError):  # the reader finds out
            if self.lost:
                return
            head = LENGTH.pack(len(text))
            socket.send_fds(self._control, [head], descriptors)
            self._control.sendall(text)

    def _read(self) -> None:
        with suppress(OSError), self._control.makefile("rb") as answers:
            for line in answers:
                answer = json.loads(line)
                child = self._children[answer["id"]]
                if "pid" not in answer:
                    del self._children[answer["id"]]
                child.answered(answer)
        self.lost = True
        for child in list(self._children.values()):
            child.lost()

    def close(self) -> None:
        """Have it end everything, and wait for that."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        if self._reader is not threading.current_thread():
            self._reader.join()
        with self._sending:
            self._control.close()
