"""How the user's code predicts: a record batch of arguments in, one Arrow array out.

RowContract     predict(index, input) for every row, as the first MLSQL had it
BatchContract   load(path) once, predict(model, batch)
EstimatorContract (in `estimators`)   no script: the pickled estimator of the model folder
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Callable

from . import accepted, answers, arguments, return_types, types, vectors
from .accepted import Accepted
from .failures import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

_declared: list[Any] = []


def declare(contract: Any) -> None:
    """Called by `python_fun` when the predict script runs; the last declaration holds."""
    _declared[:] = [contract]


def declared(script: str) -> Any:
    """The contract that the script has declared. Raises ContractError when it declared none."""
    if not _declared:
        raise ContractError(
            f"the script {script} does not say what predicts",
            "end it with python_fun.udf(predict) or python_fun.batch(load, predict)",
        )
    return _declared[0]


class Loaded:
    """What a predictor is loaded with.

    `model_path` is the folder of the model, `index` the number of this worker, `train_params` the
    parameters of the model's training or None, `return_type` what register asked for or None.
    """

    def __init__(self, control: dict[str, Any]) -> None:
        self.model_path: str = control["modelPath"]
        self.index: int = control.get("index", 0)
        self.train_params: dict[str, str] | None = control.get("trainParams")
        self.return_type: str | None = control.get("returnType")


class RowContract:
    """The contract of `python_fun.udf`. `pure`: to call it twice for a row does no harm."""

    name = "row"

    def __init__(self, predict: Callable[[int, Iterable[bytes]], list[Any]], *, pure: bool = False) -> None:
        if not callable(predict):
            raise ContractError(f"python_fun.udf takes a function, not {type(predict).__name__}")
        self.pure = pure
        self._predict = predict
        self._checked = arguments.Checked(self.accepted())
        self._index = 0
        self._tail: list[bytes] = []

    def load(self, loaded: Loaded) -> None:
        """Keep what every row gets besides its vector."""
        if loaded.return_type is not None and return_types.named(loaded.return_type) != vectors.arrow_type():
            raise ContractError(
                f"a predict(index, input) script returns a vector, not {loaded.return_type}",
                'leave returnType out, or use python_fun.batch(load, predict, return_type="…")',
                return_types.CODE,
            )
        self._index = loaded.index
        self._tail = [pickle.dumps([loaded.model_path])]
        if loaded.train_params is not None:
            self._tail.append(pickle.dumps([loaded.train_params]))

    def return_type(self) -> pa.DataType:
        """Always a vector."""
        return vectors.arrow_type()

    def accepted(self) -> Accepted:
        """One argument of any type, or several numbers."""
        return accepted.features(None, called="the script")._replace(lone=True)

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """Call the script once for each row without NULL. An error carries `row`, its place in the batch."""
        batch = self._checked.spread(batch)
        complete, mask = arguments.complete_rows(batch)
        results: list[Any] = []
        try:
            for value in arguments.serialised_rows(complete):
                answer = self._predict(self._index, [pickle.dumps(value), *self._tail])
                results.append(_only(answer))
        except Exception as error:
            error.mlsql_row = _place(len(results), mask)  # type: ignore[attr-defined]
            raise
        try:
            values = vectors.from_tuples(results)
        except (TypeError, ValueError) as error:
            raise ContractError(
                f"predict returned something that is no serialised vector: {error}",
                "return [VectorUDT().serialize(Vectors.dense(y))]",
            ) from None
        return arguments.restore(values, mask)


def _only(answer: Any) -> Any:
    if not isinstance(answer, (list, tuple)) or len(answer) != 1:
        raise ContractError(
            f"predict returned {answers.shown(answer)}, not a list of one serialised vector",
            "return [VectorUDT().serialize(Vectors.dense(y))]",
        )
    return answer[0]


def _place(row: int, mask: Any) -> int:
    """The place in the whole batch of the `row`-th complete row."""
    if mask is None:
        return row
    valid = [index for index, kept in enumerate(mask.to_pylist()) if kept]
    return valid[row] if row < len(valid) else row


class BatchContract:
    """The contract of `python_fun.batch`, whose arguments these are."""

    name = "batch"

    def __init__(
        self,
        load: Callable[[str], Any],
        predict: Callable[[Any, Any], Any],
        return_type: str | None = None,
        takes: int | Sequence[str] | None = None,
        *,
        pure: bool = False,
    ) -> None:
        for function in (load, predict):
            if not callable(function):
                raise ContractError(f"python_fun.batch takes two functions, not {type(function).__name__}")
        self.pure = pure
        self._load = load
        self._predict = predict
        self._type_name = return_type or "double"
        self._type: pa.DataType | None = None
        self._accepted = None if takes is None else accepted.declared(takes)
        self._checked = arguments.Checked(self._accepted)
        self._model: Any = None

    def load(self, loaded: Loaded) -> None:
        """Load the model, once in this worker."""
        if loaded.return_type is not None:
            self._type = return_types.named(loaded.return_type)
        self.return_type()  # a wrong type name fails before the model is loaded
        self._model = self._load(loaded.model_path)

    def return_type(self) -> pa.DataType:
        """What register or the script says."""
        if self._type is None:
            try:
                self._type = types.parse(self._type_name)
            except ValueError as error:
                raise ContractError(f"python_fun.batch: {error}") from None
        return self._type

    def accepted(self) -> Accepted | None:
        """What the script declares to take, None where it does not."""
        return self._accepted

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """Call the script with the rows that have no NULL."""
        complete, mask = arguments.complete_rows(self._checked.spread(batch))
        kind = self.return_type()
        if complete.num_rows == 0:
            return arguments.restore(empty(kind), mask)
        self._checked.check_widths(complete)
        answer = self._predict(self._model, self._checked.typed(complete))
        try:
            values = answers.predicted(answer, complete.num_rows, kind)
        except ContractError as error:
            if hasattr(error, "mlsql_row"):
                error.mlsql_row = _place(error.mlsql_row, mask)
            error.hint = error.hint or "returnType at register, or return_type in the script, names its type"
            raise
        return arguments.restore(values, mask)


def empty(kind: pa.DataType) -> pa.Array:
    """No values of a type."""
    import pyarrow as pa

    return pa.array([], type=kind)
