"""Which Python was found for what was wanted: finding it takes seconds the first time, remembering it nothing.

What was found is kept while it is there and is the same, also when a newer one that would do is installed: an
environment is not built anew for that.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from mlsql_engine.environments.pythons import Python


def recall(folder: Path, question: str) -> Python | None:
    """The interpreter that was found for a question; None where none was, or it is another file by now."""
    try:
        found = json.loads(_place(folder, question).read_text(encoding="utf-8"))
        python = Python(Path(found["path"]), found["version"], found["implementation"])
        return python if found["state"] == _state(python.path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(folder: Path, question: str, python: Python) -> None:
    """Keep what was found; where nothing can be written it is found again the next time."""
    known = {"path": str(python.path), "version": python.version, "implementation": python.implementation}
    place = _place(folder, question)
    unfinished = place.with_suffix(f".{hashlib.sha256(str(python).encode()).hexdigest()[:8]}")
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps({**known, "state": _state(python.path)}), encoding="utf-8")
        unfinished.replace(place)


def _place(folder: Path, question: str) -> Path:
    return folder / f"{hashlib.sha256(question.encode()).hexdigest()[:20]}.json"


def _state(path: Path) -> list[int]:
    state = path.stat()
    return [state.st_size, state.st_mtime_ns]
