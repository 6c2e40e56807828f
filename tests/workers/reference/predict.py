from pyspark.ml.linalg import VectorUDT, Vectors
import os
import pickle
import python_fun

def predict(index, input):
    items = [i for i in input]
    
    ## The first element in items is vector 
    feature = VectorUDT().deserialize(pickle.loads(items[0]))
    
    ## The second element in items is the model path.
    ## To avoid loading model every time when predict, you can do like this
    modelPath = pickle.loads(items[1])[0] + "/model.pkl"
    if not hasattr(os, "mlsql_models"):
            setattr(os, "mlsql_models", {})
    if modelPath not in os.mlsql_models:
        os.mlsql_models[modelPath] = pickle.load(open(modelPath, "rb"))
    
    model = os.mlsql_models[modelPath]
    
    ## do the predicting 
    y = model.predict([feature.toArray()])
    
    ## serialize the return. The pythonAlg need the return type 
    ## is array(vector)
    return [VectorUDT().serialize(Vectors.dense(y))]

# make sure use python_fun to wrap the predict function
python_fun.udf(predict)
