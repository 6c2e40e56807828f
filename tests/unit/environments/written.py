"""Files of projects, and what is wrong with them, in tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments.wanted import Wanted


def write(folder: Path, name: str, text: str) -> Path:
    """A file with a text, in folders that are made."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(reader: Callable[[Path], Wanted | None], path: Path) -> str:
    """The whole error of reading a file, its folder shown as <folder>."""
    with pytest.raises(MlsqlError) as caught:
        reader(path)
    return caught.value.render().replace(str(path.parent), "<folder>")
