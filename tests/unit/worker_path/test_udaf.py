"""Aggregates of scripts: classes with a state, classes with buffers, functions of lists."""

# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from mlsql_sdk.call_forms import ARGUMENT, NO_ARGUMENTS
from mlsql_sdk.failures import ContractError
from mlsql_sdk.udaf import PIECE
from unit.worker_path.script_contracts import udaf

MEAN = """
    class Mean:
        made = 0
        def __init__(self):
            Mean.made += 1
            self.total, self.n = 0.0, 0
        def update(self, x: float):
            if x is not None:
                self.total += x
                self.n += 1
        def merge(self, other):
            self.total += other.total
            self.n += other.n
        def evaluate(self) -> float:
            return self.total / self.n if self.n else None
"""
ORDER = """
    class Order:
        def __init__(self, seen=()):
            self.seen = list(seen)
        def update(self, x):
            self.seen.append(x)
        def merge(self, other):
            return Order(self.seen + other.seen)
        def evaluate(self) -> 'list[int]':
            return self.seen
"""


def groups(*lists: Any, kind: pa.DataType | None = None) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(lists, kind)], names=["arg0"])


def test_a_state_for_each_group_and_nulls_stay() -> None:
    answers = udaf(MEAN).predict(groups([1, None, 2], None, [None], [], [7]))
    assert answers.to_pylist() == [1.5, None, None, None, 7.0]


def test_a_batch_may_be_a_part_of_a_longer_one() -> None:
    answers = udaf(MEAN).predict(groups([1.0], None, [3.0, 5.0], [9.0]).slice(1, 2))
    assert answers.to_pylist() == [None, 4.0]


@pytest.mark.parametrize(("length", "states"), [(PIECE, 1), (PIECE + 1, 2), (5 * PIECE + 1, 6)])
def test_long_groups_are_merged_of_pieces(length: int, states: int) -> None:
    contract = udaf(
        MEAN.replace("-> float", "-> 'list[float]'").replace(
            "self.total / self.n if self.n else None", "[self.total, self.n, Mean.made - made]"
        )
        + "\n    made = Mean.made"
    )
    made = contract.predict(groups([], kind=pa.list_(pa.int64()))).to_pylist()[0][2]
    total, n, after = contract.predict(groups(list(range(length)))).to_pylist()[0]
    assert (total, n, after - made) == (sum(range(length)), length, states)


def test_pieces_keep_their_order_and_merge_may_return_the_state() -> None:
    values = list(range(3 * PIECE + 5))
    assert udaf(ORDER).predict(groups(values)).to_pylist() == [values]


def test_without_merge_a_group_is_one_piece() -> None:
    values = list(range(2 * PIECE))
    assert udaf(ORDER.replace("merge", "other")).predict(groups(values)).to_pylist() == [values]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("def aggregate(xs, ys) -> str: return repr((xs, ys))", "([1, None], ['a', 'b'])"),
        ("def aggregate(xs: 'list[float]', ys) -> str: return repr((xs, ys))", "([1.0, None], ['a', 'b'])"),
        ("def aggregate(self, *columns) -> str: return repr(columns)", "([1, None], ['a', 'b'])"),
        ("import pyarrow as pa\ndef aggregate(xs: pa.Array, ys) -> str: return f'{xs.null_count} {ys}'", "1 ['a', 'b']"),
        ("class A:\n  s = ''\n  def update(self, x, y): self.s += f'{x}{y} '\n  def evaluate(self) -> str: return self.s", "1a Noneb "),
        ("import pyarrow as pa\nclass A:\n  def update(self, x: pa.Array, y): self.s = f'{len(x)} {y}'\n  def evaluate(self) -> str: return self.s", "2 ['a', 'b']"),
    ],
)  # fmt: skip
def test_several_arguments(script: str, expected: str) -> None:
    rows = [{f"{ARGUMENT}0": 1, f"{ARGUMENT}1": "a"}, {f"{ARGUMENT}0": None, f"{ARGUMENT}1": "b"}]
    assert udaf(script).predict(groups(rows)).to_pylist() == [expected]


@pytest.mark.parametrize(
    "script",
    [
        "class N:\n  n = 0\n  def update(self): self.n += 1\n  def evaluate(self) -> int: return self.n",
        "class N:\n  def initialize(self, b): b.update(0, 0)\n  def update(self, b, i): b[0] += 1\n"
        "  def evaluate(self, b) -> int: return b.getInt(0)",
    ],
)
def test_no_arguments(script: str) -> None:
    rows = [{NO_ARGUMENTS: True}] * 3
    kind = pa.list_(pa.struct([(NO_ARGUMENTS, pa.bool_())]))
    assert udaf(script).predict(groups(rows, None, kind=kind)).to_pylist() == [3, 0]


BUFFERED = """
    class Sum:
        def dataType(self):
            return "bigint"
        def initialize(self, buffer):
            return buffer.update(0, 0)
        def update(self, buffer, input):
            if not input.isNullAt(0):
                buffer.update(0, buffer.getLong(0) + input.getLong(0))
        def merge(self, buffer1, buffer2):
            buffer1.update(0, buffer1.getLong(0) + buffer2.getLong(0))
        def evaluate(self, buffer):
            return buffer.getLong(0)
"""


def test_buffers() -> None:
    contract = udaf(BUFFERED)
    assert contract.return_type() == pa.int64()
    assert udaf(BUFFERED, "int").return_type() == pa.int32()
    long = list(range(3 * PIECE))
    assert contract.predict(groups([1, None, 5], None, long)).to_pylist() == [6, 0, sum(long)]


def test_buffers_are_merged() -> None:
    doubling = BUFFERED.replace("+ buffer2.getLong(0)", "+ 1_000_000")
    assert udaf(doubling).predict(groups([1] * (2 * PIECE))).to_pylist() == [PIECE + 1_000_000]


@pytest.mark.parametrize(
    ("script", "message", "row"),
    [
        (ORDER.replace("return Order(self.seen + other.seen)", "return 5"), "Order.merge returned 5, which is no Order", 1),
        (ORDER.replace("return self.seen", "return 'x'"), "Order returned 'x', which is no array<bigint>: it is of the type str, not list", 0),
        (ORDER.replace("(self, x)", "(self, x, y)"), "Order.update takes the arguments (x, y), and the query gives it 1 argument", None),
        (ORDER.replace("x)", "x: str)", 1), "the argument 'x' of Order.update is annotated as string, and the query gives it bigint", None),
        ("def aggregate(xs, ys) -> int: return 1", "aggregate takes the arguments (xs, ys), and the query gives it 1 argument", None),
    ],
)  # fmt: skip
def test_what_is_wrong(script: str, message: str, row: int | None) -> None:
    with pytest.raises(ContractError) as caught:
        udaf(script).predict(groups([1], list(range(2 * PIECE))))
    assert (str(caught.value), getattr(caught.value, "mlsql_row", None)) == (message, row)


def test_the_group_that_raises() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        udaf("def aggregate(xs) -> float: return 1 / len(xs)").predict(groups([1], [2], []))
    assert caught.value.mlsql_row == 2  # type: ignore[attr-defined]


def test_a_type_that_nothing_says() -> None:
    with pytest.raises(ContractError, match=r"^nothing says which type Order returns$"):
        udaf(ORDER.replace(" -> 'list[int]'", ""))
