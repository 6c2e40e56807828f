import mlsql
import os
import json
import pickle
from pyspark.ml.linalg import Vectors
from sklearn.naive_bayes import MultinomialNB

clf = MultinomialNB()

tempDataLocalPath = mlsql.internal_system_param["tempDataLocalPath"]

# get training data
X = []
y = []
files = [file for file in os.listdir(tempDataLocalPath) if file.endswith(".json")]
for file in files:
    with open(tempDataLocalPath + "/" + file) as f:
        for line in f.readlines():
            obj = json.loads(line)
            f_size = obj["features"]["size"]
            f_indices = obj["features"]["indices"]
            f_values = obj["features"]["values"]
            X.append(Vectors.sparse(f_size, f_indices, f_values).toArray())
            y.append(obj["label"])

clf.partial_fit(X, y, classes=range(2))

tempModelLocalPath = mlsql.internal_system_param["tempModelLocalPath"]

if not os.path.exists(tempModelLocalPath):
    os.makedirs(tempModelLocalPath)

model_file_path = tempModelLocalPath + "/model.pkl"
print("Save model to %s" % model_file_path)
pickle.dump(clf, open(model_file_path, "wb"))
