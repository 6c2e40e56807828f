"""The training data as matrices: whole, batch by batch, or as another library's tensors.

Never more than the matrix and one block of the files (about 16 MB) is in memory. X is float64 in C order, which
the estimators that take rows (SGD, nearest neighbours, neural networks) would copy it into otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import util
from typing import TYPE_CHECKING, Any, NamedTuple

from . import block_columns, data_blocks, local_data, row_blocks
from .failures import ContractError, install_line

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SHAPES = ("arrow", "pandas", "numpy", "csr", "torch", "tf")

# Rows whose columns are put into place together: they stay in the processor's cache meanwhile.
_ROWS_AT_ONCE = 1024
_SPARSE_SHARE = 0.1
_SPARSE_SHARE_OF_BIG = 0.5
_BIG_CELLS = 1 << 27


class Matrix(NamedTuple):
    """Features and label of some rows.

    `features` is a float64 matrix (rows, width), or a scipy.sparse.csr_matrix; `label` has one value per row, or is
    None where there is no label; `names` are the features' columns where each is one number column, else None;
    `missing` is how many labels are NULL; `filled` the share of the cells that sparse data has.
    """

    features: Any
    label: Any
    names: list[str] | None
    missing: int = 0
    filled: float = 1.0


def sparse_is_kept(filled: float, cells: int) -> bool:
    """Whether sparse vectors stay sparse: a tenth of the cells or less, or half of them if there are over 2^27."""
    return filled <= _SPARSE_SHARE or (cells > _BIG_CELLS and filled <= _SPARSE_SHARE_OF_BIG)


def load(folder: str, shape: str, columns: local_data.Columns) -> Any:
    """The data as `shape`: "arrow" a table, "pandas" a frame, the others a pair (X, y), y None without a label.

    Raises ValueError for an unknown shape and ContractError when the library is not installed.
    """
    if shape not in SHAPES:
        raise ValueError("as_='{}': known are {}".format(shape, ", ".join(SHAPES)))
    if shape == "arrow":
        return local_data.table(folder)
    if shape == "pandas":
        return _frame(folder)
    if shape in ("torch", "tf"):
        from . import tensors

        return tensors.load(shape, lambda: pair(folder, columns, "numpy"))
    return pair(folder, columns, shape)


def pair(folder: str, columns: local_data.Columns, shape: str) -> tuple[Any, Any]:
    """X and y; X is a matrix ("numpy"), CSR ("csr"), or whichever `sparse_is_kept` says ("auto")."""
    made = matrix(folder, columns, shape)
    return made.features, made.label


def _frame(folder: str) -> Any:
    _needed("pandas")
    import pandas as pd

    if util.find_spec("pyarrow") is not None:
        return local_data.table(folder).to_pandas()
    parts = local_data.parts(folder)
    if all(path.endswith(".csv") for path in parts):
        names = local_data.columns_of(parts[0]) if parts else None
        return pd.concat([pd.read_csv(path, names=names) for path in parts], ignore_index=True)
    return pd.DataFrame([row for rows in local_data.rows(folder, 1000) for row in rows])


def _needed(name: str, distribution: str = "") -> None:
    if util.find_spec(name) is None:
        raise ContractError(*install_line(name, distribution))


def _has_pyarrow() -> bool:
    return util.find_spec("pyarrow") is not None


def chosen(folder: str, columns: local_data.Columns) -> tuple[list[str], str | None]:
    """The names of the feature columns and of the label, None where the data has no such column."""
    names = all_names(folder)
    label = columns.label if columns.label in names else None
    return (columns.features(names) if names else []), label


def all_names(folder: str) -> list[str]:
    """The names of the data's columns; none where json or csv data has no rows."""
    return data_blocks.column_names(folder) if _has_pyarrow() else row_blocks.column_names(folder)


def _blocks(folder: str, names: list[str], label: str | None) -> Iterator[Any]:
    if not _has_pyarrow():
        return row_blocks.blocks(folder, label)
    return (block_columns.ArrowBlock(batch) for batch in data_blocks.blocks(folder, names, label) if batch.num_rows)


def matrix(folder: str, columns: local_data.Columns, shape: str) -> Matrix:
    """All rows. `shape` as for `pair`. Raises ContractError where a feature column holds no numbers."""
    _needed("numpy")
    names, label = chosen(folder, columns)
    source = _blocks(folder, names, label)
    first = next(source, None)
    if first is None:
        return _nothing(names, label)
    bound = data_blocks.row_bound(folder)
    filled = first.filled(names[0]) if len(names) == 1 else 1.0
    sparse = shape == "csr" or (
        shape == "auto" and filled < 1 and sparse_is_kept(filled, bound * first.width(names[0]))
    )
    if sparse and len(names) == 1 and _is_wide(first, names[0]):
        return _sparse(_chained(first, source), names[0], label, filled)
    made = _dense(_chained(first, source), names, label, bound)
    if shape == "csr":
        from scipy.sparse import csr_matrix

        return made._replace(features=csr_matrix(made.features))
    return made._replace(filled=filled)


