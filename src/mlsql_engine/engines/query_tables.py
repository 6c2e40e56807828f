"""The tables that a query reads: which of its names are tables of the session, and the engine's names for those."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text

if TYPE_CHECKING:
    from sqlglot import exp

SYSTEM = "system"
"""The schema of what the system knows of itself; a table of the session hides the one of its name there."""
_TABLE_FUNCTIONS = ("range", "explode", "posexplode", "inline", "stack")


def rename_tables(
    found: Iterable[exp.Table], query: Text, known: Collection[str], engine_name: Callable[[str], str]
) -> list[str]:
    """Give every table that is not the query's own the engine's name, under the alias that the query knows it by.

    `found` are all table nodes of the query, `known` the session's tables in lower case. Gives the names, in lower
    case, of those that are read, as often as they are. Raises UnknownName for a table that is not known.
    """
    from sqlglot import exp

    read: list[str] = []
    local = _LocalNames()
    for table in found:
        if isinstance(table.this, exp.Func):
            _check_table_function(table, query)
            continue
        if not isinstance(table.this, exp.Identifier) or local.holds(table):
            continue
        written = ".".join(part.name for part in table.parts)
        name = written.lower()
        if name not in known and f"{SYSTEM}.{name}" in known:
            name = f"{SYSTEM}.{name}"
        if name not in known:
            # What the system knows of itself are tables that nobody means unless they say so.
            near = [other for other in known if other.startswith(f"{SYSTEM}.") == name.startswith(f"{SYSTEM}.")]
            raise UnknownName("table", written, near, span=_place(table, query))
        read.append(name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", exp.to_identifier(engine_name(name), quoted=True))
        table.set("db", None)
        table.set("catalog", None)
    return read


def _check_table_function(table: exp.Table, query: Text) -> None:
    """Let only Spark's functions stand in FROM: the engine's own would read files and its catalog."""
    from sqlglot import exp

    function: Any = table.this
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    if name.lower() not in _TABLE_FUNCTIONS:
        meta = function.meta
        span = query.place(meta["start"], meta["end"] + 1) if "start" in meta else query.span
        written = span.text if "start" in meta else name.lower()
        raise UnknownName("table function", written, _TABLE_FUNCTIONS, span=span)
    if name.lower() == "range":
        # Spark calls the column id.
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier("range", quoted=True))
        if not alias.columns:
            alias.set("columns", [exp.to_identifier("id")])
        table.set("alias", alias)


def _place(table: exp.Table, query: Text) -> Span:
    first, last = table.parts[0].meta, table.this.meta
    if "start" not in first or "end" not in last:
        return query.span
    return query.place(first["start"], last["end"] + 1)


class _Scope:
    """The common table expressions of one WITH that are seen, the first `end` of them, and those around it."""

    def __init__(self, positions: dict[str, int], end: int, outer: _Scope | None) -> None:
        self._positions, self._end, self._outer = positions, end, outer

    def holds(self, name: str) -> bool:
        scope: _Scope | None = self
        while scope is not None:
            if scope._positions.get(name, scope._end) < scope._end:
                return True
            scope = scope._outer
        return False


class _LocalNames:
    """Whose names are those of common table expressions; every node of the tree is looked at once."""

    def __init__(self) -> None:
        self._scopes: dict[int, _Scope | None] = {}
        self._positions: dict[int, dict[str, int]] = {}

    def holds(self, table: exp.Table) -> bool:
        """Whether the table is a common table expression that can be seen from where it stands."""
        if table.args.get("db") is not None:
            return False
        scope = self._around(table)
        return scope is not None and scope.holds(table.name.lower())

    def _around(self, node: Any) -> _Scope | None:
        """What can be seen inside `node`."""
        path: list[Any] = []
        while node is not None and id(node) not in self._scopes:
            path.append(node)
            node = node.parent
        scope = self._scopes[id(node)] if node is not None else None
        for inner in reversed(path):
            scope = self._scopes[id(inner)] = self._enter(inner, scope)
        return scope

    def _enter(self, node: Any, outer: _Scope | None) -> _Scope | None:
        """What can be seen inside `node` where `outer` is what can be seen around it."""
        from sqlglot import exp

        parent = node.parent
        if isinstance(parent, exp.With):
            # Only those before are seen (and oneself, when it is recursive), and what the query itself sees.
            owner: Any = parent.parent
            around = self._around(owner.parent) if owner.parent is not None else None
            positions = self._names(parent)
            outer = _Scope(positions, node.index + bool(parent.args.get("recursive")), around)
        with_ = node.args.get("with_")
        return outer if with_ is None else _Scope(self._names(with_), len(with_.expressions), outer)

    def _names(self, with_: exp.With) -> dict[str, int]:
        """The names that a WITH defines, in lower case, and where in it they first stand."""
        names = self._positions.get(id(with_))
        if names is None:
            names = self._positions[id(with_)] = {}
            for index, item in enumerate(with_.expressions):
                names.setdefault(item.alias.lower(), index)
        return names
