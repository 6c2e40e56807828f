"""`mlsql_sdk.vectors`: the type, and vectors as rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

import mlsql_sdk
from mlsql_sdk import vectors
from unit.worker_path.drawn_vectors import DENSE, ROWS, SPARSE, columns, made_by_arrow

SDK_FOLDER = Path(next(iter(mlsql_sdk.__path__))).parent


class TestType:
    def test_arrow_type(self):
        text = "struct<type: int8, size: int32, indices: list<item: int32>, values: list<item: double>>"
        assert str(vectors.arrow_type()) == text

    @pytest.mark.parametrize("list_of", [pa.list_, pa.large_list])
    @pytest.mark.parametrize("child", ["item", "l", "element"])
    def test_names_of_list_elements_and_nullability_do_not_matter(self, list_of, child):
        kind = pa.struct(
            [
                pa.field("type", pa.int8(), nullable=False),
                ("size", pa.int32()),
                ("indices", list_of(pa.field(child, pa.int32(), nullable=False))),
                ("values", list_of(pa.field(child, pa.float64()))),
            ]
        )
        assert vectors.is_vector_type(kind)

    @pytest.mark.parametrize(
        "kind",
        [
            pa.float64(),
            pa.list_(pa.float64()),
            pa.struct([]),
            pa.struct(list(vectors.arrow_type())[:3]),
            pa.struct([*vectors.arrow_type(), ("more", pa.int8())]),
            pa.struct(list(vectors.arrow_type())[::-1]),
            pa.struct([("kind", pa.int8()), *list(vectors.arrow_type())[1:]]),
            pa.struct([("type", pa.int32()), *list(vectors.arrow_type())[1:]]),
            pa.struct([*list(vectors.arrow_type())[:3], ("values", pa.list_(pa.float32()))]),
            pa.struct([*list(vectors.arrow_type())[:3], ("values", pa.float64())]),
        ],
        ids=str,
    )
    def test_other_types(self, kind):
        assert not vectors.is_vector_type(kind)


class TestTuples:
    @settings(deadline=None)  # the first example imports SciPy and numpy
    @given(columns())
    def test_rows_come_back(self, drawn):
        rows, column = drawn
        assert list(vectors.to_tuples(column)) == rows

    def test_they_are_plain_python(self):
        (row,) = vectors.to_tuples(vectors.from_tuples([(np.int8(0), np.int32(4), np.array([1]), (3,))]))
        assert row == (0, 4, [1], [3.0])
        assert [type(x) for x in (*row, row[2][0], row[3][0])] == [int, int, list, list, int, float]

    @settings(deadline=None)  # the first example imports SciPy and numpy
    @given(columns())
    def test_from_tuples_is_what_arrow_makes(self, drawn):
        rows, _ = drawn
        array = vectors.from_tuples(rows)
        assert array.type == vectors.arrow_type()
        assert array.equals(made_by_arrow(rows))

    def test_large_lists_are_read(self):
        kind = pa.struct(
            [
                *list(vectors.arrow_type())[:2],
                ("indices", pa.large_list(pa.int32())),
                ("values", pa.large_list(pa.float64())),
            ]
        )
        column = made_by_arrow([DENSE, SPARSE, None]).cast(kind)
        assert list(vectors.to_tuples(column)) == [DENSE, SPARSE, None]
        assert vectors.to_matrix(column[:2]).tolist() == [ROWS["dense"], ROWS["sparse"]]

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ((1, None, None, None), "the vector's values are NULL"),
            ((0, 4, None, []), "the vector's indices are NULL"),
            ((1, None, None, [1.0, None]), "there is a NULL in the vector's values"),
            ((0, 4, [1], [None]), "there is a NULL in the vector's values"),
            ((0, 4, [None], [1.0]), "there is a NULL in the vector's indices"),
        ],
        ids=str,
    )
    def test_a_null_inside_a_vector_is_refused(self, row, message):
        column = made_by_arrow([DENSE, None, SPARSE, DENSE, row])[1:]
        with pytest.raises(ValueError, match=f"^row 3: {message}$"):
            list(vectors.to_tuples(column))
        with pytest.raises(ValueError, match=f"^row 3: {message}$"):
            list(vectors.to_tuples(pa.chunked_array([column[:2], column[2:]])))
        behind_null = pa.StructArray.from_arrays(
            [column.field(i) for i in range(4)],
            fields=list(vectors.arrow_type()),
            mask=pa.array([True, False, False, True]),
        )
        assert list(vectors.to_tuples(behind_null)) == [None, SPARSE, DENSE, None]

    def test_nan_and_infinity_stay(self):
        row = next(vectors.to_tuples(vectors.from_tuples([(1, 2, None, [float("nan"), float("-inf")])])))
        assert repr(row) == "(1, None, None, [nan, -inf])"

    @pytest.mark.parametrize(
        ("row", "kind", "message"),
        [
            ([1.0], ValueError, "it has 1 elements, not the four of (type, size, indices, values)"),
            (5.0, TypeError, "it is of type float, not a tuple (type, size, indices, values)"),
            ({}, TypeError, "it is of type dict, not a tuple (type, size, indices, values)"),
            ((2, None, None, [1.0]), ValueError, "its type is 2, neither 0 (sparse) nor 1 (dense)"),
            ((None, None, None, [1.0]), ValueError, "its type is None, neither 0 (sparse) nor 1 (dense)"),
            ((1, None, None, None), TypeError, "its values are None"),
            ((1, None, None, ["a"]), TypeError, "must be real number, not str"),
            ((1, None, None, [[1.0]]), TypeError, "must be real number, not list"),
            ((1, None, None, 1.0), TypeError, "'float' object is not iterable"),
            ((1, 3, None, [1.0]), ValueError, "its size is 3, but it is dense and has 1 values"),
            ((0, None, [1], [1.0]), TypeError, "it is sparse, and its size is None"),
            ((0, 4, None, [1.0]), TypeError, "it is sparse, and its indices are None"),
            ((0, 4, [1], [1.0, 2.0]), ValueError, "it has 1 indices and 2 values"),
            ((0, 4, [1, 1], [1.0, 2.0]), ValueError, "its indices are not strictly increasing"),
            ((0, 4, [1, 4], [1.0, 2.0]), ValueError, "its index 4 is outside of its size 4"),
            ((0, 4, [-1, 2], [1.0, 2.0]), ValueError, "its index -1 is outside of its size 4"),
        ],
        ids=str,
    )
    def test_what_is_no_vector_is_refused(self, row, kind, message):
        with pytest.raises(kind) as caught:
            vectors.from_tuples([DENSE, None, SPARSE, row])
        assert str(caught.value) == f"row 3 is not a vector: {message}"

    def test_numbers_that_are_too_large(self):
        with pytest.raises(ValueError, match=r"^row 0 is not a vector: .*(greater than maximum|too large)"):
            vectors.from_tuples([(0, 2**31, [1], [1.0])])

    def test_rows_need_no_numpy(self):
        code = (
            "import sys; sys.modules['numpy'] = None; sys.path.insert(0, sys.argv[1])\n"
            "from mlsql_sdk import vectors\n"
            "rows = [(0, 4, [1], [3.0]), None, (1, None, None, [1.0, 2.0])]\n"
            "print(list(vectors.to_tuples(vectors.from_tuples(rows)[1:])))"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-c", code, str(SDK_FOLDER)], capture_output=True, text=True, check=True
        )
        assert done.stdout == "[None, (1, None, None, [1.0, 2.0])]\n"

    def test_importing_it_imports_nothing_else(self):
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); import mlsql_sdk.vectors\n"
            "print([m for m in ('numpy', 'pyarrow', 'scipy') if m in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-I", "-c", code, str(SDK_FOLDER)], capture_output=True, text=True, check=True
        )
        assert done.stdout == "[]\n"
