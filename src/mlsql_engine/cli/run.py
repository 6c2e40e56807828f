"""mlsql run: run a script and print its last table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsql_engine.cli import output
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.settings import Settings
from mlsql_engine.core.signals import held_signals
from mlsql_engine.core.span import Source

if TYPE_CHECKING:
    from mlsql_engine.table import Table


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "run",
        help="run a script and print its last table",
        description="Run a script. Standard output gets its last table, standard error everything else.",
    )
    parser.add_argument("file", metavar="FILE", help="the script; - reads it from standard input")
    add_variables(parser)
    parser.add_argument(
        "--format",
        choices=sorted(output.WRITERS),
        default="table",
        help="how the last table is printed (default: %(default)s); json is one object per line",
    )
    add_permissions(parser)
    parser.add_argument("--engine", default="duckdb", help="where the SQL runs (default: %(default)s)")
    parser.set_defaults(command=execute)


def add_variables(parser: argparse.ArgumentParser) -> None:
    """Add the option that gives variables values."""
    parser.add_argument(
        "--set",
        dest="variables",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_variable,
        help="give the variable ${NAME} a value; may stand several times",
    )


def add_permissions(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what scripts may do."""
    parser.add_argument(
        "--no-shell", dest="shell", action="store_false", help='refuse set statements with type="shell"'
    )
    parser.add_argument(
        "--allow-http-include", dest="http_include", action="store_true", help="let scripts include http.`address`"
    )


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name, value


def execute(options: argparse.Namespace) -> int:
    """Run the script. Raises MlsqlError; gives the exit status 0."""
    if sys.stdout is None:
        raise MlsqlError("standard output is closed", code="CANNOT_WRITE")
    # Libraries that are being imported do not all survive an exception in the middle of it.
    with held_signals():
        from mlsql_engine.session import connect

        settings = Settings(shell=options.shell, http_include=options.http_include)
        session = connect(options.engine, variables=dict(options.variables), settings=settings)
    with session:
        table = _run(session, options.file)
        if table is not None:
            output.WRITERS[options.format](table)
    return 0


def script_source(file: str) -> tuple[Source, tuple[str, ...]]:
    """A script with its name, and the files that it must not include; `-` is standard input."""
    from mlsql_engine.language.script_files import read_script

    if file == "-":
        return Source("<stdin>", _standard_input(), Path.cwd()), ()
    place = Path(file).resolve()
    return Source(file, read_script(Path(file)), place.parent), (str(place),)


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MlsqlError(f"the script is not UTF-8: {error.reason}", code="ENCODING") from error


def _run(session: Any, file: str) -> Table | None:
    if file == "-":
        return session.run(_standard_input(), name="<stdin>")  # type: ignore[no-any-return]
    return session.run_file(Path(file))  # type: ignore[no-any-return]
