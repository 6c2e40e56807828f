"""Right scripts: the last table of each, with its types.

See golden.py for how the expected texts are written.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import golden
from scripts.reported import REPORTED

KIND = "good"


@pytest.mark.parametrize("script", golden.cases(KIND))
def test_the_table(script: Path) -> None:
    with golden.new_folder() as folder:
        text = golden.outcome(script, folder)
    assert text == golden.expected(script).read_text(encoding="utf-8")


def test_every_script_has_its_text_and_every_text_its_script() -> None:
    folder = golden.HERE / KIND
    names = {path.stem for path in folder.glob("*.mlsql")}
    assert names == {path.stem for path in folder.glob("*.expected")}
    assert {key for key in REPORTED if key.startswith(KIND)} <= {f"{KIND}/{name}" for name in names}
