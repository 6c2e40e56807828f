"""What engines call the session's functions: the name tells the form of the call, and that it is one of ours."""

from __future__ import annotations

import re
from typing import Final

from mlsql_engine.core.functions import CallForm

_PREFIXES: Final[dict[CallForm, str]] = {"model": "mlsql_function_", "udf": "mlsql_udf_", "udaf": "mlsql_udaf_"}
NAME: Final = re.compile(r"mlsql_(?:function|udf|udaf)_(\w+?)_v\d+", re.IGNORECASE)
"""Such a name; its group is about what scripts call the function."""


def engine_name(name: str, form: CallForm, number: int) -> str:
    """The name of the function that scripts call `name`; by the number it is another than that before it."""
    plain = re.sub(r"\W", "_", name.lower())
    return f"{_PREFIXES[form]}{plain}_v{number}"


def has_form(engine_name: str, form: CallForm) -> bool:
    """Whether a function of the engine is called in that form."""
    return engine_name.lower().startswith(_PREFIXES[form])
