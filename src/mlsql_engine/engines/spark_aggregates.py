"""Spark's aggregate functions where DuckDB's of the name, or sqlglot's choice, mean something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines.spark_expressions import (
    Unsupported,
    call,
    case,
    cast,
    function_of,
    infix,
    is_null,
    literal_bool,
    name,
    number,
    text,
    top_of_aggregate,
)

if TYPE_CHECKING:
    from sqlglot import exp

Rewrite = Callable[["exp.Anonymous"], None]


def _renamed(own: str, kind: str | None = None) -> Rewrite:
    """Another name, and a type for the result."""

    def rewrite(node: exp.Anonymous) -> None:
        node.set("this", own)
        if kind is not None:
            _around(node, lambda whole: cast(whole, kind))

    return rewrite


def _around(node: Any, change: Callable[[Any], Any]) -> None:
    """Change the aggregate together with its FILTER and OVER."""
    top = top_of_aggregate(node)
    top.replace(change(top.copy()))


def _first(own: str) -> Rewrite:
    """first, last, any_value: with NULLs unless the second argument says otherwise."""

    def rewrite(node: exp.Anonymous) -> None:
        from sqlglot import exp

        value, *rest = node.expressions
        ignore = bool(rest) and literal_bool(rest[0])
        if rest and literal_bool(rest[0]) is None:
            raise Unsupported("the second argument must be true or false", code="SQL")
        function: Any = {"first": exp.FirstValue, "last": exp.LastValue}[own](this=value.copy())
        windowed = isinstance(top_of_aggregate(node), exp.Window)
        if not windowed:
            function = call(own, value.copy())
        if ignore and windowed:
            node.replace(exp.IgnoreNulls(this=function))
        elif ignore:
            present = exp.Not(this=is_null(value.copy()))
            if isinstance(node.parent, exp.Filter):
                where = node.parent.expression
                where.set("this", exp.And(this=exp.Paren(this=where.this.copy()), expression=present))
                node.replace(function)
            else:
                node.replace(exp.Filter(this=function, expression=exp.Where(this=present)))
        else:
            node.replace(function)

    return rewrite


def _collect(node: exp.Anonymous) -> None:
    """An array of all values but NULL; empty, not NULL, without any."""
    from sqlglot import exp

    distinct = str(node.this) == "mlsql_collect_set"
    value = node.expressions[0]
    if distinct and not isinstance(value, exp.Distinct):
        value = exp.Distinct(expressions=[value.copy()])
    array = call("array_agg", value.copy())
    top = top_of_aggregate(node)
    node.replace(array)
    whole = array if top is node else top
    kept = function_of(["__e"], exp.Not(this=is_null(name("__e"))))
    whole.replace(
        exp.Coalesce(this=call("list_filter", whole.copy(), kept), expressions=[exp.Array(expressions=[])])
    )


def _percentile(node: exp.Anonymous) -> None:
    if len(node.expressions) > 2:
        raise Unsupported("percentile with frequencies is missing on DuckDB")
    value, part = node.expressions
    node.set("this", "quantile_cont")
    node.set("expressions", [cast(value.copy(), "double"), _parts(part)])


def _percentile_approx(node: exp.Anonymous) -> None:
    """The accuracy is left out: the answer is exact."""
    value, part, *_ = node.expressions
    node.set("this", "quantile_disc")
    node.set("expressions", [value.copy(), _parts(part)])


def _parts(part: Any) -> exp.Expr:
    from sqlglot import exp

    if isinstance(part, exp.Array):
        return exp.Array(expressions=[cast(item.copy(), "double") for item in part.expressions])
    return part.copy()  # type: ignore[no-any-return]


def _skewness(node: exp.Anonymous) -> None:
    """That of the whole population, from its moments; DuckDB's is that of a sample."""
    value = cast(node.expressions[0].copy(), "double")

    def mean(power: int) -> exp.Expr:
        from sqlglot import exp

        factors: exp.Expr = value.copy()
        for _ in range(power - 1):
            factors = exp.Mul(this=factors, expression=value.copy())
        return _like(node, call("avg", factors))

    first, second, third = mean(1), mean(2), mean(3)
    spread = infix("Sub", second.copy(), infix("Mul", first.copy(), first.copy()))
    cube = infix("Mul", infix("Mul", first.copy(), first.copy()), first.copy())
    moment = infix(
        "Add",
        infix("Sub", third, infix("Mul", infix("Mul", number(3), first.copy()), second.copy())),
        infix("Mul", number(2), cube),
    )
    ratio = infix("Div", moment, call("pow", spread.copy(), cast(text("1.5"), "double")))
    nan = cast(text("NaN"), "double")
    top = top_of_aggregate(node)
    top.replace(case((infix("EQ", spread, number(0)), nan), otherwise=ratio))


