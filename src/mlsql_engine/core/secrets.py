"""What must not be shown: passwords, tokens and keys, told by the names that they are given."""

from __future__ import annotations

import re
from itertools import pairwise

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SECRET = frozenset(
    (
        *(
            "pass",
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "secret",
            "secrets",
            "token",
            "credential",
            "credentials",
        ),
        *("apikey", "accesskey", "privatekey", "secretkey"),
    )
)
_QUOTED = re.compile(r"""([\w.]+)`?[ \t]*=[ \t]*("{3}|'{3}|["'`])((?:\\.|(?!\2).)*)""")
_PARAMETER = re.compile(r"[?&;]([\w.]+)=([^&;\s\"'`]*)")
_USER = re.compile(r"://[^\s/@:\"'`]*:([^\s/@\"'`]+)@")


def is_secret(name: str) -> bool:
    """Whether a word of the name (dbPassword, HF_TOKEN), or two of them together (api_key), is of a secret."""
    words = [word.lower() for word in _WORD.findall(name)]
    return not _SECRET.isdisjoint([*words, *map("".join, pairwise(words))])


def hide_secrets(line: str) -> str:
    """The line of a script with `*` for each character of a secret: of `password="…"`, and inside addresses."""
    for pattern in (_QUOTED, _PARAMETER):
        for found in pattern.finditer(line):
            if is_secret(found.group(1)):
                line = _starred(line, *found.span(found.lastindex or 0))
    for found in _USER.finditer(line):
        line = _starred(line, *found.span(1))
    return line


def _starred(line: str, start: int, end: int) -> str:
    return line[:start] + "*" * (end - start) + line[end:]
