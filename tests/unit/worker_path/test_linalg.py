"""`mlsql_sdk.linalg`: what needs numpy here; what does not is in linalg_core.py, for several interpreters."""

from __future__ import annotations

import array
import operator
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mlsql_sdk
from mlsql_sdk.linalg import DenseVector, SparseVector, Vectors, VectorUDT

CORE = Path(__file__).with_name("linalg_core.py")
SDK_FOLDER = Path(next(iter(mlsql_sdk.__path__))).parent
DENSE = Vectors.dense(1, 2, 3, 4)
SPARSE = Vectors.sparse(4, [1, 3], [3, 4])


def run_core(*command: str) -> None:
    done = subprocess.run(
        [command[0], "-I", "-W", "error", *command[1:]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def interpreter(version: str) -> str:
    """The path of a Python of that version; the test is skipped where there is none."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    found = str(installed[-1]) if installed else shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"no Python {version} on this machine")
    return found


def test_core_with_numpy():
    run_core(sys.executable, str(CORE), str(SDK_FOLDER))


def test_core_without_numpy():
    run_core(sys.executable, str(CORE), str(SDK_FOLDER), "no-numpy")


@pytest.mark.parametrize("version", ["3.9", "3.13"])
def test_core_on_another_python_without_site_packages(version):
    run_core(interpreter(version), "-S", str(CORE), str(SDK_FOLDER))


@pytest.mark.parametrize(
    ("call", "wanted_by"),
    [
        ("v.DenseVector([1.0]).toArray()", "DenseVector.toArray()"),
        ("v.SparseVector(2, {1: 1.0}).toArray()", "SparseVector.toArray()"),
        ("v.DenseVector([1.0]) + 1", "DenseVector.toArray()"),
        ("-v.DenseVector([1.0])", "DenseVector.toArray()"),
        ("v.Vectors.norm([1.0], 2)", "norm"),
        ("v.DenseVector([1.0]).dot([2.0])", "dot"),
        ("v.Vectors.squared_distance([1.0], [2.0])", "squared_distance"),
    ],
)
def test_what_computes_says_that_numpy_is_missing(call, wanted_by):
    code = (
        "import sys; sys.modules['numpy'] = None; sys.path.insert(0, sys.argv[1])\n"
        f"import mlsql_sdk.linalg as v\ntry:\n    {call}\nexcept ImportError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(SDK_FOLDER)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{wanted_by} needs numpy: install numpy for {sys.executable}\n"


def test_arrays_of_numpy_are_taken():
    doubles = np.array([1.0, 2.0])
    assert DenseVector(doubles).toArray() is doubles
    assert DenseVector(np.array([1, 2], dtype=np.float32)).array.dtype == np.float64
    assert Vectors.dense(doubles) == Vectors.dense(1, 2)
    assert Vectors.dense(array.array("d", [1, 2])) == Vectors.dense(1, 2)
    assert Vectors.sparse(4, np.array([1, 3]), np.array([3, 4])) == SPARSE
    assert Vectors.sparse(2, [0, 1], doubles).values is not doubles


def test_to_array_is_float64():
    for vector, expected in ((DENSE, [1.0, 2.0, 3.0, 4.0]), (SPARSE, [0.0, 3.0, 0.0, 4.0])):
        values = vector.toArray()
        assert (type(values), values.dtype, values.tolist()) == (np.ndarray, np.float64, expected)
    assert (SPARSE.indices.dtype, SPARSE.values.dtype) == (np.int32, np.float64)
    assert type(SPARSE[0]) is type(SPARSE[1]) is type(DENSE[0]) is np.float64
    assert np.array([DENSE, DENSE]).shape == (2, 4)


@pytest.mark.parametrize(
    "other",
    [
        Vectors.dense(2, 1, 0, -1),
        Vectors.sparse(4, {0: 2.0, 1: 1.0, 3: -1.0}),
        [2, 1, 0, -1],
        (2, 1, 0, -1),
        array.array("d", [2, 1, 0, -1]),
        np.array([2.0, 1.0, 0.0, -1.0]),
        range(2, -2, -1),
    ],
    ids=["dense", "sparse", "list", "tuple", "array", "numpy", "range"],
)
def test_dot_and_squared_distance(other):
    assert DENSE.dot(other) == 0.0
    assert SPARSE.dot(other) == -1.0
    assert DENSE.squared_distance(other) == Vectors.squared_distance(other, DENSE) == 36.0
    assert SPARSE.squared_distance(other) == Vectors.squared_distance(other, SPARSE) == 33.0


def test_scipy_columns_are_vectors():
    sparse = pytest.importorskip("scipy.sparse")
    column = sparse.csc_matrix(np.array([[2.0], [1.0], [0.0], [-1.0]]))
    assert DENSE.dot(column) == 0.0
    assert SPARSE.dot(column) == -1.0
    assert DENSE.squared_distance(column) == 36.0
    assert SPARSE.squared_distance(column) == 33.0
    assert Vectors.norm(column, 1) == 4.0
    with pytest.raises(AssertionError, match=r"^Expected column vector$"):
        SPARSE.dot(column.T)


def test_dot_with_matrices():
    matrix = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]])
    assert DENSE.dot(matrix).tolist() == [30.0, 30.0]
    assert SPARSE.dot(matrix).tolist() == [22.0, 22.0]
    with pytest.raises(ValueError, match=r"^Cannot call dot with 3-dimensional array$"):
        SPARSE.dot(np.zeros((4, 1, 1)))
    with pytest.raises(ValueError, match=r"^Cannot treat an ndarray of shape \(1, 4\) as a vector$"):
        DENSE.squared_distance(np.zeros((1, 4)))
    with pytest.raises(ValueError, match=r"^Cannot call squared_distance with 2-dimensional array$"):
        SPARSE.squared_distance(np.zeros((4, 1)))


@pytest.mark.parametrize("vector", [DENSE, SPARSE], ids=["dense", "sparse"])
@pytest.mark.parametrize("other", [[1.0], Vectors.dense(1), Vectors.sparse(3, {0: 1.0})])
def test_sizes_must_agree(vector, other):
    for call in (vector.dot, vector.squared_distance):
        with pytest.raises(AssertionError, match=r"^dimension mismatch$"):
            call(other)


def test_what_is_no_vector():
    with pytest.raises(TypeError, match=r"^Cannot treat type <class 'int'> as a vector$"):
        DENSE.dot(3)
    with pytest.raises(TypeError, match=r"^Cannot convert type <class 'str'> into Vector$"):
        Vectors.norm("abc", 2)


def test_norm():
    assert DenseVector([0, -1, 2, -3]).norm(1) == 6.0
    assert SPARSE.norm(2) == Vectors.norm([3, 4], 2) == 5.0
    assert SPARSE.norm(float("inf")) == 4.0


@pytest.mark.parametrize(
    ("operation", "plain", "reversed_"),
    [
        (operator.add, [3.0, 6.0], [3.0, 6.0]),
        (operator.sub, [-1.0, 2.0], [1.0, -2.0]),
        (operator.mul, [2.0, 8.0], [2.0, 8.0]),
        (operator.truediv, [0.5, 2.0], [2.0, 0.5]),
        (operator.mod, [1.0, 0.0], [0.0, 2.0]),
    ],
)
def test_arithmetic(operation, plain, reversed_):
    vector = Vectors.dense(1, 4)
    for other in (2, 2.0, np.array([2.0, 2.0]), Vectors.dense(2, 2)):
        result = operation(vector, other)
        assert type(result) is DenseVector
        assert result == Vectors.dense(plain)
    assert operation(2, vector) == Vectors.dense(reversed_)
    assert -vector == Vectors.dense(-1, -4)


def test_other_attributes_are_those_of_the_array():
    assert (DENSE.sum(), DENSE.shape, DENSE.mean()) == (10.0, (4,), 2.5)
    with pytest.raises(AttributeError, match=r"^'numpy.ndarray' object has no attribute 'nope'$"):
        _ = DENSE.nope
    with pytest.raises(AttributeError, match=r"^array$"):
        _ = DenseVector.__new__(DenseVector).array


def test_a_models_answer_is_serialised():
    assert VectorUDT().serialize(Vectors.dense(np.array([5.6]))) == (1, None, None, [5.6])
    assert VectorUDT().serialize(Vectors.dense(np.array([[5.6]]))) == (1, None, None, [5.6])
    with pytest.raises(TypeError, match=r"^float expected at most 1 argument, got 2$"):
        VectorUDT().serialize(Vectors.dense(np.ones((1, 2))))


def test_rows_of_numpy_are_deserialised():
    row = (np.int8(0), np.int32(4), np.array([1, 3]), np.array([3.0, 4.0]))
    assert VectorUDT().deserialize(row) == SPARSE
    assert type(VectorUDT().deserialize(row)) is SparseVector
