"""Spark SQL to DuckDB's SQL, with every name checked and placed in the user's own text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import SqlProblem, SyntaxProblem, UnknownName
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines import spark_meaning, spark_queries, spark_syntax
from mlsql_engine.engines.plain_calls import is_syntax, may_be_call
from mlsql_engine.engines.spark_generators import kind_of
from mlsql_engine.engines.spark_names import column_name, select_names

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token


@dataclass(frozen=True)
class Translation:
    """A query for the engine.

    `tables` names the tables it reads, in lower case, as often as it reads them; `calls` the functions that
    the dialect has no rule for, in lower case, as the script names them; `volatile` tells that to run it again
    gives other rows, or costs a model; `random` that it gives other rows. `sources` are the names, in lower
    case, by which the query knows its tables and subqueries.
    """

    query: Text
    sql: str
    tables: tuple[str, ...]
    calls: frozenset[str]
    volatile: bool
    random: bool
    places: Mapping[tuple[str, str], Span]
    sources: frozenset[str] = frozenset()

    def place(self, kind: str, name: str) -> Span:
        """Where the user wrote the column, function or table of that name; the whole query if unknown.

        A column may be given with its table: `t.a`.
        """
        name = name.lower()
        found = self.places.get((kind, name)) or self.places.get((kind, name.rpartition(".")[2]))
        return found or self.query.span


def translate(
    query: Text,
    tables: Mapping[str, str],
    functions: Mapping[str, str],
    models: Collection[str] = (),
    *,
    text_as_numbers: bool = False,
) -> Translation:
    """Translate one Spark SQL query.

    `tables` and `functions` give the engine's names of bound tables and of the session's functions by their
    names in lower case. A call to one of the functions is a plain call, whatever the dialect makes of its name.
    `models` are those of the functions that must not be called twice for a row. With `text_as_numbers` text is read
    as a number where one is wanted, as Spark does (see `spark_meaning.take_text_as_numbers`).
    Raises SyntaxProblem where the query is not Spark SQL and UnknownName for a table that is not bound.
    """
    tokens = list(spark_meaning.doubled_quotes(_tokens(query), query.value))
    spark_syntax.refuse_empty_items(tokens, query)
    tree = _parse(query, tokens, functions)
    spark_queries.drop_hints(tree)
    places = _places(tree, query)
    _refuse_hidden_fields(tree, query)
    read = _rewrite_tables(tree, query, tables)
    for sample in _find_all(tree, "TableSample"):
        _sample_rows(sample)
    _name_columns(tree, query, tokens, models)
    _spread_structs(tree, query)
    plain = [str(node.this).lower() for node in _find_all(tree, "Anonymous")]
    spark_meaning.mend(tree, query)
    if text_as_numbers:
        spark_meaning.take_text_as_numbers(tree)
    sql = _generate(tree, query)
    script_names = {engine_name.lower(): name for name, engine_name in functions.items()}
    made = [name for node in _find_all(tree, "Anonymous") if (name := str(node.this).lower()).startswith("mlsql_")]
    calls = frozenset(script_names.get(name, name) for name in (*plain, *made))
    random = any(True for _ in _find_all(tree, "Rand", "Uuid", "Randn", "TableSample"))
    volatile = random or not calls.isdisjoint(models)
    sources = frozenset(node.alias_or_name.lower() for node in _find_all(tree, "Table", "Subquery", "CTE"))
    return Translation(query, sql, tuple(read), calls, volatile, random, places, sources)


def _tokens(query: Text) -> list[Token]:
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import TokenError

    try:
        return list(Spark().tokenize(query.value))
    except TokenError:
        raise spark_syntax.unfinished(query) from None


def _parse(query: Text, tokens: list[Token], functions: Mapping[str, str]) -> exp.Query:
    from sqlglot import exp
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import ParseError

    try:
        parsed = Spark().parser().parse(list(_with_functions(tokens, functions)), query.value)
    except ParseError as error:
        raise spark_syntax.problem(error, query) from None
    trees = [tree for tree in parsed if tree is not None]
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise SyntaxProblem("this is not one select", span=query.span)
    return trees[0]


def _with_functions(tokens: list[Token], functions: Mapping[str, str]) -> Iterator[Token]:
    """Give the session's functions their names in the engine, which the parser has no rule for."""
    from sqlglot.tokenizer_core import Token, TokenType

    for index, token in enumerate(tokens):
        name = functions.get(token.text.lower())
        if name is None or not may_be_call(tokens, index) or is_syntax(tokens, index):
            yield token
        else:
            yield Token(TokenType.VAR, name, token.line, token.col, token.start, token.end, token.comments)


def _find_all(tree: exp.Expr, *kinds: str) -> Iterator[Any]:
    from sqlglot import exp

    return tree.find_all(*(getattr(exp, kind) for kind in kinds if hasattr(exp, kind)))


def _places(tree: exp.Expr, query: Text) -> dict[tuple[str, str], Span]:
    """Where columns (also as `table.column`), the tables before them, and functions stand; the first is kept."""
    places: dict[tuple[str, str], Span] = {}
    for node in sorted(_find_all(tree, "Column", "Func"), key=_start):
        if type(node).__name__ == "Column":
            parts = [part for part in node.parts if "start" in part.meta]
            for first, part in enumerate(parts):
                span = query.place(part.meta["start"], parts[-1].meta["end"] + 1)
                name = ".".join(part.name for part in parts[first:])
                places.setdefault(("column", name.lower()), span)
                single = query.place(part.meta["start"], part.meta["end"] + 1)
                places.setdefault(("column" if part is parts[-1] else "table", part.name.lower()), single)
        elif "start" in node.meta:
            start, end = node.meta["start"], node.meta["end"] + 1
            places.setdefault(("function", query.value[start:end].strip("`").lower()), query.place(start, end))
    return places


