"""include: over HTTP from a server of this test's own, deep, from files of every kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mlsql_engine import Settings
from unit.statements.scripts import Scripts

PAGES: dict[str, tuple[int, bytes]] = {
    "/table.mlsql": (200, b"\xef\xbb\xbfselect '${who}' as who as t;"),
    "/wrong.mlsql": (200, b"select 1 as a as t;\nselect b from t as u;"),
    "/files.mlsql": (200, b"load csv.`rows.csv` where header='true' as t;"),
    "/binary.mlsql": (200, b"select '\xff' as a as t;"),
    "/large.mlsql": (200, b"-- " + b"x" * 10_000_001),
    "/broken.mlsql": (500, b""),
}


@pytest.fixture
def address() -> Iterator[str]:
    """Where the pages are."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = f"http://127.0.0.1:{self.server.server_address[1]}"
            own = {"/round.mlsql": (200, f"include http.`{host}/round.mlsql`;".encode())}
            status, body = {**PAGES, **own}.get(self.path, (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def allowed(tmp_path: Path) -> Iterator[Scripts]:
    with Scripts(tmp_path, settings=Settings(http_include=True)) as scripts:
        yield scripts


def test_over_http(allowed: Scripts, address: str) -> None:
    assert allowed.run(f"set who = 'me'; include http.`{address}/table.mlsql`;") == [{"who": "me"}]
    bare = address.removeprefix("http://")
    assert allowed.run(f"set where = '{bare}'; include HTTP.`${{where}}/table.mlsql`;") == [{"who": "me"}]


def test_paths_in_it_start_from_the_folder_of_the_script_that_includes_it(
    allowed: Scripts, address: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    assert allowed.run(f"include http.`{address}/files.mlsql`;") == [{"a": "1"}]


def test_an_error_in_it_names_its_address(allowed: Scripts, address: str) -> None:
    assert allowed.fails(f"include http.`{address}/wrong.mlsql`;").render() == "\n".join(
        [
            "error[UNKNOWN_COLUMN]: there is no column 'b'",
            f" --> {address}/wrong.mlsql:2:8",
            "  |",
            "2 | select b from t as u;",
            "  |        ^",
            "  = included from:",
            "    | <script>:1:1",
            "  = help: known: a",
        ]
    )


@pytest.mark.parametrize(
    ("page", "code", "message"),
    [
        ("/none.mlsql", "FILE_NOT_FOUND", "{0}/none.mlsql answers 404 Not Found"),
        ("/broken.mlsql", "FILE_NOT_FOUND", "{0}/broken.mlsql answers 500 Internal Server Error"),
        ("/binary.mlsql", "ENCODING", "{0}/binary.mlsql is not UTF-8: invalid start byte"),
        ("/large.mlsql", "DATA", "{0}/large.mlsql gives more than 10 MB"),
        ("/round.mlsql", "INCLUDE_CYCLE", "the script includes itself"),
    ],
)
def test_what_is_wrong_over_http(allowed: Scripts, address: str, page: str, code: str, message: str) -> None:
    error = allowed.fails(f"include http.`{address}{page}`;")
    assert (error.code, error.message) == (code, message.format(address))
    assert error.span is not None
    assert error.span.text == f"`{address}{page}`"


def test_nobody_listens(allowed: Scripts, address: str) -> None:
    error = allowed.fails("include http.`127.0.0.1:1/x.mlsql`;")
    assert (error.code, error.message) == (
        "FILE_NOT_FOUND",
        "http://127.0.0.1:1/x.mlsql cannot be reached: [Errno 111] Connection refused",
    )


def test_other_protocols_are_none(allowed: Scripts) -> None:
    error = allowed.fails("include http.`file:///etc/passwd`;")
    assert (error.code, error.message) == ("BAD_VALUE", "'file:///etc/passwd' is not an http or https address")


def test_not_allowed(scripts: Scripts, address: str) -> None:
    error = scripts.fails(f"include http.`{address}/table.mlsql`;")
    assert (error.code, error.message) == ("NOT_ALLOWED", "scripts are not included over HTTP here")


def test_fifty_deep_and_no_deeper(scripts: Scripts, tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.mlsql").write_text(f"include file.`{number + 1}.mlsql`;")
    (tmp_path / "60.mlsql").write_text("select 'there' as a as t;")
    assert scripts.run("include file.`11.mlsql`;") == [{"a": "there"}]
    assert scripts.fails("include file.`10.mlsql`;").message == "scripts include each other more than 50 deep"


def test_through_a_link_is_the_same_script(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "a.mlsql").write_text("include file.`b.mlsql`;")
    (tmp_path / "b.mlsql").symlink_to(tmp_path / "a.mlsql")
    error = scripts.fails("include file.`a.mlsql`;")
    assert (error.code, error.hint) == ("INCLUDE_CYCLE", "a.mlsql includes a.mlsql")


def test_an_empty_script_and_one_with_a_mark(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "empty.mlsql").touch()
    (tmp_path / "marked.mlsql").write_bytes(b"\xef\xbb\xbfselect 1 as a as t;")
    assert scripts.run("include file.`empty.mlsql`; include file.`marked.mlsql`;") == [{"a": 1}]


def test_it_is_read_when_it_is_reached(scripts: Scripts) -> None:
    script = "set made = \"echo 'select 1 as a as t;' > made.mlsql\" where type='shell'; include file.`made.mlsql`;"
    assert scripts.run(script) == [{"a": 1}]


def test_its_compile_time_variables_are_set_when_it_begins(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "a.mlsql").write_text("select '${x}' as x as t; set x = 'inner' where mode='compile';")
    assert scripts.run("set x = 'outer'; include file.`a.mlsql`;") == [{"x": "inner"}]


def test_one_thread_includes_while_another_works(scripts: Scripts, tmp_path: Path) -> None:
    """Its statements take turns one by one: the include itself has none."""
    (tmp_path / "a.mlsql").write_text("select 1 as a as t; " * 5)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                scripts.run("include file.`a.mlsql`;")
        except BaseException as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
