"""Lengths of time as users write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsql_engine.core.duration import parse_duration, show_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("30s", 30.0),
        (" 30 s ", 30.0),
        ("0.5", 0.5),
        ("500ms", 0.5),
        ("10m", 600.0),
        ("1.5h", 5400.0),
        ("2h", 7200.0),
        ("1d", 86400.0),
    ],
)
def test_forms(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", " ", "s", "0", "0s", "0.0h", "-1", "+1", "1 week", "1m30s", "1e3", ".5", "1.", "inf", "nan", "1S"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="^" + text.replace("+", r"\+").replace(".", r"\.") + "$"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (86400, "1d"),
        (172800, "2d"),
        (90000, "25h"),
        (3600, "1h"),
        (5400, "90m"),
        (60, "1m"),
        (90, "90s"),
        (1, "1s"),
        (0.5, "0.5s"),
        (0.00001, "0.00001s"),
        (1_000_001, "1000001s"),
        (30.0, "30s"),
    ],
)
def test_shown_in_the_largest_unit_that_is_whole(seconds: float, text: str) -> None:
    assert show_duration(seconds) == text


@given(st.integers(1, 10**9) | st.floats(1e-6, 1e9))
def test_what_is_shown_is_read_back(seconds: float) -> None:
    assert parse_duration(show_duration(seconds)) == seconds
