"""Files as DuckDB reads them, under Spark's options and names."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import DataProblem, Detail
from mlsql_engine.core.paths import near_file
from mlsql_engine.engines.duckdb import csv_files, vector_columns
from mlsql_engine.engines.quoting import identifier, literal, literals
from mlsql_engine.engines.requests import CsvLoad, JsonLoad, ParquetLoad

if TYPE_CHECKING:
    import duckdb


def resolve(place: str) -> list[str]:
    """The files of a path: itself, the part files of a folder (also in partition folders), or a glob's.

    Names that start with `_` or `.` are not data, as in Spark. Raises DataProblem where there is no file.
    """
    if os.path.isdir(place):
        files = _inside(place)
        if not files:
            raise DataProblem(f"the folder {place} has no data files", code="FILE_NOT_FOUND")
        return files
    if os.path.exists(place):
        return [place]
    files = []
    for found in sorted(glob.glob(place, recursive=True)):
        if _is_data(os.path.basename(found)):
            files += _inside(found) if os.path.isdir(found) else [found]
    if not files and glob.has_magic(place):
        raise DataProblem(f"no file matches {place}", code="FILE_NOT_FOUND")
    if not files:
        raise DataProblem(f"there is no file {place}", code="FILE_NOT_FOUND", hint=near_file(place))
    return sorted(set(files))


def _inside(folder: str) -> list[str]:
    return sorted(
        os.path.join(inner, name)
        for inner, folders, names in os.walk(folder)
        if _keep(folders)
        for name in names
        if _is_data(name)
    )


def _is_data(name: str) -> bool:
    return not name.startswith(("_", "."))


def _keep(folders: list[str]) -> bool:
    """Keep os.walk out of hidden folders, such as those of a save that is under way."""
    folders[:] = sorted(name for name in folders if _is_data(name))
    return True


def _with_rows(files: list[str], what: str | None = None) -> list[str]:
    """The files that are not empty, which tell nothing of their columns."""
    filled = [name for name in files if os.path.getsize(name) or not os.path.isfile(name)]
    if not filled:
        raise DataProblem(f"{what or files[0]} is empty: there are no columns to tell", code="NO_ROWS")
    return filled


def _escaped(files: list[str]) -> list[str]:
    """The files as DuckDB finds just these: it takes every path for a pattern."""
    return [glob.escape(name) for name in files]


def csv_query(connection: duckdb.DuckDBPyConnection, files: list[str], options: CsvLoad) -> str:
    """The select that reads csv files."""
    filled = _with_rows(files)
    return csv_files.query(connection, filled, _escaped(filled), options)


def json_query(
    connection: duckdb.DuckDBPyConnection, files: list[str], options: JsonLoad, what: str | None = None
) -> str:
    """The select that reads json files; `what` says what they are, if not files.

    The types are those of all rows, and as in Spark objects are structs and no text is taken for a time.
    """
    import duckdb

    filled = _with_rows(files, what)
    form = _form(filled, options)
    # DuckDB's default of 16 MB is too short for a document on one line.
    size = max(16 << 20, max(os.path.getsize(name) for name in filled) + 1) if form == "auto" else 256 << 20
    arguments = [
        f"format='{form}'",
        f"maximum_object_size={size}",
        "map_inference_threshold=-1",
    ]
    source = f"read_json({literals(_escaped(filled))}, {', '.join(arguments)}"
    try:
        columns = connection.execute(f"DESCRIBE SELECT * FROM {source}, records='true', {_ALL_ROWS})").fetchall()
    except duckdb.BinderException as error:
        if "expected records" not in str(error):
            raise
        raise _no_objects(connection, source, filled[0], what) from None
    _refuse_keys_of_one_name(connection, filled, form, [str(column[0]) for column in columns])
    # Found out once here: a view would look through all rows whenever it is read.
    types = ", ".join(f"{literal(name)}: {literal(_NO_TYPE.sub('VARCHAR', kind))}" for name, kind, *_ in columns)
    return f"SELECT * FROM {source}, columns={{{types}}})"


_RENAMED_KEY = re.compile(r"(.+)_\d+\Z", re.DOTALL)


def _refuse_keys_of_one_name(
    connection: duckdb.DuckDBPyConnection, files: list[str], form: str, names: list[str]
) -> None:
    """Raise DataProblem for keys that differ only in case: DuckDB calls the second one `A_1` and finds no value."""
    spelled = {name.lower(): name for name in names}
    for name in names:
        found = _RENAMED_KEY.match(name)
        key = found.group(1) if found else name
        if key in names or key.lower() not in spelled:
            continue
        rows = f"read_json_objects({literals(_escaped(files))}, format='{form}')"
        test = f"SELECT count(*) FROM {rows} WHERE list_contains(json_keys(json), {literal(key)})"
        count = connection.execute(test).fetchone()
        if count is not None and count[0]:
            raise DataProblem(
                f"the keys '{spelled[key.lower()]}' and '{key}' differ only in case, and column names do not",
                hint="give one of them another name in the file",
            )


_ALL_ROWS = "sample_size=-1, dateformat='no text is this', timestampformat='no text is this'"
_NO_TYPE = re.compile(r'\bJSON\b|\bUUID\b|\bTIME\b|"NULL"')
"""What DuckDB finds besides Spark's types: values of several types, identifiers, nothing at all."""


