# ruff: noqa
import python_fun


def predict(index, input):
    raise ValueError("no such wine")


python_fun.udf(predict)
