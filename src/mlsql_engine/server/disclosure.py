"""What callers below the role admin see of the server's files: paths as scripts name them, never absolute ones."""

from __future__ import annotations

import os
import re
from typing import Final

from mlsql_engine.server.settings import ServerSettings

_ABSOLUTE: Final = re.compile(r"(?<![\w:/.~…])/(?:[^\s/'\"`:,;()\\]+/)+([^\s/'\"`:,;()\\]*)")


def shown_path(path: str, settings: ServerSettings) -> str:
    """A path or URL as a script would name it: relative to where relative paths start, or its last part alone."""
    if not os.path.isabs(path):
        return path
    folder = str(settings.root)
    if os.path.commonpath((folder, path)) == folder:
        return os.path.relpath(path, folder)
    return f"…/{os.path.basename(path)}"


def without_paths(text: str, settings: ServerSettings) -> str:
    """A text, in which absolute paths are shortened as `shown_path` does it."""
    return _ABSOLUTE.sub(lambda found: shown_path(found[0], settings), text)
