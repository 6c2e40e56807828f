"""The host's side of the memory that it shares with one worker. See mlsql_sdk.arena."""

from __future__ import annotations

import mmap
import os
from collections.abc import Collection

import pyarrow as pa

from mlsql_sdk.arena import Slot

LEAST_BYTES = 1 << 17
"""What is smaller goes through the socket, which is faster for it."""
_MOST_SLOTS = 4
_MOST_BYTES = 1 << 28
_AROUND = 1 << 16


class Arena:
    """Slots that grow in number and size as they are needed; at most four of at most 256 MiB.

    Used by one thread at a time.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._end = 0
        self._maps: dict[Slot, mmap.mmap] = {}
        self._held: frozenset[int] = frozenset()

    def hold(self, offsets: Collection[int]) -> None:
        """Take down the slots that the worker has not done with."""
        self._held = frozenset(offsets)

    def put(self, batch: pa.RecordBatch) -> Slot | None:
        """Write the batch where the worker finds it; None where it should go through the socket, or has to."""
        if batch.num_rows == 1:  # to measure it would take a tenth of the time that it takes to send
            return None
        size = pa.ipc.get_record_batch_size(batch)
        if not LEAST_BYTES <= size <= _MOST_BYTES:
            return None
        slot = self._slot(size + batch.schema.serialize().size + _AROUND)
        if slot is None:
            return None
        sink = pa.FixedSizeBufferWriter(pa.py_buffer(self._maps[slot]))
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return slot

    def _slot(self, size: int) -> Slot | None:
        """A slot that is free and large enough."""
        for slot in self._maps:
            if slot.size >= size and slot.offset not in self._held:
                return slot
        if len(self._maps) - len(self._free()) >= _MOST_SLOTS:
            return None
        for slot in self._free():
            self._forget(slot)
        # Twice as large: batches grow until they are of the usual size.
        slot = Slot(self._end, -(-2 * size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY)
        self._end += slot.size
        try:
            os.ftruncate(self.descriptor, self._end)
            self._maps[slot] = mmap.mmap(self.descriptor, slot.size, offset=slot.offset)
        except OSError:  # a limit of this process
            return None
        return slot

    def _free(self) -> list[Slot]:
        return [slot for slot in self._maps if slot.offset not in self._held]

    def _forget(self, slot: Slot) -> None:
        """Give the memory of a slot that is too small back."""
        mapping = self._maps.pop(slot)
        if hasattr(mapping, "madvise") and hasattr(mmap, "MADV_REMOVE"):
            mapping.madvise(mmap.MADV_REMOVE)

    def close(self) -> None:
        """Forget all of it; what maps it keeps it."""
        self._maps.clear()
        os.close(self.descriptor)


def make() -> Arena | None:
    """A new one; None where the system has no such memory."""
    if not hasattr(os, "memfd_create"):
        return None
    return Arena(os.memfd_create("mlsql-arena", os.MFD_CLOEXEC))
