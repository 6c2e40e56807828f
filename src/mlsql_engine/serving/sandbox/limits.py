"""What the query of a request may take."""

from __future__ import annotations

from dataclasses import dataclass

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Span


@dataclass(frozen=True)
class QueryLimits:
    """Bounds of one query and of all.

    `memory` is what its engine may take, in bytes, and `process_memory` what its process may, for whatever;
    `threads` are those of the engine; `seconds` its time; `rows` and `size`, in bytes, are those of its result, and
    `characters` those of its text. At most `sandboxes` queries run at once and `waiting` more wait.
    """

    memory: int = 256 << 20
    process_memory: int = 1 << 30
    threads: int = 2
    seconds: float = 10.0
    rows: int = 1_000_000
    size: int = 64 << 20
    characters: int = 100_000
    sandboxes: int = 2
    waiting: int = 64


def too_much(what: str, span: Span) -> MlsqlError:
    """The error of a query that takes more than it may."""
    return MlsqlError(
        what,
        code="QUERY_LIMIT",
        span=span,
        hint="the query of a request works on its own rows; what takes more is for a script (POST /run/script)",
    )
