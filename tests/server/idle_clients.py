"""Many clients in one process: each asks once over a connection that it keeps, and then asks nothing.

    python idle_clients.py PORT COUNT

When all have been answered it tells {"answered": COUNT}. Then it waits for a line on standard input, tells how many
connections the server has closed or sent something on since, {"disturbed": 0}, and closes them all.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import sys

_AT_ONCE = 512
_REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
_WHOLE = b'{"status":"ok"}'
_SECONDS = 30.0


def answered(port: int, count: int) -> list[socket.socket]:
    """So many connections, each of which has had an answer; raises where one has not."""
    kept: list[socket.socket] = []
    begun = 0
    with selectors.DefaultSelector() as asked:
        while len(kept) < count:
            while begun < count and begun - len(kept) < _AT_ONCE:
                connection = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
                connection.sendall(_REQUEST)
                asked.register(connection, selectors.EVENT_READ, bytearray())
                begun += 1
            ready = asked.select(_SECONDS)
            if not ready:
                raise TimeoutError(f"{len(kept)} of {begun} were answered")
            for key, _ in ready:
                answering, received = key.fileobj, key.data
                assert isinstance(answering, socket.socket)
                piece = answering.recv(1 << 12)
                if not piece:
                    raise ConnectionError(f"closed after {bytes(received)!r}; {len(kept)} were answered")
                received += piece
                if received.endswith(_WHOLE):
                    assert received.startswith(b"HTTP/1.1 200 OK\r\n"), received
                    asked.unregister(answering)
                    kept.append(answering)
    return kept


def disturbed(connections: list[socket.socket]) -> int:
    """How many of them have something to read, or their end."""
    with selectors.DefaultSelector() as found:
        for connection in connections:
            found.register(connection, selectors.EVENT_READ)
        return len(found.select(0))


def main() -> None:
    """See above."""
    port, count = map(int, sys.argv[1:])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    kept = answered(port, count)
    _tell({"answered": len(kept)})
    sys.stdin.readline()
    _tell({"disturbed": disturbed(kept)})
    for connection in kept:
        connection.close()


def _tell(what: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
