"""What gives something else each time that it is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlglot import exp

KINDS: Final = ("Rand", "Randn", "TableSample", "Uuid")
"""sqlglot's classes, by their names."""
FUNCTIONS: Final = frozenset({"random", "rand", "randn", "uuid", "gen_random_uuid", "shuffle", "nextval"})
"""Functions that sqlglot has no class for, by their names in lower case."""


def is_random(node: exp.Expr) -> bool:
    """Whether the node itself, not what is below it, is random."""
    from sqlglot import exp

    if type(node).__name__ in KINDS:
        return True
    return isinstance(node, exp.Func) and (node.name or node.sql_name()).lower() in FUNCTIONS
