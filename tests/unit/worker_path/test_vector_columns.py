"""`mlsql_sdk.vector_columns`, by way of `vectors`: columns as matrices, and back."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from mlsql_sdk import vectors
from unit.worker_path.drawn_vectors import DENSE, EMPTY, ROWS, SPARSE, columns, made_by_arrow, to_list


class TestMatrix:
    @settings(deadline=None)  # the first example imports SciPy and numpy
    @given(columns())
    def test_rows_become_a_matrix(self, drawn):
        rows, column = drawn
        matrix = vectors.to_matrix(column, null_rows="nan")
        assert (matrix.dtype, matrix.ndim, len(matrix)) == (np.float64, 2, len(rows))
        size = next((row[1] if row[0] == 0 else len(row[3]) for row in rows if row), 0)
        assert matrix.shape[1] == size
        np.testing.assert_array_equal(matrix.tolist(), np.array([to_list(row, size) for row in rows]).tolist())

    @settings(deadline=None)  # the first example imports SciPy and numpy
    @given(columns("sd"))
    def test_csr_is_the_same_matrix(self, drawn):
        sparse = pytest.importorskip("scipy.sparse")
        _, column = drawn
        csr = vectors.to_csr(column)
        assert sparse.isspmatrix_csr(csr)
        np.testing.assert_array_equal(csr.toarray(), vectors.to_matrix(column))

    @settings(deadline=None)  # the first example imports SciPy and numpy
    @given(columns("sd"))
    def test_matrices_become_rows(self, drawn):
        _, column = drawn
        matrix = vectors.to_matrix(column)
        dense = vectors.from_matrix(matrix)
        dense.validate(full=True)
        assert list(vectors.to_tuples(dense)) == [(1, None, None, row) for row in matrix.tolist()]
        sparse = vectors.from_matrix(vectors.to_csr(column))
        sparse.validate(full=True)
        assert {row[0] for row in vectors.to_tuples(sparse)} <= {0}
        assert vectors.to_matrix(sparse).tolist() == matrix.tolist()
        assert dense.type == sparse.type == vectors.arrow_type()

    def test_dense_vectors_are_not_copied(self):
        array = vectors.from_tuples([None, DENSE, DENSE])[1:]
        matrix = vectors.to_matrix(array)
        assert matrix.tolist() == [ROWS["dense"]] * 2
        assert not matrix.flags.writeable
        buffer = array.field(3).values.buffers()[1]
        assert matrix.__array_interface__["data"][0] == buffer.address

    def test_what_stands_behind_a_null_is_not_looked_at(self):
        garbage = vectors.from_tuples([(1, None, None, [9.0] * 7), SPARSE, (0, 9, [8], [9.0]), DENSE])
        column = pa.StructArray.from_arrays(
            [garbage.field(i) for i in range(4)],
            fields=list(vectors.arrow_type()),
            mask=pa.array([True, False, True, False]),
        )
        for start in range(4):
            rows = [None, SPARSE, None, DENSE][start:]
            expected = [to_list(row, 4) for row in rows]
            assert list(vectors.to_tuples(column[start:])) == rows
            np.testing.assert_array_equal(vectors.to_matrix(column[start:], null_rows="nan"), expected)
        assert vectors.to_csr(column[3:]).toarray().tolist() == [ROWS["dense"]]

    def test_mixed_kinds(self):
        column = vectors.from_tuples([EMPTY, DENSE, SPARSE])
        assert vectors.to_matrix(column).tolist() == [ROWS["empty"], ROWS["dense"], ROWS["sparse"]]

    def test_csr_has_memory_of_its_own_and_no_zeros_of_dense_vectors(self):
        pytest.importorskip("scipy")
        for column in (vectors.from_tuples([SPARSE, EMPTY]), vectors.from_tuples([SPARSE, DENSE])):
            csr = vectors.to_csr(column)
            csr.data[0] = 7.0
            assert (csr.indices.dtype, csr.indptr.dtype, csr.data.dtype) == (np.int32, np.int32, np.float64)
        assert (csr.indices.tolist(), csr.data.tolist()) == ([1, 3, 0, 1, 3], [7.0, 4.0, 1.0, 2.0, 5.0])

    @pytest.mark.parametrize("empty", [pa.chunked_array([], vectors.arrow_type()), vectors.from_tuples([])])
    def test_no_rows(self, empty):
        assert vectors.to_matrix(empty).shape == (0, 0)
        assert list(vectors.to_tuples(empty)) == []
        assert list(vectors.to_tuples(vectors.from_matrix(np.zeros((0, 3))))) == []

    @pytest.mark.parametrize("convert", [vectors.to_matrix, vectors.to_csr])
    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ([DENSE, SPARSE, None, None], "row 2: the vector is NULL"),
            (
                [DENSE, SPARSE, (1, None, None, [1.0])],
                "row 2: the vector has size 1, but that of row 0 has size 4",
            ),
            ([EMPTY, (0, 5, [], [])], "row 1: the vector has size 5, but that of row 0 has size 4"),
            ([SPARSE, (0, 4, [1], [1.0, 2.0])], "row 1: the vector has 1 indices and 2 values"),
            ([SPARSE, DENSE, (0, 4, [4], [1.0])], "row 2: the vector's index 4 is outside of its size 4"),
            ([SPARSE, (0, 4, [-1], [1.0])], "row 1: the vector's index -1 is outside of its size 4"),
            ([DENSE, (3, 4, [1], [1.0])], "row 1: its type is neither 0 (sparse) nor 1 (dense)"),
            ([DENSE, (None, 4, [1], [1.0])], "row 1: its type is neither 0 (sparse) nor 1 (dense)"),
            ([DENSE, (1, None, None, None)], "row 1: the vector's values are NULL"),
            ([DENSE, (0, 4, None, [])], "row 1: the vector's indices are NULL"),
            ([DENSE, (0, None, [1], [1.0])], "row 1: the sparse vector's size is NULL"),
            ([DENSE, SPARSE, (0, 4, [1], [None])], "row 2: there is a NULL in the vector's values"),
        ],
        ids=str,
    )
    def test_columns_that_are_no_matrix(self, convert, rows, message):
        pytest.importorskip("scipy")
        for column in (made_by_arrow(rows), made_by_arrow([None, *rows])[1:]):
            with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
                convert(column)

    def test_null_rows_is_one_of_two_words(self):
        with pytest.raises(ValueError, match=r"^null_rows='zero': known are 'error', 'nan'$"):
            vectors.to_matrix(vectors.from_tuples([]), null_rows="zero")

    def test_only_nulls(self):
        assert vectors.to_matrix(vectors.from_tuples([None, None]), null_rows="nan").shape == (2, 0)


class TestFromMatrix:
    def test_layouts_and_types(self):
        wide = np.arange(12, dtype=np.float32).reshape(3, 4)
        for matrix in (
            wide,
            np.asfortranarray(wide),
            wide.astype(int),
            wide[:, ::-1][:, ::-1],
            wide.tolist(),
        ):
            assert vectors.to_matrix(vectors.from_matrix(matrix)).tolist() == wide.tolist()

    def test_sparse_indices_are_sorted_and_added_up(self):
        sparse = pytest.importorskip("scipy.sparse")
        untidy = sparse.csr_matrix(([1.0, 2.0, 3.0], [3, 1, 3], [0, 3]), shape=(1, 4))
        assert list(vectors.to_tuples(vectors.from_matrix(untidy))) == [(0, 4, [1, 3], [2.0, 4.0])]
        assert untidy.indices.tolist() == [3, 1, 3]
        assert list(vectors.to_tuples(vectors.from_matrix(sparse.coo_matrix([[0, 5]])))) == [(0, 2, [1], [5.0])]

    def test_other_shapes(self):
        with pytest.raises(ValueError, match=r"^a matrix has 2 dimensions, this array has 1$"):
            vectors.from_matrix(np.zeros(3))
