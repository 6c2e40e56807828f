"""Names of tables and columns as SQL writes them."""

from __future__ import annotations

import re

from mlsql_engine.engines.quoting import identifier

_PART = r'"(?:[^"]|"")+"|[^\W\d]\w*'
_NAME = re.compile(rf"\s*(?:{_PART})(?:\.(?:{_PART}))*\s*")


def parts(name: str, *, lower: bool) -> tuple[str, ...] | None:
    """The parts of `schema.table`, None for what is no name.

    With `lower`, those without quotes are in lower case, as PostgreSQL takes them.
    """
    if not _NAME.fullmatch(name):
        return None
    found = re.findall(_PART, name)
    return tuple(
        part[1:-1].replace('""', '"') if part.startswith('"') else part.lower() if lower else part for part in found
    )


def written(name: str) -> str:
    """A name as it has to be written where names without quotes are in lower case."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else identifier(name)
