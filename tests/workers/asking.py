"""Registers functions in a session and asks them."""

from __future__ import annotations

import pickle
import textwrap
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine import MlsqlError, Session


class Asking:
    """A session, and the folder of its scripts and models."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder

    def run(self, text: str) -> list[dict[str, Any]]:
        """The rows of the script's last table."""
        table = self.table(text)
        return [] if table is None else list(table.to_pylist(maps_as_pydicts="strict"))

    def table(self, text: str) -> pa.Table | None:
        """The script's last table."""
        table = self.session.run(text, name="test.mlsql", folder=self.folder)
        return None if table is None else table.to_arrow()

    def fails(self, text: str) -> MlsqlError:
        """The error of a script."""
        with pytest.raises(MlsqlError) as caught:
            self.run(text)
        return caught.value

    def model(self, *made: Any, name: str = "model") -> Path:
        """Train a model that is an object, pickled, or an empty file; the folder that its files are in."""
        folder = "mlsql.internal_system_param['tempModelLocalPath']"
        text = pickle.dumps(made[0]) if made else b""
        ending = "pkl" if made else "txt"
        lines = [
            "import mlsql",
            f"with open({folder} + '/model.{ending}', 'wb') as file:",
            f"    file.write({text!r})",
        ]
        (self.folder / "train.py").write_text("\n".join(lines), encoding="utf-8")
        self.run(f'select 1 as a as t; train t as PythonAlg.`{name}` where pythonScriptPath="train.py" as trained;')
        return next((self.folder / name).glob("_model_*/model/0"))

    def script(self, text: str, options: str = "", name: str = "f") -> None:
        """Register a predict script of a model without anything in it."""
        if not (self.folder / "model").exists():
            self.model()
        (self.folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        self.run(f'register PythonAlg.`model` as {name} where pythonScriptPath="{name}.py" {options};')

    def code(self, text: str, options: str = "", name: str = "f") -> None:
        """Register code as a function."""
        self.run(f"register ScriptUDF.`` as {name} where code='''{textwrap.dedent(text)}\n''' {options};")
