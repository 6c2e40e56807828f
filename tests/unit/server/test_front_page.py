"""The page that tells what a server is, and its lines for a shell."""

from __future__ import annotations

import shlex

import pytest

from mlsql_engine.server.front_page import Listed, curl_line, page
from mlsql_sdk.accepted import NUMBER, Accepted, Place

ADDRESS = "http://127.0.0.1:9003"


def accepted(*places: Place, packed: bool = False, most: int | None = 0) -> Accepted:
    return Accepted("f", "", places, len(places), len(places) if most == 0 else most, packed=packed)


NAMED = [Place(name, NUMBER) for name in "abcd"]
LINES = {
    "nothing known": (None, "f(feature)", '[{"feature":0.5}]'),
    "packed": (
        accepted(Place("arg0", NUMBER), Place("arg1", NUMBER), packed=True),
        "f(features)",
        '[{"features":[0.5,0.5]}]',
    ),
    "named": (accepted(*NAMED[:2], packed=True), "f(a, b)", '[{"a":0.5,"b":0.5}]'),
    "many": (accepted(*NAMED), "f(struct(*))", '[{"a":0.5,"b":0.5,"c":0.5,"d":0.5}]'),
    "kinds": (
        accepted(Place("a", "string"), Place("b c", "boolean"), Place("d", "bigint")),
        "f(a, `b c`, d)",
        '[{"a":"a","b c":true,"d":1}]',
    ),
}


@pytest.mark.parametrize("which", LINES)
def test_line(which: str) -> None:
    takes, call, data = LINES[which]
    assert shlex.split(curl_line("f", takes, ADDRESS, token=False)) == [
        "curl",
        *("--data-urlencode", f"sql=select {call} as answer"),
        *("--data-urlencode", f"data={data}"),
        *("--data-urlencode", "dataType=row"),
        f"{ADDRESS}/model/predict",
    ]


def test_line_with_a_token() -> None:
    line = curl_line("a b", None, ADDRESS, token=True)
    assert line.startswith('curl -H "Authorization: Bearer $MLSQL_TOKEN" --data-urlencode \'sql=select `a b`(')


def test_page_is_told_nothing_by_names() -> None:
    made = page([Listed("<script>", 3, "curl '<b>'")], told=True).decode()
    assert "<script" not in made
    assert "<h2>&lt;script&gt;, version 3 of its model</h2>" in made
    assert "curl &#x27;&lt;b&gt;&#x27;" in made


def test_page_for_nobody() -> None:
    assert "The functions are told to those who have a token." in page([], told=False).decode()
    assert "There are no functions yet" in page([], told=True).decode()
