"""Tables to files: written beside their place and moved there when they are whole."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.engines.duckdb import vector_columns
from mlsql_engine.engines.duckdb.quoting import identifier, literal
from mlsql_engine.engines.requests import ArrowSave, CsvSave, JsonSave, ParquetSave, SaveOptions, WriteRequest

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = {CsvSave: "csv", JsonSave: "json", ParquetSave: "parquet", ArrowSave: "arrow"}


def copy_select(view: str, schema: pa.Schema, options: SaveOptions) -> str:
    """The select whose rows go into the file: vectors as this format spells them."""
    columns = [f"{_spelled(field, options)} AS {identifier(field.name)}" for field in schema]
    return f"SELECT {', '.join(columns)} FROM {identifier(view)}"


def _spelled(field: pa.Field, options: SaveOptions) -> str:
    name = identifier(field.name)
    if isinstance(options, ParquetSave):
        return vector_columns.to_public(name, field.type)
    as_json = vector_columns.to_json(name, field.type)
    nested = field.type.num_fields > 0 and not vector_columns.is_hidden_vector(field.type)
    if nested and isinstance(options, CsvSave):
        # Of an array, a map or a struct the JSON: the engine's own text of one can be read by nobody else.
        return f"CASE WHEN {name} IS NOT NULL THEN to_json({as_json}) END"
    return as_json


def copy_options(options: SaveOptions) -> str:
    """The bracket of a COPY statement."""
    match options:
        case CsvSave():
            delimiter = literal("\t" if options.delimiter == "\\t" else options.delimiter)
            header = str(options.header).lower()
            return f"FORMAT csv, HEADER {header}, DELIMITER {delimiter}, NULLSTR {literal(options.null_value)}"
        case JsonSave():
            return "FORMAT json"
        case ParquetSave():
            codec = "uncompressed" if options.compression == "none" else options.compression
            return f"FORMAT parquet, COMPRESSION {codec}"
    raise AssertionError(options)


def publish(request: WriteRequest, write: Callable[[str], int]) -> int | None:
    """Have `write` fill a new file or folder beside the place, then put it there; a pipe is written straight.

    Gives the rows written, or None when mode "ignore" found something. Raises DataProblem.
    """
    place = Path(request.place)
    if place.is_fifo():
        return write(request.place)
    ending = ENDINGS[type(request.options)]
    single = place.suffix == f".{ending}" and not request.partition_by and not place.is_dir()
    if place.exists():
        if request.mode == "ignore":
            return None
        if request.mode == "errorIfExists":
            raise DataProblem(
                f"{place} exists already", code="EXISTS", hint="save overwrite …, or append, or ignore"
            )
        if request.mode == "append" and not place.is_dir():
            raise DataProblem(
                f"{place} is one file, to which no rows can be added",
                code="EXISTS",
                hint="save to a folder (a path without the ending) to append to it",
            )
    staged = place.parent / f".{place.name}.{uuid.uuid4().hex[:12]}"
    new_folders = [folder for folder in place.parents if not folder.exists()]
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        rows = _fill(staged, write, ending, single=single or bool(request.partition_by))
        if request.mode == "append" and place.is_dir():
            _add_parts(staged, place)
        else:
            _replace(staged, place)
    except OSError as error:
        raise DataProblem(f"{place} cannot be written: {error.strerror}", code="CANNOT_WRITE") from error
    finally:
        with suppress(OSError):  # what cannot be removed either is told by the error above
            _remove(staged)
            for folder in new_folders:
                folder.rmdir()  # fails where something has been saved
    return rows


def _fill(staged: Path, write: Callable[[str], int], ending: str, *, single: bool) -> int:
    if single:
        return write(str(staged))
    staged.mkdir()
    return write(str(staged / f"part-{uuid.uuid4().hex[:12]}.{ending}"))


def _add_parts(staged: Path, place: Path) -> None:
    for folder, _, names in os.walk(staged):
        target = place / Path(folder).relative_to(staged)
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            os.replace(Path(folder) / name, target / _unique(name))


def _unique(name: str) -> str:
    stem, dot, ending = name.partition(".")
    return f"{stem}-{uuid.uuid4().hex[:12]}{dot}{ending}"


def _replace(staged: Path, place: Path) -> None:
    """Put the new file or folder in place; what stood there is moved aside first and removed after."""
    if not place.exists() or (place.is_file() and staged.is_file()):
        os.replace(staged, place)
        return
    aside = place.parent / f".{place.name}.{uuid.uuid4().hex[:12]}.old"
    os.replace(place, aside)
    try:
        os.replace(staged, place)
    except OSError:
        os.replace(aside, place)
        raise
    _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
