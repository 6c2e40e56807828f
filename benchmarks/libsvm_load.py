"""Load a dense libsvm file into DuckDB, against scikit-learn's loader.

    python benchmarks/libsvm_load.py [--rows 1000000] [--columns 30] [--repeats 3]

The two take turns, each time in a new process; imports are not counted, reading the file (from the page
cache) and parsing are. Prints the medians, each process's peak memory and the ratio.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write(file: Path, rows: int, columns: int) -> None:
    import numpy as np

    random = np.random.default_rng(0)
    with file.open("w") as out:
        for start in range(0, rows, 20_000):
            size = min(20_000, rows - start)
            values = random.standard_normal((size, columns)).tolist()
            for label, row in zip(random.integers(0, 2, size).tolist(), values, strict=True):
                features = " ".join(f"{index}:{value!r}" for index, value in enumerate(row, 1))
                out.write(f"{label} {features}\n")


def load_with_sklearn(file: str) -> Callable[[], int]:
    from sklearn.datasets import load_svmlight_file

    return lambda: int(load_svmlight_file(file)[0].shape[0])


def load_with_mlsql(file: str) -> Callable[[], int]:
    import duckdb

    from mlsql_engine.engines.duckdb.libsvm import read_libsvm

    connection = duckdb.connect()

    def load() -> int:
        select = read_libsvm(connection, [file], "data", None)
        return int(connection.execute(f"SELECT count(*) FROM ({select})").fetchall()[0][0])

    return load


LOADERS = {"sklearn": load_with_sklearn, "mlsql": load_with_mlsql}


def measure(name: str, file: str) -> None:
    """In the process of one load: print its rows, seconds and peak memory in MB."""
    load = LOADERS[name](file)
    start = time.perf_counter()
    rows = load()
    seconds = time.perf_counter() - start
    print(rows, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measured(name: str, file: Path) -> tuple[int, float, float]:
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "src/worker_path")])
    command = [sys.executable, __file__, "--measure", name, str(file)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True, check=True
    )
    rows, seconds, megabytes = done.stdout.split()
    return int(rows), float(seconds), float(megabytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(*options.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.svm"
        write(file, options.rows, options.columns)
        megabytes = file.stat().st_size / 1e6
        print(f"{options.rows:,} rows x {options.columns}, {megabytes:,.0f} MB, {os.cpu_count()} cores")
        runs: dict[str, list[tuple[int, float, float]]] = {name: [] for name in LOADERS}
        for _ in range(options.repeats):
            for name, results in runs.items():
                results.append(measured(name, file))
    medians = {}
    for name, results in runs.items():
        assert {rows for rows, _, _ in results} == {options.rows}
        medians[name] = statistics.median(seconds for _, seconds, _ in results)
        peak = max(memory for _, _, memory in results)
        each = ", ".join(f"{seconds:.2f}" for _, seconds, _ in results)
        print(f"{name:8} {medians[name]:6.2f} s   peak {peak:,.0f} MB   ({each})")
    print(f"sklearn / mlsql = {medians['sklearn'] / medians['mlsql']:.2f}")


if __name__ == "__main__":
    main()
