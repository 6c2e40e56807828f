"""Matrices from training data in every format, with pyarrow and without it."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse  # noqa: TID253 - tests may

from mlsql_sdk import data_blocks, linalg, local_data, tensors, training_data, vectors
from mlsql_sdk.failures import ContractError
from unit.worker_path.worker_processes import FORMATS, write

NAN = float("nan")


@pytest.fixture(params=[*FORMATS, "json without pyarrow", "csv without pyarrow"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every format, and those that need no pyarrow also as an interpreter without it reads them."""
    name, _, without = request.param.partition(" ")
    if without:
        monkeypatch.setattr(training_data, "_has_pyarrow", lambda: False)
        # As a worker finds them where there is no pyspark.
        for place in ("pyspark", "pyspark.ml"):
            monkeypatch.setitem(sys.modules, place, ModuleType(place))
        monkeypatch.setitem(sys.modules, "pyspark.ml.linalg", linalg)
    return str(name)


def columns(**fit_param: str) -> local_data.Columns:
    return local_data.Columns(fit_param)


def same(found: Any, expected: Any) -> None:
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected, dtype=np.asarray(found).dtype))


NUMBERS = pa.table(
    {
        "i": pa.array([1, None, 3, 4], pa.int32()),
        "d": pa.array([Decimal("1.5"), Decimal("2.5"), None, Decimal("4.5")], pa.decimal128(5, 1)),
        "b": pa.array([True, False, None, True]),
        "f": pa.array([0.5, 1.5, 2.5, None], pa.float32()),
        "label": pa.array([3, 1, 2, 1], pa.int64()),
    }
)


def test_columns_of_every_number_type(tmp_path: Path, form: str) -> None:
    made = training_data.matrix(str(write(tmp_path / "d", form, NUMBERS)), columns(), "numpy")
    same(made.features, [[1, 1.5, 1, 0.5], [NAN, 2.5, 0, 1.5], [3, NAN, NAN, 2.5], [4, 4.5, 1, NAN]])
    assert made.features.flags.c_contiguous
    assert (made.names, made.missing) == (["i", "d", "b", "f"], 0)
    assert (made.label.tolist(), made.label.dtype.kind) == ([3, 1, 2, 1], "i")


def test_chosen_columns_in_their_order(tmp_path: Path, form: str) -> None:
    made = training_data.matrix(
        str(write(tmp_path / "d", form, NUMBERS)), columns(featureCol="f, i", labelCol="b"), "numpy"
    )
    same(made.features, [[0.5, 1], [1.5, NAN], [2.5, 3], [NAN, 4]])
    assert (made.names, made.missing) == (["f", "i"], 1)
    same(made.label, [1, 0, NAN, 1])


def test_labels_of_text_keep_their_text(tmp_path: Path, form: str) -> None:
    table = pa.table({"x": [1.0, 2.0, 3.0, 4.0], "label": ["1", "ham", None, "ham"]})
    made = training_data.matrix(str(write(tmp_path / "d", form, table)), columns(), "numpy")
    assert (made.label.tolist(), made.label.dtype.kind, made.missing) == (["1", "ham", None, "ham"], "O", 1)


def test_boolean_labels(tmp_path: Path, form: str) -> None:
    table = pa.table({"x": [1.0, 2.0], "label": [True, False]})
    made = training_data.matrix(str(write(tmp_path / "d", form, table)), columns(), "numpy")
    assert (made.label.tolist(), made.label.dtype.kind) == ([True, False], "b")


VECTORS = pa.table(
    {
        "features": vectors.from_tuples(
            [(0, 4, [1, 3], [2.0, 5.0]), (1, None, None, [1.0, 2.0, 3.0, 4.0]), (0, 4, [], [])]
        ),
        "label": [0.0, 1.0, 0.0],
    }
)
MATRIX = [[0, 2, 0, 5], [1, 2, 3, 4], [0, 0, 0, 0]]


def test_vectors_as_matrix_and_csr(tmp_path: Path, form: str) -> None:
    folder = str(write(tmp_path / "d", form, VECTORS))
    dense = training_data.matrix(folder, columns(), "numpy")
    same(dense.features, MATRIX)
    assert (dense.names, dense.label.tolist()) == (None, [0.0, 1.0, 0.0])
    csr = training_data.matrix(folder, columns(), "csr")
    assert sparse.issparse(csr.features)
    same(csr.features.toarray(), MATRIX)


