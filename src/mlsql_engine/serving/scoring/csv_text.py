"""Rows as CSV with a header line."""

from __future__ import annotations

import pyarrow as pa
from pyarrow import csv

from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.scoring.frames import Frame, wrong

_HINT = "the first line is of the names of the columns: a,b\\n0.5,1.5"


def read(content: bytes, inputs: Inputs) -> Frame:
    """The rows of a body in CSV; an empty number is NULL. Raises BadValue.

    Where the function says that it takes text, columns stay that, so that 007 does.
    """
    texts = {
        place.name: pa.string()
        for place in inputs.places
        if isinstance(place.kind, pa.DataType)
        and (pa.types.is_string(place.kind) or pa.types.is_binary(place.kind))
    }
    try:
        table = csv.read_csv(
            pa.BufferReader(content),
            csv.ReadOptions(use_threads=False, block_size=max(len(content), 1)),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(column_types=texts),
        )
    except (pa.ArrowException, UnicodeError) as error:
        raise wrong(f"the body is no CSV: {error}", _HINT) from None
    names = table.column_names
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise wrong(f"the column '{twice}' is given twice", _HINT)
    batches = table.combine_chunks().to_batches()
    batch = batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)
    return Frame(names, None, dict(zip(names, batch.columns, strict=True)))
