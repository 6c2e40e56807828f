"""A line of JSON for each line of JSON."""

import json
import os
import pickle

import mlsql

parameters = mlsql.params()["internalSystemParam"]

with open(os.path.join(parameters["tempModelLocalPath"], "model.pkl"), "rb") as file:
    model = pickle.load(file)

with open(parameters["tempDataLocalPath"]) as lines, open(parameters["tempOutputLocalPath"], "w") as output:
    for line in lines:
        row = json.loads(line)
        features = [value for name, value in row.items() if name != "alcohol"]
        y = model.predict([features])
        output.write(json.dumps({"alcohol": row["alcohol"], "predict": round(float(y[0]), 3)}) + "\n")
