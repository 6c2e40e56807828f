"""include: run another script here.

    include file.`path`;
    include project.`path`;
    include http.`address`;

Its statements run as if they stood here: its tables, variables and functions stay. The file is read when the
statement is reached, so that one in a branch that is not taken need not be there; a relative path, of the include
and of everything in the included script, starts from the folder of the script that holds it. `project` takes
relative paths only: what it names belongs to the project and moves with it. `http` must be allowed by whoever
runs the script (mlsql run --allow-http-include). A script that includes itself, directly or by others, is an error.

    include project.`lib/features.mlsql`;
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlsql_engine.core.errors import BadValue, DataProblem, Detail, MlsqlError, UnknownName
from mlsql_engine.core.paths import near_file, resolved
from mlsql_engine.core.reach import check_address
from mlsql_engine.core.settings import Settings
from mlsql_engine.core.span import Source
from mlsql_engine.core.text import Text
from mlsql_engine.language.ast import IncludeStatement
from mlsql_engine.language.parser import parse
from mlsql_engine.statements.context import Context, Outcome, absolute

FORMATS = ("file", "http", "project")
DEEPEST = 50


def execute(statement: IncludeStatement, context: Context) -> Outcome:
    """Run the script. Raises DataProblem where it cannot be read, and whatever its statements raise."""
    source = read(statement, context)
    if len(context.includes) >= DEEPEST:
        raise BadValue(f"scripts include each other more than {DEEPEST} deep", span=statement.span)
    before = context.includes
    context.includes = (*before, source.name)
    try:
        context.execute(parse(source, context.session.statements.words()), context)
    except MlsqlError as error:
        _tell_where_from(error, statement)
        raise
    finally:
        context.includes = before
    return Outcome()


def read(statement: IncludeStatement, context: Context) -> Source:
    """The script that the statement names."""
    kind, path = statement.source.name, statement.source.path
    match kind.value.lower():
        case "file" | "project":
            check_project_path(kind, path)
            return read_file(path, context.includes)
        case "http":
            return _http(path, context)
    raise UnknownName("include format", kind.value, FORMATS, span=kind.span)


def check_project_path(kind: Text, path: Text) -> None:
    """Raise BadValue where a project's path is absolute."""
    if kind.value.lower() == "project" and (Path(path.value).is_absolute() or path.value.startswith("~")):
        raise BadValue(
            "a path of a project is relative to the script that includes it",
            span=path.span,
            hint="include file.`…` takes any path",
        )


def read_file(path: Text, includes: Sequence[str]) -> Source:
    """The script in a file. Raises DataProblem where it cannot be read, BadValue for one of `includes`."""
    place = resolved(absolute(path))
    if str(place) in includes:
        chain = [*includes[includes.index(str(place)) :], str(place)]
        raise BadValue(
            "the script includes itself" if len(chain) == 2 else "the scripts include each other",
            span=path.span,
            hint=" includes ".join(Path(name).name for name in chain),
            code="INCLUDE_CYCLE",
        )
    try:
        text = place.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataProblem(
            f"the script {place} cannot be read: {error.strerror}",
            span=path.span,
            code="FILE_NOT_FOUND",
            hint=near_file(str(place)) if isinstance(error, FileNotFoundError) else None,
        ) from error
    except UnicodeDecodeError as error:
        raise DataProblem(
            f"the script {place} is not UTF-8: {error.reason}", span=path.span, code="ENCODING"
        ) from error
    return Source(str(place), text, place.parent, path.span.source.reach)


def _http(path: Text, context: Context) -> Source:
    address = path.value if "://" in path.value else f"http://{path.value}"
    check_http(path, context.session.settings)
    if address in context.includes:
        raise BadValue("the script includes itself", span=path.span, code="INCLUDE_CYCLE")
    from mlsql_engine.statements.web_text import fetch

    try:
        check_address(address, path.span)
        return Source(address, fetch(address), path.span.source.folder, path.span.source.reach)
    except DataProblem as error:
        raise error.at(path.span) from error.__cause__


def check_http(path: Text, settings: Settings) -> None:
    """Raise BadValue where scripts may not be included over HTTP."""
    if not settings.http_include:
        raise BadValue(
            "scripts are not included over HTTP here",
            span=path.span,
            code="NOT_ALLOWED",
            hint="whoever runs the script can allow it: mlsql run --allow-http-include",
        )


def _tell_where_from(error: MlsqlError, statement: IncludeStatement) -> None:
    """Say which include brought the script in whose error this is."""
    span = statement.span
    if error.span is None or error.span.source is span.source:
        return
    line, column = span.source.position(span.start)
    error.details = (*error.details, Detail("included from", f"{span.source.name}:{line}:{column}"))
