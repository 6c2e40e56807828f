"""Spark SQL to DuckDB's SQL, with every name checked and placed in the user's own text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import SqlProblem, SyntaxProblem
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines import script_calls, spark_meaning, spark_queries, spark_syntax
from mlsql_engine.engines.duckdb.functions import OVERLOADED
from mlsql_engine.engines.plain_calls import call_places, with_functions, without_types
from mlsql_engine.engines.query_limits import refuse_deep_nesting, refuse_high_tree, refuse_nested_casts, too_deep
from mlsql_engine.engines.query_tables import rename_tables
from mlsql_engine.engines.randomness import FUNCTIONS, KINDS
from mlsql_engine.engines.reads import table_reads
from mlsql_engine.engines.spark_aggregates import AGGREGATES
from mlsql_engine.engines.spark_generators import kind_of
from mlsql_engine.engines.spark_names import column_name, select_names
from mlsql_engine.engines.translation import Draft, Places, Translation, find_places

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

__all__ = ["Translation", "draft", "no_such_vector_field", "translate"]

_SLOT: Final = "mlsql table "


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
    Raises SyntaxProblem where the query is not Spark SQL, UnknownName for a table that is not bound, and SqlProblem
    for what DuckDB has no equal of and for what is nested too deeply.
    """
    return draft(query, tables, functions, models, text_as_numbers=text_as_numbers).translation(query, tables)


def draft(
    query: Text,
    tables: Collection[str],
    functions: Mapping[str, str],
    models: Collection[str] = (),
    *,
    text_as_numbers: bool = False,
) -> Draft:
    """Translate a query as far as its text tells, over tables that are bound under these names; see `translate`."""
    with _within_the_stack(query):
        words = _words(query)
        called = {name: functions.get(name) for name in words.called()}
        terms = _Terms(called, frozenset(called).intersection(models), text_as_numbers)
        mark = _SLOT
        while any(mark in token.text for token in words.tokens):
            mark += "'"
        slots: dict[str, str] = {}
        reading = _read(query, words, tables, terms, lambda name: slots.setdefault(name, f"{mark}{len(slots)}"))
        sources = reading.sources()
        parts = re.split(f'"{mark}(\\d+)"', _generate(reading.tree, query))
    names_of_slots = list(slots)
    script_names = {engine_name.lower(): name for name, engine_name in called.items() if engine_name is not None}
    calls = frozenset(script_names.get(name) or _script_name(name, functions) for name in reading.calls)
    text = query.value
    return Draft(
        pieces=tuple(parts[::2]),
        slots=tuple(names_of_slots[int(number)] for number in parts[1::2]),
        reads=reading.reads,
        calls=calls,
        volatile=reading.random or not calls.isdisjoint(models),
        random=reading.random,
        sources=sources,
        functions=called,
        own=terms.own,
        find_places=lambda: _places(text, terms),
        make_tree=lambda views: _tree(text, views, terms),
    )


def _script_name(name: str, functions: Mapping[str, str]) -> str:
    """A function of ours that the translation calls and not the query, by its name in a script if it has one."""
    plain = name.removeprefix("mlsql_")
    return plain if functions.get(plain) == name else name


@dataclass(frozen=True)
class _Terms:
    """What a query is read with beside its text: the engine's names of the functions that it calls, or None."""

    functions: Mapping[str, str | None]
    own: frozenset[str]
    text_as_numbers: bool


@dataclass
class _Reading:
    """A query's tree, ready to be written, and what was found in it. `calls` are the names in the tree.

    `reads` tells how often each table may be read, by its name in the script in lower case.
    """

    tree: exp.Query
    reads: Mapping[str, int]
    calls: list[str]
    random: bool
    named: list[Any]

    def sources(self) -> frozenset[str]:
        """The names, in lower case, by which the query knows its tables and subqueries."""
        return frozenset(node.alias_or_name.lower() for node in self.named)


