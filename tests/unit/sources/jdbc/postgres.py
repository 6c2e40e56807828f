"""A PostgreSQL server of our own, where there is one installed: on a socket in a folder, for one user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

USER, PASSWORD = "shopper", "hunter2"


@contextmanager
def server() -> Iterator[str]:
    """The address of its databases, without a database's name. Skips the test where none is installed."""
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl on PATH")
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        word = folder / "password"
        word.write_text(PASSWORD, encoding="utf-8")
        data = folder / "data"
        data.mkdir(mode=0o700)
        owner = _unprivileged(folder)
        _run(
            owner, "initdb", "-D", data, "-U", USER, f"--pwfile={word}", "-A", "scram-sha-256", "-N", "--no-locale"
        )
        settings = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _run(owner, "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", settings, "start")
        try:
            yield f"jdbc:postgresql://{quote(str(folder), safe='')}"
        finally:
            _run(owner, "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _unprivileged(folder: Path) -> str | None:
    """The user who runs the server, which root must not, and who owns the folder from now on."""
    if os.geteuid() != 0:
        return None
    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    for path in (folder, *folder.iterdir()):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return owner.pw_name


def _run(owner: str | None, *command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        user=owner,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
