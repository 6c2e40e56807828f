"""MLflow projects that tests write on the spot."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Session

SAVE = "import mlsql\nmlsql.save_model({'a': 1})\n"


class Project:
    """A project in the folder `project` of a test, and the statements that use it."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder
        self.place = folder / "project"
        self.place.mkdir()

    def write(self, entry_points: str, **files: str) -> None:
        """The MLproject file, and Python files by their names."""
        text = "name: demo\nentry_points:\n" + textwrap.indent(textwrap.dedent(entry_points), "  ")
        (self.place / "MLproject").write_text(text, encoding="utf-8")
        for name, content in files.items():
            (self.place / f"{name}.py").write_text(textwrap.dedent(content), encoding="utf-8")

    def run(self, script: str) -> list[dict[str, Any]]:
        """Run a script and give the rows of its last table."""
        table = self.session.run(script, name="test.mlsql", folder=self.folder)
        return [] if table is None else table.to_arrow().to_pylist(maps_as_pydicts="strict")

    def train(self, options: str = "") -> list[dict[str, Any]]:
        """Train on the table `data` and give the result's rows."""
        return self.run(f'train data as PythonAlg.`model` where pythonScriptPath="project" {options};')

    def fails(self, options: str = "") -> MlsqlError:
        """Train, and give the error; nothing of a model may be there afterwards."""
        with pytest.raises(MlsqlError) as caught:
            self.train(options)
        assert not (self.folder / "model").exists()
        return caught.value

    def manifest(self, version: int = 0) -> dict[str, Any]:
        """What is known of a version."""
        place = self.folder / "model" / f"_model_{version}" / "meta" / "manifest.json"
        content: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        return content
