"""The training data that the host has put on local disk, in the shapes that scripts ask for.

A folder holds part files of one format, told by their ending: `.json` (one object per line), `.csv` (with a
header line), `.parquet` or `.arrow` (Arrow IPC file). In json and csv a vector is Spark's JSON text
`{"type":0,"size":…,"indices":[…],"values":[…]}` or `{"type":1,"values":[…]}`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable

from . import vectors

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("json", "csv", "parquet", "arrow")
COLUMNS_ENDING = ".columns"
SHAPES = ("arrow", "pandas", "numpy", "csr")


class Columns:
    """Which columns are the features and which is the label, from the fit parameters.

    `featureCol` (or `inputCol`) names one vector, array or number column, or several divided by commas;
    `labelCol` (or `label`) the label. Left out: `features` and `label` if the data has them, else every other
    column.
    """

    def __init__(self, fit_param: dict[str, Any]) -> None:
        feature = fit_param.get("featureCol") or fit_param.get("inputCol")
        self._features: list[str] | None = [name.strip() for name in feature.split(",")] if feature else None
        self.label: str = fit_param.get("labelCol") or fit_param.get("label") or "label"

    def features(self, names: list[str]) -> list[str]:
        """The feature columns among the data's columns. Raises KeyError for one that is not there."""
        if self._features is None:
            return ["features"] if "features" in names else [name for name in names if name != self.label]
        missing = [name for name in self._features if name not in names]
        if missing:
            raise KeyError("the data has no column '{}'; it has: {}".format(missing[0], ", ".join(names)))
        return self._features


def parts(folder: str) -> list[str]:
    """The part files of a data folder, in row order."""
    return sorted(
        os.path.join(folder, name)
        for name in os.listdir(folder)
        if name.rsplit(".", 1)[-1] in FORMATS and not name.startswith((".", "_"))
    )


def rows(folder: str, max_records: int) -> Iterator[list[dict[str, Any]]]:
    """Lists of up to `max_records` rows; a row is a dict, a vector in it a DenseVector or SparseVector."""
    batch: list[dict[str, Any]] = []
    for row in _each_row(folder):
        batch.append(row)
        if len(batch) >= max_records:
            yield batch
            batch = []
    if batch:
        yield batch


def _each_row(folder: str) -> Iterator[dict[str, Any]]:
    for path in parts(folder):
        if path.endswith(".json"):
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    yield {name: _vector_or(value) for name, value in json.loads(line).items()}
        elif path.endswith(".csv"):
            yield from _csv_rows(path)
        else:
            for batch in _batches(path):
                for row in batch.to_pylist():
                    yield {name: _vector_or(value) for name, value in row.items()}


def _csv_rows(path: str) -> Iterator[dict[str, Any]]:
    import csv

    csv.field_size_limit(2**31 - 1)  # a vector is one field
    with open(path, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, fieldnames=_columns_of(path)):
            yield {name: _csv_value(value) for name, value in row.items()}


def _columns_of(path: str) -> list[str] | None:
    """The column names of csv data without a header line, which the host writes beside its folder; else None."""
    names = os.path.dirname(path) + COLUMNS_ENDING
    if not os.path.exists(names):
        return None
    with open(names, encoding="utf-8") as file:
        return [str(name) for name in json.load(file)]


def _csv_value(text: str) -> Any:
    if text.startswith('{"type":'):
        return _vector_or(json.loads(text))
    return text


def _vector_or(value: Any) -> Any:
    if not isinstance(value, dict) or "type" not in value or "values" not in value:
        return value
    # pyspark's own where it is installed, else ours: scripts test for the class that they can import.
    from pyspark.ml.linalg import DenseVector, SparseVector

    if value["type"] == 0:
        return SparseVector(value["size"], value["indices"], value["values"])
    return DenseVector(value["values"])


def row_of(values: dict[str, Any]) -> dict[str, Any]:
    """A row as scripts get it: with a DenseVector or SparseVector for each vector as JSON or Arrow gives it."""
    return {name: _vector_or(value) for name, value in values.items()}


def _batches(path: str) -> Iterator[pa.RecordBatch]:
    if path.endswith(".parquet"):
        import pyarrow.parquet as pq

        yield from pq.ParquetFile(path, memory_map=True).iter_batches()
        return
    import pyarrow as pa

    reader = pa.ipc.open_file(pa.memory_map(path))
    for index in range(reader.num_record_batches):
        yield reader.get_batch(index)


def table(folder: str) -> pa.Table:
    """All of the data as one Arrow table; Arrow files are memory-mapped, not read."""
    import pyarrow as pa

    tables = [_table(path) for path in parts(folder)]
    if not tables:
        raise FileNotFoundError(f"there is no data in {folder}")
    return pa.concat_tables(tables)


