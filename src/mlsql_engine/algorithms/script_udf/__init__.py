"""ScriptUDF: SQL functions written in Python."""

from mlsql_engine.algorithms.script_udf.algorithm import ScriptUdf

__all__ = ["ScriptUdf"]
