"""Scripts with the text that they must give.

`errors/*.mlsql`: the whole error; `good/*.mlsql`: the last table; `check/*.mlsql`: what `mlsql check` says, as JSON
lines where the script's name begins with `json`.

Each script runs in a copy of its folder, beside the folder `data`, which has a database `shop.db` too. What stands
beside it as `.expected` is written anew by

    PYTHONPATH=tests python -m scripts.golden --write [tests/scripts/errors/NAME.mlsql …]

and must be read before it is believed. `reported.py` lists those that do not give what they should yet.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, connect
from mlsql_engine.cli.main import main
from mlsql_engine.core.progress import SilentProgress
from scripts.reported import REPORTED

HERE = Path(__file__).resolve().parent
FOLDER = "<folder>"
KINDS = ("errors", "good", "check")


def cases(kind: str) -> list[Any]:
    """The scripts of the folder `kind` as parameters of a test; those that are reported are strict failures."""
    return [
        pytest.param(
            script,
            id=script.stem,
            marks=[pytest.mark.xfail(strict=True, reason=REPORTED[name(script)])]
            if name(script) in REPORTED
            else [],
        )
        for script in scripts(kind)
    ]


def scripts(kind: str) -> list[Path]:
    """The scripts of the folder `kind`, in the order of their names."""
    return sorted((HERE / kind).glob("*.mlsql"))


def name(script: Path) -> str:
    """What `REPORTED` and the tests call a script: `errors/unknown_table`."""
    return f"{script.parent.name}/{script.stem}"


def expected(script: Path) -> Path:
    """Where the text that a script must give is kept."""
    return script.with_suffix(".expected")


def outcome(script: Path, folder: Path) -> str:
    """What the script gives when it is run in `folder`, a new one."""
    place = placed(script, folder)
    run = {"errors": error_text, "good": rows_text, "check": check_text}[script.parent.name]
    text = run(place)
    # Which worker is asked depends on how fast the first one is.
    text = re.sub(r"(= worker:\n +\| )\d+", r"\1<number>", text)
    return text.replace(str(folder), FOLDER).replace(f"runs on {platform.python_version()}", "runs on <version>")


def placed(script: Path, folder: Path) -> Path:
    """A copy of the script in the folder, with its data beside it."""
    shutil.copytree(script.parent / "data", folder / "data")
    make_shop(folder / "data" / "shop.db")
    return Path(shutil.copy(script, folder / script.name))


def check_text(script: Path) -> str:
    """What `mlsql check` writes to standard output and standard error, and its exit status."""
    form = "json" if script.stem.startswith("json") else "text"
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(["check", str(script), "--format", form, "--set", "given=x"])
    return f"{out.getvalue()}standard error: {err.getvalue()}exit status: {status}\n"


def make_shop(path: Path) -> None:
    """A sqlite database: a table of orders, an empty one, and one whose column is text further on."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            """
            CREATE TABLE orders (id INTEGER, price REAL, item TEXT, image BLOB);
            INSERT INTO orders VALUES (1, 2.5, 'tea', x'00ff'), (2, NULL, NULL, NULL), (3, 4, 'cup', NULL);
            CREATE TABLE returned (id INTEGER, reason TEXT);
            CREATE TABLE readings (value);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
            INSERT INTO readings SELECT i FROM n;
            INSERT INTO readings VALUES ('broken');
            """
        )


def error_text(script: Path) -> str:
    """The whole error of a script, which must have one when it runs or when its last table is read."""
    with connect(progress=SilentProgress()) as session:
        try:
            table = session.run_file(script)
            if table is not None:
                table.to_arrow()
        except MlsqlError as error:
            return error.render() + "\n"
    raise AssertionError(f"{script.name} ended without an error")


def rows_text(script: Path) -> str:
    """The last table of a script, one JSON object per row, its columns' types first."""
    with connect(progress=SilentProgress()) as session:
        table = session.run_file(script)
        if table is None:
            raise AssertionError(f"{script.name} ended without a table")
        arrow = table.to_arrow()
    types = {field.name: str(field.type) for field in arrow.schema}
    lines = [types, *(_plain(row) for row in arrow.to_pylist())]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder under a path without links, so that all messages spell it alike."""
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        yield Path(folder).resolve()


def write() -> None:
    """Write the expected texts of the scripts that are named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", required=True, help="write the .expected files")
    parser.add_argument("scripts", nargs="*", type=Path, help="scripts; without any, all")
    options = parser.parse_args()
    every = [script for kind in KINDS for script in scripts(kind) if name(script) not in REPORTED]
    for script in [path.resolve() for path in options.scripts] or every:
        with new_folder() as folder:
            text = outcome(script, folder)
        if not expected(script).exists() or expected(script).read_text(encoding="utf-8") != text:
            expected(script).write_text(text, encoding="utf-8")
            sys.stdout.write(f"=== {name(script)}\n{text}\n")


if __name__ == "__main__":
    write()
