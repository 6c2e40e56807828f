"""Files as DuckDB reads them, under Spark's options and names."""

from __future__ import annotations

import glob
import os
import re
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
    if not files:
        raise DataProblem(f"there is no file {place}", code="FILE_NOT_FOUND", hint=_near(place))
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


def _near(place: str) -> str:
    folder = Path(place).parent
    if not folder.is_dir():
        return f"there is no folder {folder} either"
    return suggestion(Path(place).name, sorted(filter(_is_data, os.listdir(folder)))[:1000], f"file in {folder}")


def _with_rows(files: list[str]) -> list[str]:
    """The files that are not empty, which tell nothing of their columns, as DuckDB finds just these."""
    filled = [name for name in files if os.path.getsize(name) or not os.path.isfile(name)]
    if not filled:
        raise DataProblem(f"{files[0]} is empty", code="NO_ROWS")
    # DuckDB takes every path for a pattern.
    return [glob.escape(name) for name in filled]


_ENCODINGS = {"utf8": "utf-8", "usascii": "utf-8", "ascii": "utf-8", "utf16": "utf-16"}
_ENCODINGS |= {"iso88591": "latin-1", "latin1": "latin-1"}


def _encoding(name: str) -> str:
    """DuckDB's name of an encoding by the one that Java or Python has for it."""
    known = _ENCODINGS.get(name.lower().replace("-", "").replace("_", ""))
    if known is None:
        raise BadValue(
            f"the option 'encoding' cannot be '{name}'",
            hint="it is one of: utf-8, utf-16, latin-1 (ISO-8859-1); convert the file first",
        )
    return known


def csv_query(connection: duckdb.DuckDBPyConnection, files: list[str], options: CsvLoad) -> str:
    """The select that reads csv files."""
    for name, text in (("quote", options.quote), ("escape", options.escape)):
        if len(text) > 1:
            raise BadValue(f"the option '{name}' is one character, not '{text}'")
    arguments = [
        f"header={str(options.header).lower()}",
        f"all_varchar={str(not options.infer_schema).lower()}",
        f"delim={literal(_unescaped(options.delimiter))}",
        f"quote={literal(options.quote)}",
        f"escape={literal(options.escape if options.quote else '')}",
        f"nullstr={literal(options.null_value)}",
        f"encoding={literal(_encoding(options.encoding))}",
    ]
    if options.comment:
        arguments.append(f"comment={literal(options.comment)}")
    source = f"read_csv({literals(_with_rows(files))}, {', '.join(arguments)}"
    # A type that the first rows suggest may not fit the last, so all are looked through, once.
    thorough = ", sample_size=-1, dateformat='%Y-%m-%d'" if options.infer_schema else ""
    columns = connection.execute(f"DESCRIBE SELECT * FROM {source}{thorough})").fetchall()
    if options.infer_schema:
        types = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind, *_ in columns)
        source += f", dateformat='%Y-%m-%d', types={{{types}}}"
    names = ("*",) if options.header else tuple(f"{identifier(row[0])} AS _c{n}" for n, row in enumerate(columns))
    return f"SELECT {', '.join(names)} FROM {source})"


def _unescaped(delimiter: str) -> str:
    return {"\\t": "\t", "\\001": "\001"}.get(delimiter, delimiter)


def json_query(files: list[str], options: JsonLoad) -> str:
    """The select that reads json files.

    The types are those of all rows, and as in Spark objects are structs and no text is taken for a time.
    """
    import duckdb

    form = "auto" if options.multi_line else "array" if _starts_with_array(files[0]) else "newline_delimited"
    # DuckDB's default of 16 MB is too short for a document on one line.
    size = max(16 << 20, max(os.path.getsize(name) for name in files) + 1) if options.multi_line else 256 << 20
    arguments = [
        f"format='{form}'",
        f"maximum_object_size={size}",
        "map_inference_threshold=-1",
    ]
    source = f"read_json({literals(_with_rows(files))}, {', '.join(arguments)}"
    with duckdb.connect() as connection:
        columns = connection.execute(f"DESCRIBE SELECT * FROM {source}, {_ALL_ROWS})").fetchall()
    # Found out once here: a view would look through all rows whenever it is read.
    types = ", ".join(f"{literal(name)}: {literal(_NO_TYPE.sub('VARCHAR', kind))}" for name, kind, *_ in columns)
    return f"SELECT * FROM {source}, columns={{{types}}})"


_ALL_ROWS = "sample_size=-1, dateformat='no text is this', timestampformat='no text is this'"
_NO_TYPE = re.compile(r'\bJSON\b|\bUUID\b|"NULL"')
"""What DuckDB finds besides Spark's types: values of several types, identifiers, nothing at all."""


def _starts_with_array(file: str) -> bool:
    with open(file, "rb") as opened:
        return opened.read(256).lstrip().startswith(b"[")


def inline_json_file(text: str, folder: Path) -> str:
    """A file of the rows that a script holds as text: JSON lines, or one JSON array."""
    if not text.strip():
        raise DataProblem("the text has no rows", code="NO_ROWS")
    path = folder / "inline.json"
    path.write_text(text, encoding="utf-8")
    return str(path)


def parquet_query(connection: duckdb.DuckDBPyConnection, files: list[str], _: ParquetLoad) -> str:
    """The select that reads parquet files; what has Spark's vector layout becomes vectors, also inside others."""
    source = f"read_parquet({literals([glob.escape(name) for name in files])})"
    schema = connection.sql(f"SELECT * FROM {source} LIMIT 0").to_arrow_table().schema
    columns = [(identifier(field.name), field.type) for field in schema]
    converted = [(name, vector_columns.from_public(name, kind)) for name, kind in columns]
    replaced = ", ".join(f"{new} AS {name}" for name, new in converted if new != name)
    return f"SELECT *{f' REPLACE ({replaced})' if replaced else ''} FROM {source}"
