"""Which files of the user's this process has loaded."""

from __future__ import annotations

import os
import site
import sys
from contextlib import suppress

_HERE = os.path.dirname(os.path.abspath(__file__))


def loaded(*scripts: str | None) -> list[tuple[str, int, int]]:
    """Path, time of the last change in ns and size in bytes of the scripts, and of the modules beside them.

    Modules of the interpreter, of installed packages and of this SDK are left out.
    """
    foreign = (
        sys.prefix,
        sys.base_prefix,
        os.path.dirname(_HERE),
        *site.getsitepackages(),
        site.getusersitepackages(),
    )
    paths = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    own = {path for path in paths if path and os.path.isabs(path) and not path.startswith(foreign)}
    found = []
    for path in sorted(own.union(script for script in scripts if script)):
        with suppress(OSError):
            status = os.stat(path)
            found.append((path, status.st_mtime_ns, status.st_size))
    return found
