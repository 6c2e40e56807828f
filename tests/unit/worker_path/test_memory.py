"""Freed memory stays with the process."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys

import pytest

import mlsql_sdk

PROGRAM = """
import resource, sys
from mlsql_sdk import memory
import numpy as np
if sys.argv[1] == "keep":
    memory.keep_freed()
def batch():
    made = [np.empty(1 << 21) for _ in range(3)]
    for one in made:
        one[:] = 1.0
for _ in range(4):
    batch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    batch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are glibc's")
def test_the_pages_of_a_batch_are_those_of_the_batch_before() -> None:
    folder = mlsql_sdk.__file__.rpartition("/mlsql_sdk/")[0]
    environment = {"PYTHONPATH": folder, "OPENBLAS_NUM_THREADS": "1"}

    def faults(word: str) -> int:
        command = [sys.executable, "-c", PROGRAM, word]
        return int(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

    pages = 10 * 3 * (1 << 24) // resource.getpagesize()
    assert faults("keep") < pages / 50
