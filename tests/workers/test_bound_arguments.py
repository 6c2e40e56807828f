"""Calls that a function cannot take are errors where the query is bound: no row is read, and the caret is at the call."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlsql_engine import MlsqlError, Session
from workers.asking import Asking

NEVER_READ = "select 1 as one as last;"


@pytest.fixture
def asking(session: Session, tmp_path: Path) -> Asking:
    made = Asking(session, tmp_path)
    made.run("select *, cast(x as string) as name, vec_dense(array(x, y)) as v from data as rows;")
    return made


@pytest.fixture
def linear(asking: Asking) -> Asking:
    from sklearn.linear_model import LinearRegression

    asking.model(LinearRegression().fit(np.eye(2), [1.0, 2.0]))
    asking.run("register PythonAlg.`model` as f;")
    return asking


def told(error: MlsqlError) -> tuple[str, str, int, str]:
    """The code, the message, the column of the caret and what stands there."""
    assert error.span is not None
    column = error.span.start - error.span.source.text.rfind("\n", 0, error.span.start)
    return error.code, error.message, column, error.span.text


COUNT = "function f: the model takes 2 features, and the query gives it "
NUMBERS = "function f: argument 2 is string, and the model takes numbers"
WRONG_CALLS = [
    ("select f(x) as p from rows as t;", COUNT + "1 argument", 8),
    ("select f(x, name) as p from rows as t;", NUMBERS, 8),
    ("select f(x, y), f(x, name) as p from rows as t;", NUMBERS, 17),
    ("select x from rows where f(x, y, x) > 1 as t;", COUNT + "3 arguments", 26),
    ("select if(x > 1, f(x), 0) as p from rows as t;", COUNT + "1 argument", 18),
    ("select sum(case when x > 1 then f(x, name) end) as p from rows as t;", NUMBERS, 33),
    ("select coalesce(1.0, f(sum(x), max(name))) as p from rows group by label as t;", NUMBERS, 22),
    ("select f(sum(x), max(name)) as p from rows group by label as t;", NUMBERS, 8),
    ("with c as (select name as n, x from rows) select f(x, n) as p from c as t;", NUMBERS, 50),
    ("select a.p from (select f(x, name) as p from rows) a as t;", NUMBERS, 25),
    ("select x from rows union all select f(x, name) from rows as t;", NUMBERS, 37),
    ("select f(y, f(x)) as p from rows as t;", COUNT + "1 argument", 13),
    ("select f(struct(*)) as p from rows as t;", COUNT + "5 arguments", 8),
    ("select f(struct(x, name)) as p from rows as t;", "function f: the argument 'name' is string, and the model takes numbers", 8),
    ("select f(split(name, 'x')) as p from rows as t;", "function f: the argument is array<string>, and the model takes numbers", 8),
    ("select f(x, v) as p from rows as t;", "function f: argument 2 is vector, and the model takes numbers", 8),
    ("create table z as select f(x) as p from rows;", COUNT + "1 argument", 26),
]  # fmt: skip


def test_calls_that_the_model_cannot_take(linear: Asking) -> None:
    for query, message, column in WRONG_CALLS:
        error = linear.fails(query + NEVER_READ)
        assert told(error) == ("ARGUMENTS", message, column, "f"), query
    assert linear.run("select round(f(x, y), 3) as p from rows where label = 0 as t;") == [{"p": 2.0}]


TAKEN = ["x, y", "struct(x, y)", "v", "array(x, y)", "x, null", "null, null", "label, x > 1", "x, cast(y as decimal(5,2))"]  # fmt: skip


def test_calls_that_the_model_takes(linear: Asking) -> None:
    for arguments in TAKEN:
        assert len(linear.run(f"select f({arguments}) as p from rows as t;")) == 3, arguments


ONLY_ROWS_TELL = [
    ("select transform(array(x), e -> f(e)) as p from rows as t;", COUNT + "1 argument"),
    ("select f(vec_dense(array(x))) as p from rows as t;", COUNT + "1"),
    ("select f(array(x, y, x)) as p from rows as t;", COUNT + "3"),
]


def test_what_only_the_rows_tell(linear: Asking) -> None:
    for query, message in ONLY_ROWS_TELL:
        linear.run(query + NEVER_READ)
        error = linear.fails(query)
        assert (error.code, error.message) == ("ARGUMENTS", message)


FUNCTIONS: list[tuple[str, str, str, str | None]] = [
    ("def apply(x, y): return x", "f(x)", "apply takes the arguments (x, y), and the query gives it 1 argument", None),
    ("def apply(x, y=1): return x", "f(x, y, x)", "apply takes the arguments (x, y=1), and the query gives it 3 arguments", None),
    ("def apply(x): return x", "f()", "apply takes the argument (x), and the query gives it 0 arguments", None),
    ("def apply(*xs: float): return 1", "f(x, y, name)", "the argument 'xs' of apply is annotated as double, and the query gives it string", "cast(… as double) in the query, or change the annotation"),
    ("def apply(xs: list[float]): return 1", "f(array(name))", "the argument 'xs' of apply is annotated as array<double>, and the query gives it array<string>", "cast(… as array<double>) in the query, or change the annotation"),
    ("def apply(x, *, k): return x", "f(x)", "apply takes the arguments (x, *, k), and the query gives it 1 argument", None),
    ("class A:\n    def apply(self, x: str): return x", "f(x)", "the argument 'x' of A.apply is annotated as string, and the query gives it double", "cast(… as string) in the query, or change the annotation"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "call", "message", "hint"), FUNCTIONS)
def test_a_function_of_a_script(asking: Asking, code: str, call: str, message: str, hint: str | None) -> None:
    asking.code(code, 'and dataType="double"')
    error = asking.fails(f"select {call} as p from rows as t;{NEVER_READ}")
    assert told(error) == ("ARGUMENTS", f"function f: {message}", 8, "f")
    assert error.hint == hint


AGGREGATE = "def aggregate(xs: 'list[float]', ys) -> float: return 1.0"
STATE = """
class Mean:
    def update(self, x: float): pass
    def evaluate(self) -> float: return 1.0
