# ruff: noqa: T201
import mlsql

print("one line")
print("another")
mlsql.save_model(1)
