"""The page that tells what a server is: no scripts, nothing from elsewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import msgspec

from mlsql_engine.core.version import __version__
from mlsql_sdk.accepted import NUMBER, Accepted

_UNNAMED = re.compile(r"arg\d+")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FEW = 3
_STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre { font: 14px/1.4 ui-monospace, monospace; overflow-x: auto; padding: .6rem .8rem; border-radius: .3rem;
      background: light-dark(#f2f2f2, #222); }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .3rem; }
"""


class Listed(NamedTuple):
    """A function on the page: `version` is that of its model, `line` calls it from a shell."""

    name: str
    version: int | None
    line: str


def curl_line(name: str, accepted: Accepted | None, address: str, *, token: bool) -> str:
    """A line for a shell that asks the server at the address for a prediction by the function."""
    arguments, row = _example(accepted)
    called = name if _PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`"
    fields = (
        f"sql=select {called}({', '.join(arguments)}) as answer",
        f"data={msgspec.json.encode([row]).decode()}",
        "dataType=row",
    )
    words = ["curl", *(["-H", "Authorization: Bearer $MLSQL_TOKEN"] if token else ())]
    for field in fields:
        words += ["--data-urlencode", field]
    words.append(f"{address}/model/predict")
    # The token is the shell's to fill in.
    return " ".join(f'"{word}"' if word.startswith("Authorization") else shlex.quote(word) for word in words)


def _example(accepted: Accepted | None) -> tuple[list[str], dict[str, Any]]:
    """The arguments of a call, and a row that has them."""
    if accepted is None or (not accepted.places and accepted.most is None):
        return ["feature"], {"feature": 0.5}
    numbers = all(place.kind in (NUMBER, "double", "") for place in accepted.places)
    if accepted.packed and numbers and all(_UNNAMED.fullmatch(place.name) for place in accepted.places):
        count = accepted.least if accepted.most is None else len(accepted.places)
        return ["features"], {"features": [0.5] * max(1, count)}
    row = {place.name: _value(place.kind) for place in accepted.places}
    if accepted.spread and len(row) > _FEW:
        return ["struct(*)"], row
    return [name if _PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`" for name in row], row


def _value(kind: str) -> Any:
    if kind in (NUMBER, "", "double", "float"):
        return 0.5
    if kind in ("boolean", "bool"):
        return True
    if kind.startswith("array"):
        return []
    return "a" if kind == "string" else 1


def page(functions: Sequence[Listed], *, told: bool) -> bytes:
    """The page; `told` says that the caller may know the functions."""
    if not told:
        listed = "<p>The functions are told to those who have a token.</p>"
    elif not functions:
        listed = (
            "<p>There are no functions yet: a script registers them, see <code>mlsql serve --script</code>.</p>"
        )
    else:
        listed = "\n".join(_section(one) for one in functions)
    text = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mlsql</title>
<style>
{_STYLE}</style>
</head>
<body>
<h1>mlsql {escape(__version__)}</h1>
<p>This server answers predictions by the functions that scripts have registered.
<a href="/openapi.json">All that it answers</a> · <a href="/metrics">metrics</a> · <a href="/health">health</a></p>
{listed}
</body>
</html>
"""
    return text.encode()


def _section(one: Listed) -> str:
    version = "" if one.version is None else f", version {one.version} of its model"
    return f"<h2>{escape(one.name)}{version}</h2>\n<pre>{escape(one.line)}</pre>"
