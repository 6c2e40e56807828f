"""Short ways to build what a rewritten query is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import SqlProblem

if TYPE_CHECKING:
    from sqlglot import exp


class Unsupported(SqlProblem):
    """What Spark has and DuckDB cannot be given; the place is set where the call is known."""

    default_code = "UNSUPPORTED"


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of a function of DuckDB's, or of a macro of ours."""
    from sqlglot import exp

    return exp.Anonymous(this=name, expressions=list(arguments))


def number(value: int) -> exp.Expr:
    """A whole number, also a negative one."""
    from sqlglot import exp

    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def text(value: str) -> exp.Expr:
    """A string."""
    from sqlglot import exp

    return exp.Literal.string(value)


def cast(value: exp.Expr, kind: str) -> exp.Expr:
    """A cast to a type in DuckDB's words."""
    from sqlglot import exp

    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def infix(operator: str, first: exp.Expr, second: exp.Expr) -> exp.Expr:
    """`first operator second` in brackets; the operator is the name of sqlglot's class."""
    from sqlglot import exp

    return exp.Paren(this=getattr(exp, operator)(this=first, expression=second))


def case(*branches: tuple[exp.Expr, exp.Expr], otherwise: exp.Expr | None = None) -> exp.Expr:
    """CASE WHEN … THEN …"""
    from sqlglot import exp

    return exp.Case(ifs=[exp.If(this=test, true=value) for test, value in branches], default=otherwise)


def function_of(names: Sequence[str], body: exp.Expr) -> exp.Expr:
    """A lambda."""
    from sqlglot import exp

    return exp.Lambda(this=body, expressions=[exp.to_identifier(name) for name in names])


def name(identifier: str) -> exp.Expr:
    """A lambda's variable."""
    from sqlglot import exp

    return exp.to_identifier(identifier)


def struct(**fields: exp.Expr) -> exp.Expr:
    """A struct of named fields."""
    return struct_of(list(fields.items()))


def struct_of(fields: Sequence[tuple[str, exp.Expr]]) -> exp.Expr:
    """A struct of fields whose names may be any."""
    from sqlglot import exp

    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(field, quoted=True), expression=value) for field, value in fields
        ]
    )


def is_null(value: exp.Expr) -> exp.Expr:
    """`value IS NULL`."""
    from sqlglot import exp

    return exp.Is(this=value, expression=exp.Null())


def literal_text(node: Any) -> str | None:
    """The value of a string constant, else None."""
    from sqlglot import exp

    return str(node.this) if isinstance(node, exp.Literal) and node.is_string else None


def literal_int(node: Any) -> int | None:
    """The value of a whole constant, else None."""
    from sqlglot import exp

    if isinstance(node, exp.Paren):
        return literal_int(node.this)
    if isinstance(node, exp.Neg):
        value = literal_int(node.this)
        return None if value is None else -value
    return int(node.this) if isinstance(node, exp.Literal) and not node.is_string and node.is_int else None


def literal_bool(node: Any) -> bool | None:
    """The value of true or false, else None."""
    from sqlglot import exp

    return bool(node.this) if isinstance(node, exp.Boolean) else None


def top_of_aggregate(node: Any) -> Any:
    """The aggregate with its FILTER, WITHIN GROUP, IGNORE NULLS and OVER, which stand around it."""
    from sqlglot import exp

    around = (exp.Filter, exp.Window, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)
    while isinstance(node.parent, around) and node.arg_key == "this":
        node = node.parent
    return node
