"""How much work a call is, counted and not timed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines_run(call: Callable[[], object]) -> int:
    """How many lines of Python a call runs in this thread: a measure of its work that no clock disturbs.

    The collector of garbage rests meanwhile: it would run finalizers and callbacks of others (hypothesis has one)
    in the midst of the call, at times that depend on what ran before.
    """
    count = 0

    def tell(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return tell

    before, collected = sys.gettrace(), gc.isenabled()
    gc.disable()
    sys.settrace(tell)
    try:
        call()
    finally:
        sys.settrace(before)
        if collected:
            gc.enable()
    return count
