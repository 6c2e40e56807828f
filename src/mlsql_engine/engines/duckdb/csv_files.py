"""csv files as Spark reads them: the dialect is what the options say, and the first line names the columns.

DuckDB's own guesses are asked for types alone: given a line that is too long it takes another for the header.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import BadValue, DataProblem
from mlsql_engine.engines.quoting import identifier, literal, literals
from mlsql_engine.engines.requests import CsvLoad

if TYPE_CHECKING:
    import duckdb

_ENCODINGS = {"utf8": "utf-8", "usascii": "utf-8", "ascii": "utf-8", "utf16": "utf-16"}
_ENCODINGS |= {"iso88591": "latin-1", "latin1": "latin-1"}
_TYPES = ("BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR")
_SEPARATOR = "\x1f"
_MOST_HEADER_LINES = 1000


@dataclass(frozen=True)
class _Head:
    """How a file starts: the blank lines above its first record, and that record's values."""

    blank: int
    values: tuple[str, ...]


def query(connection: duckdb.DuckDBPyConnection, paths: list[str], names: list[str], options: CsvLoad) -> str:
    """The select that reads csv files; `names` are the paths with the signs of patterns escaped."""
    for name, text in (("quote", options.quote), ("escape", options.escape)):
        if len(text) > 1:
            raise BadValue(f"the option '{name}' is one character, not '{text}'")
    encoding = _encoding(options.encoding)
    heads = [_head(connection, name, path, encoding, options) for path, name in zip(paths, names, strict=True)]
    _check_alike(paths, heads, options)
    columns = _column_names(heads[0].values, options)
    arguments = [
        f"header={str(options.header).lower()}",
        # DuckDB counts the blank lines above a header, but not the comments.
        f"skip={heads[0].blank if options.header else 0}",
        f"delim={literal(_unescaped(options.delimiter))}",
        f"quote={literal(options.quote)}",
        f"escape={literal(options.escape if options.quote else '')}",
        f"nullstr={literal(options.null_value)}",
        f"encoding={literal(encoding)}",
        f"comment={literal(options.comment or '')}",
        "dateformat='%Y-%m-%d'",
        *_padding(paths, options),
    ]
    types = dict.fromkeys(columns, "VARCHAR")
    if options.infer_schema:
        types |= _types(connection, names, arguments, columns)
    read = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    return (
        f"SELECT * FROM read_csv({literals(names)}, auto_detect=false, columns={{{read}}}, {', '.join(arguments)})"
    )


def _encoding(name: str) -> str:
    """DuckDB's name of an encoding by the one that Java or Python has for it."""
    known = _ENCODINGS.get(name.lower().replace("-", "").replace("_", ""))
    if known is None:
        raise BadValue(
            f"the option 'encoding' cannot be '{name}'",
            hint="it is one of: utf-8, utf-16, latin-1 (ISO-8859-1); convert the file first",
        )
    return known


def _unescaped(delimiter: str) -> str:
    return {"\\t": "\t", "\\001": "\001"}.get(delimiter, delimiter)


def _head(connection: duckdb.DuckDBPyConnection, name: str, path: str, encoding: str, options: CsvLoad) -> _Head:
    """Read the first record. The lines come from DuckDB, which knows encodings and compressed files."""
    lines = connection.execute(
        f"SELECT coalesce(line, '') FROM read_csv({literal(name)}, auto_detect=false, header=false, skip=0, "
        f"columns={{'line': 'VARCHAR'}}, delim={literal(_SEPARATOR * 4)}, quote='', escape='', comment='', "
        f"encoding={literal(encoding)}, strict_mode=false) LIMIT {_MOST_HEADER_LINES}"
    ).fetchall()
    blank = 0
    for number, (line,) in enumerate(lines):
        if not line.strip():
            blank += 1
        elif not (options.comment and line.startswith(options.comment)):
            return _Head(blank, _first_record([following for (following,) in lines[number:]], options))
    raise DataProblem(f"{path} is empty: there are no columns to tell", code="NO_ROWS")


def _first_record(lines: list[str], options: CsvLoad) -> tuple[str, ...]:
    """The values of the record that the lines start with."""
    delimiter = _unescaped(options.delimiter)
    doubled = options.escape in ("", options.quote)
    rows = csv.reader(
        # csv has delimiters of one character only.
        (f"{line.replace(delimiter, _SEPARATOR)}\n" for line in lines),
        delimiter=_SEPARATOR,
        quotechar=options.quote or None,
        quoting=csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
        doublequote=doubled,
        escapechar=None if doubled or not options.quote else options.escape,
    )
    return tuple(value.replace(_SEPARATOR, delimiter) for value in next(rows))


def _check_alike(paths: list[str], heads: list[_Head], options: CsvLoad) -> None:
    """Columns are told by their places: part files with other headers, or headers elsewhere, would be mixed up."""
    for path, head in zip(paths, heads, strict=True):
        if options.header and head != heads[0]:
            first, other = (",".join(one.values) for one in (heads[0], head))
            what = f"the header '{other}'" if first != other else "its header on another line"
            raise DataProblem(
                f"{path} has {what}, and {paths[0]} the header '{first}'",
                hint="load files with different columns one by one",
            )


def _column_names(values: tuple[str, ...], options: CsvLoad) -> list[str]:
    """Spark's names: the header's, with its number on one that is missing or there twice."""
    if not options.header:
        return [f"_c{number}" for number in range(len(values))]
    counts = Counter(value.lower() for value in values)
    return [
        f"_c{number}"
        if value in ("", options.null_value)
        else f"{value}{number}"
        if counts[value.lower()] > 1
        else value
        for number, value in enumerate(values)
    ]


def _types(
    connection: duckdb.DuckDBPyConnection, names: list[str], arguments: list[str], columns: list[str]
) -> dict[str, str]:
    """The columns' types, looked for in all rows: what the first suggest may not fit the last."""
    import duckdb

    guess = [
        "auto_detect=true",
        "sample_size=-1",
        "ignore_errors=true",
        f"names={literals(columns)}",
        f"auto_type_candidates={literals(list(_TYPES))}",
    ]
    select = f"SELECT {', '.join(map(identifier, columns))} FROM read_csv({literals(names)}, "
    try:
        found = connection.execute(f"DESCRIBE {select}{', '.join(guess + arguments)})").fetchall()
    except duckdb.InvalidInputException:
        # It says only that it cannot: reading all rows as text names the line.
        texts = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
        rows = f"{select}auto_detect=false, columns={{{texts}}}, {', '.join(arguments)})"
        connection.execute(f"SELECT max(COLUMNS(*)) FROM ({rows})")
        return {}
    return {name: kind for name, kind, *_ in found}


def _padding(paths: list[str], options: CsvLoad) -> tuple[str, ...]:
    """What makes short rows end in NULL.

    DuckDB drops a quoted value without an end when it pads, so files with an odd number of quotes are not padded:
    it then names the line. And it pads quoted line breaks on one thread only.
    """
    quotes = [_quotes(path, options.quote) for path in paths] if options.quote else [0]
    if None in quotes or any(number and number % 2 for number in quotes):
        return ()
    return ("null_padding=true", "parallel=false") if any(quotes) else ("null_padding=true",)


def _quotes(path: str, quote: str) -> int | None:
    """How many quotes the file has; None if its text cannot be seen from here."""
    if path.endswith((".gz", ".zst")) or not os.path.isfile(path) or not quote.isascii():
        return None
    with open(path, "rb") as file:
        return sum(block.count(quote.encode()) for block in iter(lambda: file.read(1 << 22), b""))
