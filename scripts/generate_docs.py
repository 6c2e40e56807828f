"""Write the pages of docs/ that the source itself tells: statements, options, functions, errors.

    python scripts/generate_docs.py [--check]

With --check nothing is written, and the exit status is 1 when a page is not what it would be.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from mlsql_engine import statements
from mlsql_engine.core import codes
from mlsql_engine.core.options import describe
from mlsql_engine.engines.duckdb.functions import MACROS
from mlsql_engine.session import algorithms, sources
from mlsql_engine.statements.set import SetOptions

DOCS = Path(__file__).parent.parent / "docs"
MADE = "<!-- Made by scripts/generate_docs.py from the source. -->\n\n"
NOT_STATEMENTS = {"context", "execution"}


def statement_pages() -> str:
    """The manual pages: the docstrings of the statements' modules."""
    parts = [MADE, "# Statements\n\nOne section per statement; the examples are run by the tests.\n"]
    for module in pkgutil.iter_modules(statements.__path__):
        if module.name not in NOT_STATEMENTS:
            page = importlib.import_module(f"{statements.__name__}.{module.name}").__doc__ or ""
            title, _, body = page.strip().partition("\n")
            parts.append(f"\n## {title}\n{body}\n")
    return "".join(parts)


def options_table(title: str, cls: type) -> str:
    """One table of options."""
    rows = describe(cls)
    if not rows:
        return f"\n### {title}\n\nNo options.\n"
    lines = [f"| `{row.name}` | {_cell(row.type)} | {_cell(row.default)} | {row.doc} |" for row in rows]
    head = "| option | type | default | meaning |\n|---|---|---|---|\n"
    return f"\n### {title}\n\n{head}" + "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text in a Markdown table."""
    return text.replace("|", "\\|")


def options_page() -> str:
    """The options of every format, algorithm and statement."""
    parts = [MADE, "# Options\n\nKeys match in any case.\n\n## Formats\n"]
    for source in sources():
        by_verb = {"connect": source.connect_options, "load": source.load_options, "save": source.save_options}
        parts += [options_table(f"{verb} {source.name}", cls) for verb, cls in by_verb.items() if cls is not None]
    parts.append("\n## Algorithms\n")
    for algorithm in algorithms():
        parts.append(options_table(f"train and run {algorithm.name}", algorithm.train_options))
        parts.append(options_table(f"register and predict {algorithm.name}", algorithm.function_options))
    parts.append("\n## Statements\n")
    parts.append(options_table("set", SetOptions))
    return "".join(parts)


def functions_page() -> str:
    """The SQL functions that mlsql adds to Spark SQL."""
    head = "# Functions of vectors and arrays\n\nIndices count from 0. NULL in gives NULL out.\n\n"
    rows = [f"| `{macro.signature}` | {macro.description} |" for macro in MACROS.values()]
    return MADE + head + "| function | meaning |\n|---|---|\n" + "\n".join(rows) + "\n"


def errors_page() -> str:
    """The codes of errors and warnings."""
    parts = [MADE, "# Errors and warnings\n\nThe code stands in brackets: `error[UNKNOWN_TABLE]: …`.\n"]
    for title, meanings in (("Errors", codes.ERRORS), ("Warnings", codes.WARNINGS)):
        rows = "\n".join(f"| `{code}` | {meaning} |" for code, meaning in meanings.items())
        parts.append(f"\n## {title}\n\n| code | meaning |\n|---|---|\n{rows}\n")
    return "".join(parts)


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {
        "statements.md": statement_pages(),
        "options.md": options_page(),
        "functions.md": functions_page(),
        "errors.md": errors_page(),
    }


def main() -> int:
    """Write or check the pages."""
    stale = [name for name, text in pages().items() if _read(name) != text]
    if "--check" in sys.argv:
        for name in stale:
            sys.stderr.write(f"docs/{name} is not what the source says: run python scripts/generate_docs.py\n")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(pages()[name], encoding="utf-8")
    return 0


def _read(name: str) -> str:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
