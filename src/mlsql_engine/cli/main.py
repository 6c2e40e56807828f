"""mlsql: parse the command line, run what it says, turn errors into an exit status.

Exit status: 0 done, 1 the script failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from mlsql_engine.cli import check, env, models, run, serve
from mlsql_engine.cli.output import ReaderGone
from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.core.version import __version__


def entry_point() -> NoReturn:
    """The command `mlsql`: runs `main` and leaves without the interpreter's own clean-up.

    DuckDB's Python module writes a leak report to standard error when the interpreter takes it down; everything
    that must be closed has been closed by then.
    """
    # Imports make hundreds of thousands of objects that stay: looking among them for garbage finds none, slowly.
    gc.set_threshold(200_000)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _end)
    status = main(sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # What a signal kept from being closed is closed now: sessions and their folders are known to atexit.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            status = status or 1
    os._exit(status)


def main(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit status. Errors go to standard error."""
    try:
        options = _parser().parse_args(arguments)
        status: int = options.command(options)
    except MlsqlError as error:
        _tell(error.render())
        return 1
    except ReaderGone:
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        _tell("interrupted")
        return 130
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except Exception as error:
        if os.environ.get("MLSQL_TRACEBACK"):
            raise
        problem = InternalError(f"{type(error).__name__}: {error}", where_to_look="MLSQL_TRACEBACK=1 shows where")
        _tell(problem.render())
        return 1
    return status


def _tell(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """A signal unwinds as an exception does, so that workers end and folders go."""
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlsql", description="Machine learning in SQL and Python.")
    parser.add_argument("--version", action="version", version=f"mlsql {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run.add_to(commands)
    check.add_to(commands)
    models.add_to(commands)
    env.add_to(commands)
    serve.add_to(commands)
    return parser
