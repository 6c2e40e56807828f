"""Lengths of time as users write them."""

from __future__ import annotations

import pytest

from mlsql_engine.core.duration import parse_duration


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
