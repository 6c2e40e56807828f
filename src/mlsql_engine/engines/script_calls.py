"""Calls of script functions in the form in which an engine can make them.

    agg(x)                                   udaf(list(x))
    agg(DISTINCT x) FILTER (WHERE y) OVER w  udaf(list(DISTINCT x) FILTER (WHERE y) OVER w)
    agg(x, y)                                udaf(list({ARGUMENT0: x, ARGUMENT1: y}))
    f()                                      udf({NO_ARGUMENTS: random()})

A function without arguments is asked for every row, so what it is given instead has to differ from row to row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import SqlProblem
from mlsql_engine.core.text import Text
from mlsql_engine.engines.session_functions import NAME, has_form
from mlsql_engine.engines.spark_expressions import call, struct_of, top_of_aggregate
from mlsql_sdk.call_forms import ARGUMENT, NO_ARGUMENTS

if TYPE_CHECKING:
    from sqlglot import exp


def concerns(engine_name: str) -> bool:
    """Whether calls of a function may have to be rewritten."""
    return has_form(engine_name, "udf") or has_form(engine_name, "udaf")


def rewrite(calls: Sequence[Any], query: Text) -> None:
    """Rewrite those of the calls that are of script functions. Raises SqlProblem, at its place in the query.

    The calls come from the outermost on, and are rewritten from the innermost on: a rewritten one is a copy.
    """
    for node in reversed(calls):
        name = str(node.this)
        if has_form(name, "udaf"):
            _aggregate(node, query)
        elif has_form(name, "udf") and not node.expressions:
            node.set("expressions", [_nothing_of_each_row()])


def _nothing_of_each_row() -> exp.Expr:
    from sqlglot import exp

    return struct_of([(NO_ARGUMENTS, exp.Rand())])


def _aggregate(node: exp.Anonymous, query: Text) -> None:
    from sqlglot import exp

    top = top_of_aggregate(node)
    arguments, distinct, order = _arguments(node)
    wrong = _refused(arguments, [*_around(node, top), *([distinct, order] if len(arguments) > 1 else [])])
    if wrong:
        called = NAME.sub(r"\1", str(node.this))
        raise SqlProblem(f"the aggregate '{called}' does not take {wrong}", span=_place(node, query))
    if any(_is_aggregate_of_groups(inner) for argument in arguments for inner in _outside_subqueries(argument)):
        raise SqlProblem("an aggregate cannot stand inside an aggregate", span=_place(node, query))
    values: exp.Expr = _packed(arguments)
    if distinct is not None:
        values = exp.Distinct(expressions=[values])
    if order is not None:
        values = exp.Order(this=values, expressions=[item.copy() for item in order.expressions])
    name = str(node.this)
    # The node becomes the list, in its FILTER and OVER; the function goes around all of that.
    node.set("this", "list")
    node.set("expressions", [values])
    made = call(name, top.copy())
    made.meta.update(node.meta)
    top.replace(made)


def _arguments(node: exp.Anonymous) -> tuple[list[Any], Any, Any]:
    """The arguments themselves, and the DISTINCT and ORDER BY that stand among them, or None."""
    from sqlglot import exp

    arguments = list(node.expressions)
    distinct = order = None
    if arguments and isinstance(arguments[-1], exp.Order):
        order = arguments[-1]
        arguments[-1] = order.this
    if len(arguments) == 1 and isinstance(arguments[0], exp.Distinct):
        distinct = arguments[0]
        arguments = list(distinct.expressions)
    return [argument.copy() for argument in arguments], distinct, order


def _outside_subqueries(root: Any) -> Iterator[Any]:
    from sqlglot import exp

    yield from root.walk(prune=lambda node: isinstance(node, exp.Query))


def _is_aggregate_of_groups(node: Any) -> bool:
    """Whether a node is an aggregate of ours that is rewritten already, and is not one over a window."""
    from sqlglot import exp

    is_ours = isinstance(node, exp.Anonymous) and has_form(str(node.this), "udaf")
    return is_ours and not isinstance(node.expressions[0], exp.Window)


def _around(node: exp.Expr, top: exp.Expr) -> list[Any]:
    """What stands around an aggregate: FILTER, OVER, and what only some aggregates take."""
    found: list[Any] = []
    while node is not top and node.parent is not None:
        node = node.parent
        found.append(node)
    return found


def _refused(arguments: list[Any], others: list[Any]) -> str:
    """What of a call cannot be done, in words."""
    from sqlglot import exp

    kinds = {type(other) for other in others}
    if {exp.Distinct, exp.Order} <= kinds:
        return "DISTINCT and ORDER BY together with several arguments"
    if exp.WithinGroup in kinds:
        return "WITHIN GROUP: write ORDER BY behind its last argument"
    if kinds & {exp.IgnoreNulls, exp.RespectNulls} or any(
        isinstance(argument, exp.IgnoreNulls | exp.RespectNulls) for argument in arguments
    ):
        return "IGNORE NULLS: it gets every row"
    if any(isinstance(argument, exp.Limit) for argument in arguments):
        return "LIMIT"
    if any(argument.is_star for argument in arguments):
        return "*: name the columns"
    return ""


def _packed(arguments: list[Any]) -> exp.Expr:
    """What the list has of each row."""
    from sqlglot import exp

    if not arguments:
        return struct_of([(NO_ARGUMENTS, exp.true())])
    if len(arguments) == 1:
        alone: exp.Expr = arguments[0]
        return alone
    return struct_of([(f"{ARGUMENT}{index}", argument) for index, argument in enumerate(arguments)])


def _place(node: exp.Expr, query: Text) -> Any:
    return query.place(node.meta["start"], node.meta["end"] + 1) if "start" in node.meta else query.span
