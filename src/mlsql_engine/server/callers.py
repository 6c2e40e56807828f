"""Who asks, and what they may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What a caller may; each may what the ones before may. `NOBODY` has no token where one is needed."""

    NOBODY = 0
    PREDICT = 1
    RUN = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: `name` is what the audit log calls them."""

    name: str
    role: Role


LOCAL = Caller("local", Role.ADMIN)
"""Whoever reaches a server that has no tokens."""

NOBODY = Caller("nobody", Role.NOBODY)
"""Whoever sends no token to a server that has some, or one that it does not know."""
