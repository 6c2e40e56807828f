"""Places in scripts: lines, columns, carets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsql_engine.core.span import Source, Span

TEXT = "first\n\tsecond line\r\n\nlast"


@pytest.mark.parametrize(
    ("offset", "place"),
    [
        (0, (1, 1)),
        (4, (1, 5)),
        (5, (1, 6)),  # the line break itself
        (6, (2, 1)),
        (7, (2, 2)),
        (20, (3, 1)),
        (21, (4, 1)),
        (24, (4, 4)),
        (25, (4, 5)),  # the end of the text
    ],
)
def test_position(offset: int, place: tuple[int, int]) -> None:
    assert Source("s", TEXT).position(offset) == place


@pytest.mark.parametrize(("line", "text"), [(1, "first"), (2, "\tsecond line"), (3, ""), (4, "last")])
def test_line_text_has_no_line_break(line: int, text: str) -> None:
    assert Source("s", TEXT).line_text(line) == text


def test_an_empty_text_has_one_empty_line() -> None:
    source = Source("s", "")
    assert source.position(0) == (1, 1)
    assert source.line_text(1) == ""
    assert Span(source, 0, 0).render() == " --> s:1:1\n  |\n1 | \n  | ^"


def test_relative_paths_start_from_the_current_folder_unless_told() -> None:
    assert Source("s", "").folder == Path.cwd()
    assert Source("s", "", Path("/data")).folder == Path("/data")


def test_the_text_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Source("s", "secret"))


@given(st.text(alphabet="a\n\r\té", max_size=40), st.data())
def test_position_leads_back_to_the_character(text: str, data: st.DataObject) -> None:
    source = Source("s", text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = source.position(offset)
    before = text.split("\n")[: line - 1]
    assert sum(len(part) + 1 for part in before) + column - 1 == offset
    assert text.split("\n")[line - 1].rstrip("\r") == source.line_text(line)


def test_a_span_is_its_characters() -> None:
    assert Span(Source("s", "select a"), 7, 8).text == "a"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [(0, 3, "cde"), (1, 2, "d"), (1, 99, "de"), (99, 100, ""), (2, 1, "")],
)
def test_a_part_stays_inside_its_span(start: int, end: int, text: str) -> None:
    part = Span(Source("s", "abcdefg"), 2, 5).part(start, end)
    assert part.text == text
    assert 2 <= part.start <= part.end <= 5


def test_render_shows_the_line_and_carets() -> None:
    span = Span(Source("a.mlsql", "select 1 as a as t;\nlaod x;"), 20, 24)
    assert span.render() == " --> a.mlsql:2:1\n  |\n2 | laod x;\n  | ^^^^"


def test_the_gutter_is_as_wide_as_the_line_number() -> None:
    span = Span(Source("a", "\n" * 99 + "ab cd"), 102, 104)
    assert span.render() == "   --> a:100:4\n    |\n100 | ab cd\n    |    ^^"


def test_a_tab_before_the_caret_stays_a_tab() -> None:
    assert Span(Source("a", "\tx\ty"), 3, 4).render() == " --> a:1:4\n  |\n1 | \tx\ty\n  | \t \t^"


def test_carets_end_with_the_first_line() -> None:
    assert Span(Source("a", "ab\ncd"), 1, 5).render() == " --> a:1:2\n  |\n1 | ab\n  |  ^"


def test_an_empty_span_and_the_end_of_the_text_have_one_caret() -> None:
    assert Span(Source("a", "ab"), 1, 1).render() == " --> a:1:2\n  |\n1 | ab\n  |  ^"
    assert Span(Source("a", "ab"), 2, 3).render() == " --> a:1:3\n  |\n1 | ab\n  |   ^"


def test_a_line_break_alone_has_one_caret() -> None:
    assert Span(Source("a", "ab\r\ncd"), 2, 4).render() == " --> a:1:3\n  |\n1 | ab\n  |   ^"


def test_a_line_of_160_characters_is_shown_whole() -> None:
    text = "x" * 159 + "y"
    assert Span(Source("a", text), 159, 160).render().split("\n")[2:] == [
        f"1 | {text}",
        "  | " + " " * 159 + "^",
    ]


@pytest.mark.parametrize(
    ("at", "shown", "lead"),
    [
        (0, "a" * 160 + "…", 0),
        (80, "a" * 160 + "…", 80),
        (81, "…" + "a" * 160 + "…", 81),
        (500, "…" + "a" * 160 + "…", 81),
        (999, "…" + "a" * 81, 81),
    ],
)
def test_a_longer_line_is_cut_around_the_place(at: int, shown: str, lead: int) -> None:
    lines = Span(Source("a", "a" * 1000), at, at + 1).render().split("\n")
    assert lines == [f" --> a:1:{at + 1}", "  |", f"1 | {shown}", "  | " + " " * lead + "^"]


@given(st.text(alphabet="ab\t \n", max_size=400), st.data())
def test_carets_stand_under_the_first_line_of_the_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    place, _, shown, carets = Span(Source("n", text), start, end).render().split("\n")
    line, column = Source("n", text).position(start)
    number = str(line)
    assert place == f"{' ' * len(number)}--> n:{line}:{column}"
    shown = shown.removeprefix(f"{number} | ")
    pad, _, rest = carets.removeprefix(f"{' ' * len(number)} | ").partition("^")
    marked = shown[len(pad) : len(pad) + 1 + len(rest)]
    assert set(rest) <= {"^"}
    # A tab above is a tab below, so that the caret stands where the terminal puts the character.
    assert [char == "\t" for char in shown[: len(pad)]] == [char == "\t" for char in pad]
    wanted = text[start:end].split("\n", maxsplit=1)[0]
    if wanted:
        # A cut line may end in an ellipsis, which then takes one caret.
        assert wanted.startswith(marked.rstrip("…"))
        assert len(marked) == 1 + len(rest)