def test_a_vector_that_is_null(tmp_path: Path, form: str) -> None:
    table = pa.table({"features": vectors.from_tuples([(0, 2, [1], [2.0]), None, (1, None, None, [3.0, 4.0])])})
    folder = str(write(tmp_path / "d", form, table))
    same(training_data.matrix(folder, columns(), "numpy").features, [[0, 2], [NAN, NAN], [3, 4]])
    with pytest.raises(ContractError) as caught:
        training_data.matrix(folder, columns(), "csr")
    assert str(caught.value) == "the column 'features' has NULLs among its sparse vectors"
    assert caught.value.hint == "leave those rows out: select * from … where features is not null"


def test_sparse_vectors_stay_sparse_where_that_is_the_rule(tmp_path: Path, form: str) -> None:
    def of_width(width: int) -> Any:
        rows = vectors.from_tuples([(0, width, [0], [1.0])] * 4)
        folder = write(tmp_path / str(width), form, pa.table({"features": rows}))
        return training_data.matrix(str(folder), columns(), "auto").features

    assert sparse.issparse(of_width(10))
    assert not sparse.issparse(of_width(9))


@pytest.mark.parametrize(
    ("filled", "cells", "kept"),
    [(0.1, 10, True), (0.11, 10, False), (0.5, (1 << 27) + 1, True), (0.51, 1 << 40, False), (0.5, 1 << 27, False)],
)
def test_the_rule(filled: float, cells: int, kept: bool) -> None:
    assert training_data.sparse_is_kept(filled, cells) is kept


@pytest.mark.parametrize("form", ["json", "parquet", "arrow"])
def test_arrays_with_nulls_beside_a_number(tmp_path: Path, form: str) -> None:
    table = pa.table({"a": pa.array([[1, None], None, [3, 4]], pa.list_(pa.int32())), "n": [7, 8, 9]})
    made = training_data.matrix(str(write(tmp_path / "d", form, table)), columns(featureCol="n,a"), "numpy")
    same(made.features, [[7, 1, NAN], [8, NAN, NAN], [9, 3, 4]])
    assert made.names is None


def test_fixed_size_arrays_and_slices() -> None:
    from mlsql_sdk import block_columns

    rows = pa.array([[9, 9], [1, 2], None, [5, 6]], pa.list_(pa.int16(), 2))
    same(block_columns.feature(rows.slice(1), "a"), [[1, 2], [NAN, NAN], [5, 6]])
    same(block_columns.numbers(pa.array([9.0, 1.0, None]).slice(1)), [1, NAN])
    same(block_columns.numbers(pa.array([True] * 9 + [False, None]).slice(8)), [1, 0, NAN])
    labels, missing = block_columns.label(pa.array(["x", "a", None, "a"]).slice(1))
    assert (labels.tolist(), missing) == (["a", None, "a"], 1)
    labels, missing = block_columns.label(pa.array([9, 1, 2], pa.uint8()).slice(1))
    assert (labels.tolist(), labels.dtype, missing) == ([1, 2], np.uint8, 0)
    dates, _ = block_columns.label(pa.array([1], pa.date32()))
    assert dates.dtype.kind == "M"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_batches_are_of_the_size_asked_for(tmp_path: Path, form: str, size: int) -> None:
    table = pa.table({"x": [float(row) for row in range(8)], "label": ["a", "b"] * 4})
    folder = str(write(tmp_path / "d", form, table))
    made = list(training_data.batches(folder, columns(), size))
    assert [len(batch.label) for batch in made] == [size] * (8 // size) + ([8 % size] if 8 % size else [])
    same(np.concatenate([batch.features for batch in made])[:, 0], range(8))
    assert np.concatenate([batch.label for batch in made]).tolist() == ["a", "b"] * 4


def test_batches_of_sparse_vectors_and_their_missing_labels(tmp_path: Path, form: str) -> None:
    rows = vectors.from_tuples([(0, 20, [row], [1.0]) for row in range(5)])
    table = pa.table({"features": rows, "label": [1.0, None, 3.0, 4.0, None]})
    folder = str(write(tmp_path / "d", form, table))
    made = list(training_data.batches(folder, columns(), 2, "auto"))
    assert all(sparse.issparse(batch.features) for batch in made)
    assert [batch.missing for batch in made] == [1, 0, 1]
    same(sparse.vstack([batch.features for batch in made]).toarray(), np.eye(5, 20))


def test_distinct_labels(tmp_path: Path, form: str) -> None:
    folder = str(write(tmp_path / "d", form, pa.table({"x": [1, 2, 3, 4], "label": ["b", None, "a", "b"]})))
    found, missing, rows = training_data.labels(folder, columns())
    assert (found.tolist(), missing, rows) == (["a", "b"], 1, 4)


def test_json_types_may_change_from_block_to_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_blocks, "_BLOCK_BYTES", 64)
    folder = tmp_path / "d"
    folder.mkdir()
    lines = ['{"x":1,"label":1}'] * 9 + ['{"x":1.5,"label":2.5}'] * 9 + ['{"x":null,"label":3}', '{"label":4}']
    (folder / "part-00000.json").write_text("\n".join(lines))
    made = training_data.matrix(str(folder), columns(), "numpy")
    same(made.features[:, 0], [1.0] * 9 + [1.5] * 9 + [NAN, NAN])
    same(made.label, [1.0] * 9 + [2.5] * 9 + [3.0, 4.0])