def _form(files: list[str], options: JsonLoad) -> str:
    """DuckDB's name for what the files hold; "auto" finds out by itself, for each of them."""
    starts = {_start(name) for name in files}
    if starts == {b"["}:
        return "array"
    return "newline_delimited" if starts == {b""} and not options.multi_line else "auto"


def _start(file: str) -> bytes:
    """The bracket that starts an array, or else a byte order mark, which only "auto" passes over, or nothing."""
    with open(file, "rb") as opened:
        block = opened.read(4096)
    mark = block[: len(_MARK)] if block.startswith(_MARK) else b""
    return b"[" if block[len(mark) :].lstrip()[:1] == b"[" else mark


_MARK = "\ufeff".encode()


def _no_objects(connection: duckdb.DuckDBPyConnection, source: str, file: str, what: str | None) -> DataProblem:
    """Why the values have no columns: the first that is no object, or nothing is in any."""
    found = connection.execute(
        "SELECT file, row, value FROM (SELECT filename AS file, json AS value, json_type(json) AS kind, "
        "row_number() OVER (PARTITION BY filename) AS row "
        f"FROM {source}, records='false', filename=true, columns={{json: 'JSON'}})) "
        "WHERE kind NOT IN ('OBJECT', 'NULL') ORDER BY file, row LIMIT 1"
    ).fetchone()
    if found is None:
        return DataProblem(f"{what or file} is empty: there are no columns to tell", code="NO_ROWS")
    name, row, value = found
    unit = "line" if "'newline_delimited'" in source else "value"
    return DataProblem(
        f"{what or name}, {unit} {row}: this is no JSON object", details=[Detail(f"the {unit}", str(value)[:200])]
    )


def inline_json_file(text: str, folder: Path, what: str = "the text") -> str:
    """A file of the rows that a script holds as text: JSON lines, or one JSON array."""
    if not text.strip():
        raise DataProblem(f"{what} has no rows", code="NO_ROWS")
    path = folder / "inline.json"
    path.write_text(f"{text}\n", encoding="utf-8")  # DuckDB loses a bare number at the end
    return str(path)


def parquet_query(connection: duckdb.DuckDBPyConnection, files: list[str], _: ParquetLoad) -> str:
    """The select that reads parquet files; what has Spark's vector layout becomes vectors, also inside others."""
    # Files of several types or columns are one table of both; DuckDB alone would cast to the first file's types.
    by_name = ", union_by_name=true" if len(files) > 1 else ""
    source = f"read_parquet({literals(_escaped(files))}{by_name})"
    schema = connection.sql(f"SELECT * FROM {source} LIMIT 0").to_arrow_table().schema
    columns = [(identifier(field.name), field.type) for field in schema]
    converted = [(name, vector_columns.from_public(name, kind)) for name, kind in columns]
    replaced = ", ".join(f"{new} AS {name}" for name, new in converted if new != name)
    return f"SELECT *{f' REPLACE ({replaced})' if replaced else ''} FROM {source}"
