"""What a session may do beyond SQL and models, decided by whoever starts it and not by its scripts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlsql_engine.core.reach import Reach


@dataclass(frozen=True)
class Settings:
    """`shell` allows variables of the type shell; `http_include` allows `include http`.

    `roots` are the folders that scripts may touch, None: all. Where there are some, `addresses` are how the remote
    addresses begin that scripts may reach. Python that a script runs is not held by either: it may what the process
    may.

    Whoever runs a script on their own machine runs their own commands; a server turns both off.
    """

    shell: bool = True
    http_include: bool = False
    roots: tuple[Path, ...] | None = None
    addresses: tuple[str, ...] = ()

    @cached_property
    def reach(self) -> Reach | None:
        """What scripts may name; None: anything."""
        return None if self.roots is None else Reach.of(self.roots, self.addresses)
