import pickle

import mlsql

with open(mlsql.internal_system_param["tempModelLocalPath"] + "/model.pkl", "wb") as file:
    pickle.dump({"rows": 1}, file)
