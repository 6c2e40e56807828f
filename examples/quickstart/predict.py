import os
import pickle

from pyspark.ml.linalg import Vectors, VectorUDT

import python_fun


def predict(index, input):
    items = [i for i in input]

    # The first element is the vector.
    feature = VectorUDT().deserialize(pickle.loads(items[0]))

    # The second element is the model path. The model is loaded once in this process.
    modelPath = pickle.loads(items[1])[0] + "/model.pkl"
    if not hasattr(os, "mlsql_models"):
        os.mlsql_models = {}
    if modelPath not in os.mlsql_models:
        with open(modelPath, "rb") as file:
            os.mlsql_models[modelPath] = pickle.load(file)
    model = os.mlsql_models[modelPath]

    y = model.predict([feature.toArray()])

    # The answer is a list of one serialised vector.
    return [VectorUDT().serialize(Vectors.dense(y))]


python_fun.udf(predict)
