"""What random text is fed to: nothing of it may raise anything but MlsqlError."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlsql_engine.algorithms.python_alg.options import FunctionOptions, TrainOptions
from mlsql_engine.core.duration import Duration
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.options import option, option_problems, parse_options
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.requests import CsvLoad
from mlsql_engine.language import ast
from mlsql_engine.language.date_template import date_text, format_date
from mlsql_engine.language.parser import parse, parse_leniently
from mlsql_engine.language.scanner import chunks
from mlsql_engine.language.variables import Variables, fill, fill_text
from mlsql_engine.session import check
from mlsql_engine.statements import conditions
from mlsql_engine.statements.set import SetOptions

NOW = datetime(2026, 2, 28, 23, 59, 58, 123456, tzinfo=UTC)
VALUES = {"a": "1", "b": "${a}'\"\\;", "long name": "\n"}
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class EveryKind:
    """One option of each type."""

    flag: bool = option(False, doc="…")
    count: int = option(1, doc="…", least=1)
    share: float = option(0.5, doc="…")
    wait: Duration | None = option(None, doc="…")
    mark: str = option(",", doc="…", most_characters=1)


def scan(text: str) -> None:
    """The scanner: its chunks are whole and in order."""
    position = 0
    for chunk in chunks(Source("fuzz", text, FOLDER)):
        assert chunk.span.start >= position
        assert len(chunk.masked) == len(chunk.text)
        position = chunk.span.end


def read(text: str) -> None:
    """The parser: every text's value can be traced to the source."""
    source = Source("fuzz", text, FOLDER)
    script, problems = parse_leniently(source, ("greet",))
    for problem in problems:
        assert isinstance(problem, MlsqlError)
        assert problem.render()
    for statement in script.statements:
        assert 0 <= statement.span.start <= statement.span.end <= len(text)
    parse(source)


def fill_variables(text: str) -> None:
    """Variables in statements, with every place inside the source."""
    source = Source("fuzz", text, FOLDER)
    variables = Variables(dict(VALUES), now=NOW)
    filled = fill_text(whole(text), variables)
    for place in (0, len(filled.value) // 2, max(0, len(filled.value) - 1)):
        span = filled.place(place, place + 1)
        assert 0 <= span.start < span.end <= max(1, len(text))
    script, _ = parse_leniently(source)
    for statement in script.statements:
        if not isinstance(statement, ast.IfStatement):
            with suppress(MlsqlError):
                fill(statement, variables)


def read_options(text: str) -> None:
    """Option keys and values."""
    key, _, value = text.partition("\n")
    written = [(whole(key), whole(value)), (whole(value), whole(key))]
    for cls in (EveryKind, CsvLoad, SetOptions, TrainOptions, FunctionOptions):
        for problem in option_problems(cls, written, owner="fuzz", known=lambda _: True):
            assert problem.render()
        for name in ("flag", "count", "share", "wait", "mark"):
            assert option_problems(
                EveryKind, [(whole(name), whole(value))], owner="fuzz", known=lambda _: True
            ) or (parse_options(EveryKind, [(whole(name), whole(value))], owner="fuzz"))


def date_templates(text: str) -> None:
    """Date templates and their patterns."""
    assert isinstance(format_date(NOW, text), str)
    assert isinstance(date_text(f"date.{text}", NOW), str)


def date_methods(text: str) -> None:
    """Calls of a date template."""
    assert isinstance(date_text(f"date.plusDays({text}).toString('{text}')", NOW), str)


def read_conditions(text: str) -> None:
    """Conditions of !if and !assert."""
    *queries, expression = conditions.parts(whole(text))
    for query in queries:
        conditions.named_query(query)
    conditions.with_values(expression, {"a": "'1'", "b": "NULL"})


def check_script(text: str) -> None:
    """mlsql check."""
    for problem in check(Source("fuzz", text, FOLDER), variables=VALUES):
        assert problem.render()


def whole(text: str) -> Text:
    """The text as it would stand in a script of its own."""
    return Text.literal(text, Span(Source("fuzz", text, FOLDER), 0, len(text)))


TARGETS: tuple[Callable[[str], None], ...] = (
    scan,
    read,
    fill_variables,
    read_options,
    date_templates,
    date_methods,
    read_conditions,
    check_script,
)


def run(target: Callable[[str], None], text: str) -> None:
    """Feed a text to a target; an MlsqlError is as good as none."""
    with suppress(MlsqlError):
        target(text)
