"""Which installed distributions a run has used, and how those of another interpreter differ."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

MOST = 200
_OURS = {"mlsql-engine"}


def imported(before: Iterable[str]) -> dict[str, str]:
    """Distribution and version of what was imported since `before`, names of sys.modules; at most 200, by name."""
    old = {name.partition(".")[0] for name in before}
    tops = {name.partition(".")[0] for name in list(sys.modules)} - old
    found = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name and name not in _OURS and not tops.isdisjoint(_top_levels(distribution)):
            found[name] = distribution.version
    return dict(sorted(found.items(), key=lambda item: item[0].lower())[:MOST])


def _top_levels(distribution: metadata.Distribution) -> set[str]:
    """The modules that a distribution installs (importlib.metadata's own packages_distributions is of 3.10)."""
    written = distribution.read_text("top_level.txt")
    if written:
        return set(written.split())
    names = set()
    for file in distribution.files or ():
        first = file.parts[0]
        if len(file.parts) > 1:
            names.add(first)
        elif first.endswith((".py", ".so", ".pyd")):
            names.add(first.partition(".")[0])
    return {name for name in names if name.isidentifier()}


def differences(trained: Mapping[str, str]) -> list[list[Any]]:
    """[name, version at training, version here or None] for each distribution whose version is another here."""
    found: list[list[Any]] = []
    for name, version in sorted(trained.items()):
        try:
            here: str | None = metadata.version(name)
        except metadata.PackageNotFoundError:
            here = None
        if here != version:
            found.append([name, version, here])
    return found
