"""Whom the jobs of one session tell how they go."""

from __future__ import annotations

from collections.abc import Callable

from mlsql_engine.core.jobs import Job
from mlsql_engine.core.progress import Progress


class JobProgress:
    """Passes on to the progress of the job that it is about; to `other` where that job has none.

    `current` gives the job that the calling thread runs or, for threads that run none (those that read what
    scripts print), the one that has the turn.
    """

    def __init__(self, other: Progress, current: Callable[[], Job | None]) -> None:
        self._other = other
        self._current = current

    def note(self, text: str) -> None:
        """See Progress."""
        self._to().note(text)

    def warn(self, code: str, text: str) -> None:
        """See Progress."""
        self._to().warn(code, text)

    def output(self, who: str, line: str) -> None:
        """See Progress."""
        self._to().output(who, line)

    def _to(self) -> Progress:
        job = self._current()
        return self._other if job is None or job.progress is None else job.progress