"""


@pytest.mark.parametrize(
    ("code", "call", "message"),
    [
        (AGGREGATE, "f(x)", "aggregate takes the arguments (xs, ys), and the query gives it 1 argument"),
        (AGGREGATE, "f(name, x)", "the argument 'xs' of aggregate is annotated as double, and the query gives it string"),
        (STATE, "f()", "Mean.update takes the argument (x), and the query gives it 0 arguments"),
        (STATE, "f(DISTINCT name) over (partition by label)", "the argument 'x' of Mean.update is annotated as double, and the query gives it string"),
    ],
)  # fmt: skip
def test_an_aggregate_of_a_script(asking: Asking, code: str, call: str, message: str) -> None:
    asking.code(code, 'and udfType="udaf"')
    error = asking.fails(f"select {call} as p from rows as t;{NEVER_READ}")
    assert told(error) == ("ARGUMENTS", f"function f: {message}", 8, "f")


BATCH = """
    import numpy as np, python_fun
    def predict(model, batch):
        return [str(batch.schema.types)] * batch.num_rows
    python_fun.batch(lambda path: None, predict, "string", arguments={})
"""


@pytest.mark.parametrize(
    ("takes", "call", "message", "hint"),
    [
        ("2", "f(x)", "the script takes 2 features, and the query gives it 1 argument", None),
        ("2", "f(x, name)", "argument 2 is string, and the script takes numbers", "pass one vector, one array of numbers, or several number columns"),
        ("('double', 'string')", "f(x)", "the script takes 2 arguments (double, string), and the query gives it 1 argument", None),
        ("('double', 'string')", "f(x, y)", "argument 2 is double, and the script takes string there", "cast(… as string) in the query"),
        ("('vector',)", "f(x)", "argument 1 is double, and the script takes vector there", "cast(… as vector) in the query"),
    ],
)  # fmt: skip
def test_a_batch_script_that_says_what_it_takes(
    asking: Asking, takes: str, call: str, message: str, hint: Any
) -> None:
    asking.script(BATCH.format(takes))
    error = asking.fails(f"select {call} as p from rows as t;{NEVER_READ}")
    assert told(error) == ("ARGUMENTS", f"function f: {message}", 8, "f")
    assert error.hint == hint


@pytest.mark.parametrize(
    ("takes", "call", "types"),
    [
        ("('double', 'string')", "f(label, name)", "[DataType(double), DataType(string)]"),
        ("('double', 'string')", "f(struct(x, name))", "[DataType(double), DataType(string)]"),
        ("2", "f(label, x)", "[DataType(int64), DataType(double)]"),
        ("2", "f(array(x, y))", "[ListType(list<l: double>)]"),
        ("None", "f(name)", "[DataType(string)]"),
    ],
)  # fmt: skip
def test_a_batch_script_gets_the_types_that_it_declares(asking: Asking, takes: str, call: str, types: str) -> None:
    asking.script(BATCH.format(takes))
    assert asking.run(f"select {call} as p from rows limit 1 as t;") == [{"p": types}]


def test_a_number_that_is_not_of_the_declared_type(asking: Asking) -> None:
    asking.script(BATCH.format("('int',)"))
    error = asking.fails("select f(x + 0.5) as p from rows as t;")
    assert (
        error.message
        == "function f: argument 1 is declared as int: Float value 1.500000 was truncated converting to int32"
    )
    assert error.code == "SCRIPT_CONTRACT"


def test_vectors_of_another_width_than_is_declared(asking: Asking) -> None:
    asking.script(BATCH.format("3"))
    error = asking.fails("select f(v) as p from rows as t;")
    assert told(error) == ("ARGUMENTS", "function f: the script takes 3 features, and the query gives it 2", 8, "f")


def test_a_row_script_takes_one_argument_of_any_type_or_numbers(asking: Asking) -> None:
    asking.script("""
        import pickle, python_fun
        from pyspark.ml.linalg import VectorUDT, Vectors
        def predict(index, input):
            return [VectorUDT().serialize(Vectors.dense([len(pickle.loads(input[0]))]))]
        python_fun.udf(predict)
    """)
    error = asking.fails(f"select f(x, name) as p from rows as t;{NEVER_READ}")
    assert told(error) == ("ARGUMENTS", "function f: argument 2 is string, and the script takes numbers", 8, "f")
    assert [row["p"]["values"] for row in asking.run("select f(name) as p from rows as t;")] == [[3.0]] * 3


def test_the_predict_statement(linear: Asking) -> None:
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    linear.model(LinearRegression().fit(pd.DataFrame(np.eye(2), columns=["x", "name"]), [1.0, 2.0]), name="named")
    error = linear.fails(f"predict rows as PythonAlg.`named` as t;{NEVER_READ}")
    assert error.message == "the predict statement: argument 2 is string, and the model takes numbers"
    assert error.code == "ARGUMENTS"


RETURN_TYPES = [
    ("bigint", "function g: the model gives double, which cannot always be made bigint"),
    ("vector", "function g: the model gives double, which cannot always be made vector"),
    ("doubel", "function g: 'doubel' is not a type; known: double, float, bigint, int, smallint, tinyint, decimal(…), boolean, string, date, timestamp, binary, vector, array<…>, map<…>, struct<…>, st(field(…))"),
]  # fmt: skip


def test_return_types_that_the_model_cannot_give(linear: Asking) -> None:
    for kind, message in RETURN_TYPES:
        error = linear.fails(f'register PythonAlg.`model` as g where returnType="{kind}";')
        assert told(error) == ("RETURN_TYPE", message, 50, f'"{kind}"')
    assert linear.fails("select g(1, 2) as p as t;").code == "UNKNOWN_FUNCTION"


def test_a_return_type_that_it_can_give(linear: Asking) -> None:
    linear.run(
        'register PythonAlg.`model` as g where returnType="float"; register PythonAlg.`model` as h where returnType="string";'
    )
    table = linear.table("select round(g(x, y), 2) as a, h(1, 0) as b from rows limit 1 as t;")
    assert table is not None
    assert (str(table.schema.field("a").type), str(table.schema.field("b").type)) == ("float", "string")
