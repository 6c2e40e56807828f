"""Where Spark SQL and DuckDB write the same and mean something else, and sqlglot keeps the words.

Words are mended before the parser sees them, calls and casts after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import errors_at
from mlsql_engine.core.text import Text
from mlsql_engine.engines import spark_aggregates, spark_calls, spark_casts, spark_generators, spark_queries
from mlsql_engine.engines.spark_expressions import call, literal_int, literal_text, number

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

_CASTS = frozenset(
    {"bigint", "smallint", "tinyint", "int", "double", "float", "binary", "boolean", "string", "decimal"}
)


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


def mend(tree: exp.Expr, query: Text) -> None:
    """Rewrite what has another meaning on DuckDB. Columns must have their names already.

    Raises MlsqlError, at its place in the query, for what DuckDB cannot be given.
    """
    from sqlglot import exp

    spark_casts.mend_types(tree)
    spark_queries.mend(tree)
    # From the inside out: what is rewritten may come to stand more than once.
    for node in reversed(list(tree.find_all(*_mended()))):
        place = query.place(node.meta["start"], node.meta["end"] + 1) if "start" in node.meta else query.span
        with errors_at(place):
            if isinstance(node, exp.Anonymous):
                _mend_call(node)
            else:
                _mend_node(node)
    with errors_at(query.span):
        spark_generators.rewrite(tree)


def _mended() -> tuple[type[exp.Expr], ...]:
    from sqlglot import exp

    operators = (exp.Mod, exp.IntDiv, exp.Add, exp.Sub, exp.Bracket, exp.Like, exp.ILike)
    return (exp.Anonymous, exp.Cast, exp.Extract, exp.Substring, exp.CurrentTimestamp, *operators)


def _mend_call(node: exp.Anonymous) -> None:
    """A call that sqlglot has no rule for."""
    written = node.name.lower()
    name = written.removeprefix("mlsql_")
    if written in _CASTS and len(node.expressions) == 1:
        _cast_call(node)
    elif written != name and name in spark_aggregates.REWRITES:
        spark_aggregates.REWRITES[name](node)
    elif written != name and name in spark_calls.CALLS:
        node.replace(spark_calls.rewritten(node, name))


def _cast_call(node: exp.Anonymous) -> None:
    """`int(x)` is a cast."""
    from sqlglot import exp

    kind = exp.DataType.build(node.name, dialect="spark")
    cast = exp.TryCast(this=node.expressions[0].copy(), to=kind)
    node.replace(cast)
    spark_casts.mend_types(cast)
    spark_casts.mend_cast(cast)


def _mend_node(node: Any) -> None:
    """What sqlglot understands as Spark does, but writes as if DuckDB did too."""
    from sqlglot import exp

    match node:
        case exp.Extract():
            node.replace(spark_calls.part_of_time(node.this.name, node.expression))
        case exp.Cast():
            spark_casts.mend_cast(node)
        case exp.Mod() | exp.IntDiv():
            spark_casts.mend_division(node)
        case exp.Add() | exp.Sub():
            spark_casts.mend_interval_sum(node)
        case exp.Bracket():
            _key(node)
        case exp.Like() | exp.ILike():
            _escape(node)
        case exp.CurrentTimestamp():
            node.replace(spark_calls.now())
        case exp.Substring():
            start = literal_int(node.args.get("start"))
            if start == 0:
                node.set("start", number(1))
            elif start is None and node.args.get("start") is not None:
                node.set("start", call("mlsql_start", node.args["start"].copy()))


def _key(node: exp.Bracket) -> None:
    """`x[k]`: from 0 in an array, where there is nothing before it, but as it is in a map."""
    from sqlglot import exp

    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        return
    key = node.expressions[0]
    if literal_text(key) is not None:
        return
    # sqlglot counts the elements of arrays from 0, and adds `offset` where it writes them.
    node.set("expressions", [call("mlsql_key", node.this.copy(), key.copy())])
    node.set("offset", 1)


def _escape(node: Any) -> None:
    """A backslash takes the meaning from the sign after it, unless the query names another sign."""
    from sqlglot import exp

    pattern = literal_text(node.expression)
    if isinstance(node.parent, exp.Escape) or (pattern is not None and "\\" not in pattern):
        return
    node.replace(exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))


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
