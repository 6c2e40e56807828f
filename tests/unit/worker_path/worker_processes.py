"""Worker processes of any interpreter, spoken to as the host speaks to them; and folders of training data."""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlsql_sdk.wire import Channel, Kind, Message

WORKER_PATH = Path(__file__).parents[3] / "src" / "worker_path"
FORMATS = ("json", "csv", "parquet", "arrow")


def converse(
    kind: Kind, control: Mapping[str, Any], executable: str = sys.executable, before: str = ""
) -> tuple[list[Message], str]:
    """What a worker answers to one message, without HELLO, and what it prints; `before` is code to run first."""
    here, there = socket.socketpair()
    code = (
        f"import sys; sys.path.insert(0, {str(WORKER_PATH)!r}); {before}\nfrom mlsql_sdk.boot import main; main()"
    )
    environment = {
        **os.environ,
        "MLSQL_WORKER_FD": str(there.fileno()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = subprocess.Popen(
        [executable, "-c", code],
        pass_fds=(there.fileno(),),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    there.close()
    channel = Channel(here)
    try:
        assert channel.receive().kind is Kind.HELLO
        channel.send(kind, control)
        answers = [_received(channel)]
        while answers[-1].kind is Kind.PROGRESS:
            answers.append(_received(channel))
    finally:
        channel.close()
        printed = process.communicate(timeout=60)[0]
    return answers, printed


def _received(channel: Channel) -> Message:
    while (message := channel.receive()).kind is Kind.BEAT:
        pass
    return message


def run(
    script: Path | None, work: Path, fit_param: Mapping[str, str], executable: str = sys.executable, **more: Any
) -> tuple[Message, list[dict[str, Any]], str]:
    """Train on `work/data` into `work/model`: RESULT or FAILED, what was told meanwhile, what was printed."""
    system = {"tempDataLocalPath": str(work / "data"), "tempModelLocalPath": str(work / "model")}
    for name in ("validate", "evaluate"):
        if (work / name).is_dir():
            system[f"{name}DataLocalPath"] = str(work / name)
    parameters = {"internalSystemParam": system, "fitParam": dict(fit_param)}
    control = {"script": None if script is None else str(script), "parameters": parameters}
    answers, printed = converse(Kind.RUN, control, executable, **more)
    return answers[-1], [answer.control for answer in answers[:-1]], printed


def write(folder: Path, form: str, table: pa.Table) -> Path:
    """The table as one part file, as the host writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"part-00000.{form}"
    if form == "parquet":
        pq.write_table(table, path)
    elif form == "arrow":
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=3)
    else:
        rows = [{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()]
        with path.open("w", encoding="utf-8", newline="") as file:
            if form == "json":
                file.writelines(json.dumps(row) + "\n" for row in rows)
            else:
                writer_ = csv.DictWriter(file, table.column_names, lineterminator="\n")
                writer_.writeheader()
                writer_.writerows([{name: _text(value) for name, value in row.items()} for row in rows])
    return folder


def _plain(value: Any) -> Any:
    """A vector without the fields that it does not have, and a decimal as a number, as json has them."""
    if isinstance(value, dict):
        return {name: inside for name, inside in value.items() if inside is not None}
    return float(value) if type(value).__name__ == "Decimal" else value


def _text(value: Any) -> Any:
    if isinstance(value, (dict, bool)):
        return json.dumps(value, separators=(",", ":"))
    return "" if value is None else value


def interpreter(version: str) -> str | None:
    """An interpreter of that version on this machine, on PATH or where pyenv puts them; None without one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{version}"), *sorted(map(str, pyenv.glob(f"{version}*/bin/python")))]
    if version == "3.9":
        found.append(shutil.which("pypy3"))
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for path in filter(None, found):
        done = subprocess.run([path, "-c", ask], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return path
    return None
