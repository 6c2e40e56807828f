"""What an engine is. What only some engines can do becomes a small Protocol of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mlsql_engine.core.text import Text
from mlsql_engine.engines.requests import ReadRequest, WriteRequest

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536


class Relation(Protocol):
    """A table of one engine: lazy, immutable, and meaningless to another engine."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names in order."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the tables that its query reads; none where no query made it."""


class BatchStream(Protocol):
    """The rows of a relation as record batches; it must be closed, and is a context manager."""

    schema: pa.Schema

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...

    def close(self) -> None: ...

    def __enter__(self) -> BatchStream: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Engine(Protocol):
    """Where tables live and SQL runs. `tables` are those bound, by name in lower case."""

    name: str

    @property
    def tables(self) -> Mapping[str, Relation]: ...

    def sql(self, query: Text) -> Relation:
        """A query in Spark SQL over the bound tables. Names and types are checked now, rows come later.

        Raises SyntaxProblem, UnknownName or SqlProblem, placed in the query's own text.
        """

    def bind(self, name: str, relation: Relation) -> None:
        """Make the relation the table `name`; one that was bound before lives on where it is used."""

    def read(self, request: ReadRequest) -> Relation:
        """A relation over files. Raises DataProblem for what is missing or not of the format."""

    def write(self, relation: Relation, request: WriteRequest) -> int | None:
        """Write the rows and give their number; None when mode "ignore" found the place taken.

        The place is complete, or as it was before. Raises DataProblem.
        """

    def define(self, text: Text) -> None:
        """Carry out a statement of Spark SQL that makes, fills or forgets a table: create, insert, drop, refresh.

        Raises SyntaxProblem, UnknownName or SqlProblem, placed in the text. It is done whole or not at all.
        """

    def configure(self, name: str, value: str) -> bool:
        """Set a setting of the engine; False for one of Spark's that means nothing here.

        Raises UnknownName for one that there is not, BadValue for a wrong value.
        """

    def interrupt(self) -> None:
        """Make what is going on in other threads fail; what comes later works."""

    def register_function(self, name: str) -> bool:
        """Make the function `name` of the session's catalog callable in SQL; True when it hides a built-in."""

    def unregister_function(self, name: str) -> None:
        """Forget the function `name`; one that is not registered is passed over.

        Tables that were made with it keep it. When none is left, its predictor is closed.
        """

    def unbind(self, name: str) -> None:
        """Forget the table `name`; what was made of it stays. One that is not bound is passed over."""

    def keep(self, relation: Relation) -> None:
        """Compute the rows now and keep them. Raises what reading them raises."""

    def explain(self, relation: Relation) -> str:
        """How the rows would be computed if they were read now, in lines, inputs first; then the engine's plan."""

    def schema(self, relation: Relation) -> pa.Schema:
        """The columns as Arrow types; a vector is the struct of `core.vectors`."""

    def stream(self, relation: Relation) -> BatchStream:
        """The rows in order, in batches of up to BATCH_ROWS; nothing is collected."""

    def close(self) -> None:
        """End it; its relations end with it."""


@runtime_checkable
class SupportsRoots(Protocol):
    """An engine that can be kept to some folders."""

    def fence(self, folders: Sequence[Path]) -> None:
        """Let queries read and write nothing outside of the folders, for good. Its own temporary files stay."""


@runtime_checkable
class SupportsPartitions(Protocol):
    """An engine that can cut a table into partitions."""

    def partitions(self, relation: Relation, count: int, key: str | None) -> Sequence[Relation]:
        """`count` relations that together have the relation's rows, each row once; the rows are computed now.

        Rows of the same value of the column `key` are in the same partition; without a key the partitions are runs
        of the table's order. Raises what reading the rows raises.
        """
