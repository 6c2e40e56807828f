"""Where Spark SQL and DuckDB write the same and mean something else, and sqlglot keeps the words.

Words are mended before the parser sees them, calls and casts after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

_CASTS = frozenset(("bigint", "smallint", "tinyint", "double", "float", "binary", "boolean"))
_CUT = "fraction cut off"
_WHOLE = ("TINYINT", "SMALLINT", "INT", "BIGINT")


def doubled_quotes(tokens: list[Token], query: str) -> Iterator[Token]:
    """A quote that is doubled inside a string is one quote, as in Spark from 4.0 on; sqlglot reads two strings."""
    from sqlglot.tokenizer_core import Token, TokenType

    last: Token | None = None
    for token in tokens:
        doubled = (
            last is not None
            and last.token_type == token.token_type == TokenType.STRING
            and token.start == last.end + 1
            and query[token.start] == query[last.end]
        )
        if last is not None and doubled:
            text = last.text + query[token.start] + token.text
            last = Token(TokenType.STRING, text, token.line, token.col, last.start, token.end, last.comments)
            continue
        if last is not None:
            yield last
        last = token
    if last is not None:
        yield last


def mend(tree: exp.Expr) -> None:
    """Rewrite what has another meaning on DuckDB. Columns must have their names already."""
    from sqlglot import exp

    # From the inside out: what is rewritten may come to stand more than once.
    for node in reversed(list(tree.find_all(exp.DayOfWeek, exp.Extract, exp.Anonymous, exp.Cast, exp.Lateral))):
        match node:
            case exp.DayOfWeek():
                _replace(node, lambda inner: exp.paren(exp.Add(this=inner, expression=exp.Literal.number(1))))
            case exp.Extract() if node.this.name.upper() in ("DOW", "DAYOFWEEK"):
                _replace(node, lambda inner: exp.paren(exp.Add(this=inner, expression=exp.Literal.number(1))))
            case exp.Anonymous() if node.name.lower() == "weekday" and len(node.expressions) == 1:
                _monday_first(node)
            case exp.Anonymous() if node.name.lower() in _CASTS and len(node.expressions) == 1:
                kind = exp.DataType.build(node.name, dialect="spark")
                cast = exp.Cast(this=node.expressions[0].copy(), to=kind)
                node.replace(cast)
                if kind.this.name in _WHOLE:
                    _cut_fraction(cast)
            case exp.Cast() if node.to.this.name in _WHOLE:
                _cut_fraction(node)
            case exp.Lateral() if node.args.get("outer") and type(node.this) is exp.Explode:
                _keep_without_elements(node.this)


TO_NUMBER = "mlsql_number"
"""The engine's function that makes a double of text, and leaves everything else as it is."""


def take_text_as_numbers(tree: exp.Expr) -> None:
    """Spark reads text as a number where a number is wanted, DuckDB does not: ask for it wherever one is wanted.

    That is an operand of arithmetic, what is compared with a number, and the argument of a numeric function.
    """
    from sqlglot import exp

    arithmetic = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg)
    comparison = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ, exp.Between)
    numeric = (exp.Sum, exp.Avg, exp.Abs, exp.Round, exp.Sqrt, exp.Ceil, exp.Floor, exp.Exp, exp.Ln, exp.Pow)
    for node in list(tree.find_all(*arithmetic, *comparison, *numeric)):
        operands = [value for value in node.args.values() if isinstance(value, exp.Expr)]
        with_number = any(_is_number(operand) for operand in operands)
        if isinstance(node, comparison) and not with_number:
            continue
        wanted = operands[:1] if isinstance(node, numeric) else operands
        for operand in wanted:
            if isinstance(operand, exp.Literal) and operand.is_string and not isinstance(node, comparison):
                operand.replace(exp.Cast(this=operand.copy(), to=exp.DataType.build("double")))
            if isinstance(operand, exp.Column | exp.Bracket | exp.Dot | exp.Substring | exp.Anonymous):
                operand.replace(exp.Anonymous(this=TO_NUMBER, expressions=[operand.copy()]))


def _is_number(node: exp.Expr) -> bool:
    from sqlglot import exp

    return node.is_number or (isinstance(node, exp.Paren) and _is_number(node.this))


def _replace(node: exp.Expr, change: Any) -> None:
    node.replace(change(node.copy()))


def _monday_first(node: exp.Anonymous) -> None:
    """Spark counts days from Monday, 0; DuckDB's isodow from Monday, 1."""
    from sqlglot import exp

    day = exp.Cast(this=node.expressions[0].copy(), to=exp.DataType.build("date"))
    number = exp.Anonymous(this="isodow", expressions=[day])
    node.replace(exp.paren(exp.Sub(this=number, expression=exp.Literal.number(1))))


def _cut_fraction(node: exp.Cast) -> None:
    """Spark cuts the fraction off, DuckDB rounds. The type is known only to DuckDB, which settles it once.

    Only fractions go through trunc: whole numbers may be too large for a double.
    """
    from sqlglot import exp

    value, given = node.this, node.this.unnest()
    is_whole = given.meta.get(_CUT) or (isinstance(given, exp.Cast) and given.to.this.name in _WHOLE)
    if is_whole or (isinstance(value, exp.Literal) and "." not in value.name):
        return

    def cut(kind: str) -> exp.Expr:
        number = exp.Cast(this=value.copy(), to=exp.DataType.build(kind, dialect="duckdb"))
        whole = node.copy()
        whole.set("this", exp.Anonymous(this="trunc", expressions=[number]))
        return whole

    kind = exp.Anonymous(this="typeof", expressions=[value.copy()])
    is_double = exp.In(this=kind, expressions=[exp.Literal.string("DOUBLE"), exp.Literal.string("FLOAT")])
    is_decimal = exp.Anonymous(this="starts_with", expressions=[kind.copy(), exp.Literal.string("DECIMAL")])
    branches = [exp.If(this=is_double, true=cut("double")), exp.If(this=is_decimal, true=cut("decimal(38, 18)"))]
    case = exp.Case(ifs=branches, default=node.copy())
    case.meta[_CUT] = True
    node.replace(case)


def _keep_without_elements(node: exp.Explode) -> None:
    """`lateral view outer` gives a row with NULL for an array that is empty or NULL."""
    from sqlglot import exp

    array = node.this
    size = exp.Anonymous(this="len", expressions=[array.copy()])
    filled = exp.If(this=exp.GT(this=size, expression=exp.Literal.number(0)), true=array.copy())
    node.set("this", exp.Case(ifs=[filled], default=exp.Array(expressions=[exp.Null()])))
