"""SKLearn: an estimator by its name, without a script."""

from __future__ import annotations

from mlsql_engine.algorithms.python_alg import PythonAlg
from mlsql_engine.algorithms.python_alg.options import SKLearnOptions


class SKLearn(PythonAlg):
    """Trains estimators of scikit-learn, and others with fit and predict, by their names."""

    name = "SKLearn"
    train_options = SKLearnOptions
