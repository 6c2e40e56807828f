"""Clauses of a query that sqlglot leaves as they are, or drops, on the way to DuckDB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlsql_engine.engines.spark_expressions import Unsupported, call, cast, infix

if TYPE_CHECKING:
    from sqlglot import exp

_LARGEST = 18446744073709551616.0
WORDS: Final = re.compile("rollup|cube|grouping|sort|cluster|distribute")
"""One of them stands in every query that `mend` changes, in lower case."""


def drop_hints(tree: exp.Expr) -> None:
    """Hints say how Spark shall compute, not what; tables that they name are no tables to read."""
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        select.set("hint", None)


def mend(tree: exp.Expr) -> None:
    """WITH ROLLUP and WITH CUBE, GROUPING SETS after columns, SORT BY and CLUSTER BY."""
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
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


def seed(node: exp.Rand) -> None:
    """rand(seed): the same numbers at every run, told by the seed and by the row's place.

    They are not Spark's, whose numbers hang on its partitions. Where rows have no place, that is in a condition or
    an aggregate, it is refused.
    """
    from sqlglot import exp

    if node.this is None:
        return
    refused = (exp.Where, exp.Group, exp.Having, exp.AggFunc, exp.Window, exp.Join, exp.Lambda)
    if node.find_ancestor(*refused, exp.Select).__class__ in refused:
        raise Unsupported(
            "rand with a seed can only stand in the columns of a select on DuckDB",
            hint="name it there, and use the name in a select around it",
        )
    place = exp.Window(this=exp.RowNumber(), over="OVER")
    hashed = call("hash", place, node.this.copy())
    node.replace(infix("Div", cast(hashed, "double"), exp.Literal.number(str(_LARGEST))))
