"""conda's command lines and failures, against an executable that records them: conda itself is not here."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments.by_conda import find_conda
from mlsql_engine.environments.plan import Choice
from mlsql_engine.environments.ready import Environment, ready
from mlsql_engine.environments.wanted import Wanted
from recorded import RecordedProgress

PROGRAM = """#!{python}
import json, os, pathlib, sys
arguments = sys.argv[1:]
given = {{key: os.environ.get(key) for key in ("CONDA_ALWAYS_YES", "MAMBA_ALWAYS_YES", "PYTHONPATH")}}
file = pathlib.Path(arguments[arguments.index("--file") + 1])
call = {{"arguments": arguments, "given": given, "file": file.read_text(), "mode": oct(file.stat().st_mode)[-3:]}}
call["constraints"] = {{path.name: path.read_text() for path in file.parent.glob("*.txt")}}
pathlib.Path({log!r}).write_text(json.dumps(call))
failure = {failure!r}
if failure:
    print("Collecting package metadata: done")
    print(failure, file=sys.stderr)
    sys.exit(1)
prefix = pathlib.Path(arguments[arguments.index("--prefix") + 1])
(prefix / "bin").mkdir(parents=True)
(prefix / "bin" / "python").symlink_to(sys.executable)
"""


@pytest.fixture
def conda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], dict[str, object]]]:
    """Put a conda, of another name if need be, into <tmp>/home/bin; gives what it was asked."""
    monkeypatch.setenv("MLSQL_ENVIRONMENTS", str(tmp_path / "store"))

    def make(name: str = "conda", failure: str = "") -> Callable[[], dict[str, object]]:
        program = tmp_path / "home" / "bin" / name
        program.parent.mkdir(parents=True)
        log = tmp_path / "log.json"
        program.write_text(PROGRAM.format(python=sys.executable, log=str(log), failure=failure))
        program.chmod(0o755)
        return lambda: dict(json.loads(log.read_text()))

    return make


def make(folder: Path, wanted: Wanted, progress: RecordedProgress | None = None) -> Environment:
    choice = Choice(variables={"MLFLOW_CONDA_HOME": str(folder / "home")}, inject=())
    return ready(wanted, choice, progress or RecordedProgress())


WANTED = Wanted(
    python="==3.11.*",
    requirements=("mlflow>=1",),
    constraints=("six<2",),
    options=(("--extra-index-url", "https://me:geheim@host/simple"),),
    conda=("numpy=1.26",),
    channels=("conda-forge",),
    source="/p/conda.yaml",
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conda", ["env", "create"]),
        ("mamba", ["env", "create"]),
        ("micromamba", ["create", "--yes"]),
    ],
)
def test_the_command_and_the_file(
    tmp_path: Path, conda: Callable[..., Callable[[], dict[str, object]]], name: str, words: list[str]
) -> None:
    asked = conda(name)
    progress = RecordedProgress()
    environment = make(tmp_path, WANTED, progress)
    call = asked()
    arguments = call["arguments"]
    assert isinstance(arguments, list)
    file = arguments[-1]
    assert arguments == [*words, "--quiet", "--prefix", str(environment.folder), "--file", file]
    assert call["given"] == {"CONDA_ALWAYS_YES": "1", "MAMBA_ALWAYS_YES": "1", "PYTHONPATH": None}
    assert call["mode"] == "600"
    assert yaml.safe_load(str(call["file"])) == {
        "channels": ["conda-forge"],
        "dependencies": [
            "python 3.11.*",
            "numpy=1.26",
            "pip",
            {
                "pip": [
                    "--extra-index-url https://me:geheim@host/simple",
                    f"-c {Path(file).parent}/constraints.txt",
                    "mlflow>=1",
                ]
            },
        ],
    }
    assert call["constraints"] == {"constraints.txt": "six<2\n"}
    assert (environment.manager, environment.version) == ("conda", sys.version.split()[0])
    assert (
        environment.python
        == tmp_path / "store" / environment.key / str(environment.folder and environment.folder.name) / "bin/python"
    )
    assert progress.warnings == []
    assert not Path(file).exists()


@pytest.mark.parametrize(
    ("wanted", "dependencies"),
    [
        (Wanted(), ["python", "pip"]),
        (Wanted(python=">=3.9,<3.12"), ["python >=3.9,<3.12", "pip"]),
        (Wanted(python="==3.11.7", conda=("pip=23",)), ["python ==3.11.7", "pip=23"]),
        (Wanted(build=("wheel",), requirements=("six",)), ["python", "pip", {"pip": ["wheel", "six"]}]),
    ],
)
def test_what_the_file_asks_for(
    tmp_path: Path,
    conda: Callable[..., Callable[[], dict[str, object]]],
    wanted: Wanted,
    dependencies: list[object],
) -> None:
    asked = conda()
    make(tmp_path, wanted)
    assert yaml.safe_load(str(asked()["file"])) == {"dependencies": dependencies}


def test_a_failure_is_conda_s_own_words_and_leaves_nothing(
    tmp_path: Path, conda: Callable[..., Callable[[], dict[str, object]]]
) -> None:
    conda(failure="PackagesNotFoundError: numpy=1.26 at https://conda.host/t/abc?token=geheim")
    with pytest.raises(MlsqlError) as caught:
        make(tmp_path, WANTED)
    assert caught.value.render() == (
        "error[ENVIRONMENT]: the environment that /p/conda.yaml wants cannot be built: conda ended with status 1\n"
        "  = output of conda:\n"
        "    | Collecting package metadata: done\n"
        "    | PackagesNotFoundError: numpy=1.26 at https://conda.host/t/abc?token=******\n"
        "  = help: mend /p/conda.yaml; nothing is left of this build"
    )
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["locks"]


def test_a_python_that_no_worker_runs_on_is_not_built(
    tmp_path: Path, conda: Callable[..., Callable[[], dict[str, object]]]
) -> None:
    conda()
    with pytest.raises(MlsqlError) as caught:
        make(tmp_path, Wanted(python="==3.6.*", source="/p/conda.yaml"))
    assert caught.value.render() == (
        "error[NO_PYTHON]: /p/conda.yaml wants Python ==3.6.*, and mlsql runs scripts on Python 3.9 or newer\n"
        '  = help: have it want a newer one, or run it on the Python that is there: systemParam.envManager="local"'
    )
    assert not (tmp_path / "store").exists()


def test_an_interpreter_cannot_be_named_for_it(
    tmp_path: Path, conda: Callable[..., Callable[[], dict[str, object]]]
) -> None:
    conda()
    choice = Choice("conda", sys.executable, variables={"MLFLOW_CONDA_HOME": str(tmp_path / "home")})
    with pytest.raises(MlsqlError) as caught:
        ready(Wanted(), choice, RecordedProgress())
    assert caught.value.render() == "error[BAD_VALUE]: conda brings its own Python: no interpreter can be named"


def test_the_home_comes_before_the_path_and_conda_before_mamba(
    tmp_path: Path, conda: Callable[..., Callable[[], dict[str, object]]]
) -> None:
    conda("micromamba")
    path = {"PATH": str(tmp_path / "home" / "bin")}
    home = tmp_path / "home"
    found = find_conda(path)
    assert found is not None
    assert found.program == str(home / "bin" / "micromamba")
    (tmp_path / "other" / "condabin").mkdir(parents=True)
    (tmp_path / "other" / "condabin" / "conda").symlink_to(home / "bin" / "micromamba")
    found = find_conda({**path, "MLFLOW_CONDA_HOME": str(tmp_path / "other")})
    assert found is not None
    assert found.program == str(tmp_path / "other" / "condabin" / "conda")
    assert find_conda({"PATH": str(tmp_path)}) is None
