"""Amounts of memory as text."""

from __future__ import annotations

import re

import pytest

from mlsql_engine.core.sizes import parse_size, shown_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1048576", 1 << 20),
        ("1b", 1),
        ("1 k", 1 << 10),
        ("1kb", 1 << 10),
        ("500m", 500 << 20),
        ("500 MiB", 500 << 20),
        (" 2 GB ", 2 << 30),
        ("1.5g", 3 << 29),
        ("1T", 1 << 40),
        ("0.5k", 512),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "0", "0.0001k", "-1", "m", "1 x", "1 mm", "1,5g", "1e3", "1g 2m", "٣m ", "inf"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (400 << 20, "400 MiB"),
        (3 << 29, "1.5 GiB"),
        (20 << 40, "2.048e+04 GiB"),
    ],
)
def test_shown(size: int, shown: str) -> None:
    assert shown_size(size) == shown