def _chained(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _nothing(names: list[str], label: str | None) -> Matrix:
    import numpy as np

    return Matrix(np.empty((0, len(names))), None if label is None else np.empty(0), names or None)


def _is_wide(block: Any, name: str) -> bool:
    return bool(block.width(name)) or block.filled(name) < 1


def _dense(source: Iterator[Any], names: list[str], label: str | None, bound: int) -> Matrix:
    import numpy as np

    whole: Any = None
    labels: list[Any] = []
    row = missing = 0
    scalar = True
    for block in source:
        parts = [block.feature(name) for name in names]
        if whole is None:
            scalar = all(part.ndim == 1 for part in parts)
            # Pages of rows that do not come are never touched, so that a bound is as good as the number.
            whole = np.empty((bound, sum(1 if part.ndim == 1 else part.shape[1] for part in parts)))
        _put(whole[row : row + block.rows], parts, names)
        row += block.rows
        if label is not None:
            values, nulls = block.label(label)
            labels.append(values)
            missing += nulls
    if _has_pyarrow():
        import pyarrow as pa

        pa.default_memory_pool().release_unused()  # the estimator will need it
    label_values = None if label is None else _joined(labels)
    return Matrix(whole[:row], label_values, names if scalar else None, missing)


def _put(target: Array, parts: list[Array], names: list[str]) -> None:
    """Put columns and matrices side by side into the rows of `target`."""
    widths = [1 if part.ndim == 1 else part.shape[1] for part in parts]
    if len(parts) == 1 and widths[0] == 0:
        target[:] = float("nan")  # every row of the block is NULL
        return
    if sum(widths) != target.shape[1]:
        what = "feature column '{}' has" if len(names) == 1 else "feature columns '{}' have"
        raise ContractError(
            "the {} {} values in some rows and {} in others".format(
                what.format("', '".join(names)), target.shape[1], sum(widths)
            ),
            "an estimator takes the same number of features in every row",
        )
    starts = [sum(widths[:index]) for index in range(len(widths))]
    for begin in range(0, len(target), _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        block = target[rows]
        for part, start, width in zip(parts, starts, widths):
            if part.ndim == 1:
                block[:, start] = part[rows]
            else:
                block[:, start : start + width] = part[rows]


def _sparse(source: Iterator[Any], name: str, label: str | None, filled: float) -> Matrix:
    from scipy import sparse

    pieces, labels, missing = [], [], 0
    for block in source:
        pieces.append(block.sparse(name))
        if label is not None:
            values, nulls = block.label(label)
            labels.append(values)
            missing += nulls
    widths = {piece.shape[1] for piece in pieces}
    if len(widths) > 1:
        raise ContractError(
            f"the vectors of '{name}' have different sizes: {sorted(widths)[:5]}",
            "an estimator takes the same number of features in every row",
        )
    whole = pieces[0] if len(pieces) == 1 else sparse.vstack(pieces, format="csr")
    return Matrix(whole, None if label is None else _joined(labels), None, missing, filled)


def _joined(labels: list[Any]) -> Any:
    import numpy as np

    return labels[0] if len(labels) == 1 else np.concatenate(labels)


def labels(folder: str, columns: local_data.Columns) -> tuple[Any, int, int]:
    """The distinct labels in order, how many labels are NULL, and the number of rows; only the label is read."""
    import numpy as np

    known: Any = None
    missing = rows = 0
    for block in _blocks(folder, [], columns.label):
        values, nulls = block.label(columns.label)
        rows += block.rows
        missing += nulls
        if nulls:
            values = values[~block_columns.is_missing(values)]
        found = np.unique(values)
        known = found if known is None else np.unique(np.concatenate([known, found]))
    return (np.empty(0) if known is None else known), missing, rows


def batches(folder: str, columns: local_data.Columns, size: int, shape: str = "numpy") -> Iterator[Matrix]:
    """The rows in batches of `size` (the last one may be smaller); `shape` is "numpy" or "auto"."""
    _needed("numpy")
    names, label = chosen(folder, columns)
    rest: Matrix | None = None
    for block in _blocks(folder, names, label):
        made = _of_block(block, names, label, shape)
        if rest is not None:
            made = _together(rest, made)
        count = made.features.shape[0]
        whole = count - count % size
        for start in range(0, whole, size):
            yield _rows(made, start, start + size)
        rest = _rows(made, whole, count) if whole < count else None
    if rest is not None:
        yield rest


def _of_block(block: Any, names: list[str], label: str | None, shape: str) -> Matrix:
    filled = block.filled(names[0]) if shape == "auto" and len(names) == 1 else 1.0
    if filled < 1 and sparse_is_kept(filled, block.rows * block.width(names[0])):
        return _sparse(iter([block]), names[0], label, filled)
    return _dense(iter([block]), names, label, block.rows)


def _rows(made: Matrix, start: int, end: int) -> Matrix:
    label = None if made.label is None else made.label[start:end]
    missing = int(block_columns.is_missing(label).sum()) if made.missing and label is not None else 0
    return made._replace(features=made.features[start:end], label=label, missing=missing)


def _together(first: Matrix, second: Matrix) -> Matrix:
    import numpy as np

    label = None if first.label is None else np.concatenate([first.label, second.label])
    if hasattr(first.features, "tocsr") or hasattr(second.features, "tocsr"):
        from scipy import sparse

        features: Any = sparse.vstack([first.features, second.features], format="csr")
    else:
        features = np.concatenate([first.features, second.features])
    return second._replace(features=features, label=label, missing=first.missing + second.missing)
