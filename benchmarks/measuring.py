"""Times of ours and of the bare thing, taken in turns; a figure holds both and the bar between them."""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Bar:
    """What ours may cost at most: `times` the bare thing (0: whatever that takes), plus `plus` of its unit."""

    times: float = 1.0
    plus: float = 0.0

    def holds(self, ours: float, bare: float) -> bool:
        return ours <= bare * self.times + self.plus


@dataclass(frozen=True)
class AtLeast:
    """What ours has to reach, where more is better: `times` the bare thing, and `number` of its unit."""

    times: float = 0.0
    number: float = 0.0

    def holds(self, ours: float, bare: float) -> bool:
        return ours >= bare * self.times + self.number


@dataclass(frozen=True)
class Runs:
    """The seconds of every run of one thing, or what else a figure counts."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Figure:
    """One line of the report: what was measured, ours, the bare thing and what that is; no bar, no verdict.

    The numbers are seconds, or megabytes where `unit` is "MB", or so many a second where it is "/s",
    or counts where it is "".
    """

    what: str
    ours: Runs
    bare: Runs | None = None
    against: str = ""
    bar: Bar | AtLeast | None = None
    note: str = ""
    unit: Literal["s", "MB", "/s", ""] = "s"

    @property
    def passed(self) -> bool | None:
        if self.bar is None or (self.bare is None and self.bar.times):
            return None
        return self.bar.holds(self.ours.median, self.bare.median if self.bare else 0.0)


def timed(work: Callable[[], object], first: Callable[[], object] | None = None) -> Callable[[], float]:
    """The seconds that `work` takes; not those of `first`, nor of freeing what `work` gives."""

    def measure() -> float:
        if first is not None:
            first()
        gc.collect()
        start = time.perf_counter()
        kept = work()
        seconds = time.perf_counter() - start
        del kept
        return seconds

    return measure


def alternate(repeats: int, *measures: Callable[[], float], warm_up: bool = True) -> list[Runs]:
    """The runs of each: one of each in turn, `repeats` times; a round before that is not counted."""
    seconds: list[list[float]] = [[] for _ in measures]
    for turn in range(-1 if warm_up else 0, repeats):
        for place, measure in enumerate(measures):
            taken = measure()
            if turn >= 0:
                seconds[place].append(taken)
    return [Runs(tuple(item)) for item in seconds]


def without_bytecode() -> dict[str, str]:
    """An environment where nothing is compiled and nothing compiled is kept: all is compiled at every start."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": os.devnull}


def in_new_process(
    function: Callable[..., Any], *arguments: Any, environment: Mapping[str, str] | None = None
) -> Any:
    """What a top-level function gives in an interpreter of its own; arguments and answer are JSON."""
    call = json.dumps([function.__module__, function.__name__, arguments])
    command = [sys.executable, "-m", "benchmarks.measuring", call]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{function.__name__} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    from importlib import import_module

    module, name, given = json.loads(sys.argv[1])
    print(json.dumps(getattr(import_module(module), name)(*given)))
