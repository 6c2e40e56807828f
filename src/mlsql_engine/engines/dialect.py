"""Spark SQL to DuckDB's SQL, with every name checked and placed in the user's own text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import SqlProblem, SyntaxProblem, UnknownName
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.spark_names import column_name

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token


@dataclass(frozen=True)
class Translation:
    """A query for the engine.

    `tables` names the tables it reads, in lower case, as often as it reads them; `calls` the functions that
    the dialect has no rule for, in lower case, as the script names them; `volatile` tells that to run it again
    gives other rows, or costs a model.
    """

    query: Text
    sql: str
    tables: tuple[str, ...]
    calls: frozenset[str]
    volatile: bool
    places: Mapping[tuple[str, str], Span]

    def place(self, kind: str, name: str) -> Span:
        """Where the user wrote the column, function or table of that name; the whole query if unknown."""
        return self.places.get((kind, name.lower()), self.query.span)


def translate(
    query: Text, tables: Mapping[str, str], functions: Mapping[str, str], models: Collection[str] = ()
) -> Translation:
    """Translate one Spark SQL query.

    `tables` and `functions` give the engine's names of bound tables and of the session's functions by their
    names in lower case. A call to one of the functions is a plain call, whatever the dialect makes of its name.
    `models` are those of the functions that must not be called twice for a row.
    Raises SyntaxProblem where the query is not Spark SQL and UnknownName for a table that is not bound.
    """
    tree = _parse(query, functions)
    places = _places(tree, query)
    read = _rewrite_tables(tree, query, tables)
    _name_columns(tree, query)
    _spread_structs(tree, query)
    sql = _generate(tree, query)
    script_names = {engine_name.lower(): name for name, engine_name in functions.items()}
    plain = [str(node.this).lower() for node in _find_all(tree, "Anonymous")]
    calls = frozenset(script_names.get(name, name) for name in plain)
    volatile = not calls.isdisjoint(models) or any(True for _ in _find_all(tree, "Rand", "Uuid", "Randn"))
    return Translation(query, sql, tuple(read), calls, volatile, places)


def _parse(query: Text, functions: Mapping[str, str]) -> exp.Query:
    from sqlglot import exp
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import ParseError, TokenError

    dialect = Spark()
    text = query.value
    try:
        tokens = list(_with_functions(dialect.tokenize(text), functions))
        trees = [tree for tree in dialect.parser().parse(tokens, text) if tree is not None]
    except ParseError as error:
        raise _syntax_problem(error, query) from None
    except TokenError as error:
        raise SyntaxProblem(f"the query cannot be read: {error}", span=query.span) from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise SyntaxProblem("this is not one select", span=query.span)
    return trees[0]


def _with_functions(tokens: Iterable[Token], functions: Mapping[str, str]) -> Iterator[Token]:
    """Give the session's functions their names in the engine, which the parser has no rule for."""
    from sqlglot.tokenizer_core import Token, TokenType

    items = list(tokens)
    for index, token in enumerate(items):
        called = index + 1 < len(items) and items[index + 1].token_type == TokenType.L_PAREN
        if called and token.text.lower() in functions and token.token_type != TokenType.STRING:
            yield Token(
                TokenType.VAR,
                functions[token.text.lower()],
                token.line,
                token.col,
                token.start,
                token.end,
                token.comments,
            )
        else:
            yield token


_AT_END = re.compile(r"\s*\Z")


def _syntax_problem(error: Any, query: Text) -> SyntaxProblem:
    """sqlglot's complaint, placed in the script."""
    first = error.errors[0] if error.errors else {}
    description = str(first.get("description") or error).rstrip(".")
    # sqlglot names its own classes when an argument is missing; the place says enough.
    description = re.sub(r" for <class '[^']+'>", "", description)
    line, column = first.get("line"), first.get("col")
    span = query.span
    if line and column:
        highlight = str(first.get("highlight") or "")
        lines = query.value.split("\n")
        # `col` counts to the end of the offending token.
        end = sum(len(item) + 1 for item in lines[: line - 1]) + column
        span = query.place(max(0, end - len(highlight)), end) if highlight else span
    words = {"Invalid expression / Unexpected token": "this is not expected here"}
    return SyntaxProblem(
        f"the query is not Spark SQL: {words.get(description, description[:1].lower() + description[1:])}",
        span=span,
    )


