"""Clients that ask a function again and again, each over one connection that it keeps."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from server.running import SECONDS, Process


class NotAnswered(Exception):
    """The server closed the connection, or took none, before it answered anything of a request."""


class Refused(Exception):
    """An answer that is none of a function: its status, and what it says."""

    def __init__(self, status: int, told: Any) -> None:
        super().__init__(status, told)
        self.status = status
        self.told = told


Ask = Callable[[http.client.HTTPConnection, str, Sequence[float]], list[float]]


def infer(connection: http.client.HTTPConnection, function: str, values: Sequence[float]) -> list[float]:
    """The answers for values, by the Open Inference Protocol. Raises NotAnswered and Refused."""
    tensor = {"name": "x", "shape": [len(values)], "datatype": "FP64", "data": list(values)}
    told = _told(connection, f"/v2/models/{function}/infer", json.dumps({"inputs": [tensor]}), "application/json")
    found: list[float] = told["outputs"][0]["data"]
    return found


def model_predict(connection: http.client.HTTPConnection, function: str, values: Sequence[float]) -> list[float]:
    """The answers for values, by /model/predict. Raises NotAnswered and Refused."""
    rows = json.dumps([{"x": value} for value in values])
    form = urlencode({"sql": f"{function}(x) as p", "dataType": "row", "data": rows})
    told = _told(connection, "/model/predict", form, "application/x-www-form-urlencoded")
    return [row["p"] for row in told]


def _told(connection: http.client.HTTPConnection, path: str, body: str, kind: str) -> Any:
    try:
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
    except ConnectionError as error:  # http.client's RemoteDisconnected is one
        raise NotAnswered(repr(error)) from error
    told = json.loads(answer.read())
    if answer.status != 200:
        raise Refused(answer.status, told)
    return told


class Asker(threading.Thread):
    """Asks until it is stopped, or something goes wrong, which is its `error`; `answers` are what it was told."""

    def __init__(self, server: Process, ask: Ask, function: str, values: Sequence[float]) -> None:
        super().__init__(name=f"asker of {function}")
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        self._ask, self._function, self._values = ask, function, values
        self._news = threading.Condition()
        self._stopped = False
        self.answers: list[list[float]] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        """See threading.Thread."""
        try:
            while not self._stopped:
                answer = self._ask(self._connection, self._function, self._values)
                with self._news:
                    self.answers.append(answer)
                    self._news.notify_all()
        except BaseException as error:  # noqa: BLE001 - it is whoever waits who is told
            with self._news:
                self.error = error
                self._news.notify_all()
        finally:
            self._connection.close()

    def wait_for(self, answer: list[float]) -> None:
        """Return when the last answer is this one."""
        with self._news:
            met = self._news.wait_for(lambda: self.error or self.answers[-1:] == [answer], SECONDS)
            last = self.answers[-1:]
        assert met, f"after {SECONDS:g} s the last answer was {last}"
        assert self.error is None, repr(self.error)

    def stop(self) -> None:
        """Ask no more; what has been asked is answered."""
        self._stopped = True


@contextmanager
def asking(made: Sequence[Asker]) -> Iterator[Sequence[Asker]]:
    """Have them ask until the end of the block."""
    for asker in made:
        asker.start()
    try:
        yield made
    finally:
        for asker in made:
            asker.stop()
        for asker in made:
            asker.join(SECONDS)
    assert not any(asker.is_alive() for asker in made)
