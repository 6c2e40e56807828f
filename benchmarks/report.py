"""The figures as a Markdown table."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version

from benchmarks.measuring import Figure, Runs

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
    bar = "" if figure.bar is None else str(figure.bar)
    difference = bool(figure.bar and figure.bar.plus and figure.bar.times)
    ratio = "" if bare is None else _ratio(figure.ours.median, bare.median, difference)
    return [
        figure.what,
        _seconds(figure.ours),
        _seconds(bare) if bare else "",
        figure.against,
        ratio,
        bar,
        verdict,
        figure.note,
    ]


def _ratio(ours: float, bare: float, difference: bool) -> str:
    return f"{(ours - bare) * 1000:+.0f} ms" if difference else f"{ours / bare:.2f}x"


def _seconds(runs: Runs) -> str:
    scale, unit = (1, "s") if runs.median >= 1 else (1000, "ms")
    low, middle, high = (
        f"{value * scale:.3g}" if value * scale < 100 else f"{value * scale:.0f}"
        for value in (min(runs.seconds), runs.median, max(runs.seconds))
    )
    return f"{middle} {unit} ({low}-{high})"
