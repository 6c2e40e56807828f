"""Training data block by block: record batches of chosen columns, of which one at a time is in memory.

A block is at most about 16 MB of a json or csv file, one row group's batch of a parquet file, one batch of an
Arrow file. Blocks of json are typed one by one, so a column may be int64 in one and double in the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import local_data

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK_BYTES = 16 << 20
_BATCH_ROWS = 65_536


def column_names(folder: str) -> list[str]:
    """The names of the data's columns, in order; those of json are the first block's keys."""
    for path in _parts(folder):
        if path.endswith(".csv"):
            return _csv_names(path)
        if path.endswith(".parquet"):
            import pyarrow.parquet as pq

            return [str(name) for name in pq.read_schema(path).names]
        if path.endswith(".arrow"):
            with _open(path) as reader:
                return [str(name) for name in reader.schema.names]
        for block in _json_blocks(path):
            return [str(name) for name in block.schema.names]
    return []


def row_bound(folder: str) -> int:
    """How many rows the data has at most: exactly, unless a csv value holds a line break."""
    return sum(_rows_of(path) for path in local_data.parts(folder))


def blocks(folder: str, names: Sequence[str], label: str | None = None) -> Iterator[pa.RecordBatch]:
    """The columns `names`, and `label` if one is given, of the data in row order.

    The csv columns of `names` come as text, or as vectors where they hold vectors; the label by the type that
    the whole file's values have.
    """
    wanted = [*names, *([label] if label is not None and label not in names else [])]
    for path in _parts(folder):
        if path.endswith(".arrow"):
            yield from _arrow_blocks(path, wanted)
        elif path.endswith(".parquet"):
            yield from _parquet_blocks(path, wanted)
        elif path.endswith(".csv"):
            yield from _csv_blocks(path, wanted, label)
        else:
            for block in _json_blocks(path):
                yield _chosen(block, wanted)


def _parts(folder: str) -> list[str]:
    paths = local_data.parts(folder)
    if not paths:
        raise FileNotFoundError(f"there is no data in {folder}")
    return paths


def _open(path: str, wanted: Sequence[str] = ()) -> Any:
    """A reader of an Arrow file that reads, not maps: mapped pages would count as this process's memory."""
    import pyarrow as pa

    if not wanted:
        return pa.ipc.open_file(pa.OSFile(path))
    with pa.ipc.open_file(pa.OSFile(path)) as whole:
        places = sorted(whole.schema.get_field_index(name) for name in wanted)
    return pa.ipc.open_file(pa.OSFile(path), options=pa.ipc.IpcReadOptions(included_fields=places))


def _arrow_blocks(path: str, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with _open(path, wanted) as reader:
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)


def _parquet_blocks(path: str, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    # Buffering ahead would hold the whole file.
    yield from pq.ParquetFile(path, pre_buffer=False).iter_batches(batch_size=_BATCH_ROWS, columns=list(wanted))


def _json_blocks(path: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.json

    for lines in _whole_lines(path):
        longest = max(map(len, lines.split(b"\n")))
        options = pyarrow.json.ReadOptions(block_size=max(1 << 20, longest + 1))
        table = pyarrow.json.read_json(pa.BufferReader(lines), read_options=options)
        yield _one_batch(local_data.with_json_vectors(table))


def _whole_lines(path: str) -> Iterator[bytes]:
    """The file's bytes in pieces that end with a line."""
    rest = b""
    with open(path, "rb") as file:
        while True:
            piece = file.read(_BLOCK_BYTES)
            if not piece:
                break
            head, end, tail = piece.rpartition(b"\n")
            if not end:
                rest += piece
                continue
            yield rest + head + end
            rest = tail
    if rest.strip():
        yield rest


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [_one_array(table.column(index)) for index in range(table.num_columns)]
    return pa.RecordBatch.from_arrays(columns, names=table.column_names)


def _one_array(column: Any) -> Any:
    import pyarrow as pa

    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], type=column.type)


def _chosen(block: pa.RecordBatch, wanted: Sequence[str]) -> pa.RecordBatch:
    """The wanted columns; one that this block of json never mentions is NULL in it."""
    import pyarrow as pa

    arrays = []
    for name in wanted:
        index = block.schema.get_field_index(name)
        arrays.append(pa.nulls(block.num_rows) if index < 0 else block.column(index))
    return pa.RecordBatch.from_arrays(arrays, names=list(wanted))


def _csv_names(path: str) -> list[str]:
    import csv

    given = local_data.columns_of(path)
    if given is not None:
        return given
    with open(path, encoding="utf-8", newline="") as lines:
        return next(csv.reader(lines), [])


def _csv_blocks(path: str, wanted: Sequence[str], label: str | None) -> Iterator[pa.RecordBatch]:
    """Only the label's type needs the whole file; one column of it is read for that."""
    import pyarrow as pa

    types: dict[str, Any] = {name: pa.string() for name in wanted if name != label}
    if label is not None:
        types[label] = _csv_type(path, label)
    for batch in _csv_reader(path, wanted, types):
        yield _one_batch(local_data.with_csv_vectors(pa.Table.from_batches([batch])))


def _csv_reader(path: str, wanted: Sequence[str], types: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    import pyarrow.csv

    convert = pyarrow.csv.ConvertOptions(
        include_columns=list(wanted), column_types=types, strings_can_be_null=True, null_values=[""]
    )
    block = max(1 << 20, local_data.longest_line(path) + 1)
    options = pyarrow.csv.ReadOptions(column_names=local_data.columns_of(path), block_size=block)
    with pyarrow.csv.open_csv(path, options, convert_options=convert) as reader:
        yield from reader


def _csv_type(path: str, name: str) -> Any:
    """What all values of a column are: int64, double or boolean, the first that they are, or string."""
    import pyarrow as pa
    import pyarrow.compute as pc

    possible = [pa.int64(), pa.float64(), pa.bool_()]
    for batch in _csv_reader(path, [name], {name: pa.string()}):
        possible = [kind for kind in possible if _casts(pc, batch.column(0), kind)]
    return possible[0] if possible else pa.string()


def _casts(compute: Any, column: Any, kind: Any) -> bool:
    import pyarrow as pa

    try:
        compute.cast(column, kind)
    except pa.ArrowInvalid:
        return False
    return True


def _rows_of(path: str) -> int:
    if path.endswith(".parquet"):
        import pyarrow.parquet as pq

        return int(pq.ParquetFile(path).metadata.num_rows)
    if path.endswith(".arrow"):
        import pyarrow as pa

        # A mapped batch is not read for its length.
        with pa.memory_map(path) as mapped:
            reader = pa.ipc.open_file(mapped)
            return sum(reader.get_batch(index).num_rows for index in range(reader.num_record_batches))
    lines = 1
    with open(path, "rb") as file:
        while True:
            piece = file.read(_BLOCK_BYTES)
            if not piece:
                return lines
            lines += piece.count(b"\n")
