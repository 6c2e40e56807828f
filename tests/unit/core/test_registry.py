"""Registries: any case, made once, guessed, and fed by entry points."""

from __future__ import annotations

from importlib import metadata

import pytest

from mlsql_engine.core.errors import MlsqlError, UnknownName
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text


class Made:
    """Something that says how it was made; it stands in for a plug-in's class below."""


@pytest.fixture
def plug_ins(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The groups that are asked for entry points, of which there are `Plug` and `csv`."""
    asked: list[str] = []

    def entry_points(*, group: str) -> list[metadata.EntryPoint]:
        asked.append(group)
        return [metadata.EntryPoint(name, f"{__name__}:Made", group) for name in ("Plug", "csv")]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    monkeypatch.setattr(metadata.EntryPoint, "load", lambda self: Made)
    return asked


def test_found_in_any_case_and_made_once_when_first_asked_for() -> None:
    made: list[str] = []
    registry: Registry[object] = Registry("format")

    def make() -> object:
        made.append("csv")
        return Made()

    registry.add("Csv", make)
    assert made == []
    first = registry.find("CSV")
    assert registry.find("csv") is first
    assert made == ["csv"]


def test_an_unknown_name_is_placed_and_guessed() -> None:
    registry: Registry[str] = Registry("format")
    registry.add("csv", lambda: "c")
    registry.add("Parquet", lambda: "p")
    span = Span(Source("s", "load parket.`x` as t;"), 5, 11)
    with pytest.raises(UnknownName) as caught:
        registry.find(Text.literal("parket", span))
    assert caught.value.message == "there is no format 'parket'"
    assert caught.value.code == "UNKNOWN_FORMAT"
    assert caught.value.hint == "did you mean 'Parquet'?"
    assert caught.value.span == span


def test_an_unknown_plain_name_has_no_place() -> None:
    with pytest.raises(UnknownName) as caught:
        Registry[str]("engine").find("spork")
    assert caught.value.span is None
    assert caught.value.hint == "there is no engine yet"


def test_two_of_one_name_are_refused() -> None:
    registry: Registry[str] = Registry("format")
    registry.add("csv", lambda: "first")
    with pytest.raises(MlsqlError) as caught:
        registry.add("CSV", lambda: "second")
    assert caught.value.render() == "error[DUPLICATE_NAME]: there are two formats called 'CSV'"
    assert registry.find("csv") == "first"


def test_names_and_things_in_alphabetical_order_whatever_the_case() -> None:
    registry: Registry[str] = Registry("format")
    for name in ("Zip", "arrow", "Json"):
        registry.add(name, lambda name=name: name.lower())
    assert registry.names() == ["arrow", "Json", "Zip"]
    assert list(registry) == ["arrow", "json", "zip"]


def test_a_maker_that_fails_is_tried_again() -> None:
    registry: Registry[str] = Registry("format")
    results = iter([OSError("not now"), "made"])

    def make() -> str:
        result = next(results)
        if isinstance(result, OSError):
            raise result
        return result

    registry.add("csv", make)
    with pytest.raises(OSError, match="not now"):
        registry.find("csv")
    assert registry.find("csv") == "made"


def test_entry_points_are_read_once_and_only_when_ours_do_not_do(plug_ins: list[str]) -> None:
    registry: Registry[object] = Registry("format", "mlsql.sources")
    registry.add("csv", lambda: "ours")
    assert registry.find("csv") == "ours"
    assert plug_ins == []
    assert isinstance(registry.find("PLUG"), Made)
    assert registry.names() == ["csv", "Plug"]
    with pytest.raises(UnknownName):
        registry.find("other")
    assert plug_ins == ["mlsql.sources"]


def test_a_plug_in_does_not_replace_ours(plug_ins: list[str]) -> None:
    registry: Registry[object] = Registry("format", "mlsql.sources")
    registry.add("CSV", lambda: "ours")
    assert next(iter(registry)) == "ours"
    assert registry.names() == ["CSV", "Plug"]


def test_without_a_group_there_are_no_entry_points(plug_ins: list[str]) -> None:
    assert Registry[object]("format").names() == []
    assert plug_ins == []


def test_its_words_are_its_names_in_lower_case(plug_ins: list[str]) -> None:
    registry: Registry[object] = Registry("format", "mlsql.sources")
    registry.add("CSV", lambda: "ours")
    words = registry.words()
    assert "csv" in words
    assert plug_ins == []
    assert "plug" in words
    assert "other" not in words
    assert 1 not in words
    assert (sorted(words), len(words)) == (["csv", "plug"], 2)


def test_what_it_contains(plug_ins: list[str]) -> None:
    registry: Registry[object] = Registry("format", "mlsql.sources")
    registry.add("CSV", lambda: "ours")
    assert "csv" in registry
    assert "PLUG" in registry
    assert "other" not in registry
