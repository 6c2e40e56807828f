"""What DuckDB says of a file that it cannot read, in the user's words: the file, the line, what is wrong there."""

from __future__ import annotations

import re
from typing import Final

from mlsql_engine.core.errors import DataProblem, Detail

_CSV: Final = re.compile(r"^CSV Error on Line: (?P<line>\d+)\s*(?:Original Line: ?(?P<text>.*))?")
_FILE: Final = re.compile(r"^ *file = (?P<file>.+)$", re.MULTILINE)
_VALUES: Final = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_CONVERSION: Final = re.compile(r'converting column "(.*?)"\. Could not convert string "(.*?)" to \'(\w+)')
_JSON: Final = re.compile(
    r'^(?P<kind>Malformed JSON|JSON transform error) in file "(?P<file>.+?)", '
    r"(?:at byte \d+ )?in (?P<unit>line|record/value) (?P<number>\d+): (?P<why>[^\n]+)"
)
_PARQUET: Final = re.compile(
    r"(?:No magic bytes found at end of file|Footer length error in file|File) '(?P<file>.+?)'"
    r"(?: too small to be a Parquet file)?$",
    re.MULTILINE,
)
_GZIP: Final = re.compile(r"(?:Input is not a GZIP stream|Unexpected end of GZIP stream): (?P<file>\S.*)")
_MISSING: Final = re.compile(r'No files found that match the pattern "(?P<file>.+?)"')
_PATTERN_SIGN: Final = re.compile(r"\[([*?\[])\]")
_TYPES: Final = {"BIGINT": "bigint", "DOUBLE": "double", "BOOLEAN": "boolean", "DATE": "date"}
_LONGEST_SHOWN: Final = 200


class FileProblem(DataProblem):
    """A DataProblem of `file`, by which the engine finds the load that reads it."""

    def __init__(
        self, file: str, message: str, *, line: str = "", hint: str | None = None, code: str | None = None
    ):
        super().__init__(message, hint=hint, code=code, details=[Detail("the line", line)] if line else [])
        self.file = file


def of_file(text: str, what: str | None = None) -> FileProblem | None:
    """The problem that DuckDB's message tells of a file; None if it is of something else.

    `what` says what the rows are, where they are no file that the user knows.
    """
    named = _FILE.search(text)
    found = _CSV.match(text)
    if found and named:
        return _csv(found, named["file"], text)
    if named and "CSV Parser state machine" in text:
        return FileProblem(
            named["file"],
            f"{named['file']} cannot be read as csv",
            hint="do all its lines end alike, and are delimiter, quote and escape those of the file?",
        )
    found = _JSON.match(text)
    if found:
        return _json(found, what)
    found = _PARQUET.match(text)
    if found:
        return FileProblem(found["file"], f"{found['file']} is not a parquet file")
    found = _GZIP.match(text)
    if found:
        return FileProblem(found["file"], f"{found['file']} is not a whole gzip file")
    found = _MISSING.match(text)
    if found:
        file = _PATTERN_SIGN.sub(r"\1", found["file"])
        return FileProblem(file, f"there is no file {file}", code="FILE_NOT_FOUND")
    return None


def _csv(found: re.Match[str], file: str, text: str) -> FileProblem:
    place, hint = f"{file}, line {found['line']}", None
    values, conversion = _VALUES.search(text), _CONVERSION.search(text)
    if values:
        message = f"{_count(int(values[2]))} where the lines before have {values[1]}"
    elif "unterminated quote" in text:
        message, hint = "a quote is not closed, or something follows the closing one", None
    elif conversion:
        column, value, kind = conversion.groups()
        message = f"'{value}' in the column '{column}' is no {_TYPES.get(kind, kind.lower())}"
    elif "Invalid unicode" in text:
        message, hint = "the bytes are not in the file's encoding", 'give it: where encoding="latin-1"'
    elif "Maximum line size" in text:
        message, hint = "the line is too long", "is a quote not closed?"
    else:
        message = "the line cannot be read as csv"
    return FileProblem(file, f"{place}: {message}", line=(found["text"] or "")[:_LONGEST_SHOWN], hint=hint)


def _count(values: int) -> str:
    return f"{values} value{'' if values == 1 else 's'}"


def _json(found: re.Match[str], what: str | None) -> FileProblem:
    name = what or found["file"]
    why = found["why"].split(". ")[0].rstrip(". ")
    unit, number = ("line" if found["unit"] == "line" else "value"), int(found["number"])
    if found["kind"] == "JSON transform error":
        return FileProblem(found["file"], f"{name}, {unit} {number}: the value does not have the column's type")
    hint = None
    if why in ("unexpected end of data", "unexpected content after document") and unit == "line" and not what:
        hint = 'is it one value over many lines? then: where multiLine="true"'
    # DuckDB counts the lines of malformed text from 2.
    return FileProblem(
        found["file"],
        f"{name}, {unit} {max(1, number - 1)}: malformed JSON: {why}",
        hint=hint,
    )
