"""Commands of entry points: those that are nothing but a Python script with arguments need no shell."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_QUOTED: Final = re.compile(r"'[^']*'")
_OF_THE_SHELL: Final = re.compile(r"[$`*?\[\]{}~|&;<>()\n\\!#]|^\s*\w+=")
_FLAGS: Final = frozenset({"-u", "-B", "-O", "-OO"})


@dataclass(frozen=True)
class PythonCommand:
    """`python FLAGS script ARGUMENTS`: the script is relative to the project's folder."""

    script: str
    arguments: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def python_command(command: str, folder: Path) -> PythonCommand | None:
    """The command as a script of the project's folder with its arguments; None where only a shell can run it."""
    if _OF_THE_SHELL.search(_QUOTED.sub("", command)):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if not words or words[0] not in ("python", "python3"):
        return None
    place = 1
    while place < len(words) and words[place] in _FLAGS:
        place += 1
    if place == len(words) or not words[place].endswith(".py") or not (folder / words[place]).is_file():
        return None
    return PythonCommand(words[place], tuple(words[place + 1 :]), tuple(words[1:place]))
