"""How much memory processes have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine.workers import memory
from mlsql_engine.workers.memory import memory_of, memory_shared_out, most_memory

FORKS = """
import os, signal
kept = bytearray(b"x") * (100 << 20)
for _ in range(3):
    if os.fork() == 0:
        signal.pause()
print("ready", flush=True)
input()
os.killpg(0, signal.SIGKILL)
"""


def test_what_forks_share_counts_once_where_it_is_shared_out() -> None:
    with subprocess.Popen(
        [sys.executable, "-S", "-c", FORKS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        alone, together, shared_out = (
            memory_of(process.pid, with_children=False) >> 20,
            memory_of(process.pid, with_children=True) >> 20,
            memory_shared_out(process.pid) >> 20,
        )
        process.communicate("\n")
    assert 100 <= alone < 120
    assert 400 <= together < 480
    assert 100 <= shared_out < 130
    assert memory_of(process.pid, with_children=True) == memory_shared_out(process.pid) == 0


@pytest.fixture
def limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(memory, "_CGROUP_LIMITS", (str(tmp_path / "memory.max"), str(tmp_path / "limit")))
    most_memory.cache_clear()
    yield tmp_path
    most_memory.cache_clear()


@pytest.mark.parametrize("name", ["memory.max", "limit"])
def test_a_containers_limit(limits: Path, name: str) -> None:
    (limits / name).write_text("1000000\n")
    assert most_memory() == 800_000


@pytest.mark.parametrize("text", ["max\n", "", "9223372036854771712\n"])
def test_a_container_without_a_limit(limits: Path, text: str) -> None:
    (limits / "memory.max").write_text(text)
    with_file = most_memory()
    (limits / "memory.max").unlink()
    most_memory.cache_clear()
    assert with_file == most_memory() > 0


def test_memory_that_cannot_be_read_is_none() -> None:
    """A process without a free descriptor opens nothing in /proc."""
    code = (
        "import os, resource\n"
        "from mlsql_engine.workers.memory import memory_of, memory_shared_out\n"
        "assert memory_of(os.getpid(), with_children=True) > 0\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
        "print(memory_of(os.getpid(), with_children=True), memory_shared_out(os.getpid()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0 0\n"
