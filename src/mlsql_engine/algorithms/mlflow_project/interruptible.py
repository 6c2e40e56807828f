"""Work in a thread that ends with its statement."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from mlsql_engine.core.signals import held_signals
from mlsql_engine.environments.commands import Ending

T = TypeVar("T")
_LOOK_SECONDS = 0.1


def interruptible(work: Callable[[Ending], T], check: Callable[[], None]) -> T:
    """What the work gives, whose programs are ended where `check`, called again and again, raises."""
    ending = Ending()
    with ThreadPoolExecutor(1, thread_name_prefix="mlsql-project") as executor:
        working = executor.submit(work, ending)
        try:
            while not wait([working], _LOOK_SECONDS).done:
                check()
        except BaseException:
            with held_signals():
                ending.kill()
                executor.shutdown(wait=True)
            raise
        return working.result()
