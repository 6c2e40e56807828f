"""mlsql run: run a script and print its last table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsql_engine.cli import output
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.signals import held_signals

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
    parser.add_argument(
        "--set",
        dest="variables",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_variable,
        help="give the variable ${NAME} a value; may stand several times",
    )
    parser.add_argument(
        "--format",
        choices=sorted(output.WRITERS),
        default="table",
        help="how the last table is printed (default: %(default)s); json is one object per line",
    )
    parser.add_argument("--engine", default="duckdb", help="where the SQL runs (default: %(default)s)")
    parser.set_defaults(command=execute)


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

        session = connect(options.engine, variables=dict(options.variables))
    with session:
        table = _run(session, options.file)
        if table is not None:
            output.WRITERS[options.format](table)
    return 0


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MlsqlError(f"the script is not UTF-8: {error.reason}", code="ENCODING") from error


def _run(session: Any, file: str) -> Table | None:
    if file == "-":
        return session.run(_standard_input(), name="<stdin>")  # type: ignore[no-any-return]
    return session.run_file(Path(file))  # type: ignore[no-any-return]
