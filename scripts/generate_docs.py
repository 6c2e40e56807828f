"""Write the pages of docs/ that the source itself tells: statements, commands, options, settings, errors …

    python scripts/generate_docs.py [--check]

With --check nothing is written, and the exit status is 1 when a page is not what it would be.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

from mlsql_engine import statements
from mlsql_engine.algorithms.base import ScriptAlgorithm
from mlsql_engine.core import codes
from mlsql_engine.core.options import describe
from mlsql_engine.engines.duckdb.functions import MACROS
from mlsql_engine.engines.duckdb.settings import SETTINGS
from mlsql_engine.registries import algorithms, commands, sources
from mlsql_engine.statements import commands as command_modules
from mlsql_engine.statements.set import SetOptions

DOCS = Path(__file__).parent.parent / "docs"
MADE = "<!-- Made by scripts/generate_docs.py from the source. -->\n\n"
NO_PAGES = {
    *("base", "command", "context", "execution", "lineage", "plugin", "query_value", "renewal", "renewal_pace"),
    "web_text",
}
NO_PAGES |= {"option_table", "system_tables"}
"""Modules beside those of statements and commands whose docstrings are not for users."""


def manual(package: ModuleType) -> dict[str, str]:
    """The manual pages of a package's statements or commands: their modules' docstrings by the modules' names."""
    names = [item.name for item in pkgutil.iter_modules(package.__path__) if not item.ispkg]
    return {
        name: (importlib.import_module(f"{package.__name__}.{name}").__doc__ or "").strip()
        for name in names
        if name not in NO_PAGES
    }


def manual_page(heading: str, introduction: str, pages: dict[str, str]) -> str:
    """The pages in the order of their titles."""
    parts = [MADE, f"# {heading}\n\n{introduction}\n"]
    for page in sorted(pages.values(), key=lambda text: text.lstrip("!").lower()):
        title, _, body = page.partition("\n")
        parts.append(f"\n## {title}\n{body}\n")
    return "".join(parts)


def statement_pages() -> str:
    """The manual pages of the statements."""
    introduction = "One section per statement; [!commands](commands.md) have a page of their own."
    return manual_page("Statements", introduction, manual(statements))


def command_pages() -> str:
    """The manual pages of the commands, behind a table of their forms."""
    forms = "\n".join(f"    {command.form}" for command in commands())
    introduction = f"`!if` is told with the [statements](statements.md).\n\n{forms}"
    return manual_page("Commands", introduction, manual(command_modules))


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
        if isinstance(algorithm, ScriptAlgorithm):
            parts.append(options_table(f"register {algorithm.name}", algorithm.function_options))
            continue
        parts.append(options_table(f"train and run {algorithm.name}", algorithm.train_options))
        parts.append(options_table(f"register and predict {algorithm.name}", algorithm.function_options))
    parts.append("\n## Statements\n")
    parts.append(options_table("set", SetOptions))
    return "".join(parts)


def settings_page() -> str:
    """The settings of the engine."""
    head = (
        '# Settings\n\n`set name = "value" where type="conf";` sets one for the whole session. Another of '
        "Spark's settings,\n`spark.…`, is passed over with a warning; any other name is an error.\n\n"
    )
    rows = [f"| `{setting.name}` | {setting.doc} |" for setting in SETTINGS.values()]
    return MADE + head + "| setting | what it is |\n|---|---|\n" + "\n".join(rows) + "\n"


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
        "commands.md": command_pages(),
        "options.md": options_page(),
        "settings.md": settings_page(),
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
