"""libsvm text into DuckDB: the rows, the errors, and agreement with a small writer and scikit-learn."""

from __future__ import annotations

import bz2
import gzip
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import DataProblem
from mlsql_engine.engines.duckdb import libsvm
from mlsql_engine.engines.duckdb.libsvm import read_libsvm

if TYPE_CHECKING:
    import duckdb

Row = tuple[float, dict[int, float]]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few bytes, so that small files have many, and lines longer than a block."""
    monkeypatch.setattr(libsvm, "_BLOCK_BYTES", 7)


def loaded(
    connection: duckdb.DuckDBPyConnection, *paths: Path, num_features: int | None = None
) -> tuple[int | None, list[Row]]:
    """The vectors' size and the rows (label, {index from 0: value}) of the files."""
    select = read_libsvm(connection, [str(path) for path in paths], "t", num_features)
    rows = connection.execute(select).fetchall()
    connection.execute("DROP TABLE t").fetchall()
    sizes = {features["__size"] for _, features in rows}
    assert len(sizes) <= 1
    assert {features["__type"] for _, features in rows} <= {vectors.SPARSE}
    pairs = [(label, dict(zip(vector["__indices"], vector["__values"], strict=True))) for label, vector in rows]
    return (sizes.pop() if sizes else None), pairs


def rows_of(
    connection: duckdb.DuckDBPyConnection, folder: Path, text: bytes, num_features: int | None = None
) -> tuple[int | None, list[Row]]:
    (folder / "data.svm").write_bytes(text)
    return loaded(connection, folder / "data.svm", num_features=num_features)


def problem_of(
    connection: duckdb.DuckDBPyConnection, folder: Path, text: bytes, num_features: int | None = None
) -> DataProblem:
    (folder / "data.svm").write_bytes(text)
    with pytest.raises(DataProblem) as caught:
        read_libsvm(connection, [str(folder / "data.svm")], "t", num_features)
    assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    assert connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall() == [(0,)]
    return caught.value


def test_select_has_the_vector_type(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "data.svm").write_text("1 1:0.5 3:-2\n0 2:1e-3\n")
    select = read_libsvm(connection, [str(tmp_path / "data.svm")], 'my "table"', None)
    assert select == (
        'SELECT label, struct_pack("__type" := 0::TINYINT, "__size" := 3::INTEGER, "__indices" := indices,'
        ' "__values" := "values") AS features FROM "my ""table"""'
    )
    described = connection.execute(f"DESCRIBE {select}").fetchall()
    wanted = connection.execute(f"DESCRIBE SELECT 1::DOUBLE label, NULL::{vectors.DUCKDB_TYPE} features")
    assert described == wanted.fetchall()
    assert connection.execute(select).fetchall() == [
        (1.0, {"__type": 0, "__size": 3, "__indices": [0, 2], "__values": [0.5, -2.0]}),
        (0.0, {"__type": 0, "__size": 3, "__indices": [1], "__values": [0.001]}),
    ]


def test_other_cursors_see_the_table(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "data.svm").write_text("1 1:0.5\n")
    select = read_libsvm(connection.cursor(), [str(tmp_path / "data.svm")], "t", None)
    assert connection.execute(f"SELECT label FROM ({select})").fetchall() == [(1.0,)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (b"1 1:2 3:4\n0 2:1", [(1, {0: 2, 2: 4}), (0, {1: 1})]),
        (b"1 1:2\r\n0 2:1\r\n", [(1, {0: 2}), (0, {1: 1})]),
        (b"1\t1:2  \t 3:4 \n  0 2:1\t\n", [(1, {0: 2, 2: 4}), (0, {1: 1})]),
        (b"\n\n1 1:2\n \t \n\r\n0 2:1\n\n", [(1, {0: 2}), (0, {1: 1})]),
        (b"# 0x1 (a)\n1 1:2 # 3:x \xff\n0 2:1#\n#\n", [(1, {0: 2}), (0, {1: 1})]),
        (b"+1 1:+2 +2:+.5 03:5. 4:1E+2 5:-1e-3\n", [(1, {0: 2, 1: 0.5, 2: 5, 3: 100, 4: -0.001})]),
        (b"1 1:inf 2:-Infinity 3:1e999\n", [(1, {0: math.inf, 1: -math.inf, 2: math.inf})]),
        (b"1\n0 2:1\n-1\n", [(1, {}), (0, {1: 1}), (-1, {})]),
        (b"1 2147483647:1", [(1, {2147483646: 1})]),
    ],
)
def test_rows(connection: duckdb.DuckDBPyConnection, tmp_path: Path, text: bytes, rows: list[Row]) -> None:
    assert rows_of(connection, tmp_path, text)[1] == rows


