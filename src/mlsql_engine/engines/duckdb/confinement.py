"""An engine for queries of strangers: no files, no network, no settings, and bounds on what it may take."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from mlsql_engine.core.errors import MlsqlError, SqlProblem
from mlsql_engine.engines.translation import Translation

_REFUSED: Final = re.compile(
    r"""current_(?:setting|query|query_id|connection_id|transaction_id|schemas?|database|catalog|role)|session_user
    |getvariable|getenv|set(?:seed|val)|nextval|currval|txid_current|in_search_path|get_block_size|which_secret
    |sleep_ms|pg_\w+|has_\w+_privilege|inet_\w+|\w*obj_description|col_description|write_log|parse_duckdb_log_message
    |json_(?:serialize|deserialize|execute_serialized)_\w+|vector_type|stats|query|query_table
    |duckdb_\w+|pragma_\w+|read_\w+|\w+_scan|glob|sniff_\w+""",
    re.VERBOSE | re.IGNORECASE,
)
"""Functions of the engine that tell of the server or have effects on it; none of them is one of Spark's."""


@dataclass(frozen=True)
class Confinement:
    """`memory` as in "256MB"; nothing is spilled to disk. `threads` are those of a query."""

    memory: str = "256MB"
    threads: int = 2

    def config(self) -> dict[str, str]:
        """The settings that the database is opened with; LOCK comes after."""
        return {
            "memory_limit": self.memory,
            "threads": str(self.threads),
            "temp_directory": "",
            "max_temp_directory_size": "0B",
        }


LOCK: Final = "SET GLOBAL enable_external_access = false; SET GLOBAL lock_configuration = true"
"""Neither can be undone."""


def is_out_of_memory(error: SqlProblem) -> bool:
    """Whether a query failed because the engine, or its process, may have no more memory."""
    return re.search(r"(?:failed to|could not) allocate|bad allocation|bad_alloc", error.message) is not None


def refuse_effects(translation: Translation, own: Collection[str]) -> None:
    """Raise NOT_ALLOWED for a call that has to do with more than values. `own` are the session's functions."""
    for name in sorted({*translation.calls, *translation.draft.functions}):
        if name not in own and _REFUSED.fullmatch(name):
            raise MlsqlError(
                f"a request may not call {name}",
                code="NOT_ALLOWED",
                span=translation.place("function", name),
                hint="its query works on its own rows and on nothing else",
            )
