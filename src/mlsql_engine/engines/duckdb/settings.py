"""What `set … where type="conf"` can set on DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlsql_engine.core.errors import BadValue, UnknownName
from mlsql_engine.engines.quoting import literal

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Setting:
    """One setting: DuckDB's name for it and what it is for."""

    name: str
    duckdb_name: str
    doc: str
    check: Callable[[str], bool] = lambda value: bool(value.strip())


SETTINGS: Final = {
    setting.name.lower(): setting
    for setting in (
        Setting("spark.sql.session.timeZone", "TimeZone", "the time zone that times are read and shown in"),
        Setting("mlsql.threads", "threads", "how many threads a query may use", str.isdecimal),
        Setting(
            "mlsql.memoryLimit", "memory_limit", "how much memory queries may take before they spill, as in 4GB"
        ),
    )
}


def configure(cursor: duckdb.DuckDBPyConnection, name: str, value: str) -> bool:
    """Set it for the whole database; False for a setting of Spark's that means nothing here.

    Raises UnknownName for a name that is neither, BadValue for a value that DuckDB does not take.
    """
    import duckdb

    setting = SETTINGS.get(name.lower())
    if setting is None:
        if name.lower().startswith("spark."):
            return False
        raise UnknownName("setting", name, [known.name for known in SETTINGS.values()])
    try:
        if not setting.check(value):
            raise BadValue(f"'{value}' is no value for {setting.name}", hint=f"it is {setting.doc}")
        cursor.execute(f"SET GLOBAL {setting.duckdb_name} = {literal(value.strip())}")
    except duckdb.Error as error:
        raise BadValue(f"'{value}' is no value for {setting.name}", hint=f"it is {setting.doc}") from error
    return True
