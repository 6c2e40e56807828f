"""What is wrong with a statement's text, in the words of the language."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING, get_args

from mlsql_engine.core.errors import SyntaxProblem, nearest
from mlsql_engine.core.span import Span
from mlsql_engine.language.ast import SaveMode

if TYPE_CHECKING:
    from lark.exceptions import UnexpectedInput

STATEMENT_WORDS = (
    *("load", "select", "with", "save", "set", "connect", "train", "run", "predict", "register", "unregister"),
    *("include", "create", "insert", "drop", "refresh"),
)

# What the grammar's terminals are called when they are what was expected, in the order they are listed.
_WORDS = {
    "_AS": "'as'",
    "_WHERE": "'where'",
    "_OPTIONS": "'options'",
    "_AND": "'and'",
    "_PARTITION_BY": "'partitionBy'",
    "_EQUAL": "'='",
    "_DOT": "'.'",
    "_COMMA": "','",
    "NAME": "a name",
    "TABLE": "a table",
    "VARIABLE": "a variable's name",
    "FORMAT": "a format or algorithm",
    "KEY": "an option's name",
    "STRING": "a string",
    "BLOCK": "a '''block string'''",
    "NUMBER": "a number",
    "BOOLEAN": "true or false",
    "PATH": "a `path` in backquotes",
    "WORD": "a word",
    "COMMAND": "a command such as !show",
    "OTHER": "a statement's word",
    "MODE": "overwrite, append, errorIfExists or ignore",
    "$END": "';'",
}
_KEYWORDS = {"_AS": "as", "_WHERE": "where", "_OPTIONS": "options", "_AND": "and", "_PARTITION_BY": "partitionBy"}
SAVE_MODES: tuple[str, ...] = get_args(SaveMode)
_BARE_PATH = re.compile(r"\w\.(\S+)\s*\Z")
_DATE_IN_QUOTES = re.compile(r'toString\(\s*"\Z')
_SAVE_MODE = re.compile(r"save\s+(\w+)\s+\Z", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|'[^']*'?|\"[^\"]*\"?|`[^`]*`?|\S")


def check_first_word(span: Span, words: Collection[str] = ()) -> None:
    """Raise SyntaxProblem when the statement starts with no word that starts a statement.

    `words` are those of other packages' statements, in lower case.
    """
    found = _TOKEN.match(span.text)
    word = found.group() if found else ""
    if word == "!" or word.lower() in STATEMENT_WORDS or word.lower() in words:
        return
    known = (*STATEMENT_WORDS, *sorted(words))
    close = get_close_matches(word.lower(), known, n=1, cutoff=0.7)
    near = close[0] if close else None
    raise SyntaxProblem(
        f"no statement starts with {_shown(word)}",
        span=span.part(0, len(word)),
        hint=f"did you mean '{near}'?" if near else f"a statement starts with {', '.join(known)} or !command",
    )


def explain(error: UnexpectedInput, statement: Span) -> SyntaxProblem:
    """The parser's complaint as an error that says what stands there and what should."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    expected: set[str] = set()
    length = statement.end - statement.start
    offset = length
    match error:
        case UnexpectedToken():
            expected = set(error.accepts or error.expected)
            if error.token.type != "$END":
                offset = error.token.start_pos or 0
        case UnexpectedCharacters():
            expected = set(error.allowed or ())
            offset = error.pos_in_stream or 0
    expected.discard("OTHER")
    found = _TOKEN.match(statement.text, offset) if offset < length else None
    if found is None:
        where = Span(statement.source, statement.end, statement.end + 1)
        message = f"the statement ends too early: expected {_listed(expected)}"
        return SyntaxProblem(message, span=where, hint=_shape(statement))
    word = found.group()
    if expected == {"_DOT"} and (path := _BARE_PATH.search(statement.text[:offset])):
        # What stands there is a whole name with dots for the grammar.
        word, offset, expected = path.group(1), path.start(1), {"PATH"}
    return SyntaxProblem(
        f"{_shown(word)} is not expected here: expected {_listed(expected)}",
        span=statement.part(offset, offset + len(word)),
        hint=_hint(word, expected, statement, offset),
    )


def _hint(word: str, expected: set[str], statement: Span, offset: int) -> str | None:
    if _DATE_IN_QUOTES.search(statement.text[:offset]):
        return "inside a string in double quotes, write the pattern in single ones: date.toString('yyyy-MM-dd')"
    near = _near_keyword(word, expected)
    if near:
        return f"did you mean '{near}'?"
    if "STRING" in expected and re.match(r"\w", word) and word.lower() not in _KEYWORDS.values():
        return f'write it in quotes: "{word}"'
    mode = _SAVE_MODE.match(statement.text[:offset])
    near = nearest(mode.group(1), SAVE_MODES) if mode and "_AS" in expected else None
    return f"did you mean '{near}' before it?" if near else _shape(statement)


def _near_keyword(word: str, expected: set[str]) -> str | None:
    keywords = [keyword for terminal, keyword in _KEYWORDS.items() if terminal in expected]
    return nearest(word, keywords)


def _shown(word: str) -> str:
    if word == "'":
        return '"\'"'
    return word if word[:1] in "'\"`" else f"'{word}'"


def _listed(expected: set[str]) -> str:
    words = [text for terminal, text in _WORDS.items() if terminal in expected]
    if not words:
        return "something else"
    before = ", or" if any(" or " in word for word in words[:-1]) else " or"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}{before} {words[-1]}"


_SHAPES = {
    "load": 'load FORMAT.`path` [where key="value" and …] as table;',
    "save": 'save [overwrite] table as FORMAT.`path` [where key="value" and …] [partitionBy column, …];',
    "set": 'set name = "value" [where type="text|conf|sql|shell|defaultParam" and …];',
    "connect": 'connect FORMAT [where key="value" and …] as name;',
    "train": 'train table as ALGORITHM.`path` [where key="value" and …] [as result];',
    "run": 'run table as ALGORITHM.`path` [where key="value" and …] [as result];',
    "predict": 'predict table as ALGORITHM.`path` [where key="value" and …] [as result];',
    "register": 'register ALGORITHM.`path` as function [where key="value" and …];',
    "unregister": "unregister function;",
    "include": "include FORMAT.`path`;",
}


def _shape(statement: Span) -> str | None:
    first = re.match(r"\w+", statement.text)
    shape = _SHAPES.get(first.group().lower()) if first else None
    return f"the statement's form is: {shape}" if shape else None
