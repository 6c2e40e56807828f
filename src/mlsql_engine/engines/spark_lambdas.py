"""Spark's functions that take functions, in DuckDB's list functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines.spark_expressions import (
    Unsupported,
    call,
    function_of,
    infix,
    is_null,
    name,
    number,
    struct,
    text,
)

if TYPE_CHECKING:
    from sqlglot import exp

Call = Callable[[list[Any]], "exp.Expr"]


def _lambda(node: Any, least: int, most: int) -> tuple[list[str], Any]:
    """The variables and the body of an argument that is a function."""
    from sqlglot import exp

    if not isinstance(node, exp.Lambda):
        raise Unsupported("a function is wanted here", code="SQL", hint="write it as x -> x + 1")
    names = [item.name for item in node.expressions]
    if not least <= len(names) <= most:
        wanted = str(least) if least == most else f"{least} or {most}"
        raise Unsupported(f"the function must have {wanted} arguments, it has {len(names)}", code="SQL")
    return names, node.this


def _with(body: Any, values: dict[str, exp.Expr]) -> Any:
    """The body with its variables replaced by values."""
    from sqlglot import exp

    lowered = {key.lower(): value for key, value in values.items()}
    # A root that is itself replaced needs something above it.
    root = exp.Paren(this=body.copy())
    for node in list(root.find_all(exp.Identifier)):
        value = lowered.get(node.name.lower())
        named = node.arg_key in ("alias", "expression") and isinstance(node.parent, exp.Alias | exp.Dot)
        key = isinstance(node.parent, exp.PropertyEQ) and node.arg_key == "this"
        if value is None or named or key or isinstance(node.parent, exp.Column):
            continue
        node.replace(value.copy())
    return root


def _list_call(own: str) -> Call:
    """transform and filter: the second variable, if any, counts from 0."""

    def rewrite(arguments: list[Any]) -> exp.Expr:
        array, function = arguments
        names, body = _lambda(function, 1, 2)
        if len(names) == 2:
            body = _with(body, {names[1]: infix("Sub", name(names[1]), number(1))})
        return call(own, array, function_of(names, body))

    return rewrite


def _logic(own: str) -> Call:
    def rewrite(arguments: list[Any]) -> exp.Expr:
        array, function = arguments
        names, body = _lambda(function, 1, 1)
        return call(own, call("list_transform", array, function_of(names, body)))

    return rewrite


def _aggregate(arguments: list[Any]) -> exp.Expr:
    array, start, merge, *rest = arguments
    names, body = _lambda(merge, 2, 2)
    reduced = call("list_reduce", array, function_of(names, body), start)
    if not rest:
        return reduced
    finish_names, finish = _lambda(rest[0], 1, 1)
    return call("invoke", function_of(finish_names, finish), reduced)


def _zip_with(arguments: list[Any]) -> exp.Expr:
    from sqlglot import exp

    first, second, function = arguments
    names, body = _lambda(function, 2, 2)
    pair = {
        variable: call("struct_extract_at", name("__z"), number(index))
        for index, variable in enumerate(names, start=1)
    }
    zipped = call("list_transform", call("list_zip", first, second), function_of(["__z"], _with(body, pair)))
    absent = exp.Or(this=is_null(first.copy()), expression=is_null(second.copy()))
    return exp.Paren(this=exp.Case(ifs=[exp.If(this=absent, true=exp.Null())], default=zipped))


def _of_entries(function: Any, make: Callable[[Any], exp.Expr]) -> exp.Expr:
    """A function of one entry `__e`; `make` takes the body, of a key and a value."""
    names, body = _lambda(function, 2, 2)
    values = {names[0]: _field("__e", "key"), names[1]: _field("__e", "value")}
    return function_of(["__e"], make(_with(body, values)))


def _field(variable: str, field: str) -> exp.Expr:
    return call("struct_extract", name(variable), text(field))


def _map_call(make: Callable[[Any], exp.Expr], own: str = "list_transform") -> Call:
    def rewrite(arguments: list[Any]) -> exp.Expr:
        entries, function = arguments
        return call("map_from_entries", call(own, call("map_entries", entries), _of_entries(function, make)))

    return rewrite


def _map_zip_with(arguments: list[Any]) -> exp.Expr:
    first, second, function = arguments
    names, body = _lambda(function, 3, 3)
    values = {
        names[0]: name("__k"),
        names[1]: call("map_extract_value", first, name("__k")),
        names[2]: call("map_extract_value", second, name("__k")),
    }
    keys = call("mlsql_array_union", call("map_keys", first.copy()), call("map_keys", second.copy()))
    entry = struct(key=name("__k"), value=_with(body, values))
    return call("map_from_entries", call("list_transform", keys, function_of(["__k"], entry)))


def _array_sort(arguments: list[Any]) -> exp.Expr:
    if len(arguments) == 1:
        return call("list_sort", arguments[0], text("ASC"), text("NULLS LAST"))
    raise Unsupported(
        "array_sort with a function of two elements is missing on DuckDB",
        hint="sort_array(a) and sort_array(a, false) sort by the elements themselves",
    )


CALLS: Final[dict[str, Call]] = {
    "transform": _list_call("list_transform"),
    "filter": _list_call("list_filter"),
    "exists": _logic("mlsql_some_true"),
    "forall": _logic("mlsql_all_true"),
    "aggregate": _aggregate,
    "reduce": _aggregate,
    "zip_with": _zip_with,
    "transform_keys": _map_call(lambda body: struct(key=body, value=_field("__e", "value"))),
    "transform_values": _map_call(lambda body: struct(key=_field("__e", "key"), value=body)),
    "map_filter": _map_call(lambda body: body, "list_filter"),
    "map_zip_with": _map_zip_with,
    "array_sort": _array_sort,
}
"""The rewriting of calls, by Spark's names, from their arguments."""
