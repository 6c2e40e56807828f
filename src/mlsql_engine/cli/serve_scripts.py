"""The options of mlsql serve that say what the scripts of requests may do."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlsql_engine.server.settings import Callbacks

SECRET_VARIABLE = "MLSQL_CALLBACK_SECRET"  # noqa: S105 - the name of a variable


def add_to(group: Any) -> None:
    """Add the options to a group of the parser."""
    group.add_argument(
        "--reach",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="how remote addresses may begin that scripts reach, where folders are given: s3://models, "
        "jdbc:postgresql://db, kafka://broker:9092; repeatable",
    )
    group.add_argument(
        "--callback-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a name, an address or a network, with a port or for any, whose URLs may be told of the end of a job; "
        f"repeatable. The calls are signed with the secret in the variable {SECRET_VARIABLE}",
    )


def callbacks(options: argparse.Namespace) -> Callbacks:
    """Where the end of jobs may be told. Raises BadValue for what is no host."""
    from mlsql_engine.server.callback_hosts import CallbackHosts
    from mlsql_engine.server.settings import Callbacks

    made = Callbacks(tuple(options.callback_host), os.environ.get(SECRET_VARIABLE, "").encode())
    CallbackHosts(made.hosts)
    return made
