# ruff: noqa
import mlsql

depth = mlsql.fit_param["maxDepth"]
print("reading the parameters")
if not depth.isdigit():
    raise ValueError(f"maxDepth is no number: {depth}")
