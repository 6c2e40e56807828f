"""Who is let in, over a socket: roles, tokens, rates, pages of browsers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from mlsql_engine.server.callers import Role
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.tokens import Tokens, of_text
from mlsql_engine.session import Session
from server.edge_routes import ROUTES
from server.running import Running, in_thread

PREDICT, RUN, ADMIN, SLOW = ("a" * 16, "b" * 16, "c" * 16, "d" * 16)
TOKENS = Tokens(
    [
        of_text(PREDICT, "phone", Role.PREDICT),
        of_text(RUN, "analyst", Role.RUN),
        of_text(ADMIN, "chief", Role.ADMIN),
        replace(of_text(SLOW, "slow", Role.PREDICT), rate="2/hour"),
    ]
)
PAGE = "https://app.example.com"


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit.jsonl"


@pytest.fixture(scope="module")
def guarded(session: Session, audit: Path) -> Iterator[Running]:
    with in_thread(session, ServerSettings(tokens=TOKENS, audit_log=audit), ROUTES) as made:
        yield made


@pytest.fixture(scope="module")
def open_to_all(session: Session) -> Iterator[Running]:
    settings = ServerSettings(origins=(PAGE,), audit_log=Path("/dev/null"))
    with in_thread(session, settings, ROUTES) as made:
        yield made


REQUESTS = {"GET /open": 0, "GET /predict": 1, "POST /predict": 1, "POST /run/script": 2, "DELETE /admin": 3}


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize(
    ("token", "role", "name"),
    [(None, 0, "nobody"), (PREDICT, 1, "phone"), (RUN, 2, "analyst"), (ADMIN, 3, "chief")],
)
def test_roles(guarded: Running, request_: str, token: str | None, role: int, name: str) -> None:
    method, path = request_.split()
    needed = REQUESTS[request_]
    with guarded.asking(token) as client:
        answer = client.request(method, path)
    if role >= needed:
        assert (answer.status_code, answer.text) == (200, name)
    elif role == 0:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json() == {
            "code": "UNAUTHORIZED",
            "message": "a token is needed here",
            "hint": "Authorization: Bearer <token>",
            "span": None,
        }
    else:
        assert answer.status_code == 403
        roles = ("nobody", "predict", "run", "admin")
        assert answer.json() == {
            "code": "FORBIDDEN",
            "message": f"the role {roles[role]} may not do this",
            "hint": f"it needs {roles[needed]}",
            "span": None,
        }


@pytest.mark.parametrize("path", ["/open", "/predict", "/admin", "/nothing"])
@pytest.mark.parametrize("written", ["Bearer wrong", "Bearer", "Basic " + "a" * 16, "Bearer é", "a" * 16])
def test_unknown_token(guarded: Running, path: str, written: str) -> None:
    with guarded.asking() as client:
        answer = client.get(path, headers={"Authorization": written.encode()})
    assert answer.status_code == 401
    assert answer.json()["message"] == "the token is not known here"


def test_scheme_of_a_token_in_any_case(guarded: Running) -> None:
    with guarded.asking() as client:
        assert client.get("/predict", headers={"Authorization": f"bearer  {PREDICT}"}).text == "phone"


def test_unknown_path(guarded: Running) -> None:
    with guarded.asking() as client:
        answer = client.get("/nothing/here")
    assert answer.status_code == 404
    assert answer.json()["message"] == "there is nothing at /nothing/here"


def test_rate(guarded: Running) -> None:
    with guarded.asking(SLOW) as client:
        answers = [client.get("/predict") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 3_600
    assert answers[2].json() == {
        "code": "RATE_LIMIT",
        "message": "more requests than 2 per 1 hour",
        "hint": "ask again after the seconds of Retry-After",
        "span": None,
    }


def test_rate_of_an_address(session: Session) -> None:
    settings = ServerSettings(rate="1/hour", audit_log=Path("/dev/null"))
    with in_thread(session, settings, ROUTES) as server, server.asking() as client:
        assert client.get("/nothing").status_code == 404  # what is not there counts, too
        assert client.get("/predict").status_code == 429


def test_audit(guarded: Running, audit: Path) -> None:
    with guarded.asking(ADMIN) as client:
        client.delete("/admin?password=geheim")
    with guarded.asking(PREDICT) as client:
        client.get("/predict")
        client.post("/run/script")
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    shown = [(line["caller"], line["role"], line["method"], line["path"], line["status"]) for line in lines]
    assert ("chief", "admin", "DELETE", "/admin", 200) in shown
    assert ("phone", "predict", "POST", "/run/script", 403) in shown
    assert [line for line in shown if line[0] == "phone" and line[4] == 200] == []
    assert {line["role"] for line in lines if line["status"] == 401} <= {"nobody"}
    assert "geheim" not in audit.read_text()


BROWSERS = {
    "no browser": ({}, 200),
    "own page": ({"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}, 200),
    "typed address": ({"Sec-Fetch-Site": "none"}, 200),
    "localhost": ({"Host": "localhost:{port}"}, 200),
    "allowed page": ({"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}, 200),
    "other page": ({"Origin": "https://evil.example"}, 403),
    "other port": ({"Origin": "http://127.0.0.1:1"}, 403),
    "sandboxed page": ({"Origin": "null"}, 403),
    "no origin told": ({"Sec-Fetch-Site": "cross-site"}, 403),
    "same site": ({"Sec-Fetch-Site": "same-site"}, 403),
    "rebound name": ({"Host": "evil.example"}, 403),
    "rebound page": ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
    "no host": ({"Host": "["}, 403),
    "no origin": ({"Origin": "http://["}, 403),
}


@pytest.mark.parametrize("who", BROWSERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_browsers(open_to_all: Running, who: str, method: str) -> None:
    headers, status = BROWSERS[who]
    filled = {name: value.replace("{port}", str(open_to_all.port)) for name, value in headers.items()}
    with open_to_all.asking() as client:
        answer = client.request(method, "/predict", headers=filled)
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "FORBIDDEN"


def test_names_of_a_server_without_tokens(open_to_all: Running) -> None:
    with open_to_all.asking() as client:
        answer = client.get("/predict", headers={"Host": "evil.example:80"})
    assert answer.json()["message"] == "this server is not called evil.example"


def test_tokens_need_no_protection_from_browsers(guarded: Running) -> None:
    with guarded.asking(PREDICT) as client:
        assert client.get("/predict", headers={"Host": "models.example.com", "Origin": PAGE}).status_code == 200


def asked(server: Running, origin: str, method: str = "POST") -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    with server.asking() as client:
        return client.options("/run/script", headers=headers)


def test_asked_by_a_browser_first(session: Session) -> None:
    """The question has no token, as browsers send none with it."""
    settings = ServerSettings(tokens=TOKENS, origins=(PAGE,), audit_log=Path("/dev/null"))
    with in_thread(session, settings, ROUTES) as server:
        answer = asked(server, PAGE)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST, DELETE"
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer.headers
        refused = asked(server, "https://evil.example")
        assert refused.status_code == 403
        assert refused.json() == {
            "code": "FORBIDDEN",
            "message": "Disallowed CORS origin",
            "hint": None,
            "span": None,
        }
        assert "access-control-allow-origin" not in refused.headers
        with server.asking(RUN) as client:
            done = client.post("/run/script", headers={"Origin": PAGE})
            other = client.post("/run/script", headers={"Origin": "https://evil.example"})
    assert done.headers["access-control-allow-origin"] == PAGE
    assert "Retry-After" in done.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in other.headers


def test_no_site_is_allowed_unless_said(guarded: Running) -> None:
    answer = asked(guarded, PAGE)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers
