"""The training data that the host has put on local disk, in the shapes that scripts ask for.

A folder holds part files of one format, told by their ending: `.json` (one object per line), `.csv` (with a
header line), `.parquet` or `.arrow` (Arrow IPC file). In json and csv a vector is Spark's JSON text
`{"type":0,"size":…,"indices":[…],"values":[…]}` or `{"type":1,"values":[…]}`.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import util
from typing import TYPE_CHECKING, Any, Callable

from . import vectors
from .failures import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("json", "csv", "parquet", "arrow")
COLUMNS_ENDING = ".columns"


class Columns:
    """Which columns are the features and which is the label, from the fit parameters.

    `featureCol` (or `inputCol`) names one vector, array or number column, or several divided by commas;
    `labelCol` (or `label`) the label. Left out: `features` and `label` if the data has them, else every other
    column. `label_given` tells whether the label was named.
    """

    def __init__(self, fit_param: Mapping[str, Any]) -> None:
        feature = fit_param.get("featureCol") or fit_param.get("inputCol")
        self._features: list[str] | None = [name.strip() for name in feature.split(",")] if feature else None
        given = fit_param.get("labelCol") or fit_param.get("label")
        self.label: str = given or "label"
        self.label_given = bool(given)

    def of_features(self, names: list[str]) -> Columns:
        """The same label, with these columns as features."""
        other = Columns({"labelCol": self.label})
        other._features = names
        return other

    def features(self, names: list[str]) -> list[str]:
        """The feature columns among the data's columns. Raises ContractError for one that is not there."""
        if self._features is None:
            return ["features"] if "features" in names else [name for name in names if name != self.label]
        missing = [name for name in self._features if name not in names]
        if missing:
            raise no_column(missing[0], names)
        return self._features


def no_column(name: str, names: list[str]) -> ContractError:
    """The error of a column that a parameter names and the data lacks."""
    near = difflib.get_close_matches(name, names, 1, 0.7)
    hint = f"did you mean '{near[0]}'?" if near else "it has: {}".format(", ".join(names))
    return ContractError(f"the data has no column '{name}'", hint)


def parts(folder: str) -> list[str]:
    """The part files of a data folder, in row order; a file is the only part of itself."""
    if os.path.isfile(folder):
        return [folder]
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


def needs_pyarrow(folder: str) -> ContractError:
    """The error of an interpreter without pyarrow that is asked for what only pyarrow gives."""
    endings = sorted({path.rsplit(".", 1)[-1] for path in parts(folder)})
    what = "tables of Arrow" if set(endings) <= {"json", "csv"} else "{} data".format(" and ".join(endings))
    return ContractError(
        f"the interpreter {sys.executable} has no pyarrow, which {what} need",
        f"install it: {sys.executable} -m pip install pyarrow",
    )


def _each_row(folder: str) -> Iterator[dict[str, Any]]:
    for path in parts(folder):
        if path.endswith(".json"):
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    yield {name: _vector_or(value) for name, value in json.loads(line).items()}
        elif path.endswith(".csv"):
            yield from _csv_rows(path)
        elif util.find_spec("pyarrow") is None:
            raise needs_pyarrow(folder)
        else:
            for batch in _batches(path):
                for row in batch.to_pylist():
                    yield {name: _vector_or(value) for name, value in row.items()}


def _csv_rows(path: str) -> Iterator[dict[str, Any]]:
    import csv

    csv.field_size_limit(2**31 - 1)  # a vector is one field
    with open(path, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, fieldnames=columns_of(path)):
            yield {name: _csv_value(value) for name, value in row.items()}


def columns_of(path: str) -> list[str] | None:
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
    """All of the data as one Arrow table; Arrow files are memory-mapped, not read.

    Raises ContractError in an interpreter without pyarrow.
    """
    if util.find_spec("pyarrow") is None:
        raise needs_pyarrow(folder)
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

        block = max(1 << 20, longest_line(path) + 1)
        columns = pyarrow.csv.ReadOptions(column_names=columns_of(path), block_size=block)
        return with_csv_vectors(pyarrow.csv.read_csv(path, columns))
    import pyarrow.json

    block = pyarrow.json.ReadOptions(block_size=max(1 << 20, longest_line(path) + 1))
    return with_json_vectors(pyarrow.json.read_json(path, read_options=block))


def longest_line(path: str) -> int:
    """The length of the longest line of a file of more than 1 MB: pyarrow refuses one longer than its block."""
    if os.path.getsize(path) < 1 << 20:
        return 0
    with open(path, "rb") as lines:
        return max(map(len, lines))


def with_json_vectors(data: pa.Table) -> pa.Table:
    """The table with its columns of vector objects as vector columns."""
    return _with_vectors(data, _from_json)


def with_csv_vectors(data: pa.Table) -> pa.Table:
    """The table with its text columns that hold vectors as vector columns."""
    return _with_vectors(data, _from_csv)


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
