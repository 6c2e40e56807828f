"""Spark's functions whose arguments decide what is written for DuckDB: patterns, types, numbers of arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines import spark_lambdas, spark_times
from mlsql_engine.engines.spark_expressions import (
    Unsupported,
    call,
    cast,
    function_of,
    is_null,
    literal_int,
    literal_text,
    name,
    number,
    struct_of,
    text,
)
from mlsql_engine.engines.spark_patterns import format_types, replacement
from mlsql_engine.engines.spark_times import constant_pattern

if TYPE_CHECKING:
    from sqlglot import exp

Call = Callable[[list[Any]], "exp.Expr"]


def _format_string(arguments: list[Any]) -> exp.Expr:
    """printf, with every argument cast to what its place in the pattern takes."""
    pattern, *values = arguments
    kinds = constant_pattern(pattern, format_types)
    if len(kinds) > len(values):
        raise Unsupported(f"the pattern takes {len(kinds)} values, {len(values)} are given", code="SQL")
    typed = [cast(value, kind) for kind, value in zip(kinds, values, strict=False)]
    return call("printf", pattern, *typed)


def _regexp_replace(arguments: list[Any]) -> exp.Expr:
    value, pattern, new, *place = arguments
    if place and literal_int(place[0]) != 1:
        raise Unsupported("regexp_replace from a place other than 1 is missing on DuckDB")
    if literal_text(new) is not None:
        new = text(constant_pattern(new, replacement))
    else:
        new = call("regexp_replace", new, text(r"\$(\d)"), text(r"\\\1"), text("g"))
    return call("regexp_replace", value, pattern, new, text("g"))


def _regexp_extract(own: str) -> Call:
    """Group 1 unless another is named."""

    def rewrite(arguments: list[Any]) -> exp.Expr:
        value, pattern, *group = arguments
        return call(own, value, pattern, group[0] if group else number(1))

    return rewrite


def _concat_ws(arguments: list[Any]) -> exp.Expr:
    separator, *values = arguments
    if not values:
        return text("")
    return call("concat_ws", separator, *(call("mlsql_joined", separator.copy(), value) for value in values))


def _elt(arguments: list[Any]) -> exp.Expr:
    from sqlglot import exp

    place, *values = arguments
    texts = exp.Array(expressions=[cast(value, "varchar") for value in values])
    positive = exp.Case(ifs=[exp.If(this=exp.GT(this=place.copy(), expression=number(0)), true=place.copy())])
    return call("list_extract", texts, positive)


def _size(arguments: list[Any]) -> exp.Expr:
    """Spark's size of NULL is -1 when it is not in its ANSI mode."""
    from sqlglot import exp

    return cast(exp.Coalesce(this=call("cardinality", arguments[0]), expressions=[number(-1)]), "integer")


def _arrays_zip(arguments: list[Any]) -> exp.Expr:
    """Structs whose fields have the columns' names, or count from 0."""
    from sqlglot import exp

    fields = [
        (argument.name if isinstance(argument, exp.Column) else str(index), index)
        for index, argument in enumerate(arguments)
    ]
    entry = struct_of(
        [(field, call("struct_extract_at", name("__z"), number(index + 1))) for field, index in fields]
    )
    return call("list_transform", call("list_zip", *arguments), function_of(["__z"], entry))


def _trimmed(own: str) -> Call:
    """ltrim(text) and ltrim(signs, text), which Spark has in that order."""

    def rewrite(arguments: list[Any]) -> exp.Expr:
        if len(arguments) == 1:
            return call(own, cast(arguments[0], "varchar"), text(" "))
        return call(own, cast(arguments[1], "varchar"), arguments[0])

    return rewrite


def _from_json(arguments: list[Any]) -> exp.Expr:
    """Text as a value of a type that a constant tells in Spark's words."""
    from sqlglot import exp
    from sqlglot.errors import ParseError

    value, schema, *_ = arguments
    written = literal_text(schema)
    if written is None:
        raise Unsupported("the schema of from_json must be a constant string on DuckDB")
    whole = re.match(r"(?i)\s*(?:struct|array|map)\s*<", written)
    try:
        kind = exp.DataType.build(written if whole else f"struct<{written}>", dialect="spark")
    except ParseError:
        raise Unsupported(
            f"'{written}' is not a schema", code="SQL", hint="write it as 'a INT, b STRING'"
        ) from None
    if not kind.expressions or any(field.args.get("kind") is None for field in kind.find_all(exp.ColumnDef)):
        raise Unsupported(f"'{written}' is not a schema", code="SQL", hint="write it as 'a INT, b STRING'")
    otherwise = text("{}") if kind.this.name == "STRUCT" else exp.Null()
    return call("mlsql_json_value", value, text(json.dumps(_json_form(kind))), otherwise)


def _json_form(kind: Any) -> Any:
    """The type as DuckDB's json_transform wants it: objects and lists of the names of types."""
    match kind.this.name:
        case "STRUCT":
            return {field.name: _json_form(field.args["kind"]) for field in kind.expressions}
        case "ARRAY":
            return [_json_form(kind.expressions[0])]
        case "TIMESTAMPTZ" | "TIMESTAMPLTZ" | "TIMESTAMPNTZ":
            return "TIMESTAMP"
    return kind.sql("duckdb")


def _is_null(arguments: list[Any]) -> exp.Expr:
    (value,) = arguments
    return is_null(value)


def _is_not_null(arguments: list[Any]) -> exp.Expr:
    from sqlglot import exp

    (value,) = arguments
    return exp.Not(this=is_null(value))


def _nvl2(arguments: list[Any]) -> exp.Expr:
    from sqlglot import exp

    value, present, absent = arguments
    return exp.Case(ifs=[exp.If(this=is_null(value), true=absent)], default=present)


CALLS: Final[dict[str, Call]] = {
    **spark_lambdas.CALLS,
    **spark_times.CALLS,
    "arrays_zip": _arrays_zip,
    "cardinality": _size,
    "concat_ws": _concat_ws,
    "elt": _elt,
    "format_string": _format_string,
    "from_json": _from_json,
    "isnotnull": _is_not_null,
    "isnull": _is_null,
    "ltrim": _trimmed("ltrim"),
    "nvl2": _nvl2,
    "printf": _format_string,
    "regexp_extract": _regexp_extract("regexp_extract"),
    "regexp_extract_all": _regexp_extract("regexp_extract_all"),
    "regexp_replace": _regexp_replace,
    "rtrim": _trimmed("rtrim"),
    "size": _size,
}
"""The rewriting of calls, by Spark's names, from their arguments."""


def rewritten(node: exp.Anonymous, spark_name: str) -> exp.Expr:
    """What stands in the place of the call. Raises MlsqlError, without a place."""
    try:
        return CALLS[spark_name]([argument.copy() for argument in node.expressions])
    except (ValueError, TypeError) as error:
        if isinstance(error, TypeError) and "argument" not in str(error):
            raise
        count = len(node.expressions)
        what = f"{count} argument{'' if count == 1 else 's'}"
        raise Unsupported(f"{spark_name} does not take {what}", code="SQL") from None
