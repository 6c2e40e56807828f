# ruff: noqa
import pickle

from pyspark.ml.linalg import Vectors, VectorUDT

import python_fun


def predict(index, input):
    vector, path = list(input)
    with open(pickle.loads(path)[0] + "/model.pkl", "rb") as file:
        factor = pickle.load(file)["factor"]
    values = VectorUDT().deserialize(pickle.loads(vector)).toArray()
    return [VectorUDT().serialize(Vectors.dense([value * factor for value in values]))]


python_fun.udf(predict)