def _read(
    query: Text, words: _Words, tables: Collection[str], terms: _Terms, engine_name: Callable[[str], str]
) -> _Reading:
    """Everything of a translation but the writing; `engine_name` names each of the tables for the engine."""
    tree = _parse(query, words, terms.functions)
    if "/*+" in query.value:
        spark_queries.drop_hints(tree)
    levels, found = _nodes(tree)
    refuse_high_tree(levels, tree, query)
    refuse_nested_casts(sum(len(found[kind]) for kind in ("Cast", "TryCast", "Anonymous")), tree, query)
    _refuse_hidden_fields(tree, query)
    read = rename_tables(found["Table"], query, tables, engine_name)
    for sample in found["TableSample"]:
        _sample_rows(sample)
    _name_columns(found["Select"], query, words.tokens, terms.own)
    _spread_structs(found["Struct"], query)
    calls = [str(node.this).lower() for node in found["Anonymous"]]
    spark_meaning.mend(tree, query)
    if any(name is not None and script_calls.concerns(name) for name in terms.functions.values()):
        script_calls.rewrite(_nodes(tree)[1]["Anonymous"], query)
    if terms.text_as_numbers:
        spark_meaning.take_text_as_numbers(tree)
    _, left = _nodes(tree)
    _look_at_types(left["Anonymous"])
    made = (str(node.this).lower() for node in left["Anonymous"])
    calls += [name for name in made if name.startswith("mlsql_")]
    random = any(left[kind] for kind in KINDS) or not FUNCTIONS.isdisjoint(calls)
    often = table_reads(tree, left, {engine_name(name): name for name in read})
    return _Reading(tree, often, calls, random, [*found["Table"], *found["Subquery"], *found["CTE"]])


def _look_at_types(calls: Iterable[Any]) -> None:
    """Have DuckDB look at the arguments of a macro that is chosen by their types before it chooses.

    It does not know the types of aggregates then, but those of a lambda's parameters, which their values give.
    """
    from sqlglot import exp

    for node in calls:
        if str(node.this).lower() not in OVERLOADED:
            continue
        if any(_is_aggregate(inner) for argument in node.expressions for inner in argument.walk()):
            names = [exp.to_identifier(f"__argument{index}") for index in range(len(node.expressions))]
            chosen = exp.Anonymous(this=node.this, expressions=[name.copy() for name in names])
            values = [argument.copy() for argument in node.expressions]
            lambda_ = exp.Lambda(this=chosen, expressions=names)
            node.replace(exp.Anonymous(this="invoke", expressions=[lambda_, *values]))


def _is_aggregate(node: Any) -> bool:
    from sqlglot import exp

    plain = isinstance(node, exp.Anonymous) and str(node.this).lower() in AGGREGATES
    return plain or isinstance(node, exp.AggFunc | exp.Window)


def _places(text: str, terms: _Terms) -> Places:
    query = _unplaced(text)
    return find_places(_parse(query, _words(query), terms.functions), text)


def _tree(text: str, views: Mapping[str, str], terms: _Terms) -> exp.Query:
    query = _unplaced(text)
    return _read(query, _words(query), views, terms, views.__getitem__).tree


def _unplaced(text: str) -> Text:
    """A text that was translated before, to be read again: it has no errors that needed a place."""
    return Text.literal(text, Span(Source("<query>", text), 0, len(text)))


@contextmanager
def _within_the_stack(query: Text) -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise too_deep(query.span) from None


@dataclass(frozen=True)
class _Words:
    """The words of a query, and which of them are names of calls."""

    tokens: list[Token]
    calls: list[int]

    def called(self) -> set[str]:
        """The names of what is called, in lower case."""
        return {self.tokens[index].text.lower() for index in self.calls}


def _words(query: Text) -> _Words:
    """The query's words, checked for what the parser passes over and for what it cannot bear."""
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import TokenError

    try:
        tokens: list[Token] = Spark().tokenize(query.value)
    except TokenError:
        raise spark_syntax.unfinished(query) from None
    if "''" in query.value or '""' in query.value:
        tokens = list(spark_meaning.doubled_quotes(tokens, query.value))
    spark_syntax.refuse_empty_items(tokens, query)
    calls = call_places(tokens)
    tokens = without_types(tokens, calls)
    refuse_deep_nesting(tokens, query)
    return _Words(tokens, calls)


