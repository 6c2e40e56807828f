"""Functions of scripts in real workers: from register to unregister, and every way in which they fail."""

# ruff: noqa: E501

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Session
from mlsql_engine.core.errors import Detail
from recorded import RecordedProgress


class Functions:
    """Registers functions and asks them."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder

    def run(self, text: str) -> list[dict[str, Any]]:
        table = self.session.run(text, name="test.mlsql", folder=self.folder)
        return [] if table is None else list(table.to_arrow().to_pylist(maps_as_pydicts="strict"))

    def code(self, code: str, options: str = "", name: str = "f") -> None:
        """Register the code as a function."""
        text = textwrap.dedent(code)
        self.run(f"register ScriptUDF.`` as {name} where code='''{text}\n''' {options};")

    def fails(self, text: str) -> MlsqlError:
        with pytest.raises(MlsqlError) as caught:
            self.run(text)
        return caught.value


@pytest.fixture
def functions(session: Session, tmp_path: Path) -> Functions:
    return Functions(session, tmp_path)


def details(error: MlsqlError) -> dict[str, str]:
    return {detail.label: detail.text for detail in error.details}


def test_the_first_mlsqls_script(functions: Functions, progress: RecordedProgress) -> None:
    rows = functions.run(
        """
        set echoFun='''

        def apply(self,m):
            return m

        ''';
        load script.`echoFun` as scriptTable;
        register ScriptUDF.`scriptTable` as echoFun options
        and lang="python"
        and dataType="map(string,string)"
        ;
        select ECHOFUN(map('a','b')) as res, echofun(map('k', 'v'))['k'] as v from data as output;
        """
    )
    assert rows == [{"res": {"a": "b"}, "v": "v"}] * 3
    assert progress.notes == ["register: echoFun gives map<string,string>"]


def test_the_first_mlsqls_aggregate(functions: Functions) -> None:
    rows = functions.run(
        """
        set plusFun='''
        from org.apache.spark.sql.expressions import MutableAggregationBuffer, UserDefinedAggregateFunction
        from org.apache.spark.sql.types import DataTypes,StructType
        from org.apache.spark.sql import Row
        import java.lang.Long as l
        import java.lang.Integer as i

        class SumAggregation:
            def inputSchema(self):
                return StructType().add("a", DataTypes.LongType)
            def bufferSchema(self):
                return StructType().add("total", DataTypes.LongType)
            def dataType(self):
                return DataTypes.LongType
            def deterministic(self):
                return True
            def initialize(self,buffer):
                return buffer.update(i(0), l(0))
            def update(self,buffer, input):
                sum = buffer.getLong(i(0))
                newitem = input.getLong(i(0))
                buffer.update(i(0), l(sum + newitem))
            def merge(self,buffer1, buffer2):
                buffer1.update(i(0), l(buffer1.getLong(i(0)) + buffer2.getLong(i(0))))
            def evaluate(self,buffer):
                return buffer.getLong(i(0))
        ''';
        load script.`plusFun` as scriptTable;
        register ScriptUDF.`scriptTable` as plusFun options
        className="SumAggregation" and udfType="udaf" and lang="python";
        select label, plusFun(label) as res from data group by label order by label as output;
        """
    )
    assert rows == [{"label": 0, "res": 0}, {"label": 1, "res": 2}]


def test_a_file_and_its_neighbours(functions: Functions) -> None:
    folder = functions.folder / "lib"
    folder.mkdir()
    (folder / "twice.py").write_text("def of(x): return 2 * x\n", encoding="utf-8")
    script = folder / "functions.py"
    script.write_text(
        "import twice\ndef apply(x: int) -> int:\n    return twice.of(x) // (x - 5)\n", encoding="utf-8"
    )
    functions.run("load script.`lib/functions.py` as t; register ScriptUDF.`T` as f;")
    assert functions.run("select f(6) as a as o;") == [{"a": 12}]
    error = functions.fails("select f(5) as a as o;")
    assert error.message == (
        f"function f raised ZeroDivisionError: integer division or modulo by zero ({script}, line 3)"
    )
    assert list(details(error)) == ["row", "traceback", "worker"]
    rows = functions.run("select script from system.functions as o;")
    assert rows == [{"script": str(script)}]


def test_a_variable_comes_before_a_file(functions: Functions) -> None:
    (functions.folder / "both").write_text("of the file", encoding="utf-8")
    load = "load script.`both` as t; select value, file from t as o;"
    assert functions.run(load) == [{"value": "of the file", "file": str(functions.folder / "both")}]
    assert functions.run("set both = 'of the variable'; " + load) == [{"value": "of the variable", "file": None}]


def test_a_script_of_any_table(functions: Functions) -> None:
    functions.run("select 'def apply(x) -> int: return x + 1' as python as t; register ScriptUDF.`t` as f;")
    assert functions.run("select f(1) as a as o;") == [{"a": 2}]


def test_vectors_are_those_of_pyspark(functions: Functions) -> None:
    functions.code(
        """
        from pyspark.ml.linalg import DenseVector, Vectors
        def apply(v: DenseVector, w):
            return Vectors.sparse(3, [0], [v.dot(w)])
        def norm(v) -> str:
            return repr(v)
        """,
        'and dataType="vector"',
    )
    functions.code("def apply(v) -> str: return repr(v)", name="text")
    rows = functions.run("select text(f(vec_dense(array(1, 2)), vec_dense(array(3, 4)))) as t as o;")
    assert rows == [{"t": "SparseVector(3, {0: 11.0})"}]


def test_several_workers_and_batches(functions: Functions) -> None:
    functions.code(
        """
        import os
        import pyarrow as pa
        def apply(x: pa.Array) -> pa.Array:
            return pa.array([os.getpid()] * len(x))
        """,
        'and dataType="bigint" and workers="2"',
    )
    query = "select count(distinct p) as n, count(*) as rows from (select f(id) as p from range(200000)) as o;"
    assert functions.run(query) == [{"n": 2, "rows": 200_000}]


def test_registering_again_replaces(functions: Functions, progress: RecordedProgress) -> None:
    functions.code("def apply(x) -> int: return 1", name="Score")
    before = functions.run("select score(1) as a as old;")
    functions.code("def apply(x) -> str: return 'two'", name="sCORE")
    assert [before, *(functions.run(f"select SCORE(1) as a, t.a as b from old t as o{i};") for i in range(2))] == [
        [{"a": 1}],
        [{"a": "two", "b": 1}],
        [{"a": "two", "b": 1}],
    ]
    assert functions.run("select name, returnType from system.functions as o;") == [
        {"name": "sCORE", "returnType": "string"}
    ]
    assert progress.warnings == []


def test_a_built_in_is_hidden_with_a_warning(functions: Functions, progress: RecordedProgress) -> None:
    functions.code("def apply(s: str) -> str: return f'<{s}>'", name="Upper")
    assert functions.run("select upper('a') as a as o;") == [{"a": "<a>"}]
    assert progress.warnings == [
        (
            "HIDDEN_FUNCTION",
            "'Upper' is a function of SQL; in this session it is the script's function from now on",
        )
    ]


def test_an_aggregate_may_hide_a_built_in_one(functions: Functions) -> None:
    functions.code("def aggregate(xs) -> int: return -len(xs)", 'and udfType="udaf"', name="count")
    assert functions.run("select count(x) as n, count(distinct label) as d from data as o;") == [{"n": -3, "d": -2}]


def test_unregister(functions: Functions) -> None:
    functions.run("set s = 'def apply(x) -> int: return 1'; load script.`s` as t;")
    functions.run("register ScriptUDF.`t` as f; register ScriptUDF.`t` as g; register ScriptUDF.`t` as h;")
    functions.code("def apply(x) -> int: return 1", name="i")
    left = "select name from system.functions as o;"
    assert [row["name"] for row in functions.run("unregister ScriptUDF.`T` as F;" + left)] == ["g", "h", "i"]
    assert [row["name"] for row in functions.run("unregister g;" + left)] == ["h", "i"]
    assert [row["name"] for row in functions.run("unregister ScriptUDF.`t`;" + left)] == ["i"]
    error = functions.fails("unregister ScriptUDF.`t`;")
    assert (error.code, error.message) == ("MODEL", "no function is registered of ScriptUDF.`t`")
    error = functions.fails("unregister PythonAlg.`t`;")
    assert error.message == "no function is registered of PythonAlg.`t`"
    assert functions.run("unregister ScriptUDF.``;" + left) == []
    assert functions.fails("select f(1) as a as o;").code == "UNKNOWN_FUNCTION"


def test_environment_and_interpreter(functions: Functions) -> None:
    functions.code(
        "import os, sys\ndef apply(x) -> str: return os.environ['GREETING'] + str(sys.flags.optimize)",
        """and systemParam.envs='{"GREETING": "hello"}' and systemParam.pythonParam="-O" """
        'and systemParam.pythonPath="python"',
    )
    assert functions.run("select f(1) as a as o;") == [{"a": "hello1"}]


def test_a_dead_worker_is_replaced(functions: Functions, progress: RecordedProgress) -> None:
    functions.code(
        """
        import os
        def apply(x) -> int:
            print("asked for", x, flush=True)
            if x == 2:
                os._exit(7)
            if x == 3:
                os.kill(os.getpid(), 9)
            return x
        """
    )
    error = functions.fails("select f(2) as a as o;")
    assert (error.code, error.message) == ("SCRIPT_EXITED", "function f ended its process with exit status 7")
    assert details(error) == {"last output": "asked for 2", "worker": "1, row 1"}
    assert functions.run("select f(1) as a as o;") == [{"a": 1}]
    error = functions.fails("select f(3) as a as o;")
    assert (error.code, error.message) == ("CRASHED", "the process of function f was ended by SIGKILL")
    assert progress.lines == [("f", "asked for 2"), ("f", "asked for 1"), ("f", "asked for 3")]


def test_an_error_of_a_row_names_the_row_and_both_places(functions: Functions) -> None:
    script = "register ScriptUDF.`` as f where dataType='double' and code='''\n    def apply(x):\n        return 1 / x\n''';\n"
    error = functions.fails(script + "select f(x - 3) as a from data as o;")
    assert error.message == "function f raised ZeroDivisionError: float division by zero (code of f, line 3)"
    assert error.span is not None
    assert (error.span.text, error.span.source.position(error.span.start)) == ("f", (5, 8))
    found = details(error)
    assert list(found) == ["row", "raised at", "traceback", "worker"]
    assert found["row"] == "0.0"
    assert found["raised at"].split("\n")[0] == " --> test.mlsql:3:9"
    assert found["traceback"].split("\n")[1] == '  File "code of f", line 3, in apply'


def test_the_group_of_an_error(functions: Functions) -> None:
    functions.code("def aggregate(xs, ys) -> float: return 1 / (len(xs) - 2)", 'and udfType="udaf"')
    error = functions.fails("select f(x, y) as a from data group by label as o;")
    assert error.details[0] == Detail("group", "[[3.0,4.0],[5.0,6.0]]")


@pytest.mark.parametrize(
    ("code", "options", "message", "place"),
    [
        ("\n\n  import nowhere", "", "function f raised ModuleNotFoundError: No module named 'nowhere' (code of f, line 3)", "import nowhere"),
        ("def apply(x)\n  return", "", "function f raised SyntaxError: expected ':' (code of f, line 1)", "def apply(x)"),
        ("x = 1", "", "function f: code of f has no function 'apply'; it has no function and no class at all", None),
        ("def apply(x): ...", "", "function f: nothing says which type apply returns", None),
        ("def apply(x): ...", 'and methodName="aply"', "function f: code of f has no function 'aply'; it has: apply", None),
        ("def apply(x): ...", 'and className="A"', "function f: code of f has no class 'A'; it has: apply", None),
        ("import sys; sys.exit(3)", "", "function f exited with status 3", None),
    ],
)  # fmt: skip
def test_what_is_told_at_register(
    functions: Functions, code: str, options: str, message: str, place: str | None
) -> None:
    text = f"register ScriptUDF.`` as f where code='''{code}''' {options};"
    error = functions.fails(text)
    assert error.message == message
    assert error.span is not None
    assert error.span.text.strip() == (place or text[:-1].strip())


def test_scala_that_is_not_called_so(functions: Functions) -> None:
    error = functions.fails(
        "register ScriptUDF.`` as f where code='''\ndef apply(a:Double,b:Double)={\n   a + b\n}''';"
    )
    assert error.hint == "it looks like Scala; a script has to be Python here"


def test_no_worker_is_left_after_a_failed_register(functions: Functions) -> None:
    functions.fails("register ScriptUDF.`` as f where code='x = 1';")
    rows = functions.run("select count(*) as n from system.workers where state <> 'ended' as o;")
    assert rows == [{"n": 0}]
    assert os.listdir(functions.folder) == ["temporary"]
