"""Values that know where each of their characters was written."""

from __future__ import annotations

import pytest

from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Piece, Text

SOURCE = Source("s", 'set a = "x${long}y";')


def test_literal_text_starts_where_its_span_does() -> None:
    text = Text.literal("set", Span(SOURCE, 0, 3))
    assert text.place(1, 3).text == "et"
    assert not text.quoted


def test_literal_text_may_start_behind_its_quote() -> None:
    text = Text.literal("x${long}y", Span(SOURCE, 8, 19), 9, quoted=True)
    assert text.quoted
    assert text.span.text == '"x${long}y"'
    assert text.place(0, 1).text == "x"
    assert text.place(8, 9).text == "y"


# The value x + VALUE + y, where VALUE stands for ${long}.
FILLED = Text("xVALUEy", Span(SOURCE, 8, 19), (Piece(0, 9), Piece(1, 10, 7), Piece(6, 17)), quoted=True)


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        (0, 1, "x"),
        (1, 6, "${long}"),
        (2, 3, "${long}"),
        (6, 7, "y"),
        (0, 2, "x${long}"),
        (5, 7, "${long}y"),
        (0, 7, "x${long}y"),
    ],
)
def test_the_place_of_what_a_variable_gave_is_the_reference(start: int, end: int, written: str) -> None:
    assert FILLED.place(start, end).text == written


@pytest.mark.parametrize(("offset", "written"), [(0, "x"), (3, "${long}"), (6, "y")])
def test_the_place_of_nothing_is_the_character_there(offset: int, written: str) -> None:
    assert FILLED.place(offset, offset).text == written


def test_a_place_behind_the_end_is_behind_the_last_character() -> None:
    assert FILLED.place(7, 8).text == '"'


def test_str_is_the_value() -> None:
    assert str(FILLED) == "xVALUEy"


def test_origins_and_runs() -> None:
    assert [FILLED.origin(offset) for offset in (0, 1, 5, 6)] == [(9, None), (10, 7), (10, 7), (17, None)]
    assert FILLED.runs(0, 7) == [(0, 1), (1, 6), (6, 7)]
    assert FILLED.runs(2, 6) == [(2, 6)]
    assert FILLED.runs(2, 7) == [(2, 6), (6, 7)]
    assert FILLED.runs(1, 6) == [(1, 6)]


def test_a_part_keeps_its_places() -> None:
    part = FILLED.part(3, 7)
    assert part.value == "LUEy"
    assert part.place(0, 1).text == "${long}"
    assert part.place(3, 4).text == "y"
    assert part.span.text == "${long}y"
    assert not part.quoted


def test_a_part_is_without_the_blanks_around_it() -> None:
    source = Source("s", "  a b\n ; c")
    text = Text.literal(source.text, Span(source, 0, len(source.text)))
    part = text.part(0, 7)
    assert (part.value, part.span.text) == ("a b", "a b")
    assert part.place(2, 3).start == 4


@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, 2), (5, 5)])
def test_an_empty_part(start: int, end: int) -> None:
    source = Source("s", "  a  ")
    part = Text.literal(source.text, Span(source, 0, 5)).part(start, end)
    assert part.value == ""
    assert part.place(0, 1).source is source


def test_between_two_others() -> None:
    text = FILLED.between("select ", " as a")
    assert text.value == "select xVALUEy as a"
    assert text.place(7, 8).text == "x"
    assert text.place(8, 13).text == "${long}"
    assert text.place(13, 14).text == "y"
    # What was put before and behind stands for the first and the last character.
    assert text.place(0, 6).text == "x"
    assert text.place(15, 19).text == "y"
    assert text.span == FILLED.span


def test_a_part_of_what_stands_between() -> None:
    part = FILLED.between("(", ")").part(1, 8)
    assert (part.value, part.span.text) == ("xVALUEy", "x${long}y")
