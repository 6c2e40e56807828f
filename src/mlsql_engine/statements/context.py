"""Everything that a statement may touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mlsql_engine.algorithms.base import Algorithm, Workshop
from mlsql_engine.core.errors import UnknownName
from mlsql_engine.core.options import parse_options, referenced_tables
from mlsql_engine.core.paths import resolve_path
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.language import ast
from mlsql_engine.sources.base import Source
from mlsql_engine.workers.catalog import Functions

Options = TypeVar("Options")


@dataclass(frozen=True)
class Outcome:
    """What a statement leaves: the table it made, under the name that it has, or nothing."""

    relation: Relation | None = None
    name: str | None = None


@dataclass
class Context:
    """The state of a session, as statements see it."""

    engine: Engine
    sources: Registry[Source]
    algorithms: Registry[Algorithm]
    functions: Functions
    workshop: Workshop
    variables: dict[str, str] = field(default_factory=dict)

    def table(self, name: Text) -> Relation:
        """The table of that name in any case. Raises UnknownName, placed at the name."""
        found = self.engine.tables.get(name.value.lower())
        if found is None:
            raise UnknownName("table", name.value, self.engine.tables, span=name.span)
        return found

    def tables_of(self, options: Any) -> dict[str, Relation]:
        """The tables that options name, by the options' fields."""
        return {field_name: self.table(name) for field_name, name in referenced_tables(options).items()}


def options_of(cls: type[Options], written: Iterable[ast.Option], owner: str) -> Options:
    """The typed options of a statement."""
    return parse_options(cls, ((option.key, option.value) for option in written), owner=owner)


def absolute(path: Text) -> Path:
    """A path as written, from the folder of the script that holds it. Raises BadValue, placed at it."""
    return resolve_path(path, path.span.source.folder)
