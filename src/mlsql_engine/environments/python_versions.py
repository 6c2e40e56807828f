"""Which Python a project wants, in the words of its file."""

from __future__ import annotations

import re

from mlsql_engine.core.span import Span
from mlsql_engine.environments.documents import needed, wrong

_PLAIN = re.compile(r"\d+(\.\d+)*")


def python_specifier(written: str, span: Span | None) -> str:
    """A version specifier of PEP 440: `3.11` is `==3.11.*`, `3.11.7` is `==3.11.7`, `>=3.10` is itself.

    Raises MlsqlError with code ENVIRONMENT_FILE.
    """
    needed("packaging")
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = written.strip()
    if _PLAIN.fullmatch(text):
        return f"=={text}" if text.count(".") >= 2 else f"=={text}.*"
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        raise wrong(
            f"'{written}' is no version of Python", span, hint='such as "3.11", "3.11.7" or ">=3.10,<3.13"'
        ) from None
