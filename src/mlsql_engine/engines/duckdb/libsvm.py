"""libsvm text (`label index:value index:value …`) into a DuckDB table, in one parallel pass.

A file is cut into blocks at line ends, which threads parse. The fast way turns a block into two-column CSV,
one `index:value` a line with the label as index 0, and lets Arrow's CSV reader, which works without the
interpreter lock, check and convert it. A block that it refuses, even once tidied, is read line by line in
Python: that is the definition of the format, and the one place that says what is wrong with a line.
"""

from __future__ import annotations

import glob
import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import DataProblem, Detail
from mlsql_engine.engines.quoting import identifier

if TYPE_CHECKING:
    import duckdb

_BLOCK_BYTES: Final = 2 << 20
_MOST_THREADS: Final = 8  # copying the text holds the interpreter lock: more threads would only wait for it
_LARGEST_INDEX: Final = 2**31 - 1
_PAIR: Final = {"index": pa.int32(), "number": pa.float64()}
_SCHEMA: Final = pa.schema(
    [("label", pa.float64()), ("indices", pa.list_(pa.int32())), ("values", pa.list_(pa.float64()))]
)
_TOO_LENIENT: Final = (b"\t", b"x", b"X", b"(")  # Arrow trims the tab, and reads 0x1F and nan(1) as numbers
_COMMENT: Final = re.compile(rb"#[^\n]*")
_BLANKS: Final = bytes.maketrans(b"\t\r\v\f", b"    ")
_PLUS_OF_INDEX: Final = re.compile(rb"\+(?<= \+)(?=[0-9])")
_WORD: Final = re.compile(rb"[^ \t\r\v\f]+")
_WHOLE: Final = re.compile(rb"[+-]?[0-9]{1,99}")
_NUMBER: Final = re.compile(rb"(?i)[+-]?(?:([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|nan|inf|infinity)")

_Numbers = np.ndarray[Any, np.dtype[Any]]


def read_libsvm(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[str], table: str, num_features: int | None
) -> str:
    """Parse files, folders or patterns into a new `table`; the SELECT of its columns label and features.

    `num_features`, above 0, is the vectors' size; None takes the largest index of all files (at least 1, as
    Spark does). A malformed line, or an index above `num_features`, raises DataProblem and leaves no table.
    The table holds label, indices (from 0) and values, so that the size needs no second pass over it.
    """
    import duckdb

    reading = _Reading(tuple(_files(paths)), num_features or _LARGEST_INDEX)
    threads = int(connection.execute("SELECT current_setting('threads')").fetchall()[0][0])
    incoming = f"{table} incoming"
    with ThreadPoolExecutor(min(threads, _MOST_THREADS), "libsvm") as pool:
        batches = reading.batches(pool, ahead=threads + 2)
        connection.register(incoming, pa.RecordBatchReader.from_batches(_SCHEMA, batches))
        try:
            connection.execute(
                f"CREATE OR REPLACE TABLE {identifier(table)} AS FROM {identifier(incoming)}"
            ).fetchall()
        except duckdb.Error as problem:
            raise (reading.failure or problem) from None
        finally:
            connection.unregister(incoming)
    size = num_features or max(reading.largest_index, 1)
    fields = (f"{vectors.SPARSE}::TINYINT", f"{size}::INTEGER", "indices", '"values"')
    packed = ", ".join(f'"{name}" := {field}' for name, field in zip(vectors.FIELDS, fields, strict=True))
    return f"SELECT label, struct_pack({packed}) AS features FROM {identifier(table)}"


def _files(paths: Sequence[str]) -> Iterator[str]:
    """The files that the paths mean; those of a folder in name order, without `_SUCCESS` and hidden ones."""
    for path in paths:
        pattern = os.path.join(glob.escape(path), "[!_]*") if os.path.isdir(path) else path
        found = [path] if os.path.isfile(path) else sorted(glob.glob(pattern))
        if not found:
            raise DataProblem(f"there is no file '{path}', nor one in it", code="FILE_NOT_FOUND")
        for file in found:
            if os.path.isdir(file):
                raise DataProblem(f"'{file}' is a folder in a folder, which is not read", code="FILE_NOT_FOUND")
            yield file


