"""The finder, each time in an interpreter of its own, without site-packages and so without pyspark."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mlsql_sdk

SDK_FOLDER = Path(next(iter(mlsql_sdk.__path__))).parent
START = "import sys; sys.path[:0] = sys.argv[1:]\nfrom mlsql_sdk import pyspark_stand_in\n"
INSTALL = START + "assert pyspark_stand_in.install() is True\n"


def run(code: str, *folders: Path) -> str:
    """What the code prints; the folders come first on its path."""
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", code, *map(str, folders), str(SDK_FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refusal(name: str) -> str:
    return (
        f"ModuleNotFoundError pyspark {name}: pyspark is not installed in this interpreter"
        f" ({sys.executable}), and mlsql provides only pyspark.ml.linalg there;"
        " install pyspark in it to use the rest\n"
    )


def attempt(statement: str) -> str:
    return (
        f"try:\n    {statement}\nexcept ImportError as error:\n    print(type(error).__name__, error.name, error)\n"
    )


@pytest.fixture
def real_pyspark(tmp_path: Path) -> Path:
    package = tmp_path / "pyspark"
    (package / "ml").mkdir(parents=True)
    (package / "__init__.py").write_text("print('slow')\n")
    (package / "ml" / "__init__.py").write_text("")
    (package / "ml" / "linalg.py").write_text("Vectors = 'real'\n")
    return tmp_path


def test_vectors_are_found():
    code = "from pyspark.ml.linalg import VectorUDT, Vectors\nprint(Vectors.dense(1, 2), VectorUDT())\n"
    assert run(INSTALL + code) == "[1.0,2.0] VectorUDT()\n"


def test_every_form_of_import_finds_the_same_classes():
    code = (
        "import pyspark.ml.linalg, pyspark.ml.linalg as a\nfrom pyspark.ml import linalg as b\n"
        "from pyspark.ml.linalg import *\nfrom mlsql_sdk import linalg as ours\n"
        "print(pyspark.ml.linalg is a is b, a.__name__, Vectors is ours.Vectors is a.Vectors)\n"
        "print(sorted(a.__all__))"
    )
    assert run(INSTALL + code) == (
        "True pyspark.ml.linalg True\n['DenseVector', 'SparseVector', 'Vector', 'VectorUDT', 'Vectors']\n"
    )


def test_nothing_is_imported_before_it_is_asked_for():
    code = "print([m for m in ('pyspark', 'mlsql_sdk.linalg', 'numpy', 'pyarrow') if m in sys.modules])"
    assert run(INSTALL + code) == "[]\n"


def test_installing_twice_is_installing_once():
    code = (
        "print(pyspark_stand_in.install())\nimport pyspark.ml.linalg\nprint(pyspark_stand_in.install())\n"
        "print(sum('stand_in' in type(finder).__module__ for finder in sys.meta_path))"
    )
    assert run(INSTALL + code) == "True\nTrue\n1\n"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import pyspark.sql", "pyspark.sql"),
        ("from pyspark.sql import SparkSession", "pyspark.sql"),
        ("from pyspark import SparkContext", "pyspark.SparkContext"),
        ("from pyspark.ml import Pipeline", "pyspark.ml.Pipeline"),
        ("from pyspark.ml.feature import VectorAssembler", "pyspark.ml.feature"),
        ("from pyspark.mllib.linalg import Vectors", "pyspark.mllib"),
    ],
)
def test_the_rest_of_pyspark_is_refused(statement, name):
    assert run(INSTALL + attempt(statement)) == refusal(name)
    assert run(INSTALL + "import pyspark.ml.linalg\n" + attempt(statement)) == refusal(name)


def test_matrices_are_refused():
    assert run(INSTALL + attempt("from pyspark.ml.linalg import DenseMatrix")) == (
        "ImportError pyspark.ml.linalg mlsql's pyspark.ml.linalg has vectors only, not DenseMatrix: pyspark"
        f" is not installed in this interpreter ({sys.executable})\n"
    )


def test_a_name_that_pyspark_does_not_have_either():
    code = (
        "import pyspark.ml.linalg as m\nprint(hasattr(m, 'Vektor'))\n"
        "try:\n    m.Vektor\nexcept AttributeError as e:\n    print(e)"
    )
    assert run(INSTALL + code) == "False\nmodule 'pyspark.ml.linalg' has no attribute 'Vektor'\n"


def test_unrelated_modules_that_are_missing():
    code = attempt("import pysparkling") + attempt("import nothing.ml.linalg")
    assert run(INSTALL + code) == (
        "ModuleNotFoundError pysparkling No module named 'pysparkling'\n"
        "ModuleNotFoundError nothing No module named 'nothing'\n"
    )


def test_where_pyspark_is_nothing_is_done(real_pyspark):
    code = (
        "before = list(sys.meta_path)\nprint(pyspark_stand_in.install(), sys.meta_path == before)\n"
        "print('pyspark' in sys.modules)\nfrom pyspark.ml.linalg import Vectors\nprint(Vectors)\n"
        "print(pyspark_stand_in.install())"
    )
    assert run(START + code, real_pyspark) == "False True\nFalse\nslow\nreal\nFalse\n"


def test_a_pyspark_that_comes_onto_the_path_later_wins(real_pyspark):
    code = (
        f"sys.path.append({str(real_pyspark)!r})\nfrom pyspark.ml.linalg import Vectors\nprint(Vectors)\n"
        + attempt("import pyspark.sql")
    )
    assert run(INSTALL + code) == ("slow\nreal\nModuleNotFoundError pyspark.sql No module named 'pyspark.sql'\n")


def test_a_mere_folder_called_pyspark_is_not_pyspark(tmp_path):
    (tmp_path / "pyspark").mkdir()
    (tmp_path / "pyspark" / "train.py").write_text("from pyspark.ml.linalg import Vectors\n")
    code = "import pyspark.train\nprint(pyspark.train.Vectors.dense(1))\n" + attempt("import pyspark.sql")
    assert run(INSTALL + code, tmp_path) == "[1.0]\n" + refusal("pyspark.sql")
