"""mlsql serve: answer over HTTP."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mlsql_engine.cli import serve_scripts
from mlsql_engine.cli.run import add_variables
from mlsql_engine.core.signals import held_signals


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="answer over HTTP: predictions, scripts, models",
        description="Serve the functions that a script registers, and run scripts that requests bring.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=9003, help="the port; 0 takes any (default: %(default)s)")
    parser.add_argument("--script", metavar="FILE", help="a script to run first, which registers functions")
    add_variables(parser)
    serve_scripts.add_to(parser.add_argument_group("what scripts may do"))
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Serve until told to end; 0 then. Raises MlsqlError where the script fails or the address cannot be had."""
    import asyncio

    from mlsql_engine.server import process
    from mlsql_engine.server.settings import ServerSettings

    settings = ServerSettings(
        host=options.host,
        port=options.port,
        variables=dict(options.variables),
        addresses=tuple(options.reach),
        callbacks=serve_scripts.callbacks(options),
    )
    listening = process.listen(settings)
    with held_signals():
        from mlsql_engine.server.sessions import connected

        session = connected(settings)
    with session:
        if options.script is not None:
            session.run_file(Path(options.script))
        host, port = listening.getsockname()[:2]
        sys.stderr.write(f"mlsql serves http://{host}:{port}\n")
        asyncio.run(process.run(session, settings, listening))
    return 0
