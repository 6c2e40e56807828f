"""The file of aliases, and how options name versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.core.errors import BadValue, ModelProblem
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.models.pointers import AskedVersion, Pointers, Rollback, new_alias, read

FULL = Pointers({"champion": 3, "Challenger": 5, "best": 3}, Rollback(3, 5), 4)


def text(value: str) -> Text:
    return Text.literal(value, Span(Source("s", value or " ", Path("/")), 0, 1))


def test_what_is_written_is_read_back() -> None:
    assert read(FULL.to_json(), "f") == FULL
    assert read(Pointers().to_json(), "f") == Pointers()
    assert read(None, "f") == Pointers()


def test_names_of_a_version_and_a_name_in_any_case() -> None:
    assert (FULL.of(3), FULL.of(5), FULL.of(0)) == (["best", "champion"], ["Challenger"], [])
    assert (FULL.find("CHALLENGER"), FULL.find("none")) == ("Challenger", None)


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(FULL.to_json()), **changes})


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        ("", "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        ("{}", "KeyError: 'format'"),
        (changed(format=2), "ValueError: another format"),
        (changed(aliases={"a": "1"}), "ValueError: '1' is not the number of a version"),
        (changed(aliases={"a": -1}), "ValueError: -1 is not the number of a version"),
        (changed(rollback={"version": 1}), "KeyError: 'newest'"),
        (changed(highest=True), "ValueError: True is not the number of a version"),
    ],
)
def test_a_damaged_file(damaged: str, reason: str) -> None:
    with pytest.raises(ModelProblem) as caught:
        read(damaged, "/m/_aliases.json")
    assert caught.value.render() == (
        f"error[MODEL]: the file /m/_aliases.json cannot be read: {reason}\n  = help: it was written by another "
        "version of mlsql, or damaged: remove it, and set the aliases again"
    )


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("3", AskedVersion(3)),
        (" 07 ", AskedVersion(7)),
        ("champion", AskedVersion(None, "champion")),
        ("v1.2-x", AskedVersion(None, "v1.2-x")),
    ],
)
def test_versions_that_are_asked_for(written: str, asked: AskedVersion) -> None:
    assert AskedVersion.of_text(text(written)) == asked


@pytest.mark.parametrize("written", ["", "-1", "1.5", "a b", "٣"])
def test_what_names_no_version(written: str) -> None:
    with pytest.raises(BadValue) as caught:
        AskedVersion.of_text(text(written))
    assert caught.value.message == f"'{written}' is neither the number of a version nor an alias"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("current", "'current' always has a meaning of its own, and cannot be an alias"),
        ("Newest", "'Newest' always has a meaning of its own, and cannot be an alias"),
        ("3", "'3' cannot be an alias"),
        ("a/b", "'a/b' cannot be an alias"),
    ],
)
def test_names_that_cannot_be_aliases(written: str, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        new_alias(text(written))
    assert caught.value.message == message
    assert new_alias(text("prod-2")) == "prod-2"
