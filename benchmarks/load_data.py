"""`mlsql.load_data(as_="numpy")` of 1,000,000 x 30 doubles from arrow: the time until the script has X and y.

The script reads the clock around the call, after its imports. The bare thing: the Arrow file read and its columns
put side by side by NumPy. The bar is 0.2 s.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import Bar, Figure, Runs, in_new_process
from benchmarks.workspace import COLUMNS, Workspace

_SCRIPT = """
import time, numpy, pyarrow, mlsql
from mlsql_sdk import local_data, vectors
start = time.perf_counter()
X, y = mlsql.load_data(as_="numpy")
taken = time.perf_counter() - start
assert X.shape[1] == {columns} and len(y) == len(X)
start = time.perf_counter()
import os
folder = mlsql.internal_system_param["tempDataLocalPath"]
table = pyarrow.ipc.open_file(pyarrow.memory_map(os.path.join(folder, os.listdir(folder)[0]))).read_all()
numpy.column_stack([table.column(name).to_numpy() for name in table.column_names if name != "label"])
print(taken, time.perf_counter() - start)
mlsql.save_model(1)
"""


def run(workspace: Workspace) -> list[Figure]:
    folder = workspace.new_folder("load_data")
    (folder / "load.py").write_text(_SCRIPT.format(columns=COLUMNS))
    pairs = [in_new_process(loading, str(folder), str(workspace.numbers)) for _ in range(max(3, workspace.repeats))]
    ours, bare = (Runs(tuple(times)) for times in zip(*pairs, strict=True))
    what = f'load_data(as_="numpy") of {workspace.rows:,} x {COLUMNS} from arrow'
    return [Figure(what, ours, bare, "pyarrow file + numpy.column_stack", Bar(0, 0.2))]


def loading(folder: str, numbers: str) -> list[float]:
    """The seconds of both, as the script printed them."""
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    with connect(progress=SilentProgress()) as session:
        session.run(f"load parquet.`{numbers}` as n; select *, int(c0 > 0) as label from n as t;")
        table = session.run(
            'train t as PythonAlg.`model` where pythonScriptPath="load.py" and dataLocalFormat="arrow" '
            'and keepVersion="false";',
            folder=Path(folder),
        )
        assert table is not None
        return [float(word) for word in table.to_arrow().column("message")[0].as_py().split()]
