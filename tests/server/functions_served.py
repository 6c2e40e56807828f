"""The session whose functions the tests of protocols ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlsql_engine import Session, connect
from mlsql_engine.core.progress import SilentProgress

# A plane: label is 2 a + b; the second version has another intercept.
SCRIPT = """
set rows = '''{{"a": 1.0, "b": 0.0, "label": 2.0}}
{{"a": 0.0, "b": 1.0, "label": 1.0}}
{{"a": 3.0, "b": 1.0, "label": 7.0}}''';
load jsonStr.`rows` as first;
select a, b, label + 10 as label from first as second;
train first as SKLearn.`{folder}/plane` where
  `fitParam.0.alg`="LinearRegression" and `fitParam.0.labelCol`="label";
train second as SKLearn.`{folder}/plane` where
  `fitParam.0.alg`="LinearRegression" and `fitParam.0.labelCol`="label";
register PythonAlg.`{folder}/plane` as plane;
register ScriptUDF.`` as shout where dataType="string" and code='''
def apply(word: str, times: int):
    return word.upper() + "!" * times
''';
register ScriptUDF.`` as thrice where code='''
from typing import List
def apply(values: List[float]) -> List[float]:
    return [value * 3 for value in values]
''';
register ScriptUDF.`` as whole where code='''
def apply(n: int) -> int:
    return None if n == 0 else -n
''';
register ScriptUDF.`` as total where udfType="udaf" and dataType="double" and code='''
class Total:
    def __init__(self): self.total = 0.0
    def update(self, x: float): self.total += x
    def merge(self, other): self.total += other.total
    def evaluate(self) -> float: return self.total
''';
"""


@contextmanager
def session_of_functions(folder: Path) -> Iterator[Session]:
    """A session with the functions plane(a, b), shout(word, times), thrice(values), whole(n) and total(x)."""
    with connect(progress=SilentProgress()) as session:
        session.run(SCRIPT.format(folder=folder))
        yield session
