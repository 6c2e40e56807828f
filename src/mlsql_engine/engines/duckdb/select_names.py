"""The names of a select settled before it is cut in two: aliases, ordinals, tables before columns.

As in Spark, a source's column wins over an alias of the select list, except in ORDER BY.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mlsql_engine.engines.duckdb.call_places import own_nodes
from mlsql_engine.engines.randomness import is_random

if TYPE_CHECKING:
    from sqlglot import exp

OUTPUT: Final = "output column"
"""The note, in a column's `meta`, of the item of the select list that ORDER BY names by it."""


class Refused(Exception):
    """A select that stays as it is, since cut in two it would mean something else."""


def key(node: exp.Expr) -> str:
    """The text by which two expressions of one select are the same: names are so in any case."""
    from sqlglot import exp
    from sqlglot.errors import ErrorLevel

    same = node.unnest().copy()
    for name in same.find_all(exp.Identifier):
        name.set("this", name.name.lower())
        name.set("quoted", True)
    return same.sql("duckdb", unsupported_level=ErrorLevel.IGNORE)


def has_random(node: exp.Expr) -> bool:
    """Whether the expression gives something else each time that it is computed."""
    return any(map(is_random, own_nodes(node)))


def prepare(select: exp.Select, columns_of: Callable[[exp.Select], list[str]]) -> None:
    """Write out what names an item of the select list. Raises Refused where that would compute it anew."""
    _drop_the_only_table(select)
    _write_out_ordinals(select)
    _write_out_aliases(select, columns_of)


def _drop_the_only_table(select: exp.Select) -> None:
    """`t.a` is `a` where there is only t, so that both are one column."""
    from sqlglot import exp

    source = select.args.get("from_")
    if source is None or select.args.get("joins") or select.args.get("laterals"):
        return
    alias = source.this.alias_or_name.lower()
    for item in select.expressions:
        if isinstance(item, exp.Column) and item.table and not item.is_star:
            item.replace(exp.alias_(item.copy(), item.name, quoted=True))
    for clause, value in select.args.items():
        if clause in ("from_", "with_"):
            continue
        for node in own_nodes(value):
            alone = isinstance(node, exp.Column) and not node.args.get("db") and not node.is_star
            if alone and node.args.get("table") is not None and node.text("table").lower() == alias:
                node.set("table", None)


def _write_out_ordinals(select: exp.Select) -> None:
    """GROUP BY 1 is GROUP BY the first item."""
    from sqlglot import exp

    group = select.args.get("group")
    for node in [] if group is None else group.expressions:
        if isinstance(node, exp.Literal) and not node.is_string:
            place = int(node.name) - 1 if node.name.isdigit() else -1
            if not 0 <= place < len(select.expressions) or any(item.is_star for item in select.expressions):
                raise Refused
            value = _value(select.expressions[place])
            if value.unnest().is_number:
                raise Refused  # written out, it would be another ordinal
            node.replace(value)


def _write_out_aliases(select: exp.Select, columns_of: Callable[[exp.Select], list[str]]) -> None:
    from sqlglot import exp

    aliases: dict[str, exp.Expr] = {}
    wanted: list[tuple[exp.Column, exp.Expr]] = []
    for item in select.expressions:
        wanted.extend(_uses(item, aliases))
        if isinstance(item, exp.Alias):
            itself = isinstance(item.this, exp.Column) and item.this.name.lower() == item.alias.lower()
            if not itself:
                aliases.setdefault(item.alias.lower(), item)
    for clause in ("where", "group", "having", "windows", "qualify"):
        wanted.extend(_uses(select.args.get(clause), aliases))
    if wanted:
        source = {name.lower() for name in columns_of(_source(select))} if select.args.get("from_") else set()
        # From the first item on: what an alias stands for is itself written out by then.
        for column, item in wanted:
            if column.name.lower() not in source:
                ordinal = item.unalias().is_number and isinstance(column.parent, exp.Group)
                if ordinal or has_random(item):
                    raise Refused
                column.replace(_value(item))
    _settle_order(select, aliases)


def _settle_order(select: exp.Select, aliases: dict[str, exp.Expr]) -> None:
    order = select.args.get("order")
    for ordered in [] if order is None else order.expressions:
        for column, item in list(_uses(ordered, aliases)):
            if column.parent is ordered:
                column.meta[OUTPUT] = item
            elif has_random(item):
                raise Refused
            else:
                column.replace(_value(item))


def _uses(root: object, aliases: dict[str, exp.Expr]) -> list[tuple[exp.Column, exp.Expr]]:
    """The columns that may be aliases, and of which items."""
    from sqlglot import exp

    columns = [node for node in own_nodes(root) if isinstance(node, exp.Column) and not node.table]
    return [(node, aliases[node.name.lower()]) for node in columns if node.name.lower() in aliases]


def _source(select: exp.Select) -> exp.Select:
    from sqlglot import exp

    everything = exp.select("*")
    for clause in ("from_", "joins", "laterals"):
        value = select.args.get(clause)
        if isinstance(value, exp.Expr):
            everything.set(clause, value.copy())
        elif value:
            everything.set(clause, [item.copy() for item in value])
    return everything


def _value(item: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    value = item.unalias().copy()
    return value if isinstance(value, exp.Column | exp.Literal | exp.Anonymous) else exp.paren(value, copy=False)
