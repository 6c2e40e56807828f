"""!if: run statements only where a condition holds.

    !if '''condition''';
    …
    !elif '''condition''';
    …
    !else;
    …
    !fi;

A condition is an expression of Spark SQL in which `:name` is the value of a variable, a number where it is written
as one. Before it may stand `select … as :name;`, which gives names to values of a query; they hold until the
block's `!fi`, in its other conditions too. What a branch holds is run only when the branch is taken; an expression
that is NULL does not hold. Blocks may stand inside blocks, and `!then;` after a condition is passed over.

    select 3 as a as t;
    !if ''' select count(*) as :rows from t; :rows > 0 ''';
    select 'some' as text as result;
    !else;
    select 'none' as text as result;
    !fi;
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import cast

from mlsql_engine.core.errors import BadValue, SyntaxProblem, UnknownName, errors_at
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.quoting import spark_literal
from mlsql_engine.language.ast import Branch, IfStatement
from mlsql_engine.language.variables import Builder, fill_text
from mlsql_engine.statements.context import Context
from mlsql_engine.statements.query_value import first_row

_TOKEN = re.compile(
    r"(?P<skip>--[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`)"
    r"|(?P<named>\bas\s+(?P<alias>:[^\W\d]\w*))|(?P<cast>::)|(?P<name>:[^\W\d]\w*)|(?P<end>;)"
    r"|(?P<call>\b[^\W\d]\w*\s*\()|(?P<open>\()|(?P<close>\))",
    re.DOTALL | re.IGNORECASE,
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_GROUPING = frozenset({"and", "or", "not", "in", "case", "when", "then", "else", "between", "where", "select"})


def taken_branch(statement: IfStatement, context: Context) -> Branch | None:
    """The first branch whose condition holds, or None. Raises what is wrong with a condition before it."""
    named: dict[str, str] = {}
    for branch in statement.branches:
        if branch.condition is None or holds(fill_text(branch.condition, context.variables), named, context):
            return branch
    return None


def holds(condition: Text, named: dict[str, str], context: Context) -> bool:
    """Whether the condition holds; `named` takes in the values, as SQL literals, that its selects give names to."""
    *queries, expression = parts(condition)
    for query in queries:
        _name_values(query, named, context)
    row = first_row(with_values(expression, _values(named, context)).between("select ", " as `holds`"), context)
    value = None if row is None else next(iter(row.values()))
    if value is not None and not isinstance(value, bool):
        raise BadValue(
            f"the condition is {value!r}, which is neither true nor false",
            span=expression.span,
            hint="compare it with something, as in :n > 10",
        )
    return bool(value)


class _Quoted(Mapping[str, str]):
    """Texts as literals of Spark SQL, made when they are asked for: a session may have thousands of variables."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        return spark_literal(self._values[name])

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _values(named: dict[str, str], context: Context) -> Mapping[str, str]:
    """What every `:name` stands for: SQL literals by name."""
    return ChainMap(named, quoted_variables(context))


def quoted_variables(context: Context) -> MutableMapping[str, str]:
    """The variables as literals of Spark SQL; nothing is set in it."""
    return cast("MutableMapping[str, str]", _Quoted(context.variables))


def parts(condition: Text) -> list[Text]:
    """The selects before the expression of a condition, and the expression.

    Raises SyntaxProblem where there is no expression.
    """
    cuts = [found for found in _TOKEN.finditer(condition.value) if found["end"]]
    starts = [0, *(found.end() for found in cuts)]
    ends = [*(found.start() for found in cuts), len(condition.value)]
    found = [condition.part(start, end) for start, end in zip(starts, ends, strict=True)]
    while len(found) > 1 and not found[-1].value:
        found.pop()
    if not found[-1].value or re.match(r"(?:select|with)\b", found[-1].value, re.IGNORECASE):
        what = "has no expression after its select" if found[-1].value else "is empty"
        raise SyntaxProblem(
            f"the condition {what}", span=condition.span, hint="as in ''' select count(*) as :n from t; :n > 0 '''"
        )
    return found


def _name_values(query: Text, named: dict[str, str], context: Context) -> None:
    """Run a `select … as :name` and take down its values."""
    renamed, names = named_query(query)
    row = first_row(with_values(renamed, _values(named, context)), context)
    by_lower = {} if row is None else {name.lower(): value for name, value in row.items()}
    for name, place in names.items():
        with errors_at(place):
            named[name] = literal(by_lower.get(name.lower()))


def named_query(query: Text) -> tuple[Text, dict[str, Span]]:
    """A `select … as :name` as Spark SQL, and where its names stand. Raises SyntaxProblem where it is none."""
    built, names = Builder(query), dict[str, Span]()
    for found in _TOKEN.finditer(query.value):
        if found["named"]:
            name = found["alias"][1:]
            names[name] = query.place(*found.span("alias"))
            built.replace(*found.span("alias"), f"`{name}`")
    if not names or not re.match(r"(?:select|with)\b", query.value, re.IGNORECASE):
        raise SyntaxProblem(
            "only selects that name their values may stand before a condition",
            span=query.span,
            hint="as in: select count(*) as :n from t;",
        )
    return built.text(), names


def with_values(text: Text, values: Mapping[str, str], kind: str = "variable") -> Text:
    """The text with SQL for its `:name`s. Raises UnknownName of the `kind` for a name that has no value."""
    built = Builder(text)
    calls: list[bool] = []
    for found in _TOKEN.finditer(text.value):
        if found["call"]:
            calls.append(found["call"].rstrip("( \n\t").lower() not in _GROUPING)
        elif found["open"]:
            calls.append(False)
        elif found["close"] and calls:
            calls.pop()
        elif found["name"]:
            name = found["name"][1:]
            if name not in values:
                raise UnknownName(kind, name, values, span=text.place(*found.span("name")))
            value = values[name]
            # A text that reads as a number is one where it is compared, and a text where a function takes it.
            number = value[1:-1] if value.startswith("'") and not any(calls[-1:]) else ""
            built.replace(*found.span("name"), number if _NUMBER.fullmatch(number) else value)
    return built.text()


def literal(value: object) -> str:
    """A value of a row as a literal of Spark SQL. Raises BadValue for one that has none, such as an array."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case int() | Decimal():
            return str(value)
        case float() if isfinite(value):
            return f"{value!r}D"
        case float():
            return f"double('{value}')"
        case str():
            return spark_literal(value)
        case datetime():
            return f"timestamp '{value}'"
        case date():
            return f"date '{value}'"
    kinds: dict[type, str] = {list: "an array", dict: "a struct or a map", bytes: "binary"}
    raise BadValue(
        f"the value is {kinds.get(type(value), 'an interval')}, which cannot be given a name in a condition",
        hint="give one to a number, a text, a date, a time or true and false that is made of it",
    )
