"""What the benchmarks of one run share: its size and the data, made once, in a folder that goes away."""

from __future__ import annotations

import compileall
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from benchmarks.models import Trained
    from mlsql_engine.engines.base import Engine

ROOT_EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
COLUMNS = 30
BATCH_ROWS = 65_536
_ROW_GROUP = 122_880  # DuckDB's own


@dataclass
class Workspace:
    """A run: how many rows, how often, whether it is `quick`, its folder, and the models that it has trained."""

    folder: Path
    rows: int
    repeats: int
    quick: bool = False
    trained: dict[tuple[str, Path], Trained] = field(default_factory=dict)

    def cache_bytecode(self) -> None:
        """Let processes find compiled what they import, as after any first run, whatever the environment says."""
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ.pop("PYTHONPYCACHEPREFIX", None)
        # Beside the sources, where an installation puts it: workers get a copy of both.
        compileall.compile_dir(ROOT_EXAMPLES.parent / "src", quiet=1)

    @property
    def row_rows(self) -> int:
        """Rows for what takes a fraction of a millisecond a row."""
        return self.rows // 20

    @property
    def row_repeats(self) -> int:
        """Counted runs of the same."""
        return max(1, self.repeats - 1)

    def told(self, text: str) -> None:
        """Tell whoever waits what is going on."""
        print(text, file=sys.stderr, flush=True)

    def new_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True)
        return path

    @cached_property
    def matrix(self) -> np.ndarray:
        """rows x 30 normal numbers."""
        import numpy as np

        return np.random.default_rng(0).standard_normal((self.rows, COLUMNS))

    @cached_property
    def table(self) -> pa.Table:
        """The matrix as 30 Arrow columns in batches of 65,536."""
        import numpy as np
        import pyarrow as pa

        columns = [np.ascontiguousarray(self.matrix[:, index]) for index in range(COLUMNS)]
        whole = pa.table({f"c{index}": column for index, column in enumerate(columns)})
        return pa.Table.from_batches(whole.to_batches(max_chunksize=BATCH_ROWS))

    @cached_property
    def numbers(self) -> Path:
        """A parquet file of 30 double columns."""
        import pyarrow.parquet as pq

        self.told(f"making {self.rows:,} x {COLUMNS} doubles as parquet")
        path = self.folder / "numbers.parquet"
        pq.write_table(self.table, path, row_group_size=_ROW_GROUP)
        return path

    @cached_property
    def vectors(self) -> Path:
        """A parquet file of one column `features`, dense vectors as other programs write them."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from mlsql_sdk import vectors

        path = self.folder / "vectors.parquet"
        table = pa.table({"features": vectors.from_matrix(self.matrix)})
        pq.write_table(table, path, row_group_size=_ROW_GROUP)
        return path

    @cached_property
    def libsvm(self) -> Path:
        """A libsvm file, every feature of every row given."""
        import duckdb

        self.told(f"making {self.rows:,} x {COLUMNS} doubles as libsvm text")
        path = self.folder / "data.svm"
        features = " || ".join(f"' {index + 1}:' || c{index}" for index in range(COLUMNS))
        select = f"SELECT (c0 > 0)::INTEGER || {features} FROM '{self.numbers}'"
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({select}) TO '{path}' (FORMAT csv, HEADER false, QUOTE '')")
        return path


@contextmanager
def bare_engine() -> Iterator[Engine]:
    """An engine of its own, as a session has one, without functions."""
    from mlsql_engine.core.progress import SilentProgress
    from mlsql_engine.core.scratch import Scratch
    from mlsql_engine.registries import engines
    from mlsql_engine.workers.catalog import Functions
    from mlsql_engine.workers.host import WorkerHost
    from mlsql_engine.workers.roster import Roster

    scratch = Scratch()
    functions = Functions(WorkerHost().pools, Roster(), SilentProgress())
    engine = engines().find("duckdb")(functions, scratch)
    try:
        yield engine
    finally:
        engine.close()
        scratch.close()
