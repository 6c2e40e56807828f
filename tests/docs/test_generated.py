"""The generated pages are what the source says, and what the source says is complete."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from mlsql_engine.core import codes

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "mlsql_engine"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["statements.md", "options.md", "functions.md", "errors.md"])
def test_page_is_up_to_date(generator: ModuleType, page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == generator.pages()[page]


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
