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
from mlsql_engine.engines.duckdb import json_lines, vector_columns
from mlsql_engine.engines.quoting import identifier, literal
from mlsql_engine.engines.requests import ArrowSave, CsvSave, JsonSave, ParquetSave, SaveOptions, WriteRequest

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = {CsvSave: "csv", JsonSave: "json", ParquetSave: "parquet", ArrowSave: "arrow"}


def copy_statement(view: str, schema: pa.Schema, request: WriteRequest, path: str, with_: str = "") -> str:
    """The COPY of a view's rows to a path: vectors as the format spells them; `with_` may say what the view is."""
    options = request.options
    with_vectors = any(vector_columns.public_type(field.type) != field.type for field in schema)
    if isinstance(options, JsonSave) and with_vectors and not request.partition_by:
        select, bracket = json_lines.line(schema), json_lines.COPY_OPTIONS
    else:
        select = ", ".join(f"{_spelled(field, options)} AS {identifier(field.name)}" for field in schema)
        bracket = _copy_options(options)
        if isinstance(options, CsvSave) and options.null_value and len(schema) == 1:
            # Unquoted, an empty text would be an empty line, which readers pass over.
            bracket += ", FORCE_QUOTE *"
    if request.partition_by:
        bracket += f", PARTITION_BY ({', '.join(map(identifier, request.partition_by))})"
    return f"COPY ({with_}SELECT {select} FROM {identifier(view)}) TO {literal(path)} ({bracket})"


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


def _copy_options(options: SaveOptions) -> str:
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
    if Path(request.place).is_fifo():
        return write(request.place)
    # A link stays; what it leads to is written.
    place = Path(os.path.realpath(request.place))
    if request.mode == "ignore" and place.exists():
        return None
    _check_place(place, request)
    ending = ENDINGS[type(request.options)]
    single = place.suffix == f".{ending}" and not request.partition_by and not place.is_dir()
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


def _check_place(place: Path, request: WriteRequest) -> None:
    """Raise DataProblem where nothing can be saved, or where it would destroy what is no table."""
    if place.exists():
        if not (place.is_file() or place.is_dir()):
            raise DataProblem(f"{place} is neither a file nor a folder", code="CANNOT_WRITE")
        if request.mode == "overwrite":
            _refuse_foreign_files(place)
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
    above = next((folder for folder in place.parents if folder.exists()), place)
    if above.is_file():
        raise DataProblem(f"{place} cannot be written: {above} is a file", code="CANNOT_WRITE")


_DATA = (".csv", ".json", ".parquet", ".arrow", ".orc", ".avro", ".txt", ".gz", ".bz2", ".zst", ".snappy", ".lz4")


def _refuse_foreign_files(place: Path) -> None:
    """Raise DataProblem when `place` is a folder with files that no save has written: it would remove them."""
    for folder, folders, names in os.walk(place):
        foreign = [name for name in names if not name.startswith(("_", ".")) and not name.endswith(_DATA)]
        if foreign or any(name.startswith("_model_") for name in folders):
            found = Path(folder, *foreign[:1])
            raise DataProblem(
                f"{place} is a folder that holds more than a saved table: {found}",
                code="EXISTS",
                hint="save to a folder of its own, or remove this one first",
            )


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
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
