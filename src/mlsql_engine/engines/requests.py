"""What an engine is asked to read and write: a format, a place, and that format's typed options.

The option names and defaults are Spark's, since a script must mean the same on every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol

from mlsql_engine.core.options import option
from mlsql_engine.core.span import Span
from mlsql_engine.language.ast import SaveMode

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class CsvLoad:
    """Options of load csv.

    A row with too few values ends in NULLs, as in Spark; one with too many is an error that names its line, where
    Spark cuts it. In a file with an odd number of quotes a row with too few values is an error too.
    """

    header: bool = option(False, doc="the first line holds the column names; without it they are _c0, _c1 …")
    infer_schema: bool = option(False, doc="find out the columns' types; without it every column is text")
    delimiter: str = option(",", aliases=("sep",), doc="what stands between two values")
    quote: str = option('"', doc="what stands around a value that holds a delimiter", most_characters=1)
    escape: str = option('"', doc="what stands before a quote inside a quoted value", most_characters=1)
    null_value: str = option("", doc="the text that means NULL")
    comment: str | None = option(None, doc="lines that start with it are passed over")
    encoding: str = option("utf-8", aliases=("charset",), doc="how the file's bytes spell characters")


@dataclass(frozen=True)
class JsonLoad:
    """Options of load json."""

    multi_line: bool = option(False, doc="the file is one JSON value or array, not one object per line")


@dataclass(frozen=True)
class ParquetLoad:
    """Options of load parquet."""


@dataclass(frozen=True)
class LibsvmLoad:
    """Options of load libsvm."""

    num_features: int | None = option(
        None, doc="the size of the vectors; without it the largest index in the files", least=1
    )


@dataclass(frozen=True)
class InlineJsonLoad:
    """Options of load jsonStr."""


@dataclass(frozen=True)
class ArrowRows:
    """Rows that are already here, as an Arrow table."""

    table: pa.Table


class OpenBatches(Protocol):
    """Record batches that are being read; a context manager that ends the reading. Iterating raises MlsqlError."""

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...

    def cancel(self) -> None:
        """Make what is being read fail soon; from any thread."""

    def __enter__(self) -> OpenBatches: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@dataclass(frozen=True)
class RecordBatches:
    """Rows from elsewhere: `open` reads them from the first on, in batches of `schema`.

    They are read when something needs them, once, and kept: elsewhere they may change.
    """

    schema: pa.Schema
    open: Callable[[], OpenBatches]


LoadOptions = CsvLoad | JsonLoad | ParquetLoad | LibsvmLoad | InlineJsonLoad | ArrowRows | RecordBatches


@dataclass(frozen=True)
class CsvSave:
    """Options of save csv."""

    header: bool = option(False, doc="write the column names as the first line")
    delimiter: str = option(",", aliases=("sep",), doc="what stands between two values")
    null_value: str = option("", doc="the text that means NULL")


@dataclass(frozen=True)
class JsonSave:
    """Options of save json: one object per line."""


@dataclass(frozen=True)
class ParquetSave:
    """Options of save parquet."""

    compression: Literal["snappy", "zstd", "gzip", "lz4", "none"] = option(
        "snappy", doc="how column chunks are compressed"
    )


@dataclass(frozen=True)
class ArrowSave:
    """An Arrow IPC file: what training scripts map into memory."""


SaveOptions = CsvSave | JsonSave | ParquetSave | ArrowSave


@dataclass(frozen=True)
class ReadRequest:
    """Read `place`: a file, a folder of part files or a glob pattern; for jsonStr the rows' text itself.

    `span` is where the script names it: where errors that come only when rows are read are placed; `called` is
    what errors call rows that are in no file.
    """

    options: LoadOptions
    place: str = ""
    span: Span | None = None
    called: str = "the text"


@dataclass(frozen=True)
class WriteRequest:
    """Write at `place`.

    A place that ends in the format's own ending (`out.csv`) becomes one file; any other becomes a folder of
    part files, with one folder for each value of `partition_by`.
    """

    place: str
    options: SaveOptions
    mode: SaveMode = "overwrite"
    partition_by: tuple[str, ...] = ()
