"""How soon a function is opened again that could not be.

Each try may start an interpreter, which takes seconds of a core and hundreds of MiB before it fails: where every
request tried again, a function that nobody can open would slow down all others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mlsql_engine.core.functions import FunctionSpec

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class _Failure:
    spec: FunctionSpec
    error: Exception
    pause: float
    until: float


class OpeningPace:
    """The functions whose last opening failed: what it raised, and until when it is raised again instead of a try.

    The pause is FIRST_PAUSE seconds after the first failure, then twice as long, at most LONGEST_PAUSE. Another
    registration of the name is tried at once. `clock` tells seconds, from any time on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, _Failure] = {}

    def failed(self, key: str, spec: FunctionSpec, error: Exception) -> None:
        """It could not be opened."""
        before = self._of(key, spec)
        pause = FIRST_PAUSE if before is None else min(2 * before.pause, LONGEST_PAUSE)
        self._failures[key] = _Failure(spec, error, pause, self._clock() + pause)

    def error(self, key: str, spec: FunctionSpec) -> Exception | None:
        """What the last opening raised, as long as it is not to be tried again."""
        failure = self._of(key, spec)
        return None if failure is None or self._clock() >= failure.until else failure.error

    def forget(self, key: str) -> None:
        """It was opened, or is not there any more."""
        self._failures.pop(key, None)

    def _of(self, key: str, spec: FunctionSpec) -> _Failure | None:
        failure = self._failures.get(key)
        return failure if failure is not None and failure.spec is spec else None
