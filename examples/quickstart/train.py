import json
import os
import pickle

from pyspark.ml.linalg import Vectors
from sklearn.naive_bayes import MultinomialNB

import mlsql


def param(key, value):
    return mlsql.fit_param.get(key, value)


def rows(folder):
    """Batches of (features, labels) from the JSON lines in a folder."""
    batch_size = int(param("batchSize", "1000"))
    X, y = [], []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        with open(os.path.join(folder, name)) as lines:
            for line in lines:
                row = json.loads(line)
                vector = row["features"]
                X.append(Vectors.sparse(vector["size"], vector["indices"], vector["values"]).toArray())
                y.append(row["label"])
                if len(X) == batch_size:
                    yield X, y
                    X, y = [], []
    if X:
        yield X, y


model = MultinomialNB()
classes = range(int(param("labelSize", "2")))
for X, y in rows(mlsql.internal_system_param["tempDataLocalPath"]):
    model.partial_fit(X, y, classes=classes)
    print(f"trained on {len(X)} rows")

# The table that the statement names by validateTable.
X, y = mlsql.get_validate_data()
mlsql.log_metric("accuracy", model.score(X, y))

tempModelLocalPath = mlsql.internal_system_param["tempModelLocalPath"]
if not os.path.exists(tempModelLocalPath):
    os.makedirs(tempModelLocalPath)

model_file_path = tempModelLocalPath + "/model.pkl"
print(f"Save model to {os.path.basename(model_file_path)}")
with open(model_file_path, "wb") as file:
    pickle.dump(model, file)