def _like(node: Any, aggregate: exp.Expr) -> exp.Expr:
    """The aggregate with the FILTER and OVER that stand around another."""
    top = top_of_aggregate(node)
    if top is node:
        return aggregate
    copied = top.copy()
    inner = copied
    while isinstance(inner.this, type(copied)) or type(inner.this).__name__ in ("Filter", "Window"):
        inner = inner.this
    inner.set("this", aggregate)
    return copied  # type: ignore[no-any-return]


def _columns_of(items: list[Any]) -> list[Any]:
    """The columns that a GROUP BY names, also inside cube(…) and rollup(…)."""
    found: list[Any] = []
    for item in items:
        sets = type(item).__name__ in ("Cube", "Rollup", "Anonymous")
        found.extend(item.expressions if sets else [item])
    return found


def _grouping_id(node: exp.Anonymous) -> None:
    from sqlglot import exp

    if not node.expressions:
        select = node.find_ancestor(exp.Select)
        group = select.args.get("group") if select is not None else None
        columns: list[exp.Expr] = []
        if group is not None:
            sets = [item for key in ("cube", "rollup") for item in group.args.get(key) or []]
            inner = [item for one in sets for item in one.expressions]
            columns = [item.copy() for item in [*_columns_of(group.expressions), *inner]]
        if not columns:
            raise Unsupported("grouping_id() needs GROUP BY … WITH CUBE, ROLLUP or columns of its own", code="SQL")
        node.set("expressions", columns)
    node.set("this", "grouping_id")


REWRITES: Final[dict[str, Rewrite]] = {
    "any_value": _first("first"),
    "first": _first("first"),
    "first_value": _first("first"),
    "last": _first("last"),
    "last_value": _first("last"),
    "max_by": _renamed("arg_max_null"),
    "min_by": _renamed("arg_min_null"),
    "collect_list": _collect,
    "array_agg": _collect,
    "collect_set": _collect,
    "percentile": _percentile,
    "percentile_approx": _percentile_approx,
    "approx_percentile": _percentile_approx,
    "skewness": _skewness,
    "kurtosis": _renamed("kurtosis_pop"),
    "every": _renamed("bool_and"),
    "bool_and": _renamed("bool_and"),
    "some": _renamed("bool_or"),
    "any": _renamed("bool_or"),
    "bool_or": _renamed("bool_or"),
    "try_sum": _renamed("sum"),
    "try_avg": _renamed("avg"),
    "std": _renamed("stddev_samp"),
    "grouping_id": _grouping_id,
}
"""The rewriting of aggregates, by Spark's names; every one replaces its node."""

AGGREGATES: Final = frozenset(
    [
        "any_value",
        "approx_count_distinct",
        "approx_quantile",
        "arg_max",
        "arg_min",
        "array_agg",
        "bit_and",
        "bit_or",
        "bit_xor",
        "bool_and",
        "bool_or",
        "count_if",
        "entropy",
        "first",
        "histogram",
        "kurtosis",
        "kurtosis_pop",
        "last",
        "list",
        "listagg",
        "median",
        "mode",
        "product",
        "quantile_cont",
        "quantile_disc",
        "skewness",
        "string_agg",
    ]
)
"""Those of DuckDB's aggregates, by name, that sqlglot has no class for."""
