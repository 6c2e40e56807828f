"""The options of formats and algorithms as tables: statement, option, type, default, meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlsql_engine.algorithms.base import AnyAlgorithm, ScriptAlgorithm
from mlsql_engine.core.arrow_rows import arrow_table
from mlsql_engine.core.options import describe
from mlsql_engine.sources.base import Source

if TYPE_CHECKING:
    import pyarrow as pa


def of_algorithm(algorithm: AnyAlgorithm) -> pa.Table:
    """What train, run, register and predict take with the algorithm."""
    if isinstance(algorithm, ScriptAlgorithm):
        return _table({"register": algorithm.function_options})
    return _table({"train, run": algorithm.train_options, "register, predict": algorithm.function_options})


def of_source(source: Source) -> pa.Table:
    """What load, save and connect take with the format."""
    return _table({"load": source.load_options, "save": source.save_options, "connect": source.connect_options})


def _table(by_statement: Mapping[str, type | None]) -> pa.Table:
    import pyarrow as pa

    columns = pa.schema([(name, pa.string()) for name in ("statement", "option", "type", "default", "meaning")])
    rows = [
        {
            "statement": statement,
            "option": item.name,
            "type": item.type,
            "default": item.default,
            "meaning": item.doc,
        }
        for statement, cls in by_statement.items()
        if cls is not None
        for item in describe(cls)
    ]
    return arrow_table(rows, columns)
