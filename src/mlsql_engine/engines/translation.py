"""What a query of Spark SQL becomes for the engine, and where the user wrote what it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text

if TYPE_CHECKING:
    from sqlglot import exp

Places: TypeAlias = Mapping[tuple[str, str], tuple[int, int]]
"""From and to which character of a query's text a column, function or table stands, by kind and name."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A translation without the engine's names of the tables, and without a place: it is that of every equal text.

    `pieces` are the SQL around the names of `slots`, the tables in lower case; `reads` tells how often each may be
    read. `functions` are the engine's names, or None, of all names that the query calls, and `own` the models among
    those names: with others, or other models, the translation is another. `find_places` and `make_tree` are asked
    once and every time.
    """

    pieces: tuple[str, ...]
    slots: tuple[str, ...]
    reads: Mapping[str, int]
    calls: frozenset[str]
    volatile: bool
    random: bool
    sources: frozenset[str]
    functions: Mapping[str, str | None]
    own: frozenset[str]
    find_places: Callable[[], Places] = field(repr=False)
    make_tree: Callable[[Mapping[str, str]], exp.Query] = field(repr=False)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the query names, in lower case."""
        return tuple(self.reads)

    @cached_property
    def places(self) -> Places:
        """Where what the query names stands in its text; found at the first error."""
        return self.find_places()

    @property
    def characters(self) -> int:
        """About how much memory it takes."""
        return sum(map(len, self.pieces))

    def translation(self, query: Text, tables: Mapping[str, str]) -> Translation:
        """The translation of `query`, which has the text that this is of, over tables by their names."""
        parts = [self.pieces[0]]
        for name, piece in zip(self.slots, self.pieces[1:], strict=True):
            escaped = tables[name].replace('"', '""')
            parts += (f'"{escaped}"', piece)
        return Translation(query, "".join(parts), {name: tables[name] for name in self.tables}, self)


@dataclass(frozen=True, eq=False)
class Translation:
    """A query for the engine: `sql`, over `views`, the engine's names of the tables by theirs in lower case."""

    query: Text
    sql: str
    views: Mapping[str, str]
    draft: Draft = field(repr=False)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it names, in lower case."""
        return self.draft.tables

    @property
    def reads(self) -> Mapping[str, int]:
        """How often it may read each of the tables: see `engines.reads`."""
        return self.draft.reads

    @property
    def calls(self) -> frozenset[str]:
        """The functions that the dialect has no rule for, in lower case, as the script names them."""
        return self.draft.calls

    @property
    def volatile(self) -> bool:
        """Whether to run it again gives other rows, or costs a model."""
        return self.draft.volatile

    @property
    def random(self) -> bool:
        """Whether to run it again gives other rows."""
        return self.draft.random

    @property
    def sources(self) -> frozenset[str]:
        """The names, in lower case, by which the query knows its tables and subqueries."""
        return self.draft.sources

    @property
    def places(self) -> Places:
        """Where in the query's text the columns (also as `table.column`), functions and tables stand."""
        return self.draft.places

    @cached_property
    def tree(self) -> exp.Query:
        """What `sql` says, as sqlglot's tree; made when it is first asked for. Copy it before changing it."""
        return self.draft.make_tree(self.views)

    def place(self, kind: str, name: str) -> Span:
        """Where the user wrote the column, function or table of that name; the whole query if unknown.

        A column may be given with its table: `t.a`.
        """
        name = name.lower()
        found = self.places.get((kind, name)) or self.places.get((kind, name.rpartition(".")[2]))
        return self.query.place(*found) if found else self.query.span


def find_places(tree: exp.Expr, query: str) -> Places:
    """Where columns (also as `table.column`), the tables before them, and functions stand; the first is kept."""
    from sqlglot import exp

    places: dict[tuple[str, str], tuple[int, int]] = {}
    for node in sorted(tree.find_all(exp.Column, exp.Func), key=_start):
        if isinstance(node, exp.Column):
            parts = [part for part in node.parts if "start" in part.meta]
            for first, part in enumerate(parts):
                start, end = part.meta["start"], part.meta["end"] + 1
                name = ".".join(part.name for part in parts[first:])
                places.setdefault(("column", name.lower()), (start, parts[-1].meta["end"] + 1))
                kind = "column" if part is parts[-1] else "table"
                places.setdefault((kind, part.name.lower()), (start, end))
        elif "start" in node.meta:
            start, end = node.meta["start"], node.meta["end"] + 1
            places.setdefault(("function", query[start:end].strip("`").lower()), (start, end))
    return places


def _start(node: Any) -> int:
    meta = node.parts[0].meta if type(node).__name__ == "Column" else node.meta
    return int(meta.get("start", 0))
