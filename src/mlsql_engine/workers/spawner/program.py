"""What the spawner runs: `python -I -S program.py CONTROL_FD HOST_PID`. Standard library only.

It starts workers for the host, tells how each ended, and sees to it that nothing of them stays. On Linux it adopts
orphans (PR_SET_CHILD_SUBREAPER, prctl(2)), and so does every worker while it lives: whatever a script has started,
however it has detached itself, is below its worker, and comes to the spawner when the worker ends. So every child
of the spawner that it did not start is an orphan, and is killed. When the host is gone, however it ended, all are.
The spawner itself is watched by its parent, which adopts what is left when the spawner is killed; when that parent
is, the spawner ends as if the host were gone.

A request is its length (u32, network order), a JSON object and descriptors beside the first byte:

    {"id": 1, "command": […], "folder": "…", "environment": {…}, "names": ["OUTPUT", …], "memory": null}
    {"id": 1, "signal": 15}

`names` are the variables that tell the worker the numbers of the descriptors; the one called OUTPUT becomes its
standard output and error. `memory` limits its data (RLIMIT_DATA, setrlimit(2)), in bytes. An answer is a line of
JSON: {"id": 1, "pid": 17}, {"id": 1, "error": 2}, {"id": 1, "status": -9}.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

LENGTH = struct.Struct("!I")
OUTPUT = "OUTPUT"
_MOST_DESCRIPTORS = 8
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LOOKS, _TRACKER_LOOKS, _LOOK_SECONDS = 2000, 1000, 0.002
# When memory runs out, the kernel shall end a worker before anything else of the user's.
_KILL_ME_FIRST = b"500"


def main() -> None:
    """Have a child serve the host; when it has ended, end what it has left."""
    prctl = _prctl()
    if prctl is not None:
        prctl(_PR_SET_CHILD_SUBREAPER, 1)
    own = os.getpid()
    child = os.fork()
    if child == 0:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == own:
            serve(socket.socket(fileno=int(sys.argv[1])))
        os._exit(0)
    os.close(int(sys.argv[1]))
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: os.kill(child, number))
    while os.waitpid(-1, 0)[0] != child:
        pass
    end_children(())


def serve(control: socket.socket) -> None:
    """Serve the host until it is gone."""
    wake_here, wake_there = os.pipe()
    for descriptor in (wake_here, wake_there):
        os.set_blocking(descriptor, False)
    # Handlers that do nothing, since what is ignored stays ignored in the children.
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    signal.set_wakeup_fd(wake_there, warn_on_full_buffer=False)
    spawner = Spawner(control)
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ, spawner.serve)
        selector.register(wake_here, selectors.EVENT_READ, lambda: spawner.woken(wake_here))
        with suppress(OSError, AttributeError):  # an old kernel; then the end of the connection has to do
            host = os.pidfd_open(int(sys.argv[2]))
            selector.register(host, selectors.EVENT_READ, spawner.stop)
        while not spawner.stopped:
            for key, _ in selector.select():
                key.data()
    spawner.end()


class Spawner:
    """The workers by number, and what is done for them."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._workers: dict[int, int] = {}
        self._prctl = _prctl()
        self.stopped = False
        if self._prctl is not None:
            self._prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def stop(self) -> None:
        """Have the loop end."""
        self.stopped = True

    def serve(self) -> None:
        """Do what one request asks; the end of the connection is the end of all."""
        try:
            head, descriptors, _, _ = socket.recv_fds(self._control, LENGTH.size, _MOST_DESCRIPTORS)
            text = self._rest(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""
        except OSError:
            text, descriptors = b"", []
        if not text:
            self.stop()
            return
        request = json.loads(text)
        if "signal" in request:
            self._signal(request["id"], request["signal"])
        else:
            self._start(request, descriptors)

    def _rest(self, size: int) -> bytes:
        parts = []
        while size > 0:
            part = self._control.recv(size)
            if not part:
                return b""
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _start(self, request: dict[str, Any], descriptors: list[int]) -> None:
        given = dict(zip(request["names"], descriptors, strict=True))
        output = given.pop(OUTPUT)
        told = {name: str(descriptor) for name, descriptor in given.items()}
        try:
            process = subprocess.Popen(
                request["command"],
                cwd=request["folder"],
                env={**request["environment"], **told},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=tuple(given.values()),
                start_new_session=True,
                preexec_fn=self._prepared(request["memory"]),  # noqa: PLW1509 - there is only one thread here
            )
        except (OSError, subprocess.SubprocessError) as error:
            self._answer({"id": request["id"], "error": getattr(error, "errno", None) or 0})
        else:
            self._workers[process.pid] = request["id"]
            process.returncode = 0  # else the module would wait for it too
            self._answer({"id": request["id"], "pid": process.pid})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _prepared(self, memory: int | None) -> Callable[[], None]:
        """What a worker does between fork and exec."""
        prctl, parent = self._prctl, os.getpid()

        def prepare() -> None:
            if prctl is not None:
                prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                prctl(_PR_SET_CHILD_SUBREAPER, 1)
                if os.getppid() != parent:
                    os._exit(1)
                with suppress(OSError), open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
                    file.write(_KILL_ME_FIRST)
            if memory is not None:
                import resource

                resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))

        return prepare

    def _signal(self, number: int, signal_number: int) -> None:
        """Send a signal to a worker, unless it has ended: what asks it to end also to its process group."""
        for pid, known in self._workers.items():
            if known == number:
                if signal_number == signal.SIGTERM or self._prctl is None:
                    _signal_group(pid, signal_number)
                else:
                    os.kill(pid, signal_number)

    def _kill(self, pid: int) -> None:
        """Kill a worker; what it has started is adopted, or where nobody adopts killed with it."""
        if self._prctl is None:
            _signal_group(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)

    def woken(self, wake: int) -> None:
        """A signal came: a child has ended, or somebody wants the end."""
        with suppress(BlockingIOError):
            if signal.SIGTERM in os.read(wake, 4096):
                self.stop()
        self._reap()

    def _reap(self) -> None:
        """Tell of workers that have ended, after everything that they left has ended too."""
        ended = []
        for pid in self._ended_children():
            if pid in self._workers:
                # Before it is waited for: until then its number cannot be another's.
                self._kill(pid)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            number = self._workers.pop(pid, None)
            if number is not None:
                ended.append({"id": number, "status": status})
        end_children(self._workers)
        for answer in ended:
            self._answer(answer)

    def _ended_children(self) -> list[int]:
        """The children that have ended and were not waited for."""
        found = []
        for pid in {*self._workers, *_children()}:
            with suppress(ChildProcessError):
                if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
                    found.append(pid)
        return found

    def _answer(self, answer: dict[str, Any]) -> None:
        with suppress(OSError):  # the host is gone; the loop finds out
            self._control.sendall(json.dumps(answer).encode() + b"\n")

    def end(self) -> None:
        """End all workers and what is below them."""
        for pid in self._workers:
            self._kill(pid)
        for pid in self._workers:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self._workers.clear()
        end_children(())


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end_children(spared: Collection[int]) -> None:
    """Kill the children of this process but the spared ones, and what these leave, until there is none.

    The resource trackers of multiprocessing and joblib come last: they end by themselves when all others are gone,
    and remove what these have left in shared memory.
    """
    for look in range(_LOOKS):
        children = [pid for pid in _children() if pid not in spared]
        if not children:
            return
        for pid in children:
            if look >= _TRACKER_LOOKS or not _may_be_tracker(pid):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, os.WNOHANG)
        time.sleep(_LOOK_SECONDS)


def _may_be_tracker(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read()
            # It is empty while a program is being started, and when it has ended.
            return not command or b"resource_tracker" in command
    except OSError:
        return False


def _children() -> list[int]:
    """The children of this process, where the kernel tells them."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def _prctl() -> Any:
    """prctl(2), or None where there is none."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None


if __name__ == "__main__":
    main()
