"""The statements, as they were written. `${…}` in them is filled when they run, by `variables`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text

SaveMode = Literal["overwrite", "append", "errorIfExists", "ignore"]


@dataclass(frozen=True)
class Option:
    """One `key="value"` after where or options."""

    key: Text
    value: Text


@dataclass(frozen=True)
class Target:
    """FORMAT.`path` or ALGORITHM.`path`."""

    name: Text
    path: Text


@dataclass(frozen=True)
class Statement:
    """What all statements have: the place of the whole statement."""

    span: Span


@dataclass(frozen=True)
class LoadStatement(Statement):
    """load FORMAT.`path` where … as table;"""

    source: Target
    options: tuple[Option, ...]
    table: Text


@dataclass(frozen=True)
class SelectStatement(Statement):
    """select … as table; the text of `query` is Spark SQL without the last `as table`."""

    query: Text
    table: Text


@dataclass(frozen=True)
class SaveStatement(Statement):
    """save MODE table as FORMAT.`path` where … partitionBy column, …;"""

    mode: SaveMode
    table: Text
    target: Target
    options: tuple[Option, ...]
    partition_by: tuple[Text, ...]


@dataclass(frozen=True)
class SetStatement(Statement):
    """set name = "value" where …;"""

    name: Text
    value: Text
    options: tuple[Option, ...]


@dataclass(frozen=True)
class ConnectStatement(Statement):
    """connect FORMAT where … as name;"""

    format: Text
    options: tuple[Option, ...]
    name: Text


@dataclass(frozen=True)
class TrainStatement(Statement):
    """train table as ALGORITHM.`path` where … as result; `run` is the same word."""

    table: Text
    algorithm: Target
    options: tuple[Option, ...]
    result: Text | None


@dataclass(frozen=True)
class PredictStatement(Statement):
    """predict table as ALGORITHM.`path` where … as result;"""

    table: Text
    algorithm: Target
    options: tuple[Option, ...]
    result: Text | None


@dataclass(frozen=True)
class RegisterStatement(Statement):
    """register ALGORITHM.`path` as function where …;"""

    algorithm: Target
    function: Text
    options: tuple[Option, ...]


@dataclass(frozen=True)
class UnregisterStatement(Statement):
    """unregister function; or unregister ALGORITHM.`path` as function; — one of the two is not None."""

    function: Text | None
    algorithm: Target | None


@dataclass(frozen=True)
class IncludeStatement(Statement):
    """include FORMAT.`path`;"""

    source: Target


@dataclass(frozen=True)
class DefinitionStatement(Statement):
    """create, insert, drop or refresh: `text` is the whole statement in Spark SQL, `word` its first word."""

    word: str
    text: Text


@dataclass(frozen=True)
class CommandStatement(Statement):
    """!name argument …;"""

    name: Text
    arguments: tuple[Text, ...]


@dataclass(frozen=True)
class OtherStatement(Statement):
    """word argument … where … as result; a statement of somebody else's package."""

    word: Text
    arguments: tuple[Text, ...]
    options: tuple[Option, ...]
    result: Text | None


@dataclass(frozen=True)
class Branch:
    """!if or !elif with its condition, or !else without one, and the statements that it guards."""

    condition: Text | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class IfStatement(Statement):
    """!if … !fi; the span is that of the !if."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True)
class Script:
    """A whole script, in order."""

    statements: tuple[Statement, ...]