def _start(node: Any) -> int:
    meta = node.parts[0].meta if type(node).__name__ == "Column" else node.meta
    return int(meta.get("start", 0))


def _refuse_hidden_fields(tree: exp.Expr, query: Text) -> None:
    """Keep a query from naming the fields that a vector has inside the engine."""
    from sqlglot import exp

    for node in tree.find_all(exp.Identifier, exp.Literal):
        is_key = isinstance(node, exp.Literal) and node.is_string and isinstance(node.parent, exp.Bracket)
        if node.name.lower() in vectors.FIELDS and (is_key or isinstance(node, exp.Identifier)):
            span = query.place(node.meta["start"], node.meta["end"] + 1) if "start" in node.meta else query.span
            raise no_such_vector_field(node.name, span)


def no_such_vector_field(name: str, span: Span | None) -> SqlProblem:
    """The error of a query that reaches into a vector."""
    return SqlProblem(
        f"a vector has no field '{name}' that a query could reach",
        span=span,
        hint="use the functions: vec_array(v) gives its values, vec_size(v) its size",
    )


def _rewrite_tables(tree: exp.Expr, query: Text, tables: Mapping[str, str]) -> list[str]:
    """Replace every table by the engine's name for it, under the alias that the query knows it by."""
    from sqlglot import exp

    read: list[str] = []
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.Func):
            _check_table_function(table, query)
            continue
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


_TABLE_FUNCTIONS = ("range", "explode", "posexplode", "inline", "stack")


def _check_table_function(table: exp.Table, query: Text) -> None:
    """Let only Spark's functions stand in FROM: the engine's own would read files and its catalog."""
    from sqlglot import exp

    function: Any = table.this
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    if name.lower() not in _TABLE_FUNCTIONS:
        meta = function.meta
        span = query.place(meta["start"], meta["end"] + 1) if "start" in meta else query.span
        written = span.text if "start" in meta else name.lower()
        raise UnknownName("table function", written, _TABLE_FUNCTIONS, span=span)
    if name.lower() == "range":
        # Spark calls the column id.
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier("range", quoted=True))
        if not alias.columns:
            alias.set("columns", [exp.to_identifier("id")])
        table.set("alias", alias)


def _sample_rows(sample: exp.TableSample) -> None:
    """Draw rows one by one, as Spark does, and not whole blocks of 2,048."""
    from sqlglot import exp

    if sample.args.get("percent") is not None and sample.args.get("method") is None:
        sample.set("method", exp.var("BERNOULLI"))


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


def _name_columns(tree: exp.Expr, query: Text, tokens: list[Token], own: Collection[str]) -> None:
    """Give unaliased columns of every select the names that Spark gives them."""
    from sqlglot import exp

    selects = list(tree.find_all(exp.Select))
    if not any(_needs_name(item) for select in selects for item in select.expressions):
        names: list[list[str | None]] | None = None
    else:
        names = select_names(query.value, tokens, own)
    if names is None or [len(items) for items in names] != [len(select.expressions) for select in selects]:
        names = [[None] * len(select.expressions) for select in selects]
    for select, items in zip(selects, names, strict=True):
        named: list[exp.Expr] = []
        for item, spark_name in zip(select.expressions, items, strict=True):
            name = spark_name
            if isinstance(item, exp.Column) and not item.name.islower() and not _is_star(item):
                name = item.name  # the engine would take the letters' case from the table
            elif isinstance(item, exp.Column):
                name = None
            elif name is None and _needs_name(item):
                name = column_name(item, query.value)
            quoted = exp.to_identifier(name, quoted=True) if name else None  # the engine has no empty names
            named.append(item if quoted is None else exp.alias_(item.copy(), quoted))
        select.set("expressions", named)


def _needs_name(item: exp.Expr) -> bool:
    from sqlglot import exp

    several = (exp.Aliases, exp.Posexplode, exp.Inline, exp.Stack)
    many = isinstance(item, several) or kind_of(item) == "json_tuple"
    return not isinstance(item, (exp.Alias, exp.Column)) and not many and not _is_star(item)


def _spread_structs(tree: exp.Expr, query: Text) -> None:
    """`struct(*)` is the row of the select's only source, which DuckDB calls by the source's alias.

    So is `struct(t.*)` that of t.
    """
    from sqlglot import exp

    for node in list(tree.find_all(exp.Struct)):
        stars = [item for item in node.expressions if _is_star(item)]
        if not stars:
            continue
        select: Any = node.find_ancestor(exp.Select)
        alone = len(node.expressions) == 1
        if alone and isinstance(stars[0], exp.Column) and stars[0].table:
            node.replace(exp.column(exp.to_identifier(stars[0].table, quoted=True)))
            continue
        source = select.args.get("from_") if select is not None else None
        if not alone or source is None or select.args.get("joins") or select.args.get("laterals"):
            meta = node.meta
            raise SqlProblem(
                "struct(*) needs a select from one table",
                span=query.place(meta["start"], meta["end"] + 1) if "start" in meta else query.span,
                hint="name the columns: struct(a, b, c)",
            )
        if not source.this.alias_or_name:
            source.this.set("alias", exp.TableAlias(this=exp.to_identifier("row of it", quoted=True)))
        node.replace(exp.column(exp.to_identifier(source.this.alias_or_name, quoted=True)))


def _is_star(item: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))


def _generate(tree: exp.Expr, query: Text) -> str:
    from sqlglot.errors import ErrorLevel, UnsupportedError

    try:
        return tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise SqlProblem(f"this query has no equal on DuckDB: {error}", span=query.span) from None
