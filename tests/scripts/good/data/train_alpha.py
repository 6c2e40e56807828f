# ruff: noqa
import mlsql

alpha = float(mlsql.fit_param["alpha"])
mlsql.log_metric("score", alpha)
mlsql.log_metric("f1", 1 - alpha)
mlsql.save_model(alpha)
