"""mlsql env: the environments that projects run in."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.progress import StreamProgress
from mlsql_engine.core.sizes import shown_size


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "env",
        help="list, build and prune the environments of projects",
        description="The Python environments that are built for projects; MLSQL_ENVIRONMENTS names their folder.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_list(actions)
    _add_build(actions)
    _add_prune(actions)


def _add_list(actions: Any) -> None:
    parser = actions.add_parser(
        "list", help="what there is", description="List the environments, that which was used last first."
    )
    parser.add_argument(
        "--format",
        choices=("json", "table"),
        default="table",
        help="how it is printed (default: %(default)s); json is one object per line",
    )
    parser.set_defaults(command=list_all)


def _add_build(actions: Any) -> None:
    parser = actions.add_parser(
        "build",
        help="build what a project needs, before it is trained",
        description="Build the environment that a project wants, unless it is there, and print its Python's path.",
    )
    parser.add_argument(
        "path",
        metavar="PATH",
        type=Path,
        help="a project's folder, or a conda.yaml, python_env.yaml, requirements.txt or pyproject.toml",
    )
    parser.add_argument(
        "--manager",
        choices=("conda", "uv", "virtualenv"),
        help="what builds it (default: conda where there is one, else uv)",
    )
    parser.add_argument("--again", action="store_true", help="build it anew where it is there")
    parser.set_defaults(command=build)


def _add_prune(actions: Any) -> None:
    parser = actions.add_parser(
        "prune",
        help="remove what is not used",
        description="Remove environments, and what killed builds have left. What a process runs on is kept.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--older-than", metavar="DAYS", type=_days, help="those that were not used for so many days")
    which.add_argument("--all", action="store_true", help="all")
    parser.set_defaults(command=prune)


def list_all(options: argparse.Namespace) -> int:
    """Print the environments; gives the exit status 0."""
    from mlsql_engine.environments.pruning import size_of
    from mlsql_engine.environments.store import EnvironmentStore, default_root

    rows = [
        {
            "key": stored.key,
            "manager": stored.record.manager,
            "python": stored.record.version,
            "size": size_of(stored.folder),
            "lastUsed": stored.used.isoformat(timespec="seconds"),
            "madeFor": stored.record.made_for,
            "packages": list(stored.record.packages),
        }
        for stored in EnvironmentStore(default_root()).all()
    ]
    _print("".join(json.dumps(row) + "\n" for row in rows) if options.format == "json" else _table(rows))
    return 0


def build(options: argparse.Namespace) -> int:
    """Build what a file or folder wants and print the path of its Python; gives the exit status 0."""
    from mlsql_engine.environments.plan import Choice
    from mlsql_engine.environments.ready import ready

    wanted = _wanted(options.path)
    environment = ready(wanted, Choice(options.manager), StreamProgress(), again=options.again)
    _print(f"{environment.python}\n")
    return 0


def prune(options: argparse.Namespace) -> int:
    """Remove environments and print what was removed; gives the exit status 0."""
    from mlsql_engine.environments import pruning
    from mlsql_engine.environments.store import EnvironmentStore, default_root

    now = datetime.now(UTC)
    before = now + timedelta(days=1) if options.all else now - timedelta(days=options.older_than)
    done = pruning.prune(EnvironmentStore(default_root()), before)
    progress = StreamProgress()
    for key, why in done.kept:
        progress.note(f"environment {key} is kept: {why}")
    _print("".join(f"{key}\n" for key in done.removed))
    progress.note(f"{len(done.removed)} removed, {shown_size(done.size)}")
    return 0


def _wanted(path: Path) -> Any:
    from mlsql_engine.environments.project_files import of_file, of_folder

    path = path.absolute()
    if not path.is_dir():
        return of_file(path)
    wanted = of_folder(path)
    if wanted is None:
        raise MlsqlError(
            f"nothing in {path} says what it wants of its environment",
            code="FILE_NOT_FOUND",
            hint="a project has a python_env.yaml, conda.yaml, requirements.txt or pyproject.toml",
        )
    return wanted


def _table(rows: list[dict[str, Any]]) -> str:
    from tabulate import tabulate

    from mlsql_engine.core.text_table import cell

    shown: dict[str, Callable[[dict[str, Any]], str]] = {
        "key": lambda row: row["key"],
        "manager": lambda row: row["manager"],
        "python": lambda row: row["python"],
        "size": lambda row: shown_size(row["size"]),
        "lastUsed": lambda row: row["lastUsed"],
        "madeFor": lambda row: cell(row["madeFor"]),
        "packages": lambda row: cell(", ".join(row["packages"])),
    }
    cells = [[show(row) for show in shown.values()] for row in rows]
    return tabulate(cells, headers=list(shown), tablefmt="simple", disable_numparse=True) + "\n"


def _print(text: str) -> None:
    if sys.stdout is None:
        raise MlsqlError("standard output is closed", code="CANNOT_WRITE")
    from mlsql_engine.cli.output import unwritable

    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise unwritable(error) from error


def _days(text: str) -> int:
    days = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= days <= 36_500:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of days")
    return days
