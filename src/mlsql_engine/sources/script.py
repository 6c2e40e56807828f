"""Scripts as tables: the text of a variable or of a file, in one row."""

from __future__ import annotations

import tokenize
from dataclasses import dataclass
from typing import Literal

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.engines.requests import ArrowRows, ReadRequest
from mlsql_engine.sources.base import LoadRequest, SaveRequest


@dataclass(frozen=True)
class ScriptLoad:
    """Options of load script."""


@dataclass(frozen=True)
class ScriptTables:
    """The text in the column `value`, and the file that it was read from, or NULL, in the column `file`."""

    name: str = "script"
    load_options: type | None = ScriptLoad
    save_options: type | None = None
    connect_options: type | None = None
    place: Literal["path", "variable", "connection", "script"] = "script"

    def load(self, request: LoadRequest, engine: Engine) -> Relation:
        """A table of one row. Raises DataProblem for a file that is no text."""
        import pyarrow as pa

        text = request.place if request.is_text else _read(request.place)
        file = None if request.is_text else request.place
        kinds = pa.schema([("value", pa.string()), ("file", pa.string())])
        return engine.read(ReadRequest(ArrowRows(pa.table({"value": [text], "file": [file]}, kinds))))

    def save(self, relation: Relation, request: SaveRequest, engine: Engine) -> int | None:
        """See Source.save: `save_options` is None."""
        raise NotImplementedError


def _read(place: str) -> str:
    """The text of a Python file, in the encoding that it names, else UTF-8."""
    try:
        with tokenize.open(place) as file:
            return file.read()
    except OSError as error:
        raise DataProblem(f"the file {place} cannot be read: {error.strerror}", code="UNREADABLE_FILE") from error
    except (SyntaxError, UnicodeDecodeError) as error:
        raise DataProblem(f"the file {place} is no text: {error}", code="ENCODING") from error
