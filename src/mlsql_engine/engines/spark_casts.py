"""Casts, types and arithmetic as Spark has them when its ANSI mode is off: what cannot be is NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines.spark_expressions import call, cast, literal_int, literal_text, number

if TYPE_CHECKING:
    from sqlglot import exp

_CUT: Final = "fraction cut off"
WHOLE: Final = ("TINYINT", "SMALLINT", "INT", "BIGINT")
_ZONED: Final = ("TIMESTAMPTZ", "TIMESTAMPLTZ", "TIMESTAMPNTZ")
_TEXT: Final = ("TEXT", "VARCHAR", "CHAR", "NCHAR", "NVARCHAR")
_DAY_UNITS: Final = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


def mend_types(tree: exp.Expr) -> None:
    """Times have no zone, a decimal without digits has ten."""
    from sqlglot import exp

    for kind in tree.find_all(exp.DataType):
        if kind.this.name in _ZONED:
            kind.set("this", exp.DataType.Type.TIMESTAMP)
        elif kind.this.name == "DECIMAL" and not kind.expressions:
            kind.set("expressions", exp.DataType.build("decimal(10, 0)").expressions)


def mend_cast(node: exp.Cast) -> None:
    """One cast, by its type."""
    from sqlglot import exp

    kind, value = node.to.this.name, node.this
    if type(node) is exp.Cast and kind not in ("DATE", "TIMESTAMP"):
        # `double(x)` is cast(x as double), which gives NULL for text that is no number.
        tried = exp.TryCast(this=value, to=node.to)
        node.replace(tried)
        node = tried
    literal = isinstance(value, exp.Literal) and value.is_string
    if kind in WHOLE:
        _cut_fraction(node)
    elif kind == "TIMESTAMP" and isinstance(node, exp.TryCast):
        node.replace(call("mlsql_as_time", value.copy()))
    elif kind == "DATE" and isinstance(node, exp.TryCast):
        node.replace(call("mlsql_as_date", value.copy()))
    elif kind in _TEXT and not literal:
        node.replace(call("mlsql_as_text", value.copy()))
    elif kind == "DOUBLE" and isinstance(node, exp.TryCast) and not isinstance(value, exp.Literal):
        node.replace(call("mlsql_as_double", value.copy()))
    elif kind in ("BINARY", "VARBINARY"):
        node.replace(call("mlsql_bytes", value.copy()))


def _cut_fraction(node: exp.Cast) -> None:
    """Spark cuts the fraction off, DuckDB rounds. The type is known only to DuckDB, which settles it once.

    Only fractions go through trunc: whole numbers may be too large for a double.
    """
    from sqlglot import exp

    value, given = node.this, node.this.unnest()
    is_whole = given.meta.get(_CUT) or (isinstance(given, exp.Cast) and given.to.this.name in WHOLE)
    if is_whole or (isinstance(value, exp.Literal) and not value.is_string and value.is_int):
        return

    def with_value(changed: exp.Expr) -> exp.Expr:
        whole = node.copy()
        whole.set("this", changed)
        return whole

    if literal_text(value) is not None:
        node.replace(with_value(call("mlsql_digits", value.copy())))
        return
    if isinstance(value, exp.Literal):
        node.replace(with_value(call("trunc", cast(value.copy(), "decimal(38, 18)"))))
        return
    double, decimal = (call("trunc", cast(value.copy(), kind)) for kind in ("double", "decimal(38, 18)"))
    kind = call("typeof", value.copy())
    is_double = exp.In(this=kind, expressions=[exp.Literal.string("DOUBLE"), exp.Literal.string("FLOAT")])
    is_text = exp.EQ(this=kind.copy(), expression=exp.Literal.string("VARCHAR"))
    is_decimal = call("starts_with", kind.copy(), exp.Literal.string("DECIMAL"))
    branches = [
        exp.If(this=is_double, true=with_value(double)),
        exp.If(this=is_decimal, true=with_value(decimal)),
        exp.If(this=is_text, true=with_value(call("mlsql_digits", value.copy()))),
    ]
    is_time = exp.EQ(this=kind.copy(), expression=exp.Literal.string("TIMESTAMP"))
    branches.append(exp.If(this=is_time, true=with_value(call("mlsql_seconds", value.copy()))))
    case = exp.Case(ifs=branches, default=node.copy())
    case.meta[_CUT] = True
    node.replace(case)


def mend_division(node: Any) -> None:
    """What is left over, or whole, of a division by zero is NULL."""
    from sqlglot import exp

    divisor = node.expression
    value = literal_int(divisor)
    if value is None or value == 0:
        node.set("expression", exp.Nullif(this=divisor.copy(), expression=number(0)))
    if isinstance(node, exp.IntDiv):
        whole = cast(node.copy(), "bigint")
        node.replace(whole)


def mend_interval_sum(node: Any) -> None:
    """A date and days, months or years are a date; DuckDB makes a time of it."""
    from sqlglot import exp

    interval = node.expression
    if isinstance(interval, exp.Interval) and _days(interval):
        node.replace(call("mlsql_moved", node.this.copy(), _signed(node, interval)))
    elif isinstance(node, exp.Add) and isinstance(node.this, exp.Interval) and _days(node.this):
        node.replace(call("mlsql_moved", interval.copy(), node.this.copy()))


def _days(interval: exp.Interval) -> bool:
    unit = interval.args.get("unit")
    return unit is not None and unit.name.upper().removesuffix("S") in _DAY_UNITS


def _signed(node: Any, interval: exp.Interval) -> exp.Expr:
    from sqlglot import exp

    return interval.copy() if isinstance(node, exp.Add) else exp.Neg(this=exp.Paren(this=interval.copy()))
