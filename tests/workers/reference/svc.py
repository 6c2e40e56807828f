import importlib
import json
import os
import pickle

import mlsql
from pyspark.ml.linalg import Vectors


def param(key, value):
    if key in mlsql.fit_param:
        res = mlsql.fit_param[key]
    else:
        res = value
    return res


tempDataLocalPath = mlsql.internal_system_param["tempDataLocalPath"]

moduleName = param("moduleName", "sklearn.svm")
className = param("className", "SVC")
featureCol = param("featureCol", "features")
labelCol = param("labelCol", "label")

X = []
y = []
for file in os.listdir(tempDataLocalPath):
    if file.endswith(".json"):
        with open(tempDataLocalPath + "/" + file) as f:
            for line in f.readlines():
                obj = json.loads(line)
                vector = obj[featureCol]
                X.append(Vectors.sparse(vector["size"], vector["indices"], vector["values"]).toArray())
                y.append(obj[labelCol])

model = getattr(importlib.import_module(moduleName), className)()
mlsql.sklearn_configure_params(model)
model.fit(X, y)

tempModelLocalPath = mlsql.internal_system_param["tempModelLocalPath"]
if not os.path.exists(tempModelLocalPath):
    os.makedirs(tempModelLocalPath)

pickle.dump(model, open(tempModelLocalPath + "/model.pkl", "wb"))
print("class_weight", model.class_weight, "verbose", model.verbose)
