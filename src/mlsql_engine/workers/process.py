"""A worker process: what the host knows of it, and how it ends."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from pathlib import Path

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.workers.arena import Arena
from mlsql_engine.workers.output import Output
from mlsql_engine.workers.spawner.client import Child
from mlsql_sdk.wire import Channel

_GRACE_SECONDS = 0.5
_KILLED_SECONDS = 10.0


def kernel_kills() -> int:
    """How many processes the kernel has ended for want of memory, since the machine started."""
    with suppress(OSError, ValueError, IndexError):
        text = Path("/proc/vmstat").read_text(encoding="ascii")
        return int(text.partition("oom_kill ")[2].split()[0])
    return 0


class WorkerProcess:
    """A started process, the channel to it, the memory it shares, and what it prints.

    `fate` is why we killed it, if we did: the error of whoever waits for its answer. `kernel_kills` were those at
    its start.
    """

    def __init__(
        self, number: int, name: str, child: Child, channel: Channel, output: Output, arena: Arena | None
    ) -> None:
        self.number = number
        self.name = name
        self.channel = channel
        self.output = output
        self.arena = arena
        self.fate: MlsqlError | None = None
        self.kernel_kills = kernel_kills()
        self._child = child
        self._ending = threading.Lock()
        self._ended = False

    @property
    def pid(self) -> int:
        """The process id, which is also its process group's."""
        return self._child.pid

    def wait(self, timeout: float) -> int | None:
        """The exit status (negative: the signal that ended it), or None when it still runs after `timeout` s."""
        return self._child.wait(timeout)

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._child.wait(0) is None

    def kill(self, fate: MlsqlError | None = None) -> None:
        """Kill it and its process group at once; whoever waits for its answer finds out, and ends it."""
        if self.fate is None:
            self.fate = fate
        self._child.signal(signal.SIGKILL)

    def abort(self) -> None:
        """Have it say where its script is (faulthandler) and end, within half a second; then kill it."""
        self._child.signal(signal.SIGABRT)
        if self.wait(_GRACE_SECONDS) is None:
            self.kill()
            self.wait(_KILLED_SECONDS)

    def end(self) -> None:
        """End it and everything that it started: ask, wait half a second, kill.

        Ending twice, or from several threads, is harmless.
        """
        with self._ending:
            if not self._ended:
                self._ended = True
                self._end()

    def _end(self) -> None:
        if self.running():
            self._child.signal(signal.SIGTERM)
            if self.wait(_GRACE_SECONDS) is None:
                self._child.signal(signal.SIGKILL)
                self.wait(_KILLED_SECONDS)
        # Last, so that a thread which waits for an answer sees the end of the process first.
        self.channel.close()
        self.output.finish(timeout=_GRACE_SECONDS)
        if self.arena is not None:
            self.arena.close()