def _parse(query: Text, words: _Words, functions: Mapping[str, str | None]) -> exp.Query:
    from sqlglot import exp
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import ParseError

    try:
        parsed = Spark().parser().parse(with_functions(words.tokens, words.calls, functions), query.value)
    except ParseError as error:
        raise spark_syntax.problem(error, query) from None
    except _MISSING_ARGUMENTS:
        raise _missing_arguments(query) from None
    trees = [tree for tree in parsed if tree is not None]
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise SyntaxProblem("this is not one select", span=query.span)
    return trees[0]


_MISSING_ARGUMENTS: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What sqlglot's rules for some functions raise where an argument is not there."""


def _missing_arguments(query: Text) -> SqlProblem:
    return SqlProblem("a function in this query does not have the arguments that it needs", span=query.span)


def _nodes(tree: exp.Expr) -> tuple[int, defaultdict[str, list[Any]]]:
    """How high the tree is, and its nodes by the names of their classes, from the top, each level from the left."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    level: list[Any] = [tree]
    levels = 0
    while level:
        levels += 1
        below: list[Any] = []
        for node in level:
            found[type(node).__name__].append(node)
            below.extend(node.iter_expressions())
        level = below
    return levels, found


def _refuse_hidden_fields(tree: exp.Expr, query: Text) -> None:
    """Keep a query from naming the fields that a vector has inside the engine."""
    from sqlglot import exp

    written = query.value.lower()
    if "\\" not in written and not any(name in written for name in vectors.FIELDS):
        return
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


def _sample_rows(sample: exp.TableSample) -> None:
    """Draw rows one by one, as Spark does, and not whole blocks of 2,048."""
    from sqlglot import exp

    if sample.args.get("percent") is not None and sample.args.get("method") is None:
        sample.set("method", exp.var("BERNOULLI"))


def _name_columns(selects: list[Any], query: Text, tokens: list[Token], own: Collection[str]) -> None:
    """Give unaliased columns of every select, in sqlglot's order, the names that Spark gives them."""
    if any(_needs_name(item) for select in selects for item in select.expressions):
        names = select_names(query.value, tokens, own)
    else:
        names = None
    if names is None or [len(items) for items in names] != [len(select.expressions) for select in selects]:
        names = [[None] * len(select.expressions) for select in selects]
    for select, items in zip(selects, names, strict=True):
        named = [_named(item, name, query) for item, name in zip(select.expressions, items, strict=True)]
        if any(new is not old for new, old in zip(named, select.expressions, strict=True)):
            select.set("expressions", named)


def _named(item: exp.Expr, spark_name: str | None, query: Text) -> exp.Expr:
    """An item of a select under its name; itself where the engine gives it the same."""
    from sqlglot import exp

    name = spark_name
    if isinstance(item, exp.Column):
        # The engine would take the letters' case from the table.
        name = None if item.name.islower() or _is_star(item) else item.name
    elif name is None and _needs_name(item):
        name = column_name(item, query.value)
    if not name:
        return item  # the engine has no empty names
    return exp.alias_(item, exp.to_identifier(name, quoted=True), copy=False)


def _needs_name(item: exp.Expr) -> bool:
    from sqlglot import exp

    several = (exp.Aliases, exp.Posexplode, exp.Inline, exp.Stack)
    many = isinstance(item, several) or kind_of(item) == "json_tuple"
    return not isinstance(item, (exp.Alias, exp.Column)) and not many and not _is_star(item)


def _spread_structs(structs: Iterable[Any], query: Text) -> None:
    """`struct(*)` is the row of the select's only source, which DuckDB calls by the source's alias.

    So is `struct(t.*)` that of t.
    """
    from sqlglot import exp

    for node in structs:
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
    from sqlglot.dialects.duckdb import DuckDB
    from sqlglot.errors import ErrorLevel, UnsupportedError

    try:
        return DuckDB().generate(tree, copy=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise SqlProblem(f"this query has no equal on DuckDB: {error}", span=query.span) from None
    except _MISSING_ARGUMENTS:
        raise _missing_arguments(query) from None