def _find_all(tree: exp.Expr, *kinds: str) -> Iterator[Any]:
    from sqlglot import exp

    return tree.find_all(*(getattr(exp, kind) for kind in kinds if hasattr(exp, kind)))


def _places(tree: exp.Expr, query: Text) -> dict[tuple[str, str], Span]:
    """Where columns and functions stand, first come first kept."""
    places: dict[tuple[str, str], Span] = {}
    for node in _find_all(tree, "Column", "Func"):
        kind = "column" if type(node).__name__ == "Column" else "function"
        meta = node.this.meta if kind == "column" else node.meta
        if "start" in meta:
            span = query.place(meta["start"], meta["end"] + 1)
            name = node.name if kind == "column" else query.value[meta["start"] : meta["end"] + 1]
            places.setdefault((kind, name.strip("`").lower()), span)
    return places


def _rewrite_tables(tree: exp.Expr, query: Text, tables: Mapping[str, str]) -> list[str]:
    """Replace every table by the engine's name for it, under the alias that the query knows it by."""
    from sqlglot import exp

    read: list[str] = []
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or _is_local(table):
            continue
        name = table.name.lower()
        if table.args.get("db") is not None or name not in tables:
            written = ".".join(part.name for part in table.parts)
            raise UnknownName("table", written, tables, span=_table_place(table, query))
        read.append(name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", exp.to_identifier(tables[name], quoted=True))
    return read


def _table_place(table: exp.Table, query: Text) -> Span:
    first, last = table.parts[0].meta, table.this.meta
    if "start" not in first or "end" not in last:
        return query.span
    return query.place(first["start"], last["end"] + 1)


def _is_local(table: exp.Table) -> bool:
    """Whether the name is that of a common table expression that can be seen from here."""
    from sqlglot import exp

    if table.args.get("db") is not None:
        return False
    name = table.name.lower()
    node: Any = table
    while node.parent is not None:
        parent = node.parent
        if isinstance(parent, exp.With):
            # Inside the WITH itself only those before are seen (and oneself, when it is recursive).
            for other in parent.expressions:
                if other is node:
                    if parent.args.get("recursive") and other.alias.lower() == name:
                        return True
                    break
                if other.alias.lower() == name:
                    return True
            node = parent.parent
            continue
        with_ = parent.args.get("with_")
        seen = with_.expressions if with_ is not None and with_ is not node else []
        if any(other.alias.lower() == name for other in seen):
            return True
        node = parent
    return False


def _name_columns(tree: exp.Expr, query: Text) -> None:
    """Give unaliased columns of every select the names that Spark gives them."""
    from sqlglot import exp

    named_already = (exp.Alias, exp.Aliases, exp.Column, exp.Dot, exp.Explode)
    for select in tree.find_all(exp.Select):
        named: list[exp.Expr] = []
        for item in select.expressions:
            if isinstance(item, named_already) or item.is_star:
                named.append(item)
            else:
                name = column_name(item, query.value)
                named.append(exp.alias_(item.copy(), exp.to_identifier(name, quoted=True)))
        select.set("expressions", named)


def _spread_structs(tree: exp.Expr, query: Text) -> None:
    """`struct(*)` is the row of the select's only source, which DuckDB calls by the source's alias."""
    from sqlglot import exp

    for node in list(tree.find_all(exp.Struct)):
        if not any(isinstance(item, exp.Star) for item in node.expressions):
            continue
        select = node.find_ancestor(exp.Select)
        source = select.args.get("from_") if select is not None else None
        if len(node.expressions) > 1 or source is None or (select is not None and select.args.get("joins")):
            raise SqlProblem(
                "struct(*) needs a select from one table",
                span=query.span,
                hint="name the columns: struct(a, b, c)",
            )
        node.replace(exp.column(exp.to_identifier(source.this.alias_or_name, quoted=True)))


def _generate(tree: exp.Expr, query: Text) -> str:
    from sqlglot.errors import ErrorLevel, UnsupportedError

    try:
        return tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise SqlProblem(f"this query has no equal on DuckDB: {error}", span=query.span) from None
