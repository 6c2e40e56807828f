"""Requirements as files that pip and uv are given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from mlsql_engine.environments.wanted import Wanted

_INDEX_OPTIONS = ("--index-url", "--extra-index-url", "--find-links", "--no-index", "--trusted-host")


def write_requirements(folder: Path, name: str, wanted: Wanted, lines: Sequence[str]) -> list[str]:
    """Write the lines with the project's options; gives the arguments that have pip or uv read them."""
    return _arguments(folder, name, [*_options(wanted.options), *lines], wanted.constraints)


def write_addition(folder: Path, wanted: Wanted, packages: Sequence[str], frozen: Sequence[str]) -> list[str]:
    """The same for packages that are added to what is frozen, from where the project's own come from."""
    options = [option for option in wanted.options if option[0] in _INDEX_OPTIONS]
    return _arguments(folder, "added", [*_options(options), *packages], frozen)


def _arguments(folder: Path, name: str, lines: Iterable[str], constraints: Sequence[str]) -> list[str]:
    arguments = ["-r", _write(folder / f"{name}.txt", lines)]
    return [*arguments, "-c", _write(folder / "constraints.txt", constraints)] if constraints else arguments


def _options(options: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name} {value}".rstrip() for name, value in options]


def _write(path: Path, lines: Iterable[str]) -> str:
    # Addresses may hold passwords.
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    return str(path)
