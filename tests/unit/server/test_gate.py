"""Who is let in, beside what tests/server/test_edge_access.py asks over a socket."""

from __future__ import annotations

from typing import Any

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.callers import LOCAL, NOBODY, Caller, Role
from mlsql_engine.server.gate import Gate, check_role
from mlsql_engine.server.tokens import Tokens, of_text

TOKEN = "0123456789abcdef"


def scope(**headers: str) -> dict[str, Any]:
    made = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"headers": made, "client": ("10.0.0.7", 1)}


def refused(gate: Gate, **headers: str) -> str:
    with pytest.raises(MlsqlError) as raised:
        gate.caller(scope(**headers))
    assert raised.value.code == "FORBIDDEN"
    return raised.value.message


def test_without_tokens_everybody_is_the_chief() -> None:
    assert Gate(Tokens(), None, "127.0.0.1", ()).caller(scope()) is LOCAL


def test_without_a_token_nobody() -> None:
    gate = Gate(Tokens([of_text(TOKEN)]), None, "0.0.0.0", ())
    assert gate.caller(scope(host="x", origin="https://evil")) is NOBODY
    assert gate.caller(scope(authorization=f"Bearer {TOKEN}")) == Caller("token", Role.ADMIN)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9003", "localhost", "LOCALHOST:1", "[::1]:9003", "10.0.0.1", "box:80", ""]
)
def test_own_names(host: str) -> None:
    assert Gate(Tokens(), None, "Box", ()).caller(scope(host=host)) is LOCAL


@pytest.mark.parametrize(
    "host", ["evil", "evil:9003", "localhost.evil.com", "localhost@evil", "[", "[::1", ":", "127.0.0.1.evil.com"]
)
def test_other_names(host: str) -> None:
    assert refused(Gate(Tokens(), None, "127.0.0.1", ()), host=host).startswith("this server is not called ")


def test_long_names_are_cut() -> None:
    assert len(refused(Gate(Tokens(), None, "127.0.0.1", ()), host="x" * 10_000)) == 120


def test_what_browsers_send_is_remembered_in_bounds() -> None:
    gate = Gate(Tokens(), None, "127.0.0.1", ())
    for number in range(2_000):
        refused(gate, host=f"evil{number}")
    assert gate._refusal.cache_info().currsize == 512


def test_case_of_an_origin() -> None:
    gate = Gate(Tokens(), None, "127.0.0.1", ("https://App.example.com",))
    assert gate.caller(scope(origin="https://app.Example.com", host="evil")) is LOCAL


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("needed", Role)
def test_each_role_may_what_the_ones_before_may(role: Role, needed: Role) -> None:
    if role >= needed:
        check_role(Caller("x", role), needed)
    else:
        with pytest.raises(MlsqlError) as raised:
            check_role(Caller("x", role), needed)
        assert raised.value.code == ("UNAUTHORIZED" if role is Role.NOBODY else "FORBIDDEN")
