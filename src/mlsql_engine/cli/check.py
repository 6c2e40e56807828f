"""mlsql check: tell everything that is wrong with a script, without running it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from mlsql_engine.cli.output import unwritable
from mlsql_engine.cli.run import add_permissions, add_variables, script_source
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.settings import Settings


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help="tell what is wrong with a script, without running it",
        description="Tell everything that is wrong with a script and with those that it includes, without running "
        "it: syntax, options, formats, algorithms, tables, variables, files. Exit status 1 when something is.",
    )
    parser.add_argument("file", metavar="FILE", help="the script; - reads it from standard input")
    add_variables(parser)
    add_permissions(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="json is one object per line: file, line, column, endLine, endColumn, severity, code, message, hint",
    )
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Check the script; 0 when nothing is wrong, else 1."""
    if sys.stdout is None:
        raise MlsqlError("standard output is closed", code="CANNOT_WRITE")
    from mlsql_engine.session import check

    source, includes = script_source(options.file)
    settings = Settings(shell=options.shell, http_include=options.http_include)
    problems = check(source, variables=dict(options.variables), includes=includes, settings=settings)
    if options.format == "json":
        text = "".join(json.dumps(as_json(problem), ensure_ascii=False) + "\n" for problem in problems)
    else:
        text = "".join(problem.render() + "\n\n" for problem in problems)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise unwritable(error) from error
    count = "no errors" if not problems else "1 error" if len(problems) == 1 else f"{len(problems)} errors"
    if sys.stderr is not None:
        sys.stderr.write(f"{Path(source.name).name}: {count}\n")
    return 1 if problems else 0


def as_json(problem: MlsqlError) -> dict[str, object]:
    """One problem as editors take it; lines and columns count from 1, the end is behind the last character."""
    span = problem.span
    line, column = span.source.position(span.start) if span is not None else (1, 1)
    end_line, end_column = span.source.position(max(span.end, span.start + 1)) if span is not None else (1, 1)
    return {
        "file": span.source.name if span is not None else None,
        "line": line,
        "column": column,
        "endLine": end_line,
        "endColumn": end_column,
        "severity": "error",
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }
