"""Memory that the host and a worker share: large batches are written there once and read where they lie.

The host makes it (memfd_create(2)) and hands the worker its descriptor. A PREDICT message then tells a slot, an
offset and a size in bytes, which holds an Arrow IPC stream of one batch
(https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format). With the answer the slot is the host's
again, unless the script has kept something of the batch: then the answer says so, and the host uses another slot.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa


class Slot(NamedTuple):
    """A part of the memory; both in bytes, `offset` a multiple of the page size."""

    offset: int
    size: int


class SharedBatches:
    """The worker's side: batches read from the slots, and which slots are still in use."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._maps: dict[Slot, mmap.mmap] = {}
        self._views: dict[Slot, memoryview] = {}

    def read(self, slot: Slot) -> pa.RecordBatch:
        """The batch in a slot, without a copy."""
        import pyarrow as pa

        if slot not in self._maps:
            self._maps[slot] = mmap.mmap(
                self._descriptor, slot.size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=slot.offset
            )
        view = memoryview(self._maps[slot])
        self._views[slot] = view
        return pa.ipc.open_stream(pa.py_buffer(view)).read_next_batch()

    def held(self) -> list[int]:
        """The offsets of the slots of which something is still used."""
        for slot, view in list(self._views.items()):
            try:
                view.release()
            except BufferError:
                continue
            del self._views[slot]
        return [slot.offset for slot in self._views]
