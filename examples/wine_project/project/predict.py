"""What `register` makes a function of."""

import os
import pickle

from pyspark.ml.linalg import Vectors, VectorUDT

import python_fun

models = {}


def predict(index, input):
    items = [item for item in input]
    features = VectorUDT().deserialize(pickle.loads(items[0]))
    path = os.path.join(pickle.loads(items[1])[0], "model.pkl")
    if path not in models:
        with open(path, "rb") as file:
            models[path] = pickle.load(file)
    y = models[path].predict([features.toArray()])
    return [VectorUDT().serialize(Vectors.dense(y))]


python_fun.udf(predict)
