"""PythonAlg: any Python script trains, and any Python predicts."""

from mlsql_engine.algorithms.python_alg.algorithm import PythonAlg

__all__ = ["PythonAlg"]