def test_text_labels_beside_a_block_of_nulls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_blocks, "_BLOCK_BYTES", 32)
    folder = tmp_path / "d"
    folder.mkdir()
    lines = ['{"x":1,"label":"a"}'] * 3 + ['{"x":1,"label":null}'] * 3
    (folder / "part-00000.json").write_text("\n".join(lines) + "\n")
    assert [batch.missing for batch in training_data.batches(str(folder), columns(), 2)] == [0, 1, 2]


def test_a_json_line_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_blocks, "_BLOCK_BYTES", 64)
    folder = str(write(tmp_path / "d", "json", pa.table({"features": [[float(n) for n in range(100)]] * 3})))
    same(training_data.matrix(folder, columns(), "numpy").features, [range(100)] * 3)


def test_labels_of_csv_are_typed_by_all_of_it(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if form != "csv":
        return
    from mlsql_sdk import row_blocks

    monkeypatch.setattr(row_blocks, "_ROWS", 2)
    folder = str(write(tmp_path / "d", "csv", pa.table({"x": [1, 2, 3, 4], "label": ["1", "2", "3", "four"]})))
    assert training_data.matrix(folder, columns(), "numpy").label.tolist() == ["1", "2", "3", "four"]


def test_csv_without_a_header(tmp_path: Path, form: str) -> None:
    if form != "csv":
        return
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "part-00000.csv").write_text("1,2,5\n3,4,6\n")
    Path(f"{folder}.columns").write_text('["a","b","label"]')
    made = training_data.matrix(str(folder), columns(), "numpy")
    same(made.features, [[1, 2], [3, 4]])
    assert (made.names, made.label.tolist()) == (["a", "b"], [5, 6])


def test_text_among_the_features(tmp_path: Path, form: str) -> None:
    folder = str(write(tmp_path / "d", form, pa.table({"x": ["1", "dog"], "label": [1, 2]})))
    with pytest.raises(ContractError) as caught:
        training_data.matrix(folder, columns(), "numpy")
    what = {"csv": "holds text ('dog')"}.get(form, "holds text ('1')")
    # The first column's type tells it where values have types; csv has to look at the values.
    found = str(caught.value).replace("'dog'", "'1'") if form != "csv" else str(caught.value)
    assert found == f"the feature column 'x' {what}, and an estimator takes numbers"
    assert caught.value.hint == "make numbers of it, or name the feature columns by fitParam.0.featureCol"


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_column_of_no_numbers(tmp_path: Path, form: str) -> None:
    folder = str(write(tmp_path / "d", form, pa.table({"x": pa.array([1], pa.date32())})))
    with pytest.raises(ContractError, match=r"^the feature column 'x' is date32\[day\], and an estimator"):
        training_data.matrix(folder, columns(), "numpy")


def test_rows_of_different_widths(tmp_path: Path) -> None:
    first = vectors.from_tuples([(1, None, None, [1.0])] * 3)
    folder = str(write(tmp_path / "d", "arrow", pa.table({"features": first})))
    second = pa.table({"features": vectors.from_tuples([(1, None, None, [1.0, 2.0])])})
    with pa.ipc.new_file(str(tmp_path / "d" / "part-00001.arrow"), second.schema) as writer:
        writer.write_table(second)
    with pytest.raises(ContractError) as caught:
        training_data.matrix(folder, columns(), "numpy")
    assert str(caught.value) == "the feature column 'features' has 1 values in some rows and 2 in others"
    assert caught.value.hint == "an estimator takes the same number of features in every row"
    with pytest.raises(ContractError, match=r"^the vectors of 'features' have different sizes: \[1, 2\]$"):
        training_data._sparse(training_data._blocks(folder, ["features"], None), "features", None, 1.0)


