"""What a source is: a format that load, save or both know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.language.ast import SaveMode
from mlsql_engine.models.store import ModelStore

if TYPE_CHECKING:
    import pyarrow as pa


Place = Literal["path", "variable", "connection", "model", "modelOrAlgorithm", "script"]


@dataclass(frozen=True)
class LoadRequest:
    """What load asks: `place` is an absolute path, or with `is_text` a variable's text; `options` the source's own.

    `span` is where the script names the place; `called` is what errors call rows that are in no file;
    `connection` are the options of the connection that the place is a table of, and `connections` the names of
    those that there are; `model` is what a source that reads models gets.
    """

    place: str
    options: Any
    span: Span | None = None
    called: str = "the text"
    connection: Any = None
    connections: tuple[str, ...] = ()
    model: ModelRequest | None = None
    is_text: bool = False


@dataclass(frozen=True)
class ModelRequest:
    """The versions of the model at a path; or, of the algorithm that the path names, the table of its options."""

    store: ModelStore
    progress: Progress
    algorithm: pa.Table | None = None


@dataclass(frozen=True)
class Connection:
    """What `connect` keeps under a name: the source and its typed options."""

    source: Source
    options: Any


@dataclass(frozen=True)
class SaveRequest:
    """What save asks. See LoadRequest."""

    place: str
    options: Any
    mode: SaveMode
    partition_by: tuple[str, ...]
    span: Span | None = None
    connection: Any = None
    connections: tuple[str, ...] = ()


class Source(Protocol):
    """One format.

    `load_options`, `save_options` and `connect_options` are the dataclasses of its options, None where it cannot do
    that; `place` says whether what stands in backquotes is a path, the name of a variable, `name.table` of a
    connection, the path of a model, or that or the name of an algorithm, or, for a script, the name of a variable
    where there is one and else a path.
    """

    @property
    def name(self) -> str: ...

    @property
    def load_options(self) -> type | None: ...

    @property
    def save_options(self) -> type | None: ...

    @property
    def connect_options(self) -> type | None: ...

    @property
    def place(self) -> Place: ...

    def load(self, request: LoadRequest, engine: Engine) -> Relation:
        """A relation over what the request names."""

    def save(self, relation: Relation, request: SaveRequest, engine: Engine) -> int | None:
        """Write the relation and give its number of rows, None where mode "ignore" left all as it was."""


def options_of(
    sources: Registry[Source], name: Text, what: Literal["load_options", "save_options", "connect_options"]
) -> tuple[Source, type]:
    """The source of that name and its options. Raises UnknownName that lists those that can do it."""
    source = sources.find(name)
    options: type | None = getattr(source, what)
    if options is None:
        able = [other.name for other in sources if getattr(other, what) is not None]
        done = {"load_options": "loaded", "save_options": "saved", "connect_options": "connected to"}[what]
        raise MlsqlError(
            f"{source.name} cannot be {done}",
            span=name.span,
            hint=f"formats that can: {', '.join(able)}" if able else "no format can, yet",
            code="UNKNOWN_FORMAT",
        )
    return source, options
