"""How a query hands a call to a worker where plain columns of arguments do not say enough.

A function that is called without arguments gets a batch of no columns, whose length is the number of rows; inside
an engine, which has no such thing, it gets a struct of the one field NO_ARGUMENTS. An aggregate gets one column,
the list of what the group's rows give it: the argument itself, a struct of NO_ARGUMENTS, or a struct of the fields
ARGUMENT0, ARGUMENT1 …
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

NO_ARGUMENTS = "mlsql_no_arguments"
ARGUMENT = "mlsql_argument_"


def arguments(form: str, columns: Sequence[tuple[str, pa.DataType]]) -> Sequence[tuple[str, pa.DataType]]:
    """The names and types of the arguments that a script wrote, of those of the columns that stand for them."""
    import pyarrow as pa

    if form == "model" or len(columns) != 1:
        return columns
    name, kind = columns[0]
    if form == "udaf":
        if not hasattr(kind, "value_type"):
            return columns
        kind = kind.value_type
    fields = list(kind) if pa.types.is_struct(kind) else []
    if fields and fields[0].name == NO_ARGUMENTS:
        return []
    if fields and fields[0].name.startswith(ARGUMENT):
        return [(field.name, field.type) for field in fields]
    return [(name, kind)]
