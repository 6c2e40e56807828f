"""Tokens: who has which, and what they may with it.

A file of tokens is TOML: a table `[[token]]` for each, with `name`, `role` (predict, run or admin), `token` or
`sha256` (of the token, in hexadecimal), and `rate`, such as "100/second" or "5000/minute", where it is limited.
"""

from __future__ import annotations

import hashlib
import hmac
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlsql_engine.core.errors import BadValue, DataProblem, suggestion
from mlsql_engine.server.callers import Caller, Role

_KEYS = ("name", "role", "token", "sha256", "rate")
_LEAST_CHARACTERS = 16
_HASH_CHARACTERS = 64


@dataclass(frozen=True)
class Token:
    """`digest` is the SHA-256 of a token's text; `rate` is how many requests it has, as `limits` writes it."""

    caller: Caller
    digest: bytes
    rate: str | None = None


class Tokens:
    """The tokens that a server lets in. Without any it lets everybody in who reaches it."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._tokens = tuple(tokens)

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def any_rate(self) -> bool:
        """Whether one of them has a rate of its own."""
        return any(token.rate is not None for token in self._tokens)

    def find(self, text: bytes) -> Token | None:
        """The token of that text. How long it takes does not tell how much of the text is right."""
        digest = hashlib.sha256(text).digest()
        found = None
        for token in self._tokens:
            if hmac.compare_digest(token.digest, digest):
                found = token
        return found


def of_text(text: str, name: str = "token", role: Role = Role.ADMIN) -> Token:
    """The token of a text. Raises BadValue for one that could be guessed."""
    if len(text) < _LEAST_CHARACTERS:
        raise BadValue(
            f"the token '{name}' has {len(text)} characters, and {_LEAST_CHARACTERS} is the least",
            hint="python3 -c 'import secrets; print(secrets.token_urlsafe(32))' prints a good one",
        )
    return Token(Caller(name, role), hashlib.sha256(text.encode()).digest())


def of_file(path: Path) -> list[Token]:
    """The tokens of a file. Raises DataProblem where it cannot be read, BadValue for what is wrong in it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataProblem(f"the tokens {path} cannot be read: {error.strerror}", code="FILE_NOT_FOUND") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadValue(f"{path} is no TOML: {error}") from None
    tables = content.get("token")
    if set(content) != {"token"} or not isinstance(tables, list) or not tables:
        raise BadValue(
            f"{path} has no tokens", hint="each is a table [[token]] with name, role, and token or sha256"
        )
    made = [_token(table, f"token {number} of {path}") for number, table in enumerate(tables, 1)]
    names = [token.caller.name for token in made]
    for name in names:
        if names.count(name) > 1:
            raise BadValue(f"{path} has two tokens of the name '{name}'", hint="the audit log tells callers by it")
    return made


def _token(table: Any, place: str) -> Token:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise BadValue(f"{place}: its values are texts")
    for key in table:
        if key not in _KEYS:
            raise BadValue(f"{place}: '{key}' is no key", hint=suggestion(key, list(_KEYS), "key"))
    if "name" not in table or not table["name"]:
        raise BadValue(f"{place} has no name", hint="the audit log tells callers by it")
    caller = Caller(table["name"], _role(table.get("role", ""), place))
    if ("token" in table) == ("sha256" in table):
        raise BadValue(f"{place} needs one of token and sha256")
    rate = table.get("rate")
    if rate is not None:
        check_rate(rate, place)
    if "token" in table:
        return Token(caller, of_text(table["token"], caller.name).digest, rate)
    return Token(caller, _digest(table["sha256"], place), rate)


def _role(text: str, place: str) -> Role:
    roles = {role.name.lower(): role for role in Role if role is not Role.NOBODY}
    if text.lower() not in roles:
        raise BadValue(f"{place}: its role is '{text}'", hint=suggestion(text, list(roles), "role"))
    return roles[text.lower()]


def _digest(text: str, place: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(text) != _HASH_CHARACTERS or not digest:
        raise BadValue(f"{place}: sha256 is not {_HASH_CHARACTERS} hexadecimal digits")
    return digest


def check_rate(text: str, place: str) -> None:
    """Raise BadValue for what is no rate."""
    from limits import parse

    try:
        parse(text)
    except ValueError:
        raise BadValue(f"{place}: '{text}' is no rate", hint='as in "100/second" or "5000/minute"') from None
