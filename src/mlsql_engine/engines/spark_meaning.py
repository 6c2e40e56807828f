"""Where Spark SQL and DuckDB write the same and mean something else, and sqlglot keeps the words.

Words are mended before the parser sees them, calls and casts after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.core.errors import errors_at
from mlsql_engine.core.text import Text
from mlsql_engine.engines import (
    spark_aggregates,
    spark_calls,
    spark_casts,
    spark_generators,
    spark_queries,
    spark_times,
)
from mlsql_engine.engines.spark_expressions import Unsupported, call, literal_int, literal_text, number, text
from mlsql_engine.engines.spark_functions import MISSING

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
    written = query.value.lower()
    spark_casts.mend_types(tree)
    if spark_queries.WORDS.search(written):
        spark_queries.mend(tree)
    # From the inside out: what is rewritten may come to stand more than once.
    for node in reversed([node for node in tree.walk() if type(node).__name__ in _MENDERS]):
        place = query.place(node.meta["start"], node.meta["end"] + 1) if "start" in node.meta else query.span
        with errors_at(place):
            _MENDERS[type(node).__name__](node)
    if spark_generators.WORDS.search(written):
        with errors_at(query.span):
            spark_generators.rewrite(tree)


def _mend_call(node: exp.Anonymous) -> None:
    """A call that sqlglot has no rule for."""
    written = node.name.lower()
    name = written.removeprefix("mlsql_")
    if written in _CASTS and len(node.expressions) == 1:
        _cast_call(node)
    elif written != name and name in MISSING:
        raise Unsupported(f"Spark's function {name} is missing on DuckDB", hint="docs/sql.md lists what is missing")
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


def _part(node: Any) -> None:
    node.replace(spark_times.part_of_time(node.this.name, node.expression))


def _start(node: Any) -> None:
    """A text starts at 1, also where a query says 0."""
    start = node.args.get("start")
    if literal_int(start) == 0:
        node.set("start", number(1))
    elif start is not None and literal_int(start) is None:
        node.set("start", call("mlsql_start", start.copy()))


def _separator(node: Any) -> None:
    """Texts are joined with nothing between; DuckDB would put commas."""
    if node.args.get("separator") is None:
        node.set("separator", text(""))


def _whole(node: Any) -> None:
    """ceil and floor without places after the point."""
    if node.args.get("decimals") is None:
        node.replace(call(f"mlsql_{type(node).__name__.lower()}_of", node.this.copy()))


def _key(node: exp.Bracket) -> None:
    """`x[k]`: from 0 in an array, where there is nothing before it, but as it is in a map."""
    from sqlglot import exp

    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        return
    key = node.expressions[0]
    if literal_text(key) is not None:
        node.set("offset", 1)
        return
    node.replace(call("mlsql_item", node.this, key))


def _escape(node: Any) -> None:
    """A backslash takes the meaning from the sign after it, unless the query names another sign."""
    from sqlglot import exp

    pattern = literal_text(node.expression)
    if isinstance(node.parent, exp.Escape) or (pattern is not None and "\\" not in pattern):
        return
    node.replace(exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))


_MENDERS: Final[dict[str, Callable[[Any], None]]] = {
    "Add": spark_casts.mend_interval_sum,
    "Anonymous": _mend_call,
    "Bracket": _key,
    "Cast": spark_casts.mend_cast,
    "Ceil": _whole,
    "CurrentTimestamp": lambda node: node.replace(spark_times.now()),
    "Extract": _part,
    "Floor": _whole,
    "GroupConcat": _separator,
    "ILike": _escape,
    "IntDiv": spark_casts.mend_division,
    "Like": _escape,
    "Mod": spark_casts.mend_division,
    "Rand": spark_queries.seed,
    "Sub": spark_casts.mend_interval_sum,
    "Substring": _start,
    "TryCast": spark_casts.mend_cast,
}
"""How nodes are rewritten, by the names of sqlglot's classes, which this module does not import."""

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
