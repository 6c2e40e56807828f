"""Memory that two sides share: what one writes the other reads, and nothing that is still read is written over."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pyarrow as pa
import pytest

from mlsql_engine.workers import arena as host_arena
from mlsql_engine.workers.arena import LEAST_BYTES, Arena
from mlsql_sdk.arena import SharedBatches

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memfd_create(2) here")


@pytest.fixture
def arena() -> Iterator[Arena]:
    made = host_arena.make()
    assert made is not None
    yield made
    made.close()


@pytest.fixture
def worker(arena: Arena) -> SharedBatches:
    return SharedBatches(arena.descriptor)


def batch(rows: int, value: float = 1.0) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"x": pa.array([value] * rows)})


LARGE = LEAST_BYTES // 8


def test_what_is_written_is_read(arena: Arena, worker: SharedBatches) -> None:
    for value, rows in enumerate([LARGE, 3 * LARGE, LARGE, 20 * LARGE]):
        written = batch(rows, value)
        slot = arena.put(written)
        assert slot is not None
        read = worker.read(slot)
        assert read.equals(written)
        del read
        assert worker.held() == []


def test_columns_of_every_kind(arena: Arena, worker: SharedBatches) -> None:
    rows = 20_000
    written = pa.RecordBatch.from_pydict(
        {
            "text": pa.array(["a" * (row % 7) if row % 5 else None for row in range(rows)]),
            "list": pa.array([[1.0] * (row % 3) for row in range(rows)]),
            "struct": pa.array([{"a": row, "b": None} for row in range(rows)]),
            "name": pa.array(["x", "y"] * (rows // 2)).dictionary_encode(),
        }
    )
    slot = arena.put(written)
    assert slot is not None
    assert worker.read(slot).equals(written)


def test_what_is_small_or_huge_goes_by_the_socket(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    assert arena.put(batch(10)) is None
    monkeypatch.setattr(host_arena, "_MOST_BYTES", 4 * LEAST_BYTES)
    assert arena.put(batch(8 * LARGE)) is None
    assert arena.put(batch(2 * LARGE)) is not None


def test_a_slot_is_used_again(arena: Arena) -> None:
    assert arena.put(batch(LARGE)) == arena.put(batch(LARGE)) == arena.put(batch(LARGE + 10))


def test_a_slot_that_is_held_is_left_alone(arena: Arena, worker: SharedBatches) -> None:
    first = arena.put(batch(LARGE, 1.0))
    assert first is not None
    kept = worker.read(first).column(0)[10:20]
    assert worker.held() == [first.offset]
    arena.hold(worker.held())
    for value in (2.0, 3.0):
        slot = arena.put(batch(LARGE, value))
        assert slot is not None
        assert slot != first
        worker.read(slot)
        arena.hold(worker.held())
    assert kept.to_pylist() == [1.0] * 10
    del kept
    arena.hold(worker.held())
    assert arena.put(batch(LARGE)) in {first, slot}


def test_when_all_slots_are_held_it_goes_by_the_socket(arena: Arena, worker: SharedBatches) -> None:
    kept = []
    for value in range(4):
        slot = arena.put(batch(LARGE, value))
        assert slot is not None
        kept.append(worker.read(slot))
        arena.hold(worker.held())
    assert arena.put(batch(LARGE)) is None
    assert [old.column(0)[0].as_py() for old in kept] == [0.0, 1.0, 2.0, 3.0]


def test_memory_that_is_too_small_is_given_back(arena: Arena) -> None:
    size = LARGE
    while size < 1 << 20:
        assert arena.put(batch(size)) is not None
        size *= 4
    used = os.fstat(arena.descriptor).st_blocks * 512
    assert used < 3 * 8 * (1 << 20)


def test_a_limit_of_the_process(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", refuse)
        assert arena.put(batch(LARGE)) is None
    assert arena.put(batch(LARGE)) is not None


def test_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    assert host_arena.make() is None
