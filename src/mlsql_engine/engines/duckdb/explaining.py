"""How a relation is computed, in the user's words: what is read, streamed, kept, and the engine's plan."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlsql_engine.engines.base import BATCH_ROWS
from mlsql_engine.engines.duckdb.readings import Reading, Readings
from mlsql_engine.engines.duckdb.relation import DuckRelation, next_reading
from mlsql_engine.engines.session_functions import NAME

_INTERNAL = re.compile(
    r"(?:memory\.main\.)?mlsql_relation_\d+(?:_\w+)?|mlsql_(?:function|udf|udaf)_\w+_v\d+|\bs\d+_m\d+\b",
    re.IGNORECASE,
)


def explain(
    relation: DuckRelation, tables: Mapping[str, DuckRelation], functions: Mapping[str, str], readings: Readings
) -> str:
    """One line for every step that the next reading of `relation` takes, inputs first, and the plan of the last.

    `tables` are the session's, `functions` the engine's names of its functions.
    """
    order, kept = next_reading(relation)
    names = _Names(order, tables, functions)
    lines = [f"{names.of(node)}: {_how(node, kept, names)}" for node in order]
    with readings.reading(relation) as reading:
        plan = names.readable(_plan(reading))
    return "\n".join([*lines, "", plan.rstrip("\n")])


def _how(node: DuckRelation, kept: list[DuckRelation], names: _Names) -> str:
    """How the rows of one relation come to be."""
    if node.stored:
        return "kept"
    if node.loader is not None:
        return "parsed when it is first read, then kept"
    if node.stage is not None:
        workers = f"{node.stage.workers} worker{'s' if node.stage.workers > 1 else ''}"
        streamed = f"stream through {workers} in batches of up to {BATCH_ROWS:,} rows"
        return f"{streamed}, kept because it is read more than once" if node in kept else streamed
    if node.files:
        return "files, read again each time"
    udfs = sorted(names.function(name) for name in node.models)
    by_engine = f"; the engine calls {', '.join(udfs)} itself (guarded by CASE, IF …, or not to be cut out)"
    return _view(node, kept) + (by_engine if udfs else "")


def _view(node: DuckRelation, kept: list[DuckRelation]) -> str:
    if node.query is not None and node.query.random and not node.inner:
        return "computed once, when it is first read, because it is random"
    if not node.volatile:
        return "view, read again each time"
    if node in kept:
        return "computed now and kept, because it calls a model and is read again"
    return "computed as it is read; kept when it is read again" if not node.inner else "computed as it is read"


def _plan(reading: Reading) -> str:
    rows = reading.cursor.execute(f"EXPLAIN {reading.select}").fetchall()
    return "\n".join(str(row[1]) for row in rows)


class _Names:
    """What the user calls relations, functions and columns of the engine."""

    def __init__(
        self, order: list[DuckRelation], tables: Mapping[str, DuckRelation], functions: Mapping[str, str]
    ) -> None:
        self._relations: dict[str, str] = {}
        self._functions = {engine: name for name, engine in functions.items()}
        self._answers: dict[str, str] = {}
        for node in order:
            if node.stage is not None:
                called = ", ".join(node.stage.functions)
                self._relations[node.view] = f"the answers of {called}"
                self._relations[node.parents[0].view] = f"the rows for {called}"
                for call in node.stage.calls:
                    self._answers[call.column] = call.model.function
        self._relations |= {node.view: name for name, node in tables.items()}

    def of(self, node: DuckRelation) -> str:
        """The table's name, or what it is a part of."""
        return self._relations.get(node.view, "a part of the query" if node.inner else "a table without a name")

    def function(self, engine_name: str) -> str:
        """The script's name of a function."""
        shown = NAME.sub(r"\1", engine_name)
        return self._functions.get(engine_name, shown)

    def readable(self, plan: str) -> str:
        """The plan with the user's names, its lines as long as they were."""

        def shown(found: re.Match[str]) -> str:
            word = found.group().lower()
            view = re.search(r"mlsql_relation_\d+", word)
            if view is not None:
                name = self._relations.get(view.group(), "rows that are kept")
            else:
                name = self._answers.get(word) or self.function(word)
            return name[: len(word)].ljust(len(word))

        return _INTERNAL.sub(shown, plan)
