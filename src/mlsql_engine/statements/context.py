"""Everything that a statement may touch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mlsql_engine.algorithms.base import Algorithm, AnyAlgorithm, FunctionRequest, Workshop
from mlsql_engine.core.errors import UnknownName, errors_at
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.core.jobs import Job, Jobs
from mlsql_engine.core.options import parse_options, referenced_tables
from mlsql_engine.core.paths import resolve_path
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.settings import Settings
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.engines.query_tables import SYSTEM
from mlsql_engine.engines.requests import ArrowRows, ReadRequest
from mlsql_engine.language import ast
from mlsql_engine.language.variables import Variables
from mlsql_engine.models import protocols
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.sources.base import Connection, Source
from mlsql_engine.statements.lineage import Lineage
from mlsql_engine.statements.system_tables import TABLES, named_in
from mlsql_engine.workers.catalog import Functions
from mlsql_engine.workers.roster import Roster

if TYPE_CHECKING:
    import pyarrow as pa

    from mlsql_engine.statements.commands.base import Command
    from mlsql_engine.statements.plugin import StatementPlugin

Options = TypeVar("Options")


@dataclass(frozen=True)
class Outcome:
    """What a statement leaves: the table it made, under the name that it has, or nothing."""

    relation: Relation | None = None
    name: str | None = None


@dataclass(frozen=True)
class Registration:
    """How a function of a model was registered, to do it again."""

    algorithm: Algorithm
    request: FunctionRequest


@dataclass
class SessionState:
    """What the scripts of one session share.

    `registrations` are those of the functions of models, by their names in lower case; `models` are the paths of
    the models that the session has trained or opened, in order; `not_renewed` are newer functions that could not be
    loaded.
    """

    engine: Engine
    sources: Registry[Source]
    algorithms: Registry[AnyAlgorithm]
    statements: Registry[StatementPlugin]
    commands: Registry[Command]
    functions: Functions
    workshop: Workshop
    roster: Roster
    settings: Settings
    jobs: Jobs
    variables: dict[str, str] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    models: dict[ModelPath, None] = field(default_factory=dict)
    registrations: dict[str, Registration] = field(default_factory=dict)
    not_renewed: dict[str, FunctionSpec] = field(default_factory=dict)
    lineage: Lineage = field(default_factory=Lineage)


@dataclass
class Context:
    """The state of a session, and that of the run that a statement belongs to.

    `includes` are the files that are being included, outermost first; `last` is the last table that a statement
    left; `execute` runs a whole script.
    """

    session: SessionState
    job: Job
    variables: Variables
    execute: Callable[[ast.Script, Context], None]
    includes: tuple[str, ...] = ()
    last: Outcome = field(default_factory=Outcome)

    @property
    def engine(self) -> Engine:
        """Where the tables live."""
        return self.session.engine

    @property
    def workshop(self) -> Workshop:
        """What algorithms work with."""
        return self.session.workshop

    def table(self, name: Text) -> Relation:
        """The table of that name in any case. Raises UnknownName, placed at the name."""
        key = name.value.lower()
        if key in TABLES and key not in self.engine.tables:
            key = f"{SYSTEM}.{key}"
        system = key.startswith(f"{SYSTEM}.")
        if system:
            self._take_down(named_in(key, ()))
        found = self.engine.tables.get(key)
        if found is None:
            known = [f"{SYSTEM}.{table}" for table in TABLES] if system else self.table_names()
            raise UnknownName("table", name.value, known, span=name.span)
        return found

    def table_names(self) -> list[str]:
        """The session's own tables, in alphabetical order."""
        return sorted(name for name in self.engine.tables if not name.startswith(f"{SYSTEM}."))

    def bind_system_tables(self, text: Text) -> None:
        """Take down what the system knows of itself now, in the tables of `system` that the text names."""
        self._take_down(named_in(text.value, self.engine.tables))

    def _take_down(self, tables: Mapping[str, Callable[[SessionState], pa.Table]]) -> None:
        for name, make in tables.items():
            self.engine.bind(f"{SYSTEM}.{name}", self.rows(make(self.session)))

    def rows(self, table: pa.Table) -> Relation:
        """Rows that are here already, as a relation."""
        return self.engine.read(ReadRequest(ArrowRows(table)))

    def tables_of(self, options: Any) -> dict[str, Relation]:
        """The tables that options name, by the options' fields."""
        return {field_name: self.table(name) for field_name, name in referenced_tables(options).items()}


def options_of(cls: type[Options], written: Iterable[ast.Option], owner: str) -> Options:
    """The typed options of a statement."""
    return parse_options(cls, ((option.key, option.value) for option in written), owner=owner)


def absolute(path: Text) -> Path:
    """A path as written, from the folder of the script that holds it. Raises BadValue, placed at it."""
    return resolve_path(path, path.span.source.folder)


def model_path(path: Text) -> ModelPath:
    """The place of a model as written, from the folder of the script that names it.

    Raises BadValue, UnknownName or MISSING_EXTRA, placed at it.
    """
    place = ModelPath.of_text(path, path.span.source.folder)
    with errors_at(path.span):
        protocols.check(place)
    return place


def connected(source: Source, path: Text, context: Context) -> tuple[str, Any, tuple[str, ...]]:
    """What `name.table` names: the table in the connection, the connection's options, and all connections' names.

    Where no connection of the source begins the path, it is the path itself and no options.
    """
    known = {name: item for name, item in context.session.connections.items() if item.source is source}
    name, _, table = path.value.partition(".")
    connection = known.get(name.strip().lower())
    if connection is None:
        return path.value, None, tuple(known)
    return table, connection.options, tuple(known)
