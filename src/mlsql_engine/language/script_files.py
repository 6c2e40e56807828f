"""Scripts in files."""

from __future__ import annotations

from pathlib import Path

from mlsql_engine.core.errors import MlsqlError


def read_script(path: Path) -> str:
    """The text of a script file. Raises MlsqlError where there is none, or it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MlsqlError(f"the script {path} cannot be read: {error.strerror}", code="FILE_NOT_FOUND") from error
    except UnicodeDecodeError as error:
        raise MlsqlError(f"the script {path} is not UTF-8: {error.reason}", code="ENCODING") from error
