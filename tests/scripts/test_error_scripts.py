"""Wrong scripts: the whole text of their errors.

See golden.py for how the expected texts are written.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import golden
from scripts.reported import REPORTED

KIND = "errors"


@pytest.mark.parametrize("script", golden.cases(KIND))
def test_the_error(script: Path) -> None:
    with golden.new_folder() as folder:
        text = golden.outcome(script, folder)
    assert text == golden.expected(script).read_text(encoding="utf-8")


def test_every_script_has_its_text_and_every_text_its_script() -> None:
    folder = golden.HERE / KIND
    names = {path.stem for path in folder.glob("*.mlsql")}
    assert names == {path.stem for path in folder.glob("*.expected")}
    assert {key for key in REPORTED if key.startswith(KIND)} <= {f"{KIND}/{name}" for name in names}


@pytest.mark.parametrize("text", [path.name for path in sorted((golden.HERE / KIND).glob("*.expected"))])
def test_no_expected_text_holds_what_is_not_for_users(text: str) -> None:
    content = (golden.HERE / KIND / text).read_text(encoding="utf-8")
    for internal in (
        "mlsql_relation_",
        "mlsql_function_",
        "mlsql_udf_",
        "mlsql_udaf_",
        "mlsql_argument_",
        "__values",
        "/tmp/",
        "VARCHAR",
        "site-packages",
        "LINE 1",
    ):
        assert internal not in content
    # An error in a script that is included names this one as the place of the include.
    assert f"{golden.FOLDER}/{Path(text).stem}.mlsql:" in content
