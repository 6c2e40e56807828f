"""Spark's functions that make rows (explode, posexplode, inline, stack, json_tuple), as DuckDB's UNNEST.

A generator becomes a list of structs whose fields are its columns, which UNNEST to a depth of 2 spreads into rows
and columns. In a select's items, generators of several columns move to a lateral join, so that ORDER BY sees them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines.spark_expressions import (
    Unsupported,
    call,
    case,
    cast,
    function_of,
    infix,
    literal_int,
    literal_text,
    name,
    number,
    struct,
    struct_of,
    text,
)

if TYPE_CHECKING:
    from sqlglot import exp

_KINDS: Final = {
    "Explode": "explode",
    "ExplodeOuter": "explode",
    "_ExplodeOuter": "explode",
    "Posexplode": "posexplode",
    "PosexplodeOuter": "posexplode",
    "Inline": "inline",
    "Stack": "stack",
}
_MAP_MAKERS: Final = frozenset(
    {"map_concat", "map_filter", "map_from_arrays", "map_from_entries", "map_zip_with", "str_to_map"}
    | {"transform_keys", "transform_values"}
)
WORDS: Final = re.compile("explode|inline|stack|json_tuple|lateral|unnest|flatten")
"""One of them stands in every query that `rewrite` changes, in lower case."""

_NAMES: Final = {"inline_outer": "inline", "json_tuple": "json_tuple", "posexplode_outer": "posexplode"}


def kind_of(node: Any) -> str | None:
    """Which generator the node is, if any: explode, posexplode, inline, stack or json_tuple."""
    kind = type(node).__name__
    return _NAMES.get(node.name.lower()) if kind == "Anonymous" else _KINDS.get(kind)


def is_outer(node: Any) -> bool:
    """Whether it keeps a row where there are no elements."""
    return "Outer" in type(node).__name__ or (type(node).__name__ == "Anonymous" and "outer" in node.name.lower())


def rewrite(tree: exp.Expr) -> None:
    """Rewrite every generator of a query."""
    from sqlglot import exp

    for select in reversed(list(tree.find_all(exp.Select))):
        _move_views(select)
        _move_items(select)
    for lateral in list(tree.find_all(exp.Lateral)):
        if kind_of(lateral.this) is not None:
            lateral.replace(_source(lateral.this, lateral.args.get("alias"), outer=bool(lateral.args.get("outer"))))
    for table in list(tree.find_all(exp.Table)):
        if kind_of(table.this) is not None:
            table.replace(_source(table.this, table.args.get("alias"), outer=False))


def _move_views(select: exp.Select) -> None:
    """Every LATERAL VIEW becomes a join, in their order: one may read what another before it makes."""
    from sqlglot import exp

    for view in select.args.get("laterals") or []:
        if kind_of(view.this) is None:
            raise Unsupported(
                "LATERAL VIEW takes a function that makes rows", code="SQL", hint=f"known: {_known()}"
            )
        source = _source(view.this, view.args.get("alias"), outer=bool(view.args.get("outer")))
        select.append("joins", exp.Join(this=source, kind="CROSS"))
    select.set("laterals", None)


def _known() -> str:
    return ", ".join(sorted({*_KINDS.values(), *_NAMES}))


def _source(node: Any, alias: Any, *, outer: bool) -> exp.Expr:
    """The generator as something that stands in FROM."""
    from sqlglot import exp

    alias = alias.copy() if alias is not None else exp.TableAlias()
    if alias.this is None:
        alias.set("this", exp.to_identifier("generated", quoted=True))
    columns = [column.name for column in alias.columns]
    if not columns and kind_of(node) == "explode" and not _is_map(node.this):
        columns = ["col"]
        alias.set("columns", [exp.to_identifier("col")])
    outer = outer or is_outer(node)
    if kind_of(node) == "explode" and len(columns) == 1 and not _is_map(node.this):
        if not outer:
            return exp.Unnest(expressions=[node.this.copy()], alias=alias)
        # Joined with the UNNEST itself, rows that are not columns' own elements would lose their order.
        unnested = exp.Anonymous(this="unnest", expressions=[_kept(node.this.copy(), outer=True)])
        return exp.Lateral(this=exp.Subquery(this=exp.Select(expressions=[unnested])), alias=alias)
    rows = _kept(_rows(node, columns), outer=outer)
    spread = exp.Select(expressions=[_spread(rows)])
    return exp.Lateral(this=exp.Subquery(this=spread), alias=alias)


def _spread(rows: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    depth = exp.Kwarg(this=exp.var("max_depth"), expression=number(2))
    return exp.Anonymous(this="unnest", expressions=[rows, depth])


def _kept(array: exp.Expr, *, outer: bool) -> exp.Expr:
    """With `outer`, an array that is empty or NULL gives one row of NULL."""
    from sqlglot import exp

    if not outer:
        return array
    some = exp.GT(this=call("len", name("__g")), expression=number(0))
    kept = case((some, name("__g")), otherwise=exp.Array(expressions=[exp.Null()]))
    return call("invoke", function_of(["__g"], kept), array)


def _is_map(node: Any) -> bool:
    from sqlglot import exp

    called = node.name.lower().removeprefix("mlsql_") if isinstance(node, exp.Anonymous) else ""
    return isinstance(node, exp.Map | exp.VarMap | exp.MapFromEntries) or called in _MAP_MAKERS


def _rows(node: Any, columns: list[str]) -> exp.Expr:
    """A list of structs: the rows that the generator makes."""
    match kind_of(node):
        case "explode":
            if len(columns) == 2 or _is_map(node.this):
                return call("map_entries", node.this.copy())
            return call("list_transform", node.this.copy(), function_of(["__x"], struct(col=name("__x"))))
        case "posexplode":
            return _numbered(_argument(node).copy(), columns)
        case "stack":
            return _stacked(node, columns)
        case "json_tuple":
            return _json_fields(node, columns)
    return _argument(node).copy()  # type: ignore[no-any-return]


def _argument(node: Any) -> Any:
    return node.expressions[0] if type(node).__name__ == "Anonymous" else node.this


def _numbered(array: exp.Expr, columns: list[str]) -> exp.Expr:
    position = cast(infix("Sub", name("__i"), number(1)), "integer")
    if len(columns) == 3 or _is_map(array):
        field = {part: call("struct_extract", name("__x"), text(part)) for part in ("key", "value")}
        entry = struct(pos=position, **field)
        return call("list_transform", call("map_entries", array), function_of(["__x", "__i"], entry))
    entry = struct(pos=position, col=name("__x"))
    return call("list_transform", array, function_of(["__x", "__i"], entry))


def _stacked(node: Any, columns: list[str]) -> exp.Expr:
    from sqlglot import exp

    count, values = literal_int(node.this), node.expressions
    if count is None or count < 1:
        raise Unsupported("the first argument of stack must be a whole number from 1", code="SQL")
    width = -(-len(values) // count)
    names = columns or [f"col{index}" for index in range(width)]
    padded = [value.copy() for value in values]
    padded += [exp.Null() for _ in range(width * count - len(values))]
    starts = range(0, len(padded), width)
    rows = [struct_of(list(zip(names, padded[start : start + width], strict=False))) for start in starts]
    return exp.Array(expressions=rows)


def _json_fields(node: Any, columns: list[str]) -> exp.Expr:
    from sqlglot import exp

    value, *keys = node.expressions
    if any(literal_text(key) is None for key in keys):
        raise Unsupported("the fields that json_tuple takes must be constant strings on DuckDB")
    names = columns or [f"c{index}" for index in range(len(keys))]
    fields = [
        (field, call("mlsql_get_json_object", value.copy(), text(f'$."{literal_text(key)}"')))
        for field, key in zip(names, keys, strict=False)
    ]
    return exp.Array(expressions=[struct_of(fields)])


def _move_items(select: exp.Select) -> None:
    """Generators among the items of a select."""
    from sqlglot import exp

    items: list[exp.Expr] = []
    for item in select.expressions:
        node = item.this if isinstance(item, exp.Alias | exp.Aliases) else item
        kind = kind_of(node)
        if kind is None:
            items.append(item)
        elif kind == "explode" and not isinstance(item, exp.Aliases) and not _is_map(node.this):
            array = _kept(node.this.copy(), outer=is_outer(node))
            unnested = exp.Anonymous(this="unnest", expressions=[array])
            items.append(exp.alias_(unnested, item.alias or "col", quoted=True))
        else:
            names = item.expressions if isinstance(item, exp.Aliases) else []
            items.extend(_joined(select, node, [column.name for column in names]))
    select.set("expressions", items)


def _joined(select: exp.Select, node: Any, columns: list[str]) -> list[exp.Expr]:
    """The columns of a generator that becomes a lateral join of the select."""
    from sqlglot import exp

    used = sum(1 for join in select.args.get("joins") or [] if join.alias_or_name.startswith("generated by"))
    alias = exp.TableAlias(this=exp.to_identifier(f"generated by item {used + 1}", quoted=True))
    alias.set("columns", [exp.to_identifier(column, quoted=True) for column in columns])
    source = _source(node, alias, outer=False)
    if select.args.get("from_") is None:
        select.set("from_", exp.From(this=source.this if isinstance(source, exp.Lateral) else source))
        select.args["from_"].this.set("alias", alias)
    else:
        select.append("joins", exp.Join(this=source, kind="CROSS"))
    if columns:
        return [exp.column(exp.to_identifier(column, quoted=True), table=alias.this.copy()) for column in columns]
    return [exp.Column(this=exp.Star(), table=alias.this.copy())]
