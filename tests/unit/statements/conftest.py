from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recorded import RecordedProgress
from unit.statements.scripts import Scripts


@pytest.fixture
def progress() -> RecordedProgress:
    """What the session tells."""
    return RecordedProgress()


@pytest.fixture
def scripts(tmp_path: Path, progress: RecordedProgress) -> Iterator[Scripts]:
    """A session whose scripts lie in a folder of this test's own."""
    with Scripts(tmp_path, progress) as scripts:
        yield scripts
