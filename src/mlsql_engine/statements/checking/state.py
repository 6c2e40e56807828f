"""What a script is known to have made at some place in it, without having been run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.text import Text

UNKNOWN: Final = "\ue000"
"""Stands in a text for a value that only a run can tell."""


def is_known(text: Text) -> bool:
    """Whether the text can be told without running the script."""
    return UNKNOWN not in text.value


@dataclass
class State:
    """The names that are known, in lower case where they match in any case.

    `variables` have None for a value that only a run can tell. With `anything`, something that cannot be looked
    into may have made whatever a name stands for; with `any_table`, only tables. `made` are the files and folders
    that statements write.
    """

    tables: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    connections: set[str] = field(default_factory=set)
    variables: dict[str, str | None] = field(default_factory=dict)
    made: set[Path] = field(default_factory=set)
    anything: bool = False
    any_table: bool = False

    def copy(self) -> State:
        """The same, to be changed apart."""
        return State(
            set(self.tables),
            set(self.functions),
            set(self.connections),
            dict(self.variables),
            set(self.made),
            self.anything,
            self.any_table,
        )

    def may_have_table(self, name: str) -> bool:
        """Whether a table of that name, in lower case, has been made or may have been."""
        return name in self.tables or self.anything or self.any_table

    def join(self, branches: list[State]) -> None:
        """Take in what any of the branches may have made."""
        for branch in branches:
            self.tables |= branch.tables
            self.functions |= branch.functions
            self.connections |= branch.connections
            self.made |= branch.made
            self.anything |= branch.anything
            self.any_table |= branch.any_table
        for name in {name for branch in branches for name in branch.variables}:
            values = {branch.variables.get(name) for branch in branches}
            self.variables[name] = values.pop() if len(values) == 1 else None

    def is_made(self, path: Path) -> bool:
        """Whether a statement before writes the path, or a folder above it, or something in it."""
        return any(path == made or made in path.parents or path in made.parents for made in self.made)


class Values(Mapping[str, str]):
    """A state's variables as `fill` takes them: what is not known is UNKNOWN."""

    def __init__(self, variables: Mapping[str, str | None], now: datetime) -> None:
        self._variables = variables
        self.now = now

    def __getitem__(self, name: str) -> str:
        value = self._variables.get(name)
        return UNKNOWN if value is None else value

    def __contains__(self, name: object) -> bool:
        return name in self._variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


@dataclass
class Findings:
    """What is wrong, in the order in which it was found; nothing is told twice."""

    problems: list[MlsqlError] = field(default_factory=list)

    def add(self, problem: MlsqlError) -> None:
        """Take down a problem."""
        if self._key(problem) not in map(self._key, self.problems):
            self.problems.append(problem)

    def _key(self, problem: MlsqlError) -> tuple[object, ...]:
        span = problem.span
        place = (span.source.name, span.start) if span is not None else None
        return place, problem.code, problem.message


def in_reading_order(problems: Sequence[MlsqlError]) -> list[MlsqlError]:
    """The problems script by script, as the scripts were come upon, and from the top to the bottom of each."""
    names = [problem.span.source.name if problem.span is not None else "" for problem in problems]
    order = {name: index for index, name in reversed(list(enumerate(names)))}
    starts = [problem.span.start if problem.span is not None else 0 for problem in problems]
    ranked = sorted(zip((order[name] for name in names), starts, range(len(problems)), strict=True))
    return [problems[index] for _, _, index in ranked]
