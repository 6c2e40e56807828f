"""Running a user's script, as `python script.py` would, from its own text."""

from __future__ import annotations

import atexit
import builtins
import linecache
import os
import sys
import threading
import tokenize
from collections.abc import Sequence
from types import ModuleType
from typing import Any


def finish() -> None:
    """What Python does at the end of a script: wait for its threads, then run what it gave to atexit.

    It must happen before the host is told that the script has ended, since a thread may still write the model.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()


def execute(path: str, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Run the script with arguments as module `__main__` and give its globals.

    The script's own folder stands first on the module path, so that it may import its neighbours, and
    `__main__` stays importable, so that what it pickles can be found again in this process.
    """
    with tokenize.open(path) as file:
        text = file.read()
    return execute_text(text, path, os.path.dirname(os.path.abspath(path)), arguments)


def execute_text(text: str, name: str, folder: str | None, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Run a script's text under the name that tracebacks show; without a folder it has no neighbours."""
    if folder is not None and sys.path[0] != folder:
        sys.path.insert(0, folder)
    module = ModuleType("__main__")
    module.__dict__.update(__file__=name, __builtins__=builtins)
    sys.modules["__main__"] = module
    sys.argv = [name, *arguments]
    # A traceback shows the lines that ran, even when the file changes meanwhile.
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    code = compile(text, name, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    return module.__dict__
