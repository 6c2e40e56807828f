"""Casts, types and arithmetic as Spark has them when its ANSI mode is off: what cannot be is NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines.spark_expressions import call, cast, literal_int, number

if TYPE_CHECKING:
    from sqlglot import exp

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
        node.replace(call("mlsql_as_time", value))
    elif kind == "DATE" and isinstance(node, exp.TryCast):
        node.replace(call("mlsql_as_date", value))
    elif kind in _TEXT and not literal:
        node.replace(call("mlsql_as_text", value))
    elif kind == "DOUBLE" and isinstance(node, exp.TryCast) and not isinstance(value, exp.Literal):
        node.replace(call("mlsql_as_double", value.copy()))
    elif kind in ("BINARY", "VARBINARY"):
        node.replace(call("mlsql_bytes", value))


def _cut_fraction(node: exp.Cast) -> None:
    """Spark cuts the fraction off, DuckDB rounds. The type is known only to DuckDB: a macro settles it."""
    from sqlglot import exp

    value = node.this
    if not isinstance(value, exp.Literal):
        node.replace(call(f"mlsql_as_{node.to.this.name.lower()}", value))
    elif value.is_string:
        node.set("this", call("mlsql_digits", value))
    elif not value.is_int:
        node.set("this", call("trunc", cast(value.copy(), "decimal(38, 18)")))


def mend_division(node: Any) -> None:
    """What is left over, or whole, of a division by zero is NULL."""
    from sqlglot import exp

    divisor = node.expression
    value = literal_int(divisor)
    if value is None or value == 0:
        node.set("expression", exp.Nullif(this=divisor, expression=number(0)))
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
