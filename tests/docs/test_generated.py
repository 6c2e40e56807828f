"""The generated pages are what the source says, and what the source says is complete."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from docs.generator import ROOT, load
from mlsql_engine.core import codes
from mlsql_engine.language.diagnostics import STATEMENT_WORDS
from mlsql_engine.registries import commands

SOURCE = ROOT / "src" / "mlsql_engine"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return load()


PAGES = ["statements.md", "commands.md", "options.md", "settings.md", "functions.md", "errors.md"]


@pytest.mark.parametrize("page", PAGES)
def test_page_is_up_to_date(generator: ModuleType, page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == generator.pages()[page]


def test_every_page_is_looked_at(generator: ModuleType) -> None:
    assert sorted(generator.pages()) == sorted(PAGES)


def test_every_statement_and_command_has_its_page(generator: ModuleType) -> None:
    titles = re.findall(r"^## (\S+):", generator.pages()["statements.md"], re.MULTILINE)
    words = {*STATEMENT_WORDS, "!if"} - {"run", "with"}  # told with train and select
    assert sorted(titles) == sorted(words)
    titles = re.findall(r"^## !(\S+):", generator.pages()["commands.md"], re.MULTILINE)
    assert sorted(titles) == sorted(command.name for command in commands())


def test_every_code_is_documented() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    errors = set(re.findall(r'(?:code=|default_code = )"([A-Z_]+)"', text))
    kinds = re.findall(r'UnknownName\(\s*"([a-z ]+)"', text) + re.findall(r'Registry\("(\w+)"', text)
    errors |= {f"UNKNOWN_{kind.upper().replace(' ', '_')}" for kind in kinds}
    warnings = set(re.findall(r'\.warn\(\s*"([A-Z_]+)"', text))
    assert errors - set(codes.ERRORS) - {"UNKNOWN_NAME", "WORKER"} == set()
    assert warnings == set(codes.WARNINGS)


def test_links_between_pages_lead_somewhere() -> None:
    for page in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("examples/*/*.md"),
    ]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
