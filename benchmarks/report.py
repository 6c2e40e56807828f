"""The figures as a Markdown table."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version

from benchmarks.measuring import AtLeast, Bar, Figure, Runs

_PACKAGES = ("mlsql-engine", "duckdb", "pyarrow", "numpy", "scikit-learn", "sqlglot", "lark")
_HEAD = ("figure", "ours", "bare", "against", "ratio", "bar", "", "notes")


def table(figures: Iterable[Figure]) -> str:
    """One line a figure: medians, the fastest and slowest run in brackets, ratio, bar and whether it holds."""
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD))]
    return "\n".join([*lines, *(_line(_cells(figure)) for figure in figures)])


def document(figures: Sequence[Figure], command: str, rows: int, repeats: int) -> str:
    """The results file."""
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    missed = sum(figure.passed is False for figure in figures)
    barred = sum(figure.bar is not None for figure in figures)
    return (
        f"# Speed, {date.today().isoformat()}\n\n"  # noqa: DTZ011 - the date where it ran
        f"`{command}`: {rows:,} rows, {repeats} repeats, ours and the bare thing in turns; medians, in\n"
        f"brackets the fastest and the slowest run. {barred - missed} of {barred} bars hold.\n\n"
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}, "
        f"Python {platform.python_version()}; "
        f"{versions}.\n\n"
        f"{table(figures)}\n"
    )


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cells(figure: Figure) -> list[str]:
    bare = figure.bare
    verdict = {None: "", True: "ok", False: "**misses**"}[figure.passed]
    return [
        figure.what,
        _spread(figure.ours, figure.unit),
        _spread(bare, figure.unit) if bare else "",
        figure.against,
        "" if bare is None else _ratio(figure, bare),
        "" if figure.bar is None else _bar(figure.bar, figure.unit),
        verdict,
        figure.note,
    ]


def _ratio(figure: Figure, bare: Runs) -> str:
    ours = figure.ours.median
    if not isinstance(figure.bar, Bar) or not figure.bar.plus or not figure.bar.times:
        return f"{ours / bare.median:.2f}x"
    scale, unit = _scale(figure.bar.plus, figure.unit)
    return f"{(ours - bare.median) * scale:+.0f} {unit}"


def _bar(bar: Bar | AtLeast, unit: str) -> str:
    if isinstance(bar, AtLeast):
        return f"≥ {bar.number:,.0f}{unit}" if bar.number else f"≥ {bar.times:g}x"
    if not bar.plus:
        return f"≤ {bar.times:g}x"
    scale, unit = _scale(bar.plus, unit)
    return f"≤ {'+' if bar.times else ''}{bar.plus * scale:g} {unit}"


def _scale(value: float, unit: str) -> tuple[float, str]:
    """What to multiply numbers like `value` by, and what they are then."""
    if unit != "s" or value > 1:
        return 1, unit
    return (1_000, "ms") if value >= 0.001 else (1_000_000, "µs")


def _spread(runs: Runs, unit: str) -> str:
    scale, unit = _scale(runs.median, unit)
    low, middle, high = (
        f"{value * scale:.3g}" if value * scale < 100 else f"{value * scale:,.0f}"
        for value in (min(runs.seconds), runs.median, max(runs.seconds))
    )
    return f"{middle}{'' if unit == '/s' else ' '}{unit} ({low}-{high})"
