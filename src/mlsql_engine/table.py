"""A table as the Python interface gives it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.text_table import render
from mlsql_engine.engines.base import BatchStream, Engine, Relation
from mlsql_engine.engines.requests import SaveOptions, WriteRequest

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

SHOWN_ROWS = 100


class Table:
    """A table of a session: lazy, read anew by every method, and gone when its session is closed.

    `owner` lives as long as the table does: `connect().run(text).to_pandas()` needs no name for the session.
    """

    def __init__(self, engine: Engine, relation: Relation, name: str | None, owner: object = None) -> None:
        self._owner = owner
        self._engine = engine
        self._relation = relation
        self.name = name

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow types; a vector is struct<type, size, indices, values>."""
        return self._engine.schema(self._relation)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names in order."""
        return self._relation.columns

    def stream(self) -> BatchStream:
        """The rows as record batches of up to 65,536; use it in a `with`, nothing is collected."""
        return self._engine.stream(self._relation)

    def to_arrow(self) -> pa.Table:
        """All rows as a pyarrow.Table."""
        import pyarrow as pa

        with self.stream() as stream:
            return pa.Table.from_batches(list(stream), schema=stream.schema)

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a pandas.DataFrame; needs pandas (`pip install 'mlsql-engine[pandas]'`)."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """All rows as a polars.DataFrame; needs polars (`pip install 'mlsql-engine[polars]'`)."""
        from mlsql_engine.core.extras import require

        polars: Any = require("polars", extra="polars", purpose="to_polars")
        return polars.from_arrow(self.to_arrow())  # type: ignore[no-any-return]

    def write(self, place: str, options: SaveOptions) -> None:
        """Write the rows to a file, a folder or a pipe, which is replaced."""
        self._engine.write(self._relation, WriteRequest(place, options))

    def to_text(self, limit: int = SHOWN_ROWS, whole: str = "") -> str:
        """The first `limit` rows as text; when there are more, a last line says so, and `whole` how to get all."""
        rows: list[tuple[Any, ...]] = []
        with self.stream() as stream:
            for batch in stream:
                taken = batch.slice(0, limit + 1 - len(rows))
                rows.extend(
                    zip(*(column.to_pylist(maps_as_pydicts="lossy") for column in taken.columns), strict=True)
                )
                if len(rows) > limit:
                    break
            text = render(stream.schema, list(itertools.islice(rows, limit)))
        if len(rows) > limit:
            text += f"\n… the first {limit} rows{whole}"
        return text

    def __repr__(self) -> str:
        return self.to_text(limit=20)
