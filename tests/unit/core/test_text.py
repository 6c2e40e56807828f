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
