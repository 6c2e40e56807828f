"""mlsql serve: answer over HTTP."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsql_engine.cli import serve_scripts
from mlsql_engine.cli.run import add_variables
from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.core.extras import require
from mlsql_engine.core.signals import held_signals

if TYPE_CHECKING:
    from mlsql_engine.server.settings import ServerSettings
    from mlsql_engine.server.tokens import Tokens

_BODIES = 256
_LAST_PORT = 65_535
_TOKEN_VARIABLE = "MLSQL_TOKEN"  # noqa: S105 - the name of a variable


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="answer over HTTP: predictions, scripts, models",
        description="Serve the functions that a script registers, run scripts that requests bring, and answer the "
        "Open Inference Protocol and MLflow's. SIGTERM ends it when what has begun is done.",
    )
    parser.add_argument("--script", metavar="FILE", help="a script to run first, which registers functions")
    parser.add_argument("--default", metavar="NAME", help="the function of requests to /invocations that name none")
    add_variables(parser)
    address = parser.add_argument_group("where it listens")
    address.add_argument("--host", default="127.0.0.1", help="the address (default: %(default)s)")
    address.add_argument("--port", type=int, default=9003, help="the port; 0 takes any (default: %(default)s)")
    address.add_argument("--tls-certificate", metavar="FILE", help="serve https, with this certificate (PEM)")
    address.add_argument("--tls-key", metavar="FILE", help="the certificate's key")
    _add_security(parser.add_argument_group("who may ask"))
    serve_scripts.add_to(parser.add_argument_group("what scripts may do"))
    _add_limits(parser.add_argument_group("how much it takes on"))
    parser.set_defaults(command=execute)


def _add_security(group: Any) -> None:
    add = group.add_argument
    add(
        "--token",
        metavar="TEXT",
        help=f"requests need this token, which may do all (better: the variable {_TOKEN_VARIABLE}, or --tokens)",
    )
    add("--tokens", metavar="FILE", help="requests need one of the tokens of a file (docs/serving/operations.md)")
    add("--without-token", action="store_true", help="let everybody in, also from other machines")
    add("--rate", metavar="RATE", help='how often one caller may ask, such as "100/second"')
    add(
        "--root",
        action="append",
        metavar="FOLDER",
        help="a folder that scripts may read and write; may be repeated; relative paths start in the first "
        "(default: the current folder, and no other)",
    )
    add(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a site whose pages may ask; repeatable",
    )
    add("--audit-log", metavar="FILE", help="where it is told who asked for what (default: standard error)")


def _add_limits(group: Any) -> None:
    add, shown = group.add_argument, "(default: %(default)s)"
    add("--max-body", type=int, default=16, metavar="MIB", help=f"the largest request {shown}")
    add(
        "--queue",
        type=int,
        default=2_000,
        metavar="N",
        help=f"so many requests may wait for one function; more are answered 429 {shown}",
    )
    add("--timeout", type=float, default=60.0, metavar="S", help=f"how long a prediction may take {shown}")
    add(
        "--follow-remote",
        type=float,
        default=60.0,
        metavar="S",
        help=f"how often models on remote file systems are asked for newer versions {shown}",
    )
    add(
        "--drain",
        type=float,
        default=30.0,
        metavar="S",
        help=f"how long what has begun may go on at the end {shown}",
    )
    add(
        "--notice",
        type=float,
        default=0.0,
        metavar="S",
        help=f"how long SIGTERM only makes /health/ready say 503, for load balancers to see it {shown}",
    )


def execute(options: argparse.Namespace) -> int:
    """Serve until told to end; 0 then. Raises MlsqlError where the script fails or the address cannot be had."""
    require("uvicorn", extra="serve", purpose="mlsql serve")
    from mlsql_engine.server import process

    settings = _settings(options)
    _check_open_address(settings, allowed=options.without_token)
    process.check_certificate(settings)
    listening = process.bind(settings)
    with held_signals():
        from mlsql_engine.server.sessions import connected

        session = connected(settings)
    with listening, session:
        if options.script is not None:
            session.run_file(Path(options.script))
        _log_to_standard_error()
        scheme = "http" if settings.certificate is None else "https"
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        address = f"{scheme}://{shown}:{port}"
        unfinished = process.run_loop(session, settings, listening, lambda _end: _tell(f"mlsql serves {address}"))
    if unfinished:
        _tell(f"mlsql ended without waiting for {unfinished} request{'s' if unfinished > 1 else ''}")
        return 1
    return 0


def _log_to_standard_error() -> None:
    """Have what the server and its libraries log on standard error, a line each, from warnings on."""
    handler = logging.StreamHandler()
    formatter = logging.Formatter("{asctime}.{msecs:03.0f}Z {level}: {message}", "%Y-%m-%dT%H:%M:%S", style="{")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(_with_level)
    logging.getLogger().addHandler(handler)
    # It warns of each request that is no HTTP: anybody could fill the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def _with_level(record: logging.LogRecord) -> bool:
    record.level = record.levelname.lower()
    return True


def _tell(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def _settings(options: argparse.Namespace) -> ServerSettings:
    from mlsql_engine.server.origins import check_origin
    from mlsql_engine.server.settings import Limits, ServerSettings
    from mlsql_engine.serving.limits import BatchLimits

    if (options.tls_certificate is None) != (options.tls_key is None):
        raise BadValue("--tls-certificate and --tls-key go together")
    for name, value in (
        ("--max-body", options.max_body),
        ("--queue", options.queue),
        ("--timeout", options.timeout),
        ("--follow-remote", options.follow_remote),
        ("--drain", options.drain),
    ):
        if not value > 0:
            raise BadValue(f"{name} is {value}, and has to be more than 0")
    if not options.notice >= 0:
        raise BadValue(f"--notice is {options.notice}, and cannot be less than 0")
    if not 0 <= options.port <= _LAST_PORT:
        raise BadValue(f"--port is {options.port}, and ports go from 0 to {_LAST_PORT}")
    if options.rate is not None:
        from mlsql_engine.server.tokens import check_rate

        check_rate(options.rate, "--rate")
    roots = tuple(Path(root).resolve() for root in options.root or ["."])
    for root in roots:
        if not root.is_dir():
            raise BadValue(f"--root: there is no folder {root}")
    return ServerSettings(
        host=options.host,
        port=options.port,
        root=roots[0],
        roots=roots,
        tokens=_tokens(options),
        rate=options.rate,
        origins=tuple(check_origin(origin) for origin in options.cors_origin),
        audit_log=None if options.audit_log is None else Path(options.audit_log),
        certificate=options.tls_certificate,
        key=options.tls_key,
        default_function=options.default,
        variables=dict(options.variables),
        addresses=tuple(options.reach),
        callbacks=serve_scripts.callbacks(options),
        batching=BatchLimits(queued=options.queue),
        limits=Limits(
            body=options.max_body << 20,
            bodies=max(_BODIES, 4 * options.max_body) << 20,
            request_seconds=options.timeout,
            follow_remote_seconds=options.follow_remote,
            drain_seconds=options.drain,
            notice_seconds=options.notice,
        ),
    )


def _tokens(options: argparse.Namespace) -> Tokens:
    from mlsql_engine.server import tokens

    # Not left where the scripts of the server's workers would find it.
    given = os.environ.pop(_TOKEN_VARIABLE, None)
    text = options.token if options.token is not None else given
    found = [] if text is None else [tokens.of_text(text)]
    if options.tokens is not None:
        found += tokens.of_file(Path(options.tokens))
    return tokens.Tokens(found)


def _check_open_address(settings: ServerSettings, *, allowed: bool) -> None:
    """Raise MlsqlError where others than this machine's users could ask for anything without a token."""
    if settings.tokens or allowed or _is_loopback(settings.host):
        return
    raise MlsqlError(
        f"{settings.host} is reached from other machines, and no token is asked for",
        code="NOT_ALLOWED",
        hint="--tokens FILE, --token TEXT; --without-token lets everybody in who reaches it",
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
