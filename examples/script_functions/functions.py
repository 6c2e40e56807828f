"""Aggregates and a function of columns for script.mlsql."""

import pyarrow as pa
import pyarrow.compute as pc


class Median:
    """An aggregate: update for each row, merge for the pieces of a long group, evaluate at its end."""

    def __init__(self):
        self.values = []

    def update(self, value: float):
        if value is not None:
            self.values.append(value)

    def merge(self, other):
        self.values += other.values

    def evaluate(self) -> float:
        ordered = sorted(self.values)
        middle = len(ordered) // 2
        if not ordered:
            return None
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def spent(amounts, prices: "list[float]") -> float:
    """An aggregate of two columns: the lists of a group's values."""
    return sum(amount * price for amount, price in zip(amounts, prices, strict=True) if price is not None)


def with_tax(amount: pa.Array) -> pa.Array:
    """A function that is called with many rows at once."""
    return pc.round(pc.multiply(amount, 1.19), 2)
