"""Files as DuckDB reads them, under Spark's options and names."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import BadValue, DataProblem, suggestion
from mlsql_engine.engines.duckdb import vector_columns
from mlsql_engine.engines.duckdb.quoting import identifier, literal, literals
from mlsql_engine.engines.requests import CsvLoad, JsonLoad, ParquetLoad

if TYPE_CHECKING:
    import duckdb


def resolve(place: str) -> list[str]:
    """The files of a path: itself, the part files of a folder (also in partition folders), or a glob's.

    Names that start with `_` or `.` are not data, as in Spark. Raises DataProblem where there is no file.
    """
    if os.path.isdir(place):
        files = sorted(
            os.path.join(folder, name)
            for folder, folders, names in os.walk(place)
            if _keep(folders)
            for name in names
            if not name.startswith(("_", "."))
        )
        if not files:
            raise DataProblem(f"the folder {place} has no data files", code="FILE_NOT_FOUND")
        return files
    if os.path.exists(place):
        return [place]
    files = sorted(name for name in glob.glob(place, recursive=True) if os.path.isfile(name))
    if not files:
        raise DataProblem(f"there is no file {place}", code="FILE_NOT_FOUND", hint=_near(place))
    return files


def _keep(folders: list[str]) -> bool:
    """Keep os.walk out of hidden folders, such as those of a save that is under way."""
    folders[:] = sorted(name for name in folders if not name.startswith(("_", ".")))
    return True


def _near(place: str) -> str:
    folder = Path(place).parent
    if not folder.is_dir():
        return f"there is no folder {folder} either"
    return suggestion(Path(place).name, sorted(os.listdir(folder))[:1000], f"file in {folder}")


def csv_query(connection: duckdb.DuckDBPyConnection, files: list[str], options: CsvLoad) -> str:
    """The select that reads csv files."""
    for name, text in (("delimiter", options.delimiter), ("quote", options.quote), ("escape", options.escape)):
        if name != "delimiter" and len(text) > 1:
            raise BadValue(f"the option '{name}' is one character, not '{text}'")
    arguments = [
        f"header={str(options.header).lower()}",
        f"all_varchar={str(not options.infer_schema).lower()}",
        f"delim={literal(_unescaped(options.delimiter))}",
        f"quote={literal(options.quote)}",
        f"escape={literal(options.escape if options.quote else '')}",
        f"nullstr={literal(options.null_value)}",
        f"encoding={literal(options.encoding)}",
    ]
    if options.comment:
        arguments.append(f"comment={literal(options.comment)}")
    source = f"read_csv({literals(files)}, {', '.join(arguments)})"
    if options.header:
        return f"SELECT * FROM {source}"
    names = [column[0] for column in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    columns = ", ".join(f"{identifier(name)} AS _c{index}" for index, name in enumerate(names))
    return f"SELECT {columns} FROM {source}"


def _unescaped(delimiter: str) -> str:
    return {"\\t": "\t", "\\001": "\001"}.get(delimiter, delimiter)


def json_query(files: list[str], options: JsonLoad) -> str:
    """The select that reads json files."""
    form = "auto" if options.multi_line else "newline_delimited"
    # DuckDB's default of 16 MB is too short for a document on one line.
    size = max(16 << 20, max(os.path.getsize(name) for name in files) + 1) if options.multi_line else 256 << 20
    return f"SELECT * FROM read_json({literals(files)}, format='{form}', maximum_object_size={size})"


def inline_json_file(text: str, folder: Path) -> str:
    """A file of the rows that a script holds as text: JSON lines, or one JSON array."""
    if not text.strip():
        raise DataProblem("the text has no rows", code="NO_ROWS")
    path = folder / "inline.json"
    path.write_text(text, encoding="utf-8")
    return str(path)


def parquet_query(connection: duckdb.DuckDBPyConnection, files: list[str], _: ParquetLoad) -> str:
    """The select that reads parquet files; a column of Spark's vector layout becomes vectors."""
    source = f"read_parquet({literals(files)})"
    relation = connection.sql(f"SELECT * FROM {source}")
    vectors = [
        name
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if vector_columns.is_public_vector(kind)
    ]
    if not vectors:
        return f"SELECT * FROM {source}"
    replaced = ", ".join(vector_columns.from_public(name) for name in vectors)
    return f"SELECT * REPLACE ({replaced}) FROM {source}"
