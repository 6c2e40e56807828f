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
class CommandStatement(Statement):
    """!name argument …;"""

    name: Text
    arguments: tuple[Text, ...]


@dataclass(frozen=True)
class Script:
    """A whole script, in order."""

    statements: tuple[Statement, ...]
