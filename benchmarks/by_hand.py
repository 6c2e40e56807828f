"""Prediction over a parquet file as one would write it by hand for speed: two processes and nothing between them.

Both layouts give the sum of the predictions. Their processes have one thread of BLAS and OpenMP each, keep the
model and one matrix that every batch is copied into (column by column, as Arrow has it), and are started before the
first sum.

- `Halves`: each process scans its half of the file with a DuckDB of one thread, and predicts what it scans.
- `Feeding`: this process scans with DuckDB; the others predict matrices that it writes into memory they share.

`HalvesByPages` is the first with a setting of DuckDB that ours has and hardly anybody writes by hand.
"""

from __future__ import annotations

import os
import pickle
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import accumulate
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from benchmarks.workspace import BATCH_ROWS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    import numpy as np
    import pyarrow as pa

PROCESSES = 2
SLOTS = 2
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Layout(AbstractContextManager["Layout"], ABC):
    """Started processes that predict one file with one pickled model."""

    title: str
    _workers: list[Started]

    @abstractmethod
    def __init__(self, model: Path, file: Path) -> None: ...

    @abstractmethod
    def sum(self) -> float:
        """The sum of the predictions for the whole file."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()


class Halves(Layout):
    """Every process scans and predicts a part of the file."""

    title = "two processes that scan"
    by_pages = False

    def __init__(self, model: Path, file: Path) -> None:
        import pyarrow.parquet as pq

        metadata = pq.read_metadata(file)
        ends = accumulate(metadata.row_group(index).num_rows for index in range(metadata.num_row_groups))
        # A row group is decoded whole, so none of them is for both.
        middle = min(ends, key=lambda end: abs(end - metadata.num_rows / 2))
        parts = (f"file_row_number < {middle}", f"file_row_number >= {middle}")
        self._workers = [Started(_predict_a_part, str(model), str(file), part, self.by_pages) for part in parts]

    def sum(self) -> float:
        for worker in self._workers:
            worker.pipe.send(True)
        return float(sum(worker.pipe.recv() for worker in self._workers))


class HalvesByPages(Halves):
    """Halves that read the file page by page, not in blocks that are fetched ahead."""

    title = "two processes that scan page by page"
    by_pages = True


class Feeding(Layout):
    """This process scans, the others predict."""

    title = "one that scans and two that predict"

    def __init__(self, model: Path, file: Path) -> None:
        import duckdb
        import pyarrow.parquet as pq

        self._features = pq.read_metadata(file).num_columns
        self._scan = f"FROM '{file}'"
        self._database = duckdb.connect()
        size = BATCH_ROWS * self._features * 8
        self._slots = [SharedMemory(create=True, size=size) for _ in range(PROCESSES * SLOTS)]
        names = [slot.name for slot in self._slots]
        self._workers = [Started(_predict_slots, str(model), names, self._features) for _ in range(PROCESSES)]

    def sum(self) -> float:
        pipes = [worker.pipe for worker in self._workers]
        free = [(pipe, place * SLOTS + slot) for slot in range(SLOTS) for place, pipe in enumerate(pipes)]
        busy, total = 0, 0.0
        for batch in self._database.sql(self._scan).to_arrow_reader(BATCH_ROWS):
            while not free or any(pipe.poll() for pipe in pipes):
                for pipe in wait(pipes):
                    slot, answer = pipe.recv()
                    total += answer
                    busy -= 1
                    free.append((pipe, slot))
            pipe, slot = free.pop(0)
            _fill(_matrix(self._slots[slot], self._features), batch)
            pipe.send((slot, batch.num_rows))
            busy += 1
        while busy:
            for pipe in wait(pipes):
                total += pipe.recv()[1]
                busy -= 1
        return total

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        for slot in self._slots:
            slot.close()
            slot.unlink()
        self._database.close()


class Started:
    """A process that answers what it reads from a pipe, until that is None."""

    def __init__(self, work: Any, *arguments: Any) -> None:
        context = get_context("spawn")
        self.pipe, there = context.Pipe()
        with _one_thread():
            self._process = context.Process(target=work, args=(there, *arguments), daemon=True)
            self._process.start()
        there.close()

    def end(self) -> None:
        self.pipe.send(None)
        self._process.join()


@contextmanager
def _one_thread() -> Iterator[None]:
    """What is started meanwhile computes with one thread."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _predict_a_part(pipe: Connection, model_path: str, file: str, part: str, by_pages: bool) -> None:
    import duckdb
    import numpy as np

    model = _loaded(model_path)
    with duckdb.connect(config={"threads": 1}) as database:
        database.execute(f"SET disable_parquet_prefetching = {by_pages}")
        scan = f"SELECT * EXCLUDE (file_row_number) FROM read_parquet('{file}', file_row_number=true) WHERE {part}"
        features = len(database.sql(scan).columns)
        matrix = np.empty((BATCH_ROWS, features), order="F")
        while pipe.recv():
            total = 0.0
            for batch in database.sql(scan).to_arrow_reader(BATCH_ROWS):
                _fill(matrix, batch)
                total += model.predict(matrix[: batch.num_rows]).sum()
            pipe.send(total)


def _predict_slots(pipe: Connection, model_path: str, names: list[str], features: int) -> None:
    model = _loaded(model_path)
    slots = [SharedMemory(name) for name in names]
    while (told := pipe.recv()) is not None:
        slot, rows = told
        pipe.send((slot, float(model.predict(_matrix(slots[slot], features)[:rows]).sum())))
    for shared in slots:
        shared.close()


def predict_a_row(pipe: Connection, model_path: str, features: int) -> None:
    """Predict one row of zeros, which is here already, whenever the pipe says so."""
    import numpy as np

    model, row = _loaded(model_path), np.zeros((1, features))
    while pipe.recv():
        model.predict(row)
        pipe.send(True)


def _loaded(path: str) -> Any:
    with Path(path).open("rb") as file:
        return pickle.load(file)


def _matrix(slot: SharedMemory, features: int) -> np.ndarray:
    import numpy as np

    return np.ndarray((BATCH_ROWS, features), np.float64, buffer=slot.buf, order="F")


def _fill(matrix: np.ndarray, batch: pa.RecordBatch) -> None:
    for place, column in enumerate(batch.columns):
        matrix[: len(column), place] = column.to_numpy()
