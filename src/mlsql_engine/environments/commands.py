"""Running the programs that build an environment: told line by line, ended with us, no secrets in what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mlsql_engine.core.errors import Cancelled
from mlsql_engine.core.secrets import hide_secrets
from mlsql_engine.core.signals import held_signals
from mlsql_engine.environments import guard

_USER = re.compile(r"(?<=://)[^\s/@\"'`]+(?=@)")
_TAIL_LINES = 40


class Ending:
    """Lets another thread end a build: it is Endable (see workers.running). It serves one build."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def asked(self) -> bool:
        """Whether the build shall end."""
        return self._asked

    def running(self) -> bool:
        """Whether it has not been asked to."""
        return not self._asked

    def kill(self) -> None:
        """Have the build end: its command with the command's process group. `ready` then raises Cancelled."""
        with self._lock:
            self._asked = True
            if self._process is not None:
                _let_go(self._process)

    def check(self) -> None:
        """Raise Cancelled where the build shall end."""
        if self._asked:
            raise Cancelled("the making of an environment was ended")

    def watch(self, process: subprocess.Popen[bytes] | None) -> None:
        """End this process when asked; None: nothing any more."""
        with self._lock:
            self._process = process
            if self._asked and process is not None:
                _let_go(process)


@dataclass(frozen=True)
class Commands:
    """How commands are run: in a folder, with an environment; `tell` gets each line that they write."""

    folder: Path
    environment: Mapping[str, str]
    tell: Callable[[str], None]
    ending: Ending = field(default_factory=Ending)

    def run(self, command: Sequence[str]) -> str:
        """Run a command to its end and give its last lines. Whatever ends this call ends the command.

        Raises CommandFailed for another exit status than 0, Cancelled when `ending` is asked to end it.
        """
        self.ending.check()
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        with held_signals():
            process = self._start(command)
        try:
            self.ending.watch(process)
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            for raw in process.stdout:
                line = hidden(raw.decode(errors="replace").rstrip())
                if line:
                    tail.append(line)
                    self.tell(line)
            status = process.wait()
        finally:
            self.ending.watch(None)
            _let_go(process)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.ending.check()
        if status != 0:
            raise CommandFailed(_name(command), status, "\n".join(tail))
        return "\n".join(tail)

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        # In a session of its own: Ctrl-C in a terminal is ours to hear.
        return subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, *command],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


class CommandFailed(Exception):
    """A command ended with another exit status than 0; `tail` is its last lines."""

    def __init__(self, program: str, status: int, tail: str) -> None:
        super().__init__(f"{program} ended with status {status}")
        self.program, self.status, self.tail = program, status, tail


_UNWANTED = (
    "COLUMNS",
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"),
    *("PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_ROOT", "PIP_TARGET", "PIP_USER"),
    *(
        "UV_BREAK_SYSTEM_PACKAGES",
        "UV_PREFIX",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON",
        "UV_SYSTEM_PYTHON",
        "UV_TARGET",
    ),
)
"""Variables that would have packages put elsewhere than asked for, another Python run, or lines cut in two."""
_WANTED = {
    "CONDA_ALWAYS_YES": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "MAMBA_ALWAYS_YES": "1",
    "NO_COLOR": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "PYTHONUNBUFFERED": "1",
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
}
"""Nothing asks, nothing draws, and no Python is downloaded."""


def environment_of(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's variables and others, with those that keep a build from asking, drawing or going astray."""
    inherited = {**os.environ, **variables}
    return {**{name: value for name, value in inherited.items() if name not in _UNWANTED}, **_WANTED}


def hidden(text: str) -> str:
    """The text without what it has of secrets: users, passwords and tokens of addresses."""
    return _USER.sub("***", hide_secrets(text))


def _name(command: Sequence[str]) -> str:
    """What people call it: `pip` of python -m pip install."""
    return command[2] if command[1:2] == ["-m"] else Path(command[0]).name


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe that the guard watches."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
