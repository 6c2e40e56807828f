"""What `predict_spark` runs in the interpreter of .venv/spark: sums of predictions in one session of local[2].

    python spark_sums.py PARQUET

Reads lines `KIND PICKLE` from standard input, KIND being a kind of UDF; prints one line of JSON for the start of
the session and for each of them, with the sum and the seconds that it took. It imports nothing of this project.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

BATCH_ROWS = 65_536


def main() -> None:
    # Else Spark starts its workers by another Python, which has no pyarrow.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession, functions

    start = time.perf_counter()
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.showConsoleProgress", "false")
        # Two equal parts of the file for the two cores.
        .config("spark.sql.files.maxPartitionBytes", "1g")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH_ROWS))
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    frame = spark.read.parquet(sys.argv[1])
    _tell(seconds=time.perf_counter() - start)
    made: dict[str, Any] = {}
    for line in map(str.strip, sys.stdin):
        if line not in made:
            kind, path = line.split(" ", 1)
            made[line] = _KINDS[kind](path, len(frame.columns))
        start = time.perf_counter()
        answer = frame.select(functions.sum(made[line](*frame.columns))).first()[0]
        _tell(seconds=time.perf_counter() - start, sum=answer)
    spark.stop()


def _tell(**what: float) -> None:
    print(json.dumps(what), flush=True)


def _by_batch(path: str, features: int) -> Any:
    from pyspark.ml.functions import predict_batch_udf
    from pyspark.sql.types import DoubleType

    def load() -> Any:
        from inspect import Parameter, Signature

        model = _loaded(path)

        def predict(*columns: Any) -> Any:
            return model.predict(_matrix(columns)).astype("float64")

        # Spark counts parameters: so many columns stay columns, which is faster than an array of each row.
        names = [f"c{index}" for index in range(features)]
        predict.__signature__ = Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in names])
        return predict

    return predict_batch_udf(load, return_type=DoubleType(), batch_size=BATCH_ROWS)


def _by_series(path: str, features: int) -> Any:  # noqa: ARG001 - any number of columns will do
    import pandas as pd
    from pyspark.sql.functions import pandas_udf

    def predict(batches: Any) -> Any:
        model = _loaded(path)
        for columns in batches:
            yield pd.Series(model.predict(_matrix(columns)).astype("float64"))

    # What kind of UDF it is Spark reads from the hints, which must be types, not text.
    predict.__annotations__ = {"batches": Iterator[tuple[pd.Series, ...]], "return": Iterator[pd.Series]}
    return pandas_udf(predict, "double")


def _loaded(path: str) -> Any:
    import pickle
    from pathlib import Path

    return pickle.loads(Path(path).read_bytes())


def _matrix(columns: Any) -> Any:
    import numpy as np

    matrix = np.empty((len(columns[0]), len(columns)), order="F")
    for place, column in enumerate(columns):
        matrix[:, place] = column
    return matrix


_KINDS = {"predict_batch_udf": _by_batch, "pandas_udf": _by_series}


if __name__ == "__main__":
    main()
