"""The session's functions inside DuckDB: Arrow UDFs that hand their rows to a predictor.

DuckDB calls them with up to 2,048 rows, from several threads. It keeps only the text of an exception that
a UDF raises, so the exception itself waits here under a number that the text carries.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import InternalError
from mlsql_engine.core.functions import Predictor
from mlsql_engine.engines.duckdb import vector_columns
from mlsql_sdk.call_forms import NO_ARGUMENTS

if TYPE_CHECKING:
    import duckdb

_CARRIED = re.compile(r"mlsql-failure-(\d+)-")


class Carried(RuntimeError):
    """Stands inside the engine for an exception that waits in ModelCalls."""


@dataclass(frozen=True)
class BoundModel:
    """A predictor that scripts call `function`; `type_name` is the engine's type of its answers."""

    function: str
    predictor: Predictor
    type_name: str

    @property
    def hidden_type(self) -> pa.DataType:
        """The Arrow type of its answers as DuckDB holds them."""
        return hidden_type(self.predictor.description.return_type)

    def predict(self, columns: Sequence[Any]) -> pa.Array:
        """The answers to columns as DuckDB gives them. Raises InternalError where there are not as many as rows."""
        batch = _batch(columns)
        values = self.predictor.predict(batch)
        if len(values) != batch.num_rows or values.type != self.predictor.description.return_type:
            # DuckDB would repeat a single value for all rows.
            raise InternalError(
                f"function {self.function} gave {len(values)} values of type {values.type} for "
                f"{batch.num_rows} rows"
            )
        return _hidden(values)


class ModelCalls:
    """Makes UDFs of predictors and keeps what they raise until the query's error comes back."""

    def __init__(self) -> None:
        self._failures: dict[int, tuple[str, BaseException]] = {}
        self._numbers = itertools.count()
        self._interrupt: int | None = None
        self._models: dict[str, BoundModel] = {}

    def create(self, connection: duckdb.DuckDBPyConnection, name: str, function: str, predictor: Predictor) -> None:
        """Make the predictor callable as `name`, with any arguments; scripts call it `function`."""
        from duckdb.func import ARROW, SPECIAL

        kind = _duckdb_type(connection, hidden_type(predictor.description.return_type))
        model = BoundModel(function, predictor, str(kind))
        self._models[name] = model
        connection.create_function(
            name,
            self._udf(model),
            None,
            kind,
            type=ARROW,
            null_handling=SPECIAL,
        )

    def cancel(self) -> None:
        """Make calls that are under way fail; later ones work again."""
        for model in self._models.values():
            model.predictor.cancel()

    def remove(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Forget the function `name`, which nothing calls any more, and close its predictor."""
        connection.remove_function(name)
        self._models.pop(name).predictor.close()

    def models(self) -> Mapping[str, BoundModel]:
        """The models by the engine's names of their functions."""
        return self._models

    def carry(self, function: str, error: BaseException) -> Carried:
        """What to raise inside the engine, so that `carried` finds `error` in what comes back."""
        number = next(self._numbers)
        self._failures[number] = (function, error)
        if not isinstance(error, Exception):
            self._interrupt = number
        return Carried(f"mlsql-failure-{number}-")

    def carried(self, error: Exception) -> tuple[str, BaseException] | None:
        """The function and the exception that it raised, when that is what `error` is about."""
        found = _CARRIED.search(str(error))
        if found is None:
            return None
        number = int(found.group(1))
        if number == self._interrupt:
            self._interrupt = None
        return self._failures.pop(number, None)

    def _udf(self, model: BoundModel) -> Callable[..., pa.Array]:
        def call(*columns: Any) -> pa.Array:
            if self._interrupt is not None:
                # DuckDB tries constant arguments while it plans, and again when that fails for any reason.
                raise RuntimeError(f"mlsql-failure-{self._interrupt}-")
            try:
                return model.predict(columns)
            except BaseException as error:  # noqa: BLE001 - an interrupt, too, comes back by `carried`
                raise self.carry(model.function, error) from None

        return call


def _batch(columns: Sequence[Any]) -> pa.RecordBatch:
    if len(columns) == 1 and _is_nothing(columns[0].type):
        return pa.RecordBatch.from_struct_array(pa.array([{}] * len(columns[0]), pa.struct([])))
    arrays = [column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns]
    batch = pa.RecordBatch.from_arrays(arrays, names=[f"arg{index}" for index in range(len(arrays))])
    return vector_columns.relabel(batch, vector_columns.public_schema(batch.schema))


def _is_nothing(kind: pa.DataType) -> bool:
    """Whether a column stands for a call without arguments."""
    return pa.types.is_struct(kind) and [field.name for field in kind] == [NO_ARGUMENTS]


def _hidden(values: pa.Array) -> pa.Array:
    kind = hidden_type(values.type)
    if kind is values.type:
        return values
    batch = pa.RecordBatch.from_arrays([values], names=["value"])
    return vector_columns.relabel(batch, pa.schema([pa.field("value", kind)])).column(0)


def hidden_type(kind: pa.DataType) -> pa.DataType:
    """A predictor's type as DuckDB holds it: every vector in it under its hidden field names."""
    made = kind
    if pa.types.is_struct(kind):
        names = [field.name for field in kind]
        hidden = vectors.FIELDS if names == list(vectors.PUBLIC_FIELDS) else names
        fields = zip(kind, hidden, strict=True)
        made = pa.struct([field.with_name(name).with_type(hidden_type(field.type)) for field, name in fields])
    elif pa.types.is_map(kind):
        made = pa.map_(hidden_type(kind.key_type), hidden_type(kind.item_type))
    elif pa.types.is_list(kind):
        made = pa.list_(kind.value_field.with_type(hidden_type(kind.value_type)))
    return kind if made == kind else made


def _duckdb_type(connection: duckdb.DuckDBPyConnection, kind: pa.DataType) -> Any:
    # pa.array imports pandas where there is one, which takes longer than all the rest of a register.
    return connection.from_arrow(pa.Table.from_arrays([pa.nulls(0, kind)], names=["value"])).types[0]
