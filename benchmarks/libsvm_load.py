"""Load a dense libsvm file: `load libsvm` in a session and a query over it, against scikit-learn's loader.

Each takes turns in a new process; imports and opening the session are not counted, reading the file (from the
page cache), parsing it and holding all of it in memory are. The second line has every parsed row come out of the
engine again as Arrow, which scikit-learn's CSR matrix does not need.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Bar, Figure, Runs, alternate, in_new_process
from benchmarks.workspace import Workspace


def run(workspace: Workspace) -> list[Figure]:
    file, memory = str(workspace.libsvm), dict[str, float]()

    def loader(load: Callable[..., tuple[int, float, float]]) -> Callable[[], float]:
        def measure() -> float:
            rows, seconds, megabytes = in_new_process(load, file)
            assert rows == workspace.rows, (rows, workspace.rows)
            memory[load.__name__] = max(megabytes, memory.get(load.__name__, 0))
            return seconds

        return measure

    runs: list[Runs] = alternate(
        workspace.repeats, *map(loader, (with_sklearn, with_mlsql, with_mlsql_to_arrow)), warm_up=False
    )
    size = f"{workspace.rows:,} x 30, {workspace.libsvm.stat().st_size / 1e6:,.0f} MB"
    peaks = {name: f"{value:,.0f} MB" for name, value in memory.items()}
    against = "sklearn load_svmlight_file"
    note = f"peak memory {peaks['with_mlsql']}, sklearn {peaks['with_sklearn']}"
    return [
        Figure(f"load libsvm and count, {size}", runs[1], runs[0], against, Bar(1.0), note),
        Figure("load libsvm and stream all of it", runs[2], runs[0], against, Bar(1.0)),
    ]


def with_sklearn(file: str) -> tuple[int, float, float]:
    from sklearn.datasets import load_svmlight_file

    start = time.perf_counter()
    features, _ = load_svmlight_file(file)
    return int(features.shape[0]), time.perf_counter() - start, _peak()


def with_mlsql(file: str) -> tuple[int, float, float]:
    return _in_session(file, stream=False)


def with_mlsql_to_arrow(file: str) -> tuple[int, float, float]:
    return _in_session(file, stream=True)


def _in_session(file: str, *, stream: bool) -> tuple[int, float, float]:
    from mlsql_engine import connect

    with connect() as session:
        session.run("select 1 as a as warm;")
        start = time.perf_counter()
        table = session.run(f"load libsvm.`{file}` as data;")
        if stream:
            rows = sum(batch.num_rows for batch in table.stream())
        else:
            counted = session.run("select count(*) as n, sum(label) as positive from data as counted;").to_arrow()
            rows = counted.column("n")[0].as_py()
        return rows, time.perf_counter() - start, _peak()


def _peak() -> float:
    """The most memory in MB; getrusage would tell that of the process which this one was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