def test_arrays_of_different_lengths(tmp_path: Path) -> None:
    for form, without in (("arrow", False), ("json", True)):
        folder = str(write(tmp_path / form, form, pa.table({"a": [[1.0], [1.0, 2.0]]})))
        with pytest.MonkeyPatch.context() as patch:
            if without:
                patch.setattr(training_data, "_has_pyarrow", lambda: False)
            with pytest.raises(ContractError, match=r"of the feature column 'a' have different lengths: \[1, 2\]$"):
                training_data.matrix(folder, columns(), "numpy")


def test_no_rows(tmp_path: Path, form: str) -> None:
    folder = str(write(tmp_path / "d", form, pa.table({"x": pa.array([], pa.float64())})))
    assert training_data.matrix(folder, columns(), "numpy").features.shape[0] == 0
    assert list(training_data.batches(folder, columns(), 5)) == []


def test_a_column_that_is_not_there(tmp_path: Path, form: str) -> None:
    folder = str(write(tmp_path / "d", form, NUMBERS))
    with pytest.raises(ContractError, match=r"^the data has no column 'lable'$") as caught:
        training_data.matrix(folder, columns(featureCol="i,lable"), "numpy")
    assert caught.value.hint == "did you mean 'label'?"
    with pytest.raises(ContractError, match=r"^the data has no column 'zzz'$") as caught:
        training_data.matrix(folder, columns(inputCol="zzz"), "numpy")
    assert caught.value.hint == "it has: i, d, b, f, label"


def test_frames(tmp_path: Path, form: str) -> None:
    table = pa.table({"x": [1.5, 2.5], "label": ["a", "b"]})
    frame = training_data.load(str(write(tmp_path / "d", form, table)), "pandas", columns())
    assert frame.to_dict("list") == {"x": [1.5, 2.5], "label": ["a", "b"]}


def test_an_unknown_shape(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^as_='frame': known are arrow, pandas, numpy, csr, torch, tf$"):
        training_data.load(str(tmp_path), "frame", columns())


class _FakeTorch:
    """Stands for the library, which is gigabytes: what is asked of it is from_numpy."""

    def from_numpy(self, array: Any) -> Any:
        """The array itself, as torch shares its memory."""
        return ("tensor", array)


def test_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(write(tmp_path / "d", "arrow", pa.table({"x": [1.0, 2.0], "label": [0, 1]})))
    for shape, library in (("torch", "torch"), ("tf", "tensorflow")):
        with pytest.raises(ContractError, match=f"has no {library}$") as caught:
            training_data.load(folder, shape, columns())
        assert caught.value.hint.endswith(f"-m pip install {library}")
    monkeypatch.setitem(sys.modules, "torch", _FakeTorch())
    monkeypatch.setattr(tensors.util, "find_spec", lambda name: name)
    (kind, X), (_, y) = training_data.load(folder, "torch", columns())
    assert (kind, X.tolist(), y.tolist()) == ("tensor", [[1.0], [2.0]], [0, 1])
    assert X.flags.writeable
    write(tmp_path / "d", "arrow", pa.table({"x": [1.0], "label": ["a"]}))
    with pytest.raises(ContractError, match=r"^the label column holds text, and a tensor holds numbers$"):
        training_data.load(folder, "torch", columns())


def test_memory_is_the_matrix_and_a_block(tmp_path: Path) -> None:
    """Mapped pages, concatenated copies and matrices in the other order would each cost as much again."""
    rng = np.random.default_rng(0)
    table = pa.table({f"c{n}": rng.normal(size=200_000) for n in range(30)})
    with pa.ipc.new_file(str(tmp_path / "part-00000.arrow"), table.schema) as writer:
        writer.write_table(table, max_chunksize=20_000)
    code = (
        "import resource, sys, numpy, pyarrow, pyarrow.compute\n"
        "from mlsql_sdk import local_data, training_data\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = used()\n"
        "made = training_data.matrix(sys.argv[1], local_data.Columns({}), 'numpy')\n"
        "print((used() - before) * 1024 / made.features.nbytes)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(training_data.__file__).parents[1])},
    )
    assert float(done.stdout) < 1.6
