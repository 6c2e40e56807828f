"""Who is told of a pool's workers: a session, in its own words for the function."""

from __future__ import annotations

from dataclasses import dataclass

from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.core.progress import Progress
from mlsql_engine.workers.roster import Roster


@dataclass(frozen=True, eq=False)
class Audience:
    """A session's list of workers and whom it shows things, for one of its functions."""

    spec: FunctionSpec
    roster: Roster
    progress: Progress

    @property
    def title(self) -> str:
        """What the session calls the function."""
        return self.spec.title

    def tell(self, number: int, line: str) -> None:
        """Pass on a line that a worker has printed."""
        self.roster.heard(number, self.title, line)
        self.progress.output(self.spec.called or self.spec.name, line)
