"""How much memory processes have, and how much there is."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_MOST_OF_MEMORY = 0.8
_PSS = re.compile(r"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)


def memory_of(pid: int, *, with_children: bool) -> int:
    """The resident bytes of a process, without what it shares; 0 when it is gone, or cannot be read."""
    import psutil

    total = 0
    # Without a free descriptor nothing can be read either.
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        for one in [process, *(process.children(recursive=True) if with_children else [])]:
            with suppress(psutil.Error, OSError):
                memory = one.memory_info()
                total += memory.rss - getattr(memory, "shared", 0)
    return total


def memory_shared_out(pid: int) -> int:
    """The same with children, where what forked processes have in common counts once; 0 where nobody tells.

    It takes longer: the kernel looks at every page (proc_pid_smaps_rollup, Pss_Anon).
    """
    import psutil

    total = 0
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with suppress(OSError):
                text = Path(f"/proc/{one.pid}/smaps_rollup").read_text(encoding="ascii")
                found = _PSS.search(text)
                total += int(found.group(1)) << 10 if found else 0
    return total


_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@lru_cache(maxsize=1)
def most_memory() -> int:
    """80 % of the memory of the machine, or of the container, in bytes."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _CGROUP_LIMITS:
        with suppress(OSError, ValueError):
            sizes.append(int(Path(name).read_text(encoding="ascii")))
    return int(min(sizes) * _MOST_OF_MEMORY)
