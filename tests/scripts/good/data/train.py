# ruff: noqa
import pickle

import mlsql

print("training")
mlsql.log_metric("score", 0.5)
with open(mlsql.internal_system_param["tempModelLocalPath"] + "/model.pkl", "wb") as file:
    pickle.dump({"factor": 2}, file)
