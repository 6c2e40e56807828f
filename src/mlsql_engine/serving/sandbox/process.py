"""The process of a sandbox. It is killed where it takes too long, and cannot take more memory than it may.

What scalar functions make (`repeat`, `sequence`) is not counted by the engine's own limit, and some of them, such
as `levenshtein`, cannot be interrupted: only a process of its own can be bounded.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import resource
import socket
import sys
import threading
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.engines import select_lists
from mlsql_engine.serving.sandbox import messages
from mlsql_engine.serving.sandbox.engine import SandboxEngine
from mlsql_engine.serving.sandbox.limits import QueryLimits
from mlsql_sdk.wire import Channel, Closed, Kind, Message


def main() -> None:
    """Answer what comes over the socket that is standard input, until it is closed."""
    limits = QueryLimits(**json.loads(sys.argv[1]))
    channel = Channel(socket.socket(fileno=os.dup(0)))
    serving = _Serving(channel, limits)
    threading.Thread(target=serving.work, daemon=True).start()
    try:
        while True:
            serving.take(channel.receive())
    except (Closed, OSError):
        # The server has ended, or wants nothing more of this process: nothing here is worth an orderly end.
        os._exit(0)


class Elsewhere(MlsqlError):
    """Stands for an error that the server has under that number."""

    def __init__(self, number: int) -> None:
        super().__init__("the function failed")
        self.number = number


class _Serving:
    """What this process does: one query after the other, while answers to what its functions were asked come in."""

    def __init__(self, channel: Channel, limits: QueryLimits) -> None:
        self._channel = channel
        self._limits = limits
        self._numbers = itertools.count(1)
        self._asked: dict[int, Future[pa.Array]] = {}
        self._queries: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def take(self, message: Message) -> None:
        """A message of the server's."""
        if message.kind is Kind.RUN:
            self._queries.put(message)
        elif message.kind is Kind.BATCH:
            self._asked.pop(message.id).set_result(messages.read_batches(message.payload)[1][0].column(0))
        elif message.kind is Kind.FAILED:
            self._asked.pop(message.id).set_exception(Elsewhere(message.id))

    def work(self) -> None:
        """Answer queries, for ever."""
        engine = SandboxEngine(self._limits, self._ask)
        _bound_memory(self._limits.process_memory)
        self._channel.send(Kind.HELLO)
        while True:
            message = self._queries.get()
            kind, control, payload = self._answer(engine, message)
            self._channel.send(kind, control, payload)

    def _answer(self, engine: SandboxEngine, message: Message) -> tuple[Kind, dict[str, Any], Any]:
        try:
            return self._result(engine, message)
        except Elsewhere as error:
            place = None if error.span is None else [error.span.start, error.span.end]
            return Kind.FAILED, {"elsewhere": error.number, "place": place}, b""
        except MlsqlError as error:
            return Kind.FAILED, messages.error_control(error), b""
        except Exception as error:  # noqa: BLE001 - the server tells of it
            problem = InternalError(f"{type(error).__name__} in the engine of a request: {error}")
            return Kind.FAILED, messages.error_control(problem), b""

    def _result(self, engine: SandboxEngine, message: Message) -> tuple[Kind, dict[str, Any], Any]:
        control = message.control
        query = select_lists.whole(control["text"])
        functions = {
            name: (number, messages.read_described(described))
            for name, (number, described) in control["functions"].items()
        }
        schema, batches = messages.read_batches(message.payload)
        if not batches:
            return Kind.RESULT, *messages.bound_message(engine.bind(query, schema, functions))
        made = engine.rows(query, batches[0], functions)
        return Kind.RESULT, {}, messages.table_bytes(made, made[0].schema)

    def _ask(self, name: str, batch: pa.RecordBatch) -> pa.Array:
        number = next(self._numbers)
        future: Future[pa.Array] = Future()
        self._asked[number] = future
        payload = messages.table_bytes([batch], batch.schema)
        self._channel.send(Kind.PREDICT, {"function": name, "rows": batch.num_rows}, payload, number)
        return future.result()


def _bound_memory(most: int) -> None:
    """Let the process take so many bytes more than it has now, write no file, and be the first to be killed."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        now = next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) << 10
        resource.setrlimit(resource.RLIMIT_DATA, (now + most, now + most))
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def arguments(limits: QueryLimits) -> list[str]:
    """The command line of a sandbox."""
    return [sys.executable, "-P", "-m", "mlsql_engine.serving.sandbox.process", json.dumps(asdict(limits))]


if __name__ == "__main__":
    main()
