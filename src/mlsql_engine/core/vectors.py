"""The host's side of the vector layout; `mlsql_sdk.vectors` holds the worker's.

Outside an engine a vector is the Arrow struct (type int8, size int32, indices list<int32>, values
list<double>) that Spark's VectorUDT serialises to: type 0 is sparse, 1 is dense (size and indices null).
Inside DuckDB the same struct has the field names below. They keep a vector apart from a struct that
merely has the same fields, and keep scripts from reaching into one.
"""

from __future__ import annotations

from typing import Final

TYPE: Final = "__type"
SIZE: Final = "__size"
INDICES: Final = "__indices"
VALUES: Final = "__values"
FIELDS: Final = (TYPE, SIZE, INDICES, VALUES)
PUBLIC_FIELDS: Final = ("type", "size", "indices", "values")

DUCKDB_TYPE: Final = f'STRUCT("{TYPE}" TINYINT, "{SIZE}" INTEGER, "{INDICES}" INTEGER[], "{VALUES}" DOUBLE[])'
SPARSE: Final = 0
DENSE: Final = 1
