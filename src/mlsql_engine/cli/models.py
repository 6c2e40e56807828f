"""mlsql models: the versions of a model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mlsql_engine.cli import output
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.signals import held_signals


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "models",
        help="list the versions of a model",
        description="List the versions of the model at a path or URL, newest first: which is used where none is "
        "asked for, its aliases, its best score, and whether it was trained; damaged ones too.",
    )
    parser.add_argument("path", metavar="PATH", help="what stands behind train … as ALGORITHM.")
    parser.add_argument(
        "--format",
        choices=sorted(output.WRITERS),
        default="table",
        help="how the table is printed (default: %(default)s); json is one object per line",
    )
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Print the versions. Raises MlsqlError where there is no model; gives the exit status 0."""
    if sys.stdout is None:
        raise MlsqlError("standard output is closed", code="CANNOT_WRITE")
    with held_signals():
        from mlsql_engine.session import connect

        session = connect()
    with session:
        try:
            table = session.run('!model "${path}" versions;', folder=Path.cwd(), variables={"path": options.path})
        except MlsqlError as error:
            # The script is ours: its place tells a user nothing.
            raise MlsqlError(error.message, code=error.code, hint=error.hint) from error
        if table is not None:
            output.WRITERS[options.format](table)
    return 0