class _Reading:
    """One pass over all files; `largest_index` (from 1) and `failure` are known when it is over."""

    def __init__(self, files: Sequence[str], limit: int) -> None:
        self._files, self._limit = files, limit
        self.largest_index = 0
        self.failure: BaseException | None = None

    def batches(self, pool: ThreadPoolExecutor, ahead: int) -> Iterator[pa.RecordBatch]:
        """The files' rows in order; at most `ahead` blocks are parsed by the pool or wait for DuckDB."""
        waiting: deque[Future[pa.RecordBatch]] = deque()
        try:
            for file in self._files:
                for first_line, text in _blocks(file):
                    waiting.append(pool.submit(_parse, text, self._limit, file, first_line))
                    if len(waiting) >= ahead:
                        yield self._finished(waiting.popleft())
            while waiting:
                yield self._finished(waiting.popleft())
        except (Exception, KeyboardInterrupt) as problem:  # DuckDB would keep only its text
            self.failure = problem
            raise

    def _finished(self, future: Future[pa.RecordBatch]) -> pa.RecordBatch:
        batch = future.result()
        lists: Any = batch.column("indices")
        self.largest_index = max(self.largest_index, int(np.from_dlpack(lists.values).max(initial=-1)) + 1)
        return batch


def _blocks(file: str) -> Iterator[tuple[int, bytes]]:
    """The file, decompressed if its name says so, cut at line ends: (number of the first line, lines)."""
    line, pieces = 1, list[bytes]()
    try:
        with pa.input_stream(file, compression="detect") as stream:
            while piece := stream.read(_BLOCK_BYTES):
                head, line_end, tail = piece.rpartition(b"\n")
                if line_end:
                    text = b"".join((*pieces, head))
                    yield line, text
                    line += text.count(b"\n") + 1
                    pieces.clear()
                pieces.append(tail)
    except (OSError, pa.ArrowException) as problem:
        raise DataProblem(f"cannot read '{file}': {problem}", code="UNREADABLE_FILE") from problem
    if rest := b"".join(pieces):
        yield line, rest


def _parse(text: bytes, limit: int, file: str, first_line: int) -> pa.RecordBatch:
    return _fast(text, limit) or _fast(_tidied(text), limit) or _careful(text, limit, file, first_line)


def _tidied(text: bytes) -> bytes:
    """The same rows with single blanks, and without comments, blank lines and the plus of an index."""
    text = _COMMENT.sub(b"", text).translate(_BLANKS)
    for double, single in ((b"  ", b" "), (b" \n", b"\n"), (b"\n ", b"\n"), (b"\n\n", b"\n")):
        while double in text:
            text = text.replace(double, single)
    return _PLUS_OF_INDEX.sub(b"", text.strip(b" \n"))


