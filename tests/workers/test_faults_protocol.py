"""Scripts that get at the connection between their process and mlsql, and what forked children do with it."""

from __future__ import annotations

import textwrap

import pytest

from mlsql_engine.workers.pool import Limits
from workers.provocations import IDENTITY, Faults, details, failing

LINK = """
    import contextlib
    import stat
    import pyarrow as pa
    from mlsql_sdk.wire import HEADER, Kind

    def link():
        for number in map(int, os.listdir("/proc/self/fd")):
            with contextlib.suppress(OSError):
                if stat.S_ISSOCK(os.fstat(number).st_mode):
                    return number

    def message(kind, id, control=b"{}", payload=b"", size=None):
        size = len(payload) if size is None else size
        return HEADER.pack(1, kind, 0, id, len(control), size) + control + payload

    def rows(values):
        return bytes(pa.RecordBatch.from_arrays([values], names=["prediction"]).serialize())
"""
"""What finds the connection. The first query is number 1, so the second's answer has the number 2."""


def sends(expression: str, *, then: str = "signal.pause()") -> str:
    return failing(f"os.write(link(), {expression})\n{then}", before=LINK)


@pytest.mark.parametrize(
    "body",
    ["os.close(link())", "os.close(link()); signal.pause()", "os.closerange(3, 256)"],
)
def test_a_script_that_closes_the_connection(faults: Faults, body: str) -> None:
    faults.register(failing(body, before=LINK))
    faults.works()
    error = faults.prediction_fails()
    assert (error.code, error.message) == ("PROTOCOL", "function f closed the connection to mlsql")
    assert error.hint == "does the script close a file descriptor that it did not open?"
    assert details(error)["worker"].endswith("/model/_model_0/model/0, rows 1 to 2")
    faults.works()


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("b'GET / HTTP/1.1\\r\\nHost: example.org\\r\\n\\r\\n'", "not a message of this protocol version (1)"),
        ("bytes(4096)", "not a message of this protocol version (1)"),
        ("message(Kind.BATCH, 2, size=1 << 40)", "not a message of this protocol version (1)"),
        ("message(99, 2)", "not a message: 99 is not a valid Kind"),
        ("message(Kind.BATCH, 2, b'{')", "not a message: Expecting property name enclosed in double quotes: "
         "line 1 column 2 (char 1)"),
        ("message(Kind.BATCH, 2, b'[1]')", "not a message: its control part is not an object"),
        ("message(Kind.BATCH, 2, b'[' * 100000)", "not a message: maximum recursion depth exceeded while decoding "
         "a JSON array from a unicode string"),
        ("message(Kind.RESULT, 2)", "a message RESULT for a prediction"),
        ("message(Kind.BATCH, 7, payload=rows(pa.array([1.0, 2.0])))", "an answer that was not asked for"),
        ("message(Kind.BATCH, 2, payload=rows(pa.array([1.0, 2.0, 3.0])))", "3 predictions for 2 rows"),
        ("message(Kind.BATCH, 2)", "End of Arrow stream"),
        ("message(Kind.BATCH, 2, b'{\"held\": 5}')", "'int' object is not iterable"),
        ("message(Kind.FAILED, 2)", "'type'"),
    ],
)  # fmt: skip
def test_garbage_on_the_connection(faults: Faults, expression: str, what: str) -> None:
    faults.register(sends(expression))
    faults.works()
    error = faults.prediction_fails()
    assert (error.code, error.message) == ("PROTOCOL", f"function f broke the protocol: {what}")
    assert error.hint == "does the script write to a file descriptor that it did not open?"
    assert details(error)["worker"].endswith("/model/_model_0/model/0, rows 1 to 2")
    faults.works()


def test_strings_that_point_beyond_their_text(faults: Faults) -> None:
    """They would be read from where they do not lie."""
    plain, broken = (f"b''.join(n.to_bytes(4, 'little') for n in (0, 5, {end}))" for end in (13, 1 << 30))
    payload = f"rows(pa.array(['hello', 'there...'])).replace({plain}, {broken})"
    faults.register(sends(f"message(Kind.BATCH, 1, payload={payload})"), "returnType='string'")
    error = faults.prediction_fails()
    assert (error.code, error.message.partition(": ")[0]) == ("PROTOCOL", "function f broke the protocol")


@pytest.mark.parametrize("limits", [Limits(silence=1.5)])
@pytest.mark.parametrize("size", ["1000", "(2 << 30) - 1"])
def test_a_message_that_does_not_end(faults: Faults, size: str) -> None:
    """The process lives and says so, but that is not the rest of the message."""
    faults.register(sends(f"message(Kind.BATCH, 2, size={size})", then="time.sleep(60)"))
    faults.works()
    error = faults.prediction_fails()
    assert (error.code, error.message) == (
        "PROTOCOL",
        "function f broke the protocol: a message that began did not end",
    )
    faults.works()


def test_a_script_that_tells_progress_for_ever(faults: Faults) -> None:
    faults.register(failing("import mlsql\nwhile True: mlsql.progress(1)"), "timeout='2s'")
    faults.works()
    error = faults.prediction_fails()
    assert (error.code, error.message.partition(" (")[0]) == ("TIMEOUT", "function f did not answer within 2 s")
    faults.works()


def test_an_answer_that_comes_twice(faults: Faults) -> None:
    """The second is not the answer to the next batch."""
    twice = failing("os.write(link(), message(Kind.BATCH, 1, payload=rows(pa.array([7.0, 8.0]))))", before=LINK)
    faults.register(twice, "pure='false'")
    assert faults.run("select f(a) as p from values (13.0D), (14.0D) as v(a) as t;") == [{"p": 7.0}, {"p": 8.0}]
    error = faults.fails("select f(a) as p from values (1.0D), (2.0D) as v(a) as t;")
    assert error.message == "function f broke the protocol: an answer that was not asked for"
    faults.works()


@pytest.mark.parametrize("body", ["pass", "raise ValueError('child')"])
def test_a_forked_child_that_comes_back(faults: Faults, body: str) -> None:
    """Parent and child return from predict; only the parent is the worker."""
    faults.register(
        failing(f"""
        child = os.fork()
        if child == 0:
            {body}
        else:
            tell(os.waitpid(child, 0)[1])
    """)
    )
    assert faults.run("select f(a) as p from values (13.0D) as v(a) as t;") == [{"p": 13.0}]
    assert faults.told.numbers() == [0 if body == "pass" else 256]
    for _ in range(3):
        faults.works()
    assert faults.started() == 1


def test_a_child_that_is_forked_while_it_loads(faults: Faults) -> None:
    faults.register("import os\nif (child := os.fork()): os.waitpid(child, 0)\n" + textwrap.dedent(IDENTITY))
    for _ in range(3):
        faults.works()
    assert faults.started() == 1
