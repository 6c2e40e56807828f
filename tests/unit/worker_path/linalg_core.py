"""What `mlsql_sdk.linalg` does with and without numpy, on every Python: a script of plain asserts.

test_linalg.py runs it under several interpreters: `python linalg_core.py FOLDER_OF_MLSQL_SDK [no-numpy]`.
The expected texts, hashes and pickles are pyspark 4.3.0's.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import Any

NAN = float("nan")
DENSE_PICKLE = (
    b"\x80\x02cpyspark.ml.linalg\nDenseVector\nq\x00c_codecs\nencode\nq\x01X\x11\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\xc3\xb0?\x00\x00\x00\x00\x00\x00\x00@q\x02X\x06\x00\x00\x00latin1q\x03\x86q\x04Rq\x05\x85q"
    b"\x06Rq\x07."
)
SPARSE_PICKLE = (
    b"\x80\x02cpyspark.ml.linalg\nSparseVector\nq\x00K\x04c_codecs\nencode\nq\x01X\x08\x00\x00\x00\x01\x00"
    b"\x00\x00\x03\x00\x00\x00q\x02X\x06\x00\x00\x00latin1q\x03\x86q\x04Rq\x05h\x01X\x10\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x08@\x00\x00\x00\x00\x00\x00\x10@q\x06h\x03\x86q\x07Rq\x08\x87q\tRq\n."
)


def main(folder: str, *flags: str) -> None:
    if "no-numpy" in flags:
        sys.modules["numpy"] = None  # type: ignore[assignment]
    sys.path.insert(0, folder)
    from mlsql_sdk import linalg, pyspark_stand_in

    assert "numpy" not in sys.modules or sys.modules["numpy"] is None, "imported at import time"
    for check in (construction, printing, comparison, indexing, serialisation, texts):
        check(linalg)
    if pyspark_stand_in.install():  # where pyspark itself is, its name leads to its own classes
        pickling(linalg)


def raises(kind: type[BaseException], message: str, call: Callable[[], Any]) -> None:
    try:
        call()
    except kind as error:
        said = str(error)
    else:
        raise AssertionError(f"no {kind.__name__}: {message}")
    assert said == message, f"{said} != {message}"


def construction(m: Any) -> None:
    for made in (
        m.Vectors.dense(1.0, 2),
        m.Vectors.dense([1, 2]),
        m.Vectors.dense((1, 2)),
        m.DenseVector(range(1, 3)),
        m.DenseVector(m.DenseVector([1.0, 2.0]).array.tobytes()),
    ):
        assert list(made) == [1.0, 2.0]
        assert len(made) == 2
        assert made.array.itemsize == 8
    assert list(m.Vectors.dense(5)) == [5.0]
    assert list(m.Vectors.dense()) == []
    assert list(m.Vectors.zeros(2)) == [0.0, 0.0]
    spelled = m.SparseVector(4, [1, 3], [3.0, 4.0])
    for made in (
        m.Vectors.sparse(4, {3: 4.0, 1: 3.0}),
        m.Vectors.sparse(4, [(3, 4.0), (1, 3.0)]),
        m.Vectors.sparse(4.0, (1, 3), (3, 4)),
        m.SparseVector(4, spelled.indices.tobytes(), spelled.values.tobytes()),
    ):
        assert (made.size, made.indices.tolist(), made.values.tolist()) == (4, [1, 3], [3.0, 4.0])
        assert (made.indices.itemsize, made.values.itemsize) == (4, 8)
        assert list(made) == [0.0, 3.0, 0.0, 4.0]
    sparse = m.Vectors.sparse
    raises(AssertionError, "must pass either 2 or 3 arguments", lambda: sparse(4))
    raises(AssertionError, "index and value arrays not same length", lambda: sparse(4, [1], [1.0, 2.0]))
    raises(AssertionError, "values should be string too", lambda: sparse(4, b"", [1.0]))
    raises(TypeError, "Indices 3 and 1 are not strictly increasing", lambda: sparse(4, [0, 3, 1], [1, 2, 3]))
    raises(
        AssertionError,
        "Index 6 is out of the size of vector with size=4",
        lambda: sparse(4, {1: 1.0, 6: 2.0}),
    )
    raises(AssertionError, "Contains negative index -1", lambda: sparse(4, {-1: 1.0}))


def printing(m: Any) -> None:
    dense, sparse = m.Vectors.dense(1, 2), m.Vectors.sparse(4, [1, 3], [3, 4])
    assert str(dense) == "[1.0,2.0]"
    assert repr(dense) == "DenseVector([1.0, 2.0])"
    assert str(sparse) == "(4,[1,3],[3.0,4.0])"
    assert repr(sparse) == "SparseVector(4, {1: 3.0, 3: 4.0})"
    odd = m.Vectors.dense(1 / 3, 1e-5, 123456.78901, 1.23456e20, NAN, float("-inf"))
    assert str(odd) == "[0.3333333333333333,1e-05,123456.78901,1.23456e+20,nan,-inf]"
    assert repr(odd) == "DenseVector([0.3333, 0.0, 123456.789, 1.2345, nan, -inf])"
    assert (str(m.Vectors.dense()), repr(m.Vectors.dense())) == ("[]", "DenseVector([])")
    assert repr(m.Vectors.sparse(3, {})) == "SparseVector(3, {})"


def comparison(m: Any) -> None:
    dense, sparse = m.Vectors.dense(0.0, 1.5), m.Vectors.sparse(2, [1], [1.5])
    assert dense == sparse
    assert sparse == dense
    assert dense == m.Vectors.dense(-0.0, 1.5)
    assert sparse != m.Vectors.sparse(2, [0, 1], [0.0, 1.5])  # as in pyspark: entries are compared
    assert dense == m.Vectors.sparse(2, [0, 1], [0.0, 1.5])
    assert dense != m.Vectors.dense(0.0, 1.5, 0.0)
    assert sparse != m.Vectors.sparse(3, [1], [1.5])
    assert sparse != m.Vectors.dense(0.0, 1.5, 0.0)
    assert dense != [0.0, 1.5]
    assert sparse != (2, [1], [1.5])
    not_a_number = m.Vectors.dense(NAN)
    assert not_a_number != not_a_number  # noqa: PLR0124
    assert hash(dense) == hash(sparse) == 4609434219686951936
    assert hash(not_a_number) == 9221120239188080672
    assert hash(m.Vectors.dense([1.0] * 200)) == 1937315757806290210
    assert hash(m.Vectors.dense()) == 31
    assert dense.numNonzeros() == sparse.numNonzeros() == 1


def indexing(m: Any) -> None:
    dense, sparse = m.Vectors.dense(5, 6, 7), m.Vectors.sparse(4, [1, 3], [3, 4])
    assert (dense[0], dense[-1], list(dense[1:])) == (5.0, 7.0, [6.0, 7.0])
    assert [sparse[i] for i in (0, 1, 2, 3, -1, -2, -3, -4)] == [0.0, 3.0, 0.0, 4.0, 4.0, 0.0, 3.0, 0.0]
    assert m.Vectors.sparse(2, {})[1] == 0.0
    raises(IndexError, "Index 4 out of bounds.", lambda: sparse[4])
    raises(IndexError, "Index -5 out of bounds.", lambda: sparse[-5])
    raises(TypeError, "Indices must be of type integer, got type <class 'float'>", lambda: sparse[1.0])
    raises(TypeError, "Indices must be of type integer, got type <class 'slice'>", lambda: sparse[1:])
    try:
        dense[3]
    except IndexError:
        pass
    else:
        raise AssertionError("no IndexError")


def serialisation(m: Any) -> None:
    udt = m.VectorUDT()
    dense, sparse = (1, None, None, [1.0, 2.0]), (0, 4, [1, 3], [3.0, 4.0])
    for row in (dense, sparse):
        for shape in (row, list(row)):
            assert udt.serialize(udt.deserialize(shape)) == row
            assert udt.toInternal(udt.fromInternal(shape)) == row
    written = udt.serialize(m.Vectors.sparse(4, [1], [2]))
    assert [type(x) for x in (*written, written[2][0], written[3][0])] == [int, int, list, list, int, float]
    assert udt.toInternal(None) is None
    assert udt.fromInternal(None) is None
    raises(
        AssertionError,
        "VectorUDT.deserialize given row with length 3 but requires 4",
        lambda: udt.deserialize((1, None, [1.0])),
    )
    raises(ValueError, "do not recognize type 2", lambda: udt.deserialize((2, None, None, [1.0])))
    raises(TypeError, "cannot serialize [1.0] of type <class 'list'>", lambda: udt.serialize([1.0]))
    assert (repr(udt), udt.simpleString(), udt.typeName()) == ("VectorUDT()", "vector", "vectorudt")
    assert udt == m.VectorUDT()
    assert hash(udt) == hash(m.VectorUDT())
    assert udt.scalaUDT() == "org.apache.spark.ml.linalg.VectorUDT"
    assert udt.module() == m.DenseVector.__module__ == "pyspark.ml.linalg"
    assert udt == m.Vector.__UDT__


def texts(m: Any) -> None:
    for vector in (m.Vectors.dense(1, -2.5e-7), m.Vectors.sparse(4, {1: 3.0}), m.Vectors.sparse(4, {})):
        assert m.Vectors.parse(m.Vectors.stringify(vector)) == vector
        assert type(m.Vectors.parse(str(vector))) is type(vector)
    assert m.Vectors.parse(" [ 2,1 ,2 ] ") == m.Vectors.dense(2, 1, 2)
    assert m.Vectors.parse(" ( 100 , [0 ],[ 2] )") == m.Vectors.sparse(100, {0: 2.0})
    raises(
        ValueError,
        "not a vector: '1,2'; a vector is [values] or (size,[indices],[values])",
        lambda: m.Vectors.parse("1,2"),
    )


def pickling(m: Any) -> None:
    dense, sparse = m.Vectors.dense(1, 2), m.Vectors.sparse(4, [1, 3], [3, 4])
    assert pickle.dumps(dense, 2) == DENSE_PICKLE
    assert pickle.dumps(sparse, 2) == SPARSE_PICKLE
    for vector in (dense, sparse, m.Vectors.dense(), m.Vectors.sparse(3, {})):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(vector, protocol))
            assert again == vector
            assert type(again) is type(vector)
    assert pickle.loads(b"\x80\x02cpyspark.ml.linalg\nVectorUDT\nq\x00)\x81q\x01.") == m.VectorUDT()


if __name__ == "__main__":
    main(*sys.argv[1:])
