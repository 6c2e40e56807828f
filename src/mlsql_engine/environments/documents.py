"""Reading the files that say what a project wants, and saying where in them something is wrong."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.extras import require
from mlsql_engine.core.span import Source, Span

EXTRA = "environments"


def read(path: Path, named_at: Span | None = None) -> Source:
    """The text of a file, under its path. `named_at` is where another file names it.

    Raises MlsqlError with the codes FILE_NOT_FOUND, UNREADABLE_FILE and ENCODING.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MlsqlError(f"there is no file {path}", code="FILE_NOT_FOUND", span=named_at) from error
    except OSError as error:
        raise MlsqlError(
            f"the file {path} cannot be read: {error.strerror or error}", code="UNREADABLE_FILE", span=named_at
        ) from error
    except UnicodeDecodeError as error:
        raise MlsqlError(f"the file {path} is not UTF-8 text", code="ENCODING", span=named_at) from error
    return Source(str(path), text, path.parent)


def wrong(message: str, span: Span | None, hint: str | None = None) -> MlsqlError:
    """An error of what such a file says."""
    return MlsqlError(message, code="ENVIRONMENT_FILE", span=span, hint=hint)


def needed(module: str) -> ModuleType:
    """A library of the extra. Raises MlsqlError with code MISSING_EXTRA."""
    return require(module, extra=EXTRA, purpose="an environment for a project")
