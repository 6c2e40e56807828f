"""Tokens and files of them."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.server import tokens
from mlsql_engine.server.callers import Role
from mlsql_engine.server.tokens import Tokens, of_file, of_text

LONG = "0123456789abcdef"


def test_found_by_its_text() -> None:
    made = Tokens([of_text(LONG, "a", Role.RUN), of_text(LONG[::-1], "b", Role.PREDICT)])
    found = made.find(LONG.encode())
    assert found is not None
    assert (found.caller.name, found.caller.role) == ("a", Role.RUN)
    assert made.find(LONG[:-1].encode()) is None
    assert made.find(b"") is None
    assert bool(made)
    assert not Tokens()


def test_every_token_is_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after one was found: how long it takes tells nothing."""
    compared = []
    compare = hmac.compare_digest

    def digests(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(tokens.hmac, "compare_digest", digests)
    names = ("a", "b", "c")
    Tokens([of_text(LONG + name, name) for name in names]).find((LONG + "a").encode())
    assert compared == [(32, 32)] * 3


def test_text_is_not_kept() -> None:
    assert LONG not in repr(of_text(LONG))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tokens.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_file(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"other").hexdigest()
    text = f"""
    [[token]]
    name = "phone"
    role = "predict"
    token = "{LONG}"
    rate = "5/second"
    [[token]]
    name = "chief"
    role = "Admin"
    sha256 = "{digest}"
    """
    phone, chief = of_file(written(tmp_path, text))
    assert (phone.caller.name, phone.caller.role, phone.rate) == ("phone", Role.PREDICT, "5/second")
    assert (chief.caller.name, chief.caller.role, chief.rate) == ("chief", Role.ADMIN, None)
    made = Tokens([phone, chief])
    assert made.find(b"other") is chief
    assert made.any_rate()
    assert not Tokens([chief]).any_rate()


NAMED = f'[[token]]\nname = "a"\nrole = "run"\ntoken = "{LONG}"\n'
WRONG = {
    "token = ": "{path} is no TOML: Invalid value (at end of document)",
    "": "{path} has no tokens",
    "[token]\nname = 'a'": "{path} has no tokens",
    "token = []": "{path} has no tokens",
    "token = [1]": "token 1 of {path}: its values are texts",
    "[[token]]\nname = 1": "token 1 of {path}: its values are texts",
    NAMED + "rat = 'x'": "token 1 of {path}: 'rat' is no key",
    NAMED.replace('"a"', '""'): "token 1 of {path} has no name",
    NAMED.replace('name = "a"', ""): "token 1 of {path} has no name",
    NAMED.replace("run", "nobody"): "token 1 of {path}: its role is 'nobody'",
    NAMED.replace('role = "run"', ""): "token 1 of {path}: its role is ''",
    NAMED + "sha256 = 'x'": "token 1 of {path} needs one of token and sha256",
    NAMED.replace("token = ", "rate = "): "token 1 of {path} needs one of token and sha256",
    NAMED + "rate = 'often'": "token 1 of {path}: 'often' is no rate",
    NAMED.replace(LONG, "short"): "the token 'a' has 5 characters, and 16 is the least",
    NAMED.replace(f'token = "{LONG}"', 'sha256 = "ab"'): "token 1 of {path}: sha256 is not 64 hexadecimal digits",
    NAMED.replace(f'token = "{LONG}"', f'sha256 = "{"g" * 64}"'): (
        "token 1 of {path}: sha256 is not 64 hexadecimal digits"
    ),
    NAMED + NAMED: "{path} has two tokens of the name 'a'",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_file(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadValue) as raised:
        of_file(path)
    assert raised.value.message == WRONG[text].replace("{path}", str(path))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MlsqlError) as raised:
        of_file(tmp_path / "none")
    assert (raised.value.code, raised.value.message) == (
        "FILE_NOT_FOUND",
        f"the tokens {tmp_path / 'none'} cannot be read: No such file or directory",
    )


def test_file_of_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"\xff\xfe")
    with pytest.raises(BadValue, match="is no TOML"):
        of_file(tmp_path / "t")