def _fast(text: bytes, limit: int) -> pa.RecordBatch | None:
    """The rows of lines that have nothing unusual in them, else None."""
    if not text or any(mark in text for mark in _TOO_LENIENT):
        return None
    lines = text.count(b"\n") + 1
    pairs = b"0:" + text.replace(b"\n", b"\n0:").replace(b" ", b"\n")
    try:
        table = arrow_csv.read_csv(
            cast(Any, pa.BufferReader(pairs)),
            arrow_csv.ReadOptions(column_names=[*_PAIR], use_threads=False, block_size=len(pairs) + 1),
            arrow_csv.ParseOptions(delimiter=":", quote_char=False, ignore_empty_lines=False),
            arrow_csv.ConvertOptions(column_types=_PAIR, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None
    index, number = (np.from_dlpack(cast(Any, column.chunk(0))) for column in table.itercolumns())
    is_label = index == 0
    starts = np.flatnonzero(is_label)
    # More labels than lines: an index was 0. One that is negative is not above its neighbour.
    if len(starts) != lines or index.max() > limit or not np.all((index[1:] > index[:-1]) | is_label[1:]):
        return None
    offsets = np.append(starts - np.arange(lines), len(index) - lines).astype(np.int32)
    return _batch(number[starts], offsets, index[~is_label] - 1, number[~is_label])


def _batch(label: _Numbers, offsets: _Numbers, indices: _Numbers, values: _Numbers) -> pa.RecordBatch:
    """Row k: `label[k]`, and of indices (from 0) and values those from `offsets[k]` to `offsets[k + 1]`."""
    arrays: list[Any] = [  # the same memory; pa.array would import pandas where there is one: 0.7 s
        pa.Array.from_buffers(pa.from_numpy_dtype(part.dtype), len(part), [None, pa.py_buffer(part.data)])
        for part in (label, offsets, indices, values)
    ]
    lists = [pa.ListArray.from_arrays(arrays[1], part) for part in arrays[2:]]
    return pa.RecordBatch.from_arrays([arrays[0], *lists], schema=_SCHEMA)


def _careful(text: bytes, limit: int, file: str, first_line: int) -> pa.RecordBatch:
    """The rows by the format's definition, or the DataProblem that the first wrong line makes."""
    labels, offsets, indices, values = list[float](), [0], list[int](), list[float]()
    for number, line in enumerate(text.split(b"\n"), first_line):
        last = 0
        for position, word in enumerate(_WORD.finditer(line.partition(b"#")[0])):
            try:
                if position == 0:
                    labels.append(_number(f"label '{_shown(word[0])}'", word[0]))
                    offsets.append(offsets[-1])
                    continue
                last, value = _feature(word[0], last, limit)
            except ValueError as problem:
                _refuse(f"'{file}', line {number}: {problem}", line, word.start())
            indices.append(last - 1)
            values.append(value)
            offsets[-1] += 1
    return _batch(np.array(labels, "d"), np.array(offsets, "i"), np.array(indices, "i"), np.array(values, "d"))


def _feature(word: bytes, last: int, limit: int) -> tuple[int, float]:
    name, _, text = word.partition(b":")
    shown = _shown(word)
    if name == b"qid":
        raise ValueError(f"'{shown}': qid is not supported")
    if word.count(b":") != 1:
        raise ValueError(f"'{shown}' is not index:value")
    if not _WHOLE.fullmatch(name):
        raise ValueError(f"the index of '{shown}' is not a whole number")
    index = int(name)
    if index < 1:
        raise ValueError(f"the index of '{shown}' is below 1")
    if index > limit:
        most = "numFeatures, " if limit < _LARGEST_INDEX else ""
        raise ValueError(f"the index of '{shown}' is above {most}{limit}")
    if index <= last:
        raise ValueError(f"the index of '{shown}' is not above the one before it, {last}")
    return index, _number(f"value of '{shown}'", text)


def _number(what: str, text: bytes) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"the {what} is not a number")
    return float(text)


def _shown(text: bytes, start: int = 0, most: int = 40) -> str:
    """At most `most` bytes from `start`, as \\xNN where not UTF-8; an ellipsis where there are more."""
    before, after = "…" if start else "", "…" if start + most < len(text) else ""
    return before + text[start : start + most].decode("utf-8", "backslashreplace") + after


def _refuse(message: str, line: bytes, at: int) -> NoReturn:
    """Raise the error, with the part of the line around byte `at`."""
    strange = line.decode("utf-8", "ignore").encode() != line
    hint = "this is not UTF-8 text: is the file compressed, or in another encoding?" if strange else None
    shown = Detail("the line", _shown(line.rstrip(b"\r"), max(at - 60, 0), 120))
    raise DataProblem(message, code="MALFORMED_LIBSVM", hint=hint, details=[shown])