@pytest.mark.parametrize(
    "text",
    [
        b"+1 1:2 \n-1 1:3 \n",
        b"1 1:2\r\n\r\n-1 1:3",
        b"1 1:2\n\n\n -1 1:3\n\n",
        b"1\t1:2\n-1\t\t1:3\t\n",
        b"# x\n 1 +1:2 # y\n-1  1:3#z\n",
    ],
)
def test_common_forms_take_the_fast_way(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    monkeypatch.delattr(libsvm, "_careful")
    assert rows_of(connection, tmp_path, text)[1] == [(1.0, {0: 2.0}), (-1.0, {0: 3.0})]


@pytest.mark.parametrize("text", [b"nan 1:nan 2:-nan", b"NaN 1:NAN\t2:+nan"])
def test_not_a_number_is_a_value(connection: duckdb.DuckDBPyConnection, tmp_path: Path, text: bytes) -> None:
    ((label, values),) = rows_of(connection, tmp_path, text)[1]
    assert [math.isnan(number) for number in (label, values[0], values[1])] == [True] * 3


@pytest.mark.parametrize("text", [b"", b"\n", b"# nothing\n\r\n", b" "])
def test_a_file_without_rows(connection: duckdb.DuckDBPyConnection, tmp_path: Path, text: bytes) -> None:
    assert rows_of(connection, tmp_path, text) == (None, [])


@pytest.mark.parametrize(
    ("text", "num_features", "size"),
    [(b"1 1:1\n1 7:1\n1 3:1", None, 7), (b"1 7:1", 7, 7), (b"1 7:1", 99, 99), (b"1\n2\n", None, 1)],
)
def test_size(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, text: bytes, num_features: int | None, size: int
) -> None:
    assert rows_of(connection, tmp_path, text, num_features)[0] == size


MALFORMED = [
    (b"a 1:2", "the label 'a' is not a number"),
    (b"1,2 1:2", "the label '1,2' is not a number"),
    (b"1:2 3:4", "the label '1:2' is not a number"),
    (b"1_0", "the label '1_0' is not a number"),
    (b"1 1:x", "the value of '1:x' is not a number"),
    (b"1 1:1_0", "the value of '1:1_0' is not a number"),
    (b"1 1:0x1F", "the value of '1:0x1F' is not a number"),
    (b"1 1:nan(1)", "the value of '1:nan(1)' is not a number"),
    (b"1 1:1,5", "the value of '1:1,5' is not a number"),
    (b"1 1:+-1", "the value of '1:+-1' is not a number"),
    (b'1 1:"2"', "the value of '1:\"2\"' is not a number"),
    (b"1 1:", "the value of '1:' is not a number"),
    (b"1 1: 2", "the value of '1:' is not a number"),
    (b"1 1:\t2", "the value of '1:' is not a number"),
    (b"1 1:2\0", "the value of '1:2\0' is not a number"),
    (b"1 1:2 5", "'5' is not index:value"),
    (b"1 1:2 1 2:3:4", "'1' is not index:value"),
    (b"1 1:2:3", "'1:2:3' is not index:value"),
    (b"1 :2", "the index of ':2' is not a whole number"),
    (b"1 a:2", "the index of 'a:2' is not a whole number"),
    (b"1 1.0:2", "the index of '1.0:2' is not a whole number"),
    (b"1 0x1F:2", "the index of '0x1F:2' is not a whole number"),
    (b"1 +-1:2", "the index of '+-1:2' is not a whole number"),
    (b"1 " + b"1" * 100 + b":2", f"the index of '{'1' * 40}…' is not a whole number"),
    (b"1 0:2 1:3", "the index of '0:2' is below 1"),
    (b"1 -0:2", "the index of '-0:2' is below 1"),
    (b"1 -1:2", "the index of '-1:2' is below 1"),
    (b"1 2:2 -1:2", "the index of '-1:2' is below 1"),
    (b"1 2:1 1:1", "the index of '1:1' is not above the one before it, 2"),
    (b"1 2:1 2:1", "the index of '2:1' is not above the one before it, 2"),
    (b"1 2147483648:1", "the index of '2147483648:1' is above 2147483647"),
    (b"1 qid:3 1:2", "'qid:3': qid is not supported"),
]


@pytest.mark.parametrize(("line", "message"), MALFORMED)
def test_malformed_line(connection: duckdb.DuckDBPyConnection, tmp_path: Path, line: bytes, message: str) -> None:
    text = b"1 1:2\n# comment\n\n" + line + b"\r\n0 1:2\n"
    problem = problem_of(connection, tmp_path, text)
    assert problem.code == "MALFORMED_LIBSVM"
    assert problem.message == f"'{tmp_path / 'data.svm'}', line 4: {message}"
    assert problem.hint is None
    if len(line) < 100:
        assert [(detail.label, detail.text) for detail in problem.details] == [("the line", line.decode())]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(("line", "message"), MALFORMED)
def test_malformed_line_in_a_later_block(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, line: bytes, message: str
) -> None:
    text = b"1 1:2 3:4 5:6 7:8\n0\n" * 50 + line + b"\n0 1:x\n" * 20
    problem = problem_of(connection, tmp_path, text)
    assert problem.message == f"'{tmp_path / 'data.svm'}', line 101: {message}"


def test_index_above_num_features(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    problem = problem_of(connection, tmp_path, b"1 1:1 3:1\n0 2:1 4:1 5:1\n", num_features=3)
    assert problem.message == (f"'{tmp_path / 'data.svm'}', line 2: the index of '4:1' is above numFeatures, 3")


def test_rendered_error_shows_the_line(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    problem = problem_of(connection, tmp_path, b"0 1:1\n1 1:1 2:z 3:1\n")
    assert problem.render() == (
        f"error[MALFORMED_LIBSVM]: '{tmp_path / 'data.svm'}', line 2: the value of '2:z' is not a number\n"
        "  = the line:\n"
        "    | 1 1:1 2:z 3:1"
    )


def test_long_line_is_clipped_around_the_mistake(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    features = [f"{index}:1" for index in range(1, 2000)]
    features[1000] = "here"
    problem = problem_of(connection, tmp_path, f"1 {' '.join(features)}".encode())
    (detail,) = problem.details
    assert re.fullmatch(r"….{60}here.{56}…", detail.text)


def test_bytes_that_are_not_utf8(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    problem = problem_of(connection, tmp_path, b"1 1:2\n0 1:\xe9\n")
    assert problem.message == f"'{tmp_path / 'data.svm'}', line 2: the value of '1:\\xe9' is not a number"
    assert problem.details[0].text == "0 1:\\xe9"
    assert problem.hint == "this is not UTF-8 text: is the file compressed, or in another encoding?"


def test_utf16(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    problem = problem_of(connection, tmp_path, "1 1:2\n".encode("utf-16"))
    assert problem.message.startswith(f"'{tmp_path / 'data.svm'}', line 1: the label '\\xff\\xfe1\0' is not")


def test_folder_of_parts(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "part-00001").write_text("2 5:1")
    (tmp_path / "part-00000").write_text("1 1:1\n")
    (tmp_path / "part-00002").write_text("")
    (tmp_path / "_SUCCESS").write_text("x")
    (tmp_path / ".part-00000.crc").write_bytes(b"crc\0")
    expected = (5, [(1.0, {0: 1.0}), (2.0, {4: 1.0})])
    assert loaded(connection, tmp_path) == expected
    assert loaded(connection, tmp_path / "part-*") == expected
    assert loaded(connection, tmp_path / "part-00000", tmp_path / "part-00001") == expected


def test_error_names_the_part_and_its_own_line(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "part-0").write_text("1 1:1\n1 1:1\n")
    (tmp_path / "part-1").write_text("2 1:1\nx")
    with pytest.raises(DataProblem) as caught:
        read_libsvm(connection, [str(tmp_path)], "t", None)
    assert caught.value.message == f"'{tmp_path / 'part-1'}', line 2: the label 'x' is not a number"


@pytest.mark.parametrize(("ending", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_compressed(connection: duckdb.DuckDBPyConnection, tmp_path: Path, ending: str, compress: Any) -> None:
    file = tmp_path / f"data.svm.{ending}"
    file.write_bytes(compress(b"1 1:2\n0") + compress(b" 2:3\n"))
    assert loaded(connection, file) == (2, [(1.0, {0: 2.0}), (0.0, {1: 3.0})])


def test_broken_compressed_file(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "data.svm.gz"
    file.write_bytes(gzip.compress(b"1 1:2\n" * 100)[:-12])
    with pytest.raises(DataProblem) as caught:
        read_libsvm(connection, [str(file)], "t", None)
    assert caught.value.code == "UNREADABLE_FILE"
    assert caught.value.message == f"cannot read '{file}': Truncated compressed stream"
    assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_missing_paths(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none", tmp_path / "empty", tmp_path / "*.svm"):
        with pytest.raises(DataProblem) as caught:
            read_libsvm(connection, [str(path)], "t", None)
        assert caught.value.code == "FILE_NOT_FOUND"
        assert caught.value.message == f"there is no file '{path}', nor one in it"
    with pytest.raises(DataProblem) as caught:
        read_libsvm(connection, [str(tmp_path)], "t", None)
    assert caught.value.message == f"'{tmp_path / 'empty'}' is a folder in a folder, which is not read"


def test_a_table_that_an_interrupted_load_left_is_replaced(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "data.svm").write_text("1 1:2\n")
    connection.execute("CREATE TABLE t (i INTEGER)").fetchall()
    read_libsvm(connection, [str(tmp_path / "data.svm")], "t", None)
    assert connection.execute("FROM t").fetchall() == [(1.0, [0], [2.0])]


def test_interrupt_from_the_keyboard_stays_one(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "data.svm").write_text("1 1:2\n")
    monkeypatch.setattr(libsvm, "_parse", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_libsvm(connection, [str(tmp_path / "data.svm")], "t", None)
    assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_order_is_kept_over_many_blocks(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libsvm, "_BLOCK_BYTES", 5000)
    rows = 150_000
    (tmp_path / "data.svm").write_text("".join(f"{row} 1:{row}.5\n" for row in range(rows)))
    select = read_libsvm(connection, [str(tmp_path / "data.svm")], "t", None)
    assert [label for (label,) in connection.execute(f"SELECT label FROM ({select})").fetchall()] == [*range(rows)]


numbers = st.floats(width=64, allow_nan=False) | st.integers(-5, 5).map(float)
datasets = st.lists(st.tuples(numbers, st.dictionaries(st.integers(0, 40), numbers, max_size=8)), max_size=12)
spaces = st.sampled_from([" ", "  ", "\t", " \t "])
line_ends = st.sampled_from(["\n", "\r\n", " \n", "\n\n", " # note 1:2\n"])


@settings(max_examples=60, deadline=None)
@given(datasets, st.data(), st.integers(1, 80))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], data: st.DataObject, block: int
) -> None:
    text = ""
    for label, features in rows:
        words = [repr(label), *(f"{index + 1}:{features[index]!r}" for index in sorted(features))]
        text += data.draw(spaces).join(words) + data.draw(line_ends)
    import duckdb

    size = max((index + 1 for _, features in rows for index in features), default=1) if rows else None
    with duckdb.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(libsvm, "_BLOCK_BYTES", block)
        assert rows_of(connection, tmp_path_factory.mktemp("r"), text.encode()) == (size, rows)


@settings(max_examples=60, deadline=None)
@given(datasets.filter(lambda rows: any(features for _, features in rows)))
def test_agrees_with_sklearn(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    import duckdb
    from sklearn.datasets import load_svmlight_file

    file = tmp_path_factory.mktemp("s") / "data.svm"
    lines = (
        " ".join([repr(label), *(f"{index + 1}:{features[index]!r}" for index in sorted(features))])
        for label, features in rows
    )
    file.write_text("".join(f"{line}\n" for line in lines))
    matrix, labels = load_svmlight_file(str(file), zero_based=False)
    with duckdb.connect() as connection:
        size, ours = loaded(connection, file)
    assert size == matrix.shape[1]
    assert [label for label, _ in ours] == labels.tolist()
    for row, (_, features) in enumerate(ours):
        theirs = matrix[row]
        assert features == dict(zip(theirs.indices.tolist(), theirs.data.tolist(), strict=True))


words = st.sampled_from(["nan", "inf", "10", "4:5", "1e5", "qid:1", "2147483648", "1 1:2 2:3", "\r\n"])
pieces = st.sampled_from('1230-+.:::e_x(#é"   \n\n\r\t\v\0') | words


@settings(max_examples=1500, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join), st.sampled_from([3, 2**31 - 1]))
def test_the_fast_way_accepts_and_gives_what_the_careful_one_does(text: str, limit: int) -> None:
    encoded = text.encode()
    parsed = libsvm._fast(encoded, limit) or libsvm._fast(libsvm._tidied(encoded), limit)
    if parsed is not None:
        assert same(parsed, libsvm._careful(encoded, limit, "f", 1))


@settings(max_examples=300, deadline=None)
@given(
    st.floats(allow_nan=False) | st.from_regex(rb"-?[0-9]{1,25}(\.[0-9]{0,25})?(e-?[0-9]{1,3})?", fullmatch=True)
)
def test_the_fast_way_rounds_as_python_does(number: float | bytes) -> None:
    text = number if isinstance(number, bytes) else repr(number).encode()
    parsed = libsvm._fast(b"1 1:" + text, 1)
    assert parsed is not None
    assert parsed.column("values").to_pylist() == [[float(text)]]


def same(left: Any, right: Any) -> bool:
    """Equal Arrow rows, where NaN equals NaN."""
    columns = [
        [np.asarray(part) for part in (batch[0], batch[1].offsets, batch[1].values, batch[2].values)]
        for batch in (left, right)
    ]
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*columns, strict=True))
