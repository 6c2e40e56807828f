"""Training data on local disk, where the script reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlsql_engine.core.errors import InternalError
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.engines.requests import ArrowSave, CsvSave, JsonSave, ParquetSave, SaveOptions, WriteRequest

LocalFormat = Literal["json", "csv", "parquet", "arrow"]


@dataclass(frozen=True)
class LocalData:
    """A folder with one part file, and how many rows it has."""

    folder: Path
    rows: int


def write(engine: Engine, relation: Relation, folder: Path, form: LocalFormat, *, header: bool = True) -> LocalData:
    """Write the relation as `part-00000.<form>` into `folder`, which is made."""
    options: dict[LocalFormat, SaveOptions] = {
        "json": JsonSave(),
        "csv": CsvSave(header=header),
        "parquet": ParquetSave(),
        "arrow": ArrowSave(),
    }
    request = WriteRequest(str(folder / f"part-00000.{form}"), options[form])
    rows = engine.write(relation, request)
    if rows is None:
        raise InternalError(f"nothing was written to {folder}")
    return LocalData(folder, rows)
