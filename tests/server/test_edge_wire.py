"""What clients do to a connection: sizes, slowness, pipelines, what is no HTTP."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import trustme

from mlsql_engine.server.settings import Limits, ServerSettings
from mlsql_engine.session import Session
from server.edge_routes import ROUTES, Gates
from server.running import SECONDS, Running, everything, in_thread

MIB = 1 << 20
QUIET = Path("/dev/null")


@pytest.fixture(scope="module")
def server(session: Session) -> Iterator[Running]:
    limits = Limits(body=MIB, bodies=2 * MIB)
    with in_thread(session, ServerSettings(limits=limits, audit_log=QUIET), ROUTES) as made:
        yield made


@pytest.fixture(scope="module")
def impatient(session: Session) -> Iterator[Running]:
    """A server that waits for nothing longer than a moment."""
    limits = Limits(head_seconds=0.2, body_seconds=0.2, send_seconds=0.2)
    with in_thread(session, ServerSettings(limits=limits, audit_log=QUIET), ROUTES) as made:
        yield made


def body_of(answer: bytes) -> dict[str, object]:
    made: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return made


def status_of(answer: bytes) -> int:
    return int(answer.split()[1])


def post(path: str, *headers: str, close: bool = True) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: localhost", *headers, *(["connection: close"] if close else [])]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


TOO_LARGE = {
    "code": "REQUEST_TOO_LARGE",
    "message": "the request is larger than 1 MiB",
    "hint": "send the rows in several requests, or let whoever runs the server raise --max-body",
    "span": None,
}


@pytest.mark.parametrize("more", [0, 1])
def test_size_of_a_body(server: Running, more: int) -> None:
    with server.asking() as client:
        answer = client.post("/size", content=bytes(MIB + more))
    assert (answer.status_code, answer.text) == (200, str(MIB)) if not more else answer.status_code == 413
    assert not more or answer.json() == TOO_LARGE


@pytest.mark.parametrize("more", [0, 1])
def test_size_of_a_body_in_chunks(server: Running, more: int) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(16):
            yield bytes(MIB // 16)
        yield bytes(more)

    with server.asking() as client:
        answer = client.post("/size", content=pieces())
    assert answer.status_code == (413 if more else 200)
    assert not more or answer.json() == TOO_LARGE


def test_a_body_that_says_to_be_too_large_is_not_waited_for(server: Running) -> None:
    with server.socket() as connection:
        connection.sendall(post("/size", f"content-length: {MIB + 1}", close=False) + b"x")
        answer = connection.recv(1 << 16)
    assert status_of(answer) == 413


def test_bodies_together(server: Running) -> None:
    """Two of 1 MiB are received, so that no other is; then they are answered, and there is room again."""
    head = post("/size", f"content-length: {MIB}")
    with server.socket() as one, server.socket() as two:
        for connection in (one, two):
            connection.sendall(head + bytes(100))
        with server.asking() as client:
            while server.call(lambda: server.state.bodies.held) < 2 * MIB:
                assert client.get("/health").status_code == 200
            refused = client.post("/size", content=bytes(300_000))
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "1"
            assert refused.json() == {
                "code": "OVERLOADED",
                "message": "the server holds 2 MiB of requests and takes 2 MiB",
                "hint": "ask again after the seconds of Retry-After, or send fewer rows",
                "span": None,
            }
            assert client.post("/size", content=bytes(1_000)).text == "1000"
            for connection in (one, two):
                connection.sendall(bytes(MIB - 100))
                assert everything(connection).endswith(b"1048576")
            assert client.post("/size", content=bytes(300_000)).text == "300000"
    assert server.call(lambda: server.state.bodies.held) == 0


def test_a_client_that_goes_leaves_nothing(server: Running) -> None:
    with server.socket() as connection:
        connection.sendall(post("/size", f"content-length: {MIB}") + bytes(100))
        with server.asking() as client:
            while not server.call(lambda: server.state.bodies.held):
                client.get("/health")
    with server.asking() as client:
        while server.call(lambda: server.state.bodies.held):
            client.get("/health")


def test_slow_body(impatient: Running) -> None:
    answer = impatient.told(post("/size", "content-length: 10", close=False) + b"abc")
    assert status_of(answer) == 408
    assert b"connection: close" in answer.lower()
    assert body_of(answer) == {
        "code": "REQUEST_TIMEOUT",
        "message": "the request did not come whole in time",
        "hint": "its body has 0.2 s to come",
        "span": None,
    }


def test_body_that_does_not_come(impatient: Running) -> None:
    assert status_of(impatient.told(post("/size", "content-length: 10", close=False))) == 408


def test_body_in_chunks_that_does_not_end(impatient: Running) -> None:
    sent = post("/size", "transfer-encoding: chunked", close=False) + b"3\r\nabc\r\n"
    assert status_of(impatient.told(sent)) == 408


def test_body_that_nobody_reads_does_not_keep_a_connection(impatient: Running) -> None:
    answer = impatient.told(post("/nothing", "content-length: 10", close=False) + b"abc")
    assert status_of(answer) == 404


def test_slow_head(impatient: Running) -> None:
    answer = impatient.told(b"GET /health HTTP/1.1\r\nhost: loc")
    assert status_of(answer) == 408
    assert body_of(answer)["message"] == "the head of the request did not come whole in time"


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_no_head(impatient: Running, sent: bytes) -> None:
    assert impatient.told(sent) == b""


def test_empty_line_after_an_answer(impatient: Running) -> None:
    """It stops the timer of an idle connection."""
    with impatient.socket() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert connection.recv(1 << 16).endswith(b'{"status":"ok"}')
        connection.sendall(b"\r\n")
        assert everything(connection) == b""


def test_answer_that_nobody_reads(impatient: Running) -> None:
    with impatient.socket() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert connection.recv(10) == b"HTTP/1.1 2"
        while impatient.call(lambda: len(impatient.state.connections)):
            pass
        received = 0
        with suppress(ConnectionError):
            while piece := connection.recv(1 << 20):
                received += len(piece)
        assert received < 32 * MIB


def test_stream_that_nobody_reads(impatient: Running, gates: Gates) -> None:
    with impatient.socket() as connection:
        connection.sendall(b"GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert connection.recv(10) == b"HTTP/1.1 2"
        assert gates.ended.wait(SECONDS)


def test_slow_reader_is_let_finish(impatient: Running) -> None:
    with impatient.asking() as client, client.stream("GET", "/large") as answer:
        total = sum(len(piece) for piece in answer.iter_bytes(1 << 16))
    assert total == 32 * MIB


HEAD_TOO_LARGE = {
    "code": "REQUEST_TOO_LARGE",
    "message": "the head of the request is larger than 64 KiB",
    "hint": None,
    "span": None,
}


@pytest.mark.parametrize("end", [b"\r\n\r\n", b""])
@pytest.mark.parametrize("begin", [b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: ", b"GET /"])
def test_large_head(server: Running, begin: bytes, end: bytes) -> None:
    if begin == b"GET /" and end:
        end = b" HTTP/1.1\r\nhost: localhost" + end
    answer = server.told(begin + b"x" * 70_000 + end)
    assert status_of(answer) == 431
    assert body_of(answer) == HEAD_TOO_LARGE


def test_large_body_is_no_large_head(server: Running) -> None:
    """Two requests at once, the second of which has its head behind a large body."""
    one = post("/size", "content-length: 200000", close=False) + bytes(200_000)
    answers = server.told(one + post("/size", "content-length: 3") + b"abc")
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200"]
    assert answers.endswith(b"\r\n\r\n3")


def test_pipeline(server: Running) -> None:
    sent = b"".join(post("/size", f"content-length: {size}", close=False) + bytes(size) for size in (1, 22, 333))
    answers = server.told(sent + post("/nothing"))
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200", b"200", b"404"]
    assert re.findall(rb"\r\n\r\n(\d+)HTTP", answers) == [b"1", b"22", b"333"]


@pytest.mark.parametrize(
    "sent", [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"GET / HTTP/1.1\r\n:\r\n\r\n"]
)
def test_no_http(server: Running, sent: bytes) -> None:
    answer = server.told(sent)
    assert status_of(answer) == 400
    assert b"content-type: application/json" in answer
    assert body_of(answer) == {
        "code": "REQUEST",
        "message": "this is no request of HTTP/1.1",
        "hint": None,
        "span": None,
    }


def test_no_http_after_a_request(server: Running) -> None:
    """The request has its answer, and no other."""
    answer = server.told(post("/size", "content-length: 3", close=False) + b"abc" + b"hello\r\n\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer
    assert answer.endswith(b"\r\n\r\n3")


def test_no_chunk(server: Running) -> None:
    sent = post("/size", "transfer-encoding: chunked", close=False) + b"zz\r\nabc\r\n"
    assert status_of(server.told(sent)) == 400


@pytest.mark.parametrize(
    "headers", [("content-length: 3", "content-length: 4"), ("content-length: 3", "transfer-encoding: chunked")]
)
def test_two_lengths(server: Running, headers: tuple[str, str]) -> None:
    answer = server.told(post("/size", *headers) + b"abc")
    assert status_of(answer) == 400


def test_expectation(server: Running) -> None:
    with server.socket() as connection:
        connection.sendall(post("/size", "content-length: 3", "expect: 100-continue"))
        assert connection.recv(1 << 10) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert everything(connection).endswith(b"\r\n\r\n3")


def test_too_large_is_told_before_it_is_sent(server: Running) -> None:
    with server.socket() as connection:
        connection.sendall(post("/size", f"content-length: {MIB + 1}", "expect: 100-continue"))
        assert status_of(connection.recv(1 << 10)) in (100, 413)


def test_old_http(server: Running) -> None:
    answer = server.told(b"GET /health HTTP/1.0\r\n\r\n")
    assert body_of(answer) == {"status": "ok"}


def test_upgrade_is_not_taken(server: Running) -> None:
    sent = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    with server.socket() as connection:
        connection.sendall(sent)
        assert status_of(connection.recv(1 << 16)) == 200


@pytest.mark.parametrize("path", ["/health", "/", "/openapi.json", "/parts/x", "/metrics"])
def test_head(server: Running, path: str) -> None:
    with server.asking() as client:
        answer = client.head(path)
        assert answer.status_code == 200
        assert answer.content == b""
        assert path == "/metrics" or answer.headers["content-length"] == str(len(client.get(path).content))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/health", "GET, HEAD"),
        ("GET", "/size", "POST"),
        ("OPTIONS", "/admin", "DELETE, GET, HEAD"),
        ("PUT", "/parts/a", "GET, HEAD"),
    ],
)
def test_wrong_method(server: Running, method: str, path: str, allowed: str) -> None:
    with server.asking() as client:
        answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert answer.json() == {
        "code": "METHOD_NOT_ALLOWED",
        "message": f"{path} does not take {method}",
        "hint": f"it takes {allowed}",
        "span": None,
    }


def test_path_with_a_variable_part(server: Running) -> None:
    with server.asking() as client:
        assert client.get("/parts/a%20b%C3%A9").text == "a bé"
        assert client.get("/parts/%FF%FE").status_code == 200
        assert client.get("/parts/").status_code == 404


def test_path_that_is_no_ascii(server: Running) -> None:
    assert status_of(server.told(b"GET /\xff\xfe HTTP/1.1\r\nhost: localhost\r\n\r\n")) == 400


def test_https(session: Session, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    settings = ServerSettings(
        certificate=str(certificate),
        key=str(key),
        limits=Limits(head_seconds=0.2, send_seconds=0.2),
        audit_log=QUIET,
    )
    context = ssl.create_default_context()
    authority.configure_trust(context)
    wrap = partial(context.wrap_socket, server_hostname="127.0.0.1")
    with in_thread(session, settings, ROUTES) as server:
        with server.socket() as raw, wrap(raw) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            assert everything(connection).endswith(b'{"status":"ok"}')
        with server.socket() as raw, wrap(raw) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nho")
            assert status_of(everything(connection)) == 408
        with server.socket() as raw, wrap(raw) as connection:
            connection.sendall(b"GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n")
            connection.recv(1)
            while server.call(lambda: len(server.state.connections)):
                pass
