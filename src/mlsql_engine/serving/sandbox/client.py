"""A sandbox as its server sees it: a process, and a channel to it. A thread talks to it, and may wait."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.core.span import Source, Span
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.functions import Opened, Predict
from mlsql_engine.serving.parts import Columns
from mlsql_engine.serving.sandbox import messages, process
from mlsql_engine.serving.sandbox.engine import Bound
from mlsql_engine.serving.sandbox.limits import QueryLimits
from mlsql_sdk.wire import Channel, Kind, Message, WireError

_START_SECONDS = 60.0
_VARIABLES = ("PATH", "LANG", "LANGUAGE", "TZ", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True)
class Query:
    """The text of a request's query, and the functions that it may call, by their names in lower case."""

    source: Source
    functions: Mapping[str, Opened]

    @property
    def span(self) -> Span:
        """All of it."""
        return Span(self.source, 0, max(1, len(self.source.text)))


@dataclass(frozen=True)
class Asking:
    """How the functions of a query are asked, and until when: a time of `time.monotonic`."""

    predict: Predict
    loop: asyncio.AbstractEventLoop
    until: float


class Ended(Exception):
    """The process has ended, or was killed, before it answered."""


class Sandbox:
    """A process. `uses` counts what it was asked. `start` comes first; `kill` may come from any thread."""

    def __init__(self, limits: QueryLimits) -> None:
        self.uses = 0
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                process.arguments(limits),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={**_environment(), "ARROW_DEFAULT_MEMORY_POOL": "system"},
                start_new_session=True,
            )
        self._channel = Channel(ours)
        self._functions: Mapping[str, Opened] = {}
        self._waiting: Future[Answers] | None = None
        self._killed = False

    def start(self) -> None:
        """Wait until it answers. Raises Ended, and it is closed then."""
        try:
            self._channel.receive(within=_START_SECONDS)
        except (WireError, OSError) as error:
            self.close()
            raise Ended from error

    def bind(self, query: Query, schema: pa.Schema, asking: Asking) -> Bound:
        """What its engine makes of a query of such rows. Raises what that refuses, TimeoutError and Ended."""
        made = self._run(query, messages.table_bytes([], schema), asking)
        return messages.read_bound(made.control, made.payload, query.source)

    def rows(self, query: Query, batch: pa.RecordBatch, asking: Asking) -> list[pa.RecordBatch]:
        """The rows that a query makes of those of the batch. Raises as `bind`, and what the functions raise."""
        made = self._run(query, messages.table_bytes([batch], batch.schema), asking)
        return messages.read_batches(made.payload)[1]

    def _run(self, query: Query, payload: pa.Buffer, asking: Asking) -> Message:
        self.uses += 1
        functions = {
            name: (id(opened), messages.described_control(opened.described))
            for name, opened in query.functions.items()
        }
        self._functions = query.functions  # as long as the process knows them, their numbers are no others'
        failures: dict[int, MlsqlError] = {}
        try:
            self._channel.send(Kind.RUN, {"text": query.source.text, "functions": functions}, payload)
            while True:
                if not self._channel.wait(max(0.0, asking.until - time.monotonic())):
                    raise TimeoutError
                message = self._channel.receive(within=max(0.001, asking.until - time.monotonic()))
                if message.kind is Kind.RESULT:
                    return message
                if message.kind is Kind.FAILED:
                    raise _failure(message.control, query.source, failures)
                self._predict(message, asking, failures)
        except TimeoutError:
            raise
        except (WireError, OSError) as error:
            raise Ended from error

    def _predict(self, message: Message, asking: Asking, failures: dict[int, MlsqlError]) -> None:
        """Have a function of the server's asked, and pass its answers on."""
        batch = messages.read_batches(message.payload)[1][0]
        name = message.control["function"]
        future = asyncio.run_coroutine_threadsafe(_answers(asking.predict, name, batch), asking.loop)
        self._waiting = future
        if self._killed:
            future.cancel()
        try:
            values = future.result(max(0.0, asking.until - time.monotonic())).array
        except MlsqlError as error:
            failures[message.id] = error
            self._channel.send(Kind.FAILED, id=message.id)
            return
        except CancelledError:
            raise Ended from None
        except TimeoutError:
            future.cancel()
            raise
        finally:
            self._waiting = None
        answers = pa.RecordBatch.from_arrays([values], names=["value"])
        self._channel.send(Kind.BATCH, payload=messages.table_bytes([answers], answers.schema), id=message.id)

    def kill(self) -> None:
        """End the process at once. Killing twice is harmless."""
        self._killed = True
        self._process.kill()
        if (waiting := self._waiting) is not None:
            waiting.cancel()

    def close(self) -> None:
        """End the process, and wait for its end."""
        self.kill()
        self._process.wait()
        self._channel.close()


async def _answers(predict: Predict, name: str, batch: pa.RecordBatch) -> Answers:
    return await predict(name, Columns(batch))


def _failure(control: Mapping[str, Any], source: Source, failures: Mapping[int, MlsqlError]) -> MlsqlError:
    if "elsewhere" in control:
        return failures[control["elsewhere"]].at(messages.read_place(control["place"], source))
    error = messages.read_error(control, source)
    return InternalError(error.message, span=error.span) if error.code == InternalError.default_code else error


def _environment() -> dict[str, str]:
    """What a sandbox needs of our environment: nothing that could be a secret."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _VARIABLES or name.startswith(("LC_", "PYTHON"))
    }