def _table(path: str) -> pa.Table:
    import pyarrow as pa

    if path.endswith(".arrow"):
        return pa.ipc.open_file(pa.memory_map(path)).read_all()
    if path.endswith(".parquet"):
        import pyarrow.parquet as pq

        return pq.read_table(path)
    if path.endswith(".csv"):
        import pyarrow.csv

        block = max(1 << 20, _longest_line(path) + 1)
        columns = pyarrow.csv.ReadOptions(column_names=_columns_of(path), block_size=block)
        return _with_vectors(pyarrow.csv.read_csv(path, columns), _from_csv)
    import pyarrow.json

    block = pyarrow.json.ReadOptions(block_size=max(1 << 20, _longest_line(path) + 1))
    return _with_vectors(pyarrow.json.read_json(path, read_options=block), _from_json)


def _longest_line(path: str) -> int:
    """pyarrow's reader refuses a line that is longer than its block."""
    if os.path.getsize(path) < 1 << 20:
        return 0
    with open(path, "rb") as lines:
        return max(map(len, lines))


def _with_vectors(data: pa.Table, convert: Callable[[Any], Any]) -> pa.Table:
    for index, field in enumerate(data.schema):
        column = convert(data.column(index))
        if column is not None:
            data = data.set_column(index, field.name, column)
    return data


def _from_json(column: pa.ChunkedArray) -> Any:
    """A column of vector objects as the vector type; None for every other column."""
    import pyarrow as pa

    kind = column.type
    if not pa.types.is_struct(kind):
        return None
    names = {field.name for field in kind}
    if not {"type", "values"} <= names <= {"type", "size", "indices", "values"}:
        return None
    target = vectors.arrow_type()
    chunks = []
    for chunk in column.chunks:
        fields = [
            chunk.field(field.name).cast(field.type) if field.name in names else pa.nulls(len(chunk), field.type)
            for field in target
        ]
        missing = chunk.is_null() if chunk.null_count else None
        chunks.append(pa.StructArray.from_arrays(fields, fields=list(target), mask=missing))
    return pa.chunked_array(chunks, type=target)


def _from_csv(column: pa.ChunkedArray) -> Any:
    import pyarrow as pa

    if not pa.types.is_string(column.type):
        return None
    texts = column.to_pylist()
    first = next((text for text in texts if text), "")
    if not first.startswith('{"type":'):
        return None
    objects = [json.loads(text) if text else None for text in texts]
    return pa.chunked_array(
        [
            vectors.from_tuples(
                [None if o is None else (o["type"], o.get("size"), o.get("indices"), o["values"]) for o in objects]
            )
        ]
    )


def load(folder: str, shape: str, columns: Columns) -> Any:
    """The data as `shape`: "arrow" a table, "pandas" a frame, "numpy" and "csr" a pair (X, y).

    X is (rows, features) of float64, y the label column or None where the data has none.
    """
    if shape not in SHAPES:
        raise ValueError("as_='{}': known are {}".format(shape, ", ".join(SHAPES)))
    data = table(folder)
    if shape == "arrow":
        return data
    if shape == "pandas":
        return data.to_pandas()
    return features_and_label(data, shape, columns)


def features_and_label(data: pa.Table, shape: str, columns: Columns) -> tuple[Any, Any]:
    """X as a float64 matrix (`numpy`) or a SciPy CSR matrix (`csr`), and y."""
    import pyarrow as pa

    names = columns.features(data.column_names)
    chosen = [data.column(name) for name in names]
    label = None
    if columns.label in data.column_names:
        label = data.column(columns.label).to_numpy()
    if len(chosen) == 1 and vectors.is_vector_type(chosen[0].type):
        matrix = vectors.to_matrix(chosen[0]) if shape == "numpy" else vectors.to_csr(chosen[0])
        return matrix, label
    if len(chosen) == 1 and pa.types.is_list(chosen[0].type):
        from .arguments import matrix as as_matrix

        array = chosen[0].combine_chunks()
        matrix = as_matrix(pa.RecordBatch.from_arrays([array], names=names))
    else:
        matrix = _dense(chosen, data.num_rows)
    if shape == "csr":
        from scipy.sparse import csr_matrix

        matrix = csr_matrix(matrix)
    return matrix, label


def _dense(columns: list[pa.ChunkedArray], count: int) -> Any:
    """Number columns side by side; column-major, so that each column is one copy of its memory."""
    import numpy as np

    matrix = np.empty((count, len(columns)), order="F")
    for index, column in enumerate(columns):
        start = 0
        for chunk in column.chunks:
            matrix[start : start + len(chunk), index] = chunk.to_numpy(zero_copy_only=False)
            start += len(chunk)
    return matrix
