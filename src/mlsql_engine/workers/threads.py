"""How many threads native libraries use in processes that compute at the same time."""

from __future__ import annotations

import os

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def shared_out(processes: int) -> dict[str, str]:
    """The variables that share the cores out between so many processes; none for one.

    What the user has set stays.
    """
    if processes == 1:
        return {}
    return _limited(max(1, (os.cpu_count() or 1) // processes))


def limited(threads: int | None, processes: int) -> dict[str, str]:
    """The variables for so many threads in each; None: what `shared_out` says."""
    return shared_out(processes) if threads is None else {name: str(threads) for name in _VARIABLES}


def _limited(threads: int) -> dict[str, str]:
    return {name: str(threads) for name in _VARIABLES if name not in os.environ}
