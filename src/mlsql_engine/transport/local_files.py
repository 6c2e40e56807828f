"""Training data on local disk, where the script reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlsql_engine.core.errors import InternalError
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.engines.requests import ArrowSave, CsvSave, JsonSave, ParquetSave, SaveOptions, WriteRequest
from mlsql_sdk.local_data import COLUMNS_ENDING

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
    if form == "csv" and not header:
        # Beside the folder, in which scripts look for data files of whatever name.
        Path(f"{folder}{COLUMNS_ENDING}").write_text(json.dumps(list(relation.columns)), encoding="utf-8")
    if rows is None:
        raise InternalError(f"nothing was written to {folder}")
    return LocalData(folder, rows)
