"""Clauses of a query that sqlglot leaves as they are, or drops, on the way to DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


def mend(tree: exp.Expr) -> None:
    """Hints, WITH ROLLUP and WITH CUBE, GROUPING SETS after columns, SORT BY and CLUSTER BY."""
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        # Hints say how Spark shall compute, not what.
        select.set("hint", None)
        _order(select)
    for group in tree.find_all(exp.Group):
        _group(group)


def _order(select: exp.Select) -> None:
    """SORT BY orders the rows of a partition, CLUSTER BY also; here all rows are one."""
    from sqlglot import exp

    for clause in ("cluster", "sort"):
        found = select.args.get(clause)
        if found is not None and select.args.get("order") is None:
            select.set("order", exp.Order(expressions=found.expressions))
        select.set(clause, None)
    select.set("distribute", None)


def _group(group: exp.Group) -> None:
    """What stands before WITH ROLLUP, WITH CUBE or GROUPING SETS is what they speak of, not grouped by besides."""
    from sqlglot import exp

    columns = group.expressions
    for clause, kind in (("rollup", exp.Rollup), ("cube", exp.Cube)):
        found = group.args.get(clause) or []
        if columns and any(not item.expressions for item in found):
            group.set(clause, [kind(expressions=[column.copy() for column in columns])])
            group.set("expressions", [])
    if columns and group.args.get("grouping_sets"):
        group.set("expressions", [])
