"""How a query hands a call to a worker where plain columns of arguments do not say enough.

A function that is called without arguments gets a batch of no columns, whose length is the number of rows; inside
an engine, which has no such thing, it gets a struct of the one field NO_ARGUMENTS. An aggregate gets one column,
the list of what the group's rows give it: the argument itself, a struct of NO_ARGUMENTS, or a struct of the fields
ARGUMENT0, ARGUMENT1 …
"""

from __future__ import annotations

NO_ARGUMENTS = "mlsql_no_arguments"
ARGUMENT = "mlsql_argument_"
