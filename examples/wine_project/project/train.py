"""How strong is a wine? An elastic net on its other measurements."""

import os
import pickle
import sys

import mlflow
import pandas as pd
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import train_test_split

import mlsql

alpha, l1_ratio = float(sys.argv[1]), float(sys.argv[2])

folder = mlsql.internal_system_param["tempDataLocalPath"]
files = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".csv")]
data = pd.concat([pd.read_csv(file) for file in files])
train, test = train_test_split(data, random_state=40)

with mlflow.start_run():
    model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, random_state=42)
    model.fit(train.drop("alcohol", axis=1).to_numpy(), train["alcohol"])
    predicted = model.predict(test.drop("alcohol", axis=1).to_numpy())
    mlflow.log_param("alpha", alpha)
    mlflow.log_param("l1_ratio", l1_ratio)
    mlflow.log_metric("rmse", root_mean_squared_error(test["alcohol"], predicted))
    mlflow.log_metric("mae", mean_absolute_error(test["alcohol"], predicted))

folder = mlsql.internal_system_param["tempModelLocalPath"]
print(f"Save model to {os.path.basename(folder)}")
with open(os.path.join(folder, "model.pkl"), "wb") as file:
    pickle.dump(model, file)
