"""Rows of Python as an Arrow table, without pandas."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pyarrow as pa

from mlsql_engine.core.arrow_rows import arrow_table, entries, timestamp

COLUMNS = pa.schema(
    [
        ("text", pa.string()),
        ("whole", pa.int32()),
        ("part", pa.float64()),
        ("yes", pa.bool_()),
        ("when", pa.timestamp("ms")),
        ("metrics", pa.map_(pa.string(), pa.float64())),
    ]
)
TIME = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
ROW = {"text": "a", "whole": 1, "part": 0.5, "yes": True, "when": timestamp(TIME), "metrics": entries({"f1": 0.9})}


def test_every_kind_of_column() -> None:
    table = arrow_table([ROW], COLUMNS)
    assert table.schema == COLUMNS
    assert table.to_pylist() == [
        {**ROW, "when": datetime(2026, 1, 2, 3, 4, 5, 678_000), "metrics": [("f1", 0.9)]}  # noqa: DTZ001
    ]


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    row = {"text": "caf\udce9 é \U0001f600 \u2028", "metrics": entries({"m\udcff": 1.0})}
    table = arrow_table([row], COLUMNS)
    assert table.column("text").to_pylist() == ["caf? é \U0001f600 \u2028"]
    assert table.column("metrics").to_pylist() == [[("m?", 1.0)]]


def test_absent_and_empty_values() -> None:
    table = arrow_table([dict.fromkeys(ROW), {"metrics": entries({})}, ROW], COLUMNS)
    assert table.schema == COLUMNS
    assert table.column("text").to_pylist() == [None, None, "a"]
    assert table.column("metrics").to_pylist() == [None, [], [("f1", 0.9)]]


def test_no_rows() -> None:
    assert arrow_table([], COLUMNS) == COLUMNS.empty_table()


def test_text_of_every_kind() -> None:
    texts = ["", "'\"\\", "line\nline\r\n\t", "é 語 \U0001f600", "\0", "2026-01-02", "null", "1", "{}"]
    schema = pa.schema([("text", pa.string())])
    assert arrow_table([{"text": text} for text in texts], schema).column("text").to_pylist() == texts


def test_a_row_longer_than_a_block() -> None:
    long = "x" * 3_000_000
    schema = pa.schema([("text", pa.string())])
    assert arrow_table([{"text": long}, {"text": "y"}], schema).column("text").to_pylist() == [long, "y"]


def test_times() -> None:
    assert timestamp(None) is None
    assert timestamp(TIME) == "2026-01-02 03:04:05.678"


def test_pandas_is_not_imported() -> None:
    code = (
        "import sys, pyarrow as pa; from mlsql_engine.core.arrow_rows import arrow_table;"
        "arrow_table([{'a': 'x'}], pa.schema([('a', pa.string())])); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
