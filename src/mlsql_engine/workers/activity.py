"""What a worker does for functions: numbers that its thread writes and anybody may read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["loading", "idle", "busy", "ended"]


@dataclass
class Activity:
    """`memory` and `peak_memory` are bytes of its own and its children's, without what it shares with the host.

    `busy_seconds` are those of its batches; `since` is the monotonic time at which the state began.
    """

    state: State = "loading"
    since: float = 0.0
    batches: int = 0
    rows: int = 0
    failures: int = 0
    busy_seconds: float = 0.0
    memory: int = 0
    peak_memory: int = 0
    lost: str = field(default="")
    """The code of the error by which its process was lost; empty while it lives, and when it was ended in peace."""
