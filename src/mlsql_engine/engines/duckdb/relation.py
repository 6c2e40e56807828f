"""Tables as a graph of views, and when one of them is computed and kept instead.

Every relation is a view of its own name, so that a table may be redefined from itself and what was built on
the old one stays. A relation whose rows would come out differently, or at the price of a model call, is
*volatile*: it is computed into a table, which spills to disk, at its second use or when something reads it
twice. One that has a `loader` (a costly parse), or is random, is computed at its first use: what was seen of it
must be what is seen later.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.core.span import Span
from mlsql_engine.engines.dialect import Translation
from mlsql_engine.engines.duckdb.stages import Stage
from mlsql_engine.engines.requests import ReadRequest

if TYPE_CHECKING:
    import duckdb


@dataclass(eq=False)
class DuckRelation:
    """One relation: `view` is its name in the database, `describe` asks for its columns, as DuckDB has them.

    `query` is the select that it was made by, or `files` are what it reads and `span` where the script names
    them: there its errors are placed. `definition` is the select of its view, where it has parents; `nested` tells
    whether that may leave unread what a select inside it gives. One that is `inner` is a part of one select, and no
    table of its own; with a `stage`, its rows are those of its only parent with the answers of models. `rows_table`
    holds the rows of a table that `create` made; `request` is what a table of files was read by. `models` are the
    engine's functions of models that computing it calls.
    """

    view: str
    describe: Callable[[], pa.Schema]
    parents: tuple[DuckRelation, ...] = ()
    volatile: bool = False
    loader: Callable[[duckdb.DuckDBPyConnection], str] | None = None
    query: Translation | None = None
    files: tuple[str, ...] = ()
    span: Span | None = None
    definition: str = ""
    nested: bool = True
    inner: bool = False
    stage: Stage | None = None
    rows_table: str | None = None
    request: ReadRequest | None = None
    models: frozenset[str] = frozenset()
    used: bool = field(default=False, init=False)
    stored: bool = field(default=False, init=False)

    def place_of_call(self, function: str) -> Span | None:
        """Where the call of a function stands that this relation's rows need, nearest first."""
        waiting, seen = [self], {id(self)}
        for node in waiting:
            if node.query is not None and function.lower() in node.query.calls:
                return node.query.place("function", function)
            waiting.extend(parent for parent in node.parents if id(parent) not in seen)
            seen.update(id(parent) for parent in node.parents)
        return None

    def reads_file(self, place: str) -> bool:
        """Whether it reads the file `place`, or one below the folder `place`."""
        folder = os.path.join(place, "")
        return any(file == place or file.startswith(folder) for file in self.files)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The columns; vectors have their hidden field names."""
        return self.describe()

    def forget_columns(self) -> None:
        """Ask for the columns anew when they are wanted next."""
        self.__dict__.pop("arrow_schema", None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(self.arrow_schema.names)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the tables that its query reads."""
        return () if self.query is None else tuple(dict.fromkeys(self.query.tables))


def before_reading(relation: DuckRelation) -> list[DuckRelation]:
    """The relations to compute and keep before `relation` is read once more, inputs first.

    Marks what the reading uses, so that it must be called once for each reading.
    """
    order, chosen = next_reading(relation)
    for node in order:
        node.used = True
    return chosen


def next_reading(relation: DuckRelation) -> tuple[list[DuckRelation], list[DuckRelation]]:
    """What the next reading of `relation` needs, and what of it will be computed and kept first; inputs first."""
    order: list[DuckRelation] = []
    reads: Counter[int] = Counter({id(relation): 1})
    _visit(relation, order, set())
    # Readers come after what they read in `order`, so going backwards counts every path.
    for node in reversed(order):
        if node.stored:
            continue
        repeats = 1 if _will_be_stored(node, reads[id(node)]) else reads[id(node)]
        for parent in node.parents:
            reads[id(parent)] += repeats
    return order, [node for node in order if not node.stored and _will_be_stored(node, reads[id(node)])]


def _will_be_stored(node: DuckRelation, reads: int) -> bool:
    if node.inner:
        # The select that it is a part of is kept at its second use.
        return node.volatile and reads > 1
    if node.loader is not None or (node.query is not None and node.query.random):
        return True
    return node.volatile and (node.used or reads > 1)


def open_stages(relation: DuckRelation) -> tuple[list[DuckRelation], list[DuckRelation]]:
    """The stages that a reading of `relation` streams, and the relations from there up to it, inputs first."""
    stages: list[DuckRelation] = []
    between: list[DuckRelation] = []
    _find_stages(relation, stages, between, {})
    return stages, between


def _find_stages(
    node: DuckRelation, stages: list[DuckRelation], between: list[DuckRelation], reach: dict[int, bool]
) -> bool:
    """Whether `node` is computed from a stage; `reach` tells it of those that were visited."""
    if id(node) not in reach:
        reach[id(node)] = not node.stored and node.stage is not None
        if reach[id(node)]:
            stages.append(node)
        elif not node.stored:
            parents = [_find_stages(parent, stages, between, reach) for parent in node.parents]
            reach[id(node)] = any(parents)
            if reach[id(node)]:
                between.append(node)
    return reach[id(node)]


def _visit(node: DuckRelation, order: list[DuckRelation], seen: set[int]) -> None:
    """Everything that `node` is computed from, inputs first; a stored relation needs nothing."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if not node.stored:
        for parent in node.parents:
            _visit(parent, order, seen)
    order.append(node)
