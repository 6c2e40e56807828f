"""Scripts that are text in a table, as `load script` makes them."""

from __future__ import annotations

import os
import textwrap
from typing import Any, Final

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.functions import ScriptText
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import Engine, Relation

_TEXT: Final = "value"
_FILE: Final = "file"


def script_of_table(relation: Relation, engine: Engine, name: Text) -> ScriptText:
    """The script in the table's only row: its column `value`, or its only column.

    Raises BadValue, placed at the name, for a table of another form.
    """
    columns = {column.lower(): column for column in relation.columns}
    column = columns.get(_TEXT) if len(columns) > 1 else relation.columns[0]
    if column is None:
        raise _no_script(name, f"it has the columns {', '.join(relation.columns)}, and none called {_TEXT}")
    rows = _first_rows(relation, engine)
    if len(rows) != 1:
        raise _no_script(name, "it has no row" if not rows else "it has more than one row")
    text = rows[0][column]
    if not isinstance(text, str):
        raise _no_script(name, f"its {column} is {'NULL' if text is None else 'no text'}")
    file = rows[0].get(columns.get(_FILE, "")) if column.lower() == _TEXT else None
    if isinstance(file, str):
        return ScriptText(file, text, os.path.dirname(file), table=name.value.lower())
    return ScriptText(f"script {name.value}", dedented(text), table=name.value.lower())


def script_of_code(code: Text, function: str) -> ScriptText:
    """The script that stands in a statement, which makes the function of that name."""
    return ScriptText(f"code of {function}", dedented(code.value), written=code)


def dedented(text: str) -> str:
    """The text with the lines that it has, without the blanks that all of them start with."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return textwrap.dedent(text) if first[:1].isspace() else text


def _first_rows(relation: Relation, engine: Engine) -> list[dict[str, Any]]:
    """All rows where there is at most one, else at least two."""
    rows: list[dict[str, Any]] = []
    with engine.stream(relation) as stream:
        for batch in stream:
            rows += batch.slice(0, 2).to_pylist()
            if len(rows) > 1:
                break
    return rows


def _no_script(name: Text, why: str) -> BadValue:
    return BadValue(
        f"the table '{name.value}' is no script: {why}",
        span=name.span,
        hint="load script.`variable or file` as t; makes a table of a script",
    )
