"""Training data for interpreters without pyarrow: json and csv, row by row, with numpy only.

The blocks give the same as those of `block_columns`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable

from . import block_columns, local_data
from .failures import ContractError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_ROWS = 16_384


class RowBlock:
    """Some rows of the data as dicts; those of csv, whose values are all text, with what reads their labels."""

    def __init__(self, rows: list[dict[str, Any]], read_label: Callable[[str], Any] | None) -> None:
        self._rows = rows
        self._from_text = read_label is not None
        self._read: Callable[[str], Any] = read_label or str
        self.rows = len(rows)

    def feature(self, name: str) -> Array:
        """See ArrowBlock.feature."""
        import numpy as np

        values = self._values(name)
        first = next((value for value in values if value is not None and value != ""), None)
        if first is None:
            return np.full(len(values), np.nan)
        if hasattr(first, "toArray") or isinstance(first, list):
            return self._wide(name, values)
        made: Array = np.array([self._number(name, value) for value in values], dtype=np.float64)
        return made

    def _number(self, name: str, value: Any) -> float:
        if value is None or value == "":
            return float("nan")
        if isinstance(value, str):
            if self._from_text and value.lower() in ("true", "false"):
                return float(value.lower() == "true")
            if not self._from_text:
                raise block_columns.not_numbers(name, value)
            try:
                return float(value)
            except ValueError:
                raise block_columns.not_numbers(name, value) from None
        if isinstance(value, (bool, int, float)):
            return float(value)
        raise block_columns.not_numbers(name, repr(value))

    def _wide(self, name: str, values: list[Any]) -> Array:
        import numpy as np

        lists = [_numbers_in(value) for value in values]
        lengths = sorted({len(numbers) for numbers in lists if numbers is not None})
        if len(lengths) > 1:
            raise ContractError(
                f"the values of the feature column '{name}' have different lengths: {lengths[:5]}",
                "an estimator takes the same number of features in every row",
            )
        matrix = np.full((len(values), lengths[0]), np.nan)
        for row, numbers in enumerate(lists):
            if numbers is not None:
                matrix[row] = [np.nan if number is None else number for number in numbers]
        return matrix

    def filled(self, name: str) -> float:
        """See ArrowBlock.filled."""
        sparse = [value for value in self._values(name) if hasattr(value, "indices")]
        size = sum(value.size for value in sparse)
        return sum(len(value.indices) for value in sparse) / size if size else 1.0

    def width(self, name: str) -> int:
        """See ArrowBlock.width."""
        return max((int(value.size) for value in self._values(name) if hasattr(value, "indices")), default=0)

    def _values(self, name: str) -> list[Any]:
        return [row.get(name) for row in self._rows]

    def sparse(self, name: str) -> Any:
        """See ArrowBlock.sparse; the rows are put together as they are, so a dense one is no trouble."""
        from scipy import sparse

        data: list[float] = []
        places: list[int] = []
        ends = [0]
        for value in self._values(name):
            if value is None or value == "":
                raise ContractError(
                    f"the column '{name}' has NULLs among its sparse vectors",
                    f"leave those rows out: select * from … where {name} is not null",
                )
            indices = value.indices if hasattr(value, "indices") else range(len(value.values))
            data.extend(value.values)
            places.extend(indices)
            ends.append(len(places))
        return sparse.csr_matrix((data, places, ends), shape=(self.rows, self.width(name)), dtype="float64")

    def label(self, name: str) -> tuple[Array, int]:
        """See block_columns.label."""
        import numpy as np

        values = self._values(name)
        if self._from_text:
            values = [None if value == "" else self._read(value) for value in values]
        missing = sum(value is None for value in values)
        if any(isinstance(value, str) for value in values):
            return np.array(values, dtype=object), missing
        if missing:
            return np.array([np.nan if value is None else value for value in values], dtype=np.float64), missing
        return np.array(values), 0


def _numbers_in(value: Any) -> Any:
    if value is None or value == "":
        return None
    return value.toArray() if hasattr(value, "toArray") else value


def _switch(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _reader(folder: str, label: str) -> Callable[[str], Any]:
    """What makes values of a csv label's texts: whole numbers, numbers or booleans if all of them are, or texts."""
    possible: list[Callable[[str], Any]] = [int, float, _switch]
    for rows in local_data.rows(folder, _ROWS):
        texts = {str(row[label]) for row in rows if row[label]}
        possible = [read for read in possible if _reads_all(read, texts)]
    return possible[0] if possible else str


def _reads_all(read: Callable[[str], Any], texts: set[str]) -> bool:
    try:
        for text in texts:
            read(text)
    except (ValueError, KeyError):
        return False
    return True


def column_names(folder: str) -> list[str]:
    """The names of the data's columns: the csv header, or the keys of the first thousand json lines."""
    for rows in local_data.rows(_readable(folder), 1000):
        return list(dict.fromkeys(name for row in rows for name in row))
    return []


def blocks(folder: str, label: str | None) -> Iterator[RowBlock]:
    """The data's rows; the labels of csv are typed by all of its rows.

    Raises ContractError where the data is neither json nor csv.
    """
    read: Callable[[str], Any] = str
    from_text = any(path.endswith(".csv") for path in local_data.parts(_readable(folder)))
    if from_text and label is not None:
        read = _reader(folder, label)
    for rows in local_data.rows(folder, _ROWS):
        yield RowBlock(rows, read if from_text else None)


def _readable(folder: str) -> str:
    if not all(path.endswith((".json", ".csv")) for path in local_data.parts(folder)):
        raise local_data.needs_pyarrow(folder)
    return folder
