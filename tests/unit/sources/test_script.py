"""Scripts as tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine import MlsqlError
from unit.statements.scripts import Scripts


@pytest.fixture
def scripts(tmp_path: Path) -> object:
    with Scripts(tmp_path) as scripts:
        yield scripts


def test_the_encoding_that_a_file_names(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes("# coding: latin-1\nname = 'é'\n".encode("latin-1"))
    (row,) = scripts.run("load script.`latin.py` as t;")
    assert row == {"value": "# coding: latin-1\nname = 'é'\n", "file": str(tmp_path / "latin.py")}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name = '\xe9'\n", "is no text: invalid or missing encoding declaration"),
        (b"# coding: latin-7b\n", "is no text: unknown encoding"),
    ],
)
def test_a_file_that_is_no_text(scripts: Scripts, tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "broken.py").write_bytes(content)
    error = scripts.fails("load script.`broken.py` as t;")
    assert error.code == "ENCODING"
    assert error.message.startswith(f"the file {tmp_path / 'broken.py'} {message}")


def test_a_folder(scripts: Scripts, tmp_path: Path) -> None:
    error = scripts.fails("load script.`.` as t;")
    assert (error.code, error.message) == ("UNKNOWN_SCRIPT", f"the script {tmp_path} is a folder")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("save overwrite t as script.`x`;", "script cannot be saved"),
        ("load script.`v` where a='1' as u;", "'a' is not an option of load script"),
        ("load script.`` as u;", "the path is empty"),
    ],
)
def test_what_cannot_be(scripts: Scripts, statement: str, message: str) -> None:
    error: MlsqlError = scripts.fails("select 1 as a as t; set v = 'x'; " + statement)
    assert error.message == message
