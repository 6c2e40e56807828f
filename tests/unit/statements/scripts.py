"""Running scripts in a session, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Settings, connect
from recorded import RecordedProgress


class Scripts:
    """A session; a context manager."""

    def __init__(
        self, folder: Path, progress: RecordedProgress | None = None, settings: Settings | None = None, **given: str
    ) -> None:
        self.folder = folder
        self.session = connect(progress=progress or RecordedProgress(), settings=settings, variables=given)

    def run(self, text: str, **variables: str) -> list[dict[str, Any]]:
        """The last table's rows; none where there is no table."""
        table = self.session.run(text, folder=self.folder, variables=variables)
        return [] if table is None else list(table.to_arrow().to_pylist(maps_as_pydicts="lossy"))

    def value(self, text: str, **variables: str) -> Any:
        """The only value of the last table."""
        (row,) = self.run(text, **variables)
        (value,) = row.values()
        return value

    def fails(self, text: str, **variables: str) -> MlsqlError:
        """The error that the script ends with."""
        with pytest.raises(MlsqlError) as caught:
            self.run(text, **variables)
        return caught.value

    def __enter__(self) -> Scripts:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
