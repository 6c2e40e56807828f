"""Environments that uv and virtualenv build, of packages that are made here: without a network."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mlsql_engine.core.errors import Cancelled, MlsqlError
from mlsql_engine.environments.commands import Ending
from mlsql_engine.environments.plan import Choice, ManagerName
from mlsql_engine.environments.project_files import of_file
from mlsql_engine.environments.ready import Environment, ready
from mlsql_engine.environments.store import EnvironmentStore
from mlsql_engine.environments.wanted import Wanted
from named_pipe import Pipe
from recorded import RecordedProgress
from wheels import write_source, write_wheel

MANAGERS: tuple[ManagerName, ...] = ("uv", "virtualenv")


pytestmark = pytest.mark.usefixtures("offline")


def project(folder: Path, *lines: str) -> Wanted:
    """What a requirements.txt of these lines wants, from the wheels alone."""
    path = folder / "requirements.txt"
    path.write_text("\n".join(["--no-index", "-f wheels", *lines]), encoding="utf-8")
    return of_file(path)


def asked(environment: Environment, code: str) -> object:
    """What Python of the environment prints, as JSON."""
    done = subprocess.run([str(environment.python), "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


INSTALLED = (
    "import importlib.metadata as m, json; "
    "print(json.dumps(sorted(f'{d.name}=={d.version}' for d in m.distributions() if d.name not in ('pip',))))"
)


@pytest.mark.parametrize("manager", MANAGERS)
def test_an_environment_is_built_and_found_again(
    tmp_path: Path, wheels: Path, progress: RecordedProgress, manager: ManagerName
) -> None:
    wanted = project(tmp_path, "circle", "shape==1.0")
    first = ready(wanted, Choice(manager), progress)
    assert asked(first, INSTALLED) == ["circle==1.0", "pyarrow==99.0", "shape==1.0"]
    assert (first.manager, first.version, first.lacking) == (manager, platform.python_version(), ())
    assert first.folder is not None
    assert first.folder.parent == tmp_path / "store" / first.key
    assert progress.warnings == []
    assert progress.notes[-1] == f"environment {first.key}: ready"
    assert {who for who, _ in progress.lines} == {manager}
    told = len(progress.notes), len(progress.lines)
    for path in wheels.iterdir():
        path.unlink()
    assert ready(wanted, Choice(manager), progress) == first
    assert (len(progress.notes), len(progress.lines)) == told
    assert list((tmp_path / "temporary").iterdir()) == []


def test_finding_one_starts_nothing(
    tmp_path: Path, wheels: Path, progress: RecordedProgress, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = project(tmp_path, "shape")
    built = ready(wanted, Choice(), progress)

    def none(*arguments: object, **options: object) -> None:
        pytest.fail(f"{arguments} is started")

    monkeypatch.setattr(subprocess, "Popen", none)
    assert ready(wanted, Choice(), progress) == built


@pytest.mark.parametrize("manager", MANAGERS)
def test_what_the_project_pins_is_what_it_gets(
    tmp_path: Path, wheels: Path, progress: RecordedProgress, manager: ManagerName
) -> None:
    write_wheel(wheels, "pyarrow", "5.0", {"pyarrow.py": ""})
    pinned = ready(project(tmp_path, "pyarrow==5.0"), Choice(manager), progress)
    assert asked(pinned, INSTALLED) == ["pyarrow==5.0"]


@pytest.mark.parametrize("manager", MANAGERS)
def test_what_does_not_go_with_the_project_is_left_out_with_a_warning(
    tmp_path: Path, wheels: Path, progress: RecordedProgress, manager: ManagerName
) -> None:
    (wheels / "pyarrow-99.0-py3-none-any.whl").unlink()
    write_wheel(wheels, "pyarrow", "99.0", {"pyarrow.py": ""}, ["shape>=2"])
    wanted = project(tmp_path, "shape<2")
    for _ in range(2):
        environment = ready(wanted, Choice(manager), progress)
    assert asked(environment, INSTALLED) == ["shape==1.0"]
    assert environment.lacking == ("pyarrow",)
    assert progress.warnings == [
        (
            "NOT_INJECTED",
            f"the environment {environment.key} has no pyarrow, which does not go with what "
            f"{tmp_path}/requirements.txt wants: predictions, and data in Arrow's format, need it",
        )
    ]


@pytest.mark.parametrize("manager", MANAGERS)
def test_constraints_build_dependencies_and_conda_s_packages(
    tmp_path: Path, wheels: Path, progress: RecordedProgress, manager: ManagerName
) -> None:
    write_wheel(wheels, "tool", "1.0", {"tool.py": ""})
    (tmp_path / "limits.txt").write_text("shape<2\n", encoding="utf-8")
    (tmp_path / "python_env.yaml").write_text(
        f"python: '{platform.python_version()}'\nbuild_dependencies: [--no-index, -f {wheels}, tool]\n"
        "dependencies: [-c limits.txt, circle]\n",
        encoding="utf-8",
    )
    by_file = ready(of_file(tmp_path / "python_env.yaml"), Choice(manager, inject=()), progress)
    assert asked(by_file, INSTALLED) == ["circle==1.0", "shape==1.0", "tool==1.0"]
    (tmp_path / "conda.yaml").write_text(
        f"dependencies: [shape=1, pip: [--no-index, '-f {wheels}', circle]]\n", encoding="utf-8"
    )
    by_conda = ready(of_file(tmp_path / "conda.yaml"), Choice(manager, inject=()), progress)
    assert asked(by_conda, INSTALLED) == ["circle==1.0", "shape==1.0"]


def test_a_local_package_that_changes_is_another_environment(
    tmp_path: Path, wheels: Path, progress: RecordedProgress
) -> None:
    wanted = project(tmp_path, "wheels/shape-1.0-py3-none-any.whl")
    first = ready(wanted, Choice(inject=()), progress)
    write_wheel(wheels, "shape", "1.0", {"shape.py": "VERSION = 'changed'\n"})
    second = ready(wanted, Choice(inject=()), progress)
    assert second.key != first.key
    assert asked(second, "import shape, json; print(json.dumps(shape.VERSION))") == "changed"


def test_its_variables_put_its_programs_first(tmp_path: Path, wheels: Path, progress: RecordedProgress) -> None:
    environment = ready(project(tmp_path, "shape"), Choice(inject=()), progress)
    given = {**os.environ, **environment.variables(os.environ)}
    code = "import os, sys; print(sys.prefix, os.environ['VIRTUAL_ENV'], sep='\\n')"
    done = subprocess.run(["python", "-c", code], env=given, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(environment.folder)] * 2


@pytest.mark.parametrize("manager", MANAGERS)
def test_a_failure_is_the_resolver_s_own_words_and_leaves_nothing(
    tmp_path: Path, wheels: Path, progress: RecordedProgress, manager: ManagerName
) -> None:
    with pytest.raises(MlsqlError) as caught:
        ready(project(tmp_path, "nothing==1"), Choice(manager), progress)
    error = caught.value
    program = {"uv": "uv", "virtualenv": "pip"}[manager]
    assert error.code == "ENVIRONMENT"
    assert error.message == (
        f"the environment that {tmp_path}/requirements.txt wants cannot be built: {program} ended with status 1"
    )
    assert error.hint == f"mend {tmp_path}/requirements.txt; nothing is left of this build"
    (detail,) = error.details
    assert detail.label == f"output of {manager}"
    assert "nothing" in detail.text.splitlines()[-1]
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["locks"]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_passwords_of_addresses_are_shown_nowhere(tmp_path: Path, progress: RecordedProgress) -> None:
    (tmp_path / "requirements.txt").write_text(
        "--index-url http://me:geheim@127.0.0.1:9/simple\nshape @ http://me:geheim@127.0.0.1:9/shape.whl\n",
        encoding="utf-8",
    )
    variables = {"UV_HTTP_RETRIES": "0"}
    with pytest.raises(MlsqlError) as caught:
        ready(of_file(tmp_path / "requirements.txt"), Choice("uv", variables=variables), progress)
    assert caught.value.code == "ENVIRONMENT"
    assert "geheim" not in caught.value.render() + str(progress.notes) + str(progress.lines)
    assert progress.notes[0].endswith(": shape @ http://***@127.0.0.1:9/shape.whl")


@pytest.mark.parametrize("interpreter", [None, sys.executable])
def test_the_interpreter_as_it_is(tmp_path: Path, progress: RecordedProgress, interpreter: str | None) -> None:
    wanted = Wanted(python="==3.39.*", requirements=("nothing",), source="/p/conda.yaml")
    environment = ready(wanted, Choice("local", interpreter), progress)
    assert environment == Environment(Path(sys.executable), "local", "local", platform.python_version())
    assert environment.variables(os.environ) == {}
    assert progress.warnings == [
        (
            "PYTHON_VERSION",
            f"/p/conda.yaml wants Python ==3.39.*, and runs with {platform.python_version()} ({sys.executable})",
        )
    ]


def test_an_environment_is_built_anew_when_asked_for(
    tmp_path: Path, wheels: Path, progress: RecordedProgress
) -> None:
    wanted = project(tmp_path, "shape")
    first = ready(wanted, Choice(inject=()), progress)
    second = ready(wanted, Choice(inject=()), progress, again=True)
    assert (second.key, second.folder != first.folder) == (first.key, True)
    assert first.folder is not None
    assert not first.folder.exists()
    assert asked(second, INSTALLED) == ["shape==2.0"]


# Of several processes.

BUILDER = """
import sys
from pathlib import Path
from mlsql_engine.core.progress import StreamProgress
from mlsql_engine.environments.plan import Choice
from mlsql_engine.environments.project_files import of_file
from mlsql_engine.environments.ready import ready
wanted = of_file(Path(sys.argv[1]))
sys.stdin.readline()
print(ready(wanted, Choice("uv", inject=()), StreamProgress()).python)
"""


def builder(path: str) -> subprocess.Popen[str]:
    """A process that builds what a file wants when it is told to."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", BUILDER, path], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def ended(processes: Sequence[subprocess.Popen[str]]) -> list[tuple[str, str]]:
    """What processes print, and tell, that are told to go on at once."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.communicate() for process in processes]


def test_ten_that_start_at_once_build_one(tmp_path: Path, wheels: Path) -> None:
    wanted = project(tmp_path, "circle")
    answers = ended([builder(wanted.source) for _ in range(10)])
    (stored,) = EnvironmentStore(tmp_path / "store").all()
    assert {out for out, _ in answers} == {f"{stored.python}\n"}
    assert sum("uv builds it" in told for _, told in answers) == 1
    assert len(list((tmp_path / "store" / stored.key).iterdir())) == 2


BACKEND = """
import os, shutil
if os.path.exists({pipe!r}):
    told = open({pipe!r}, "w")
    told.write("building\\n")
    told.flush()
    if os.fork() == 0:
        os.read(os.pipe()[0], 1)
    os.read(os.pipe()[0], 1)


def build_wheel(folder, settings=None, metadata=None):
    return os.path.basename(shutil.copy({wheel!r}, folder))
"""
"""A backend that, while there is a pipe, says so when it is at work and never ends, nor its child; both hold it."""


@pytest.fixture
def slow(tmp_path: Path, wheels: Path) -> Iterator[tuple[Wanted, Pipe]]:
    """A project of which a package is built for ever, and the pipe that this is told by."""
    pipe = Pipe(tmp_path / "pipe")
    wheel = write_wheel(tmp_path / "built", "slow", "1", {"slow.py": ""})
    write_source(tmp_path / "slow", BACKEND.format(pipe=str(pipe.path), wheel=str(wheel)))
    yield project(tmp_path, "shape", "./slow"), pipe
    pipe.close()


def test_a_builder_that_is_killed_leaves_no_lock_and_no_process(
    tmp_path: Path, slow: tuple[Wanted, Pipe], progress: RecordedProgress
) -> None:
    wanted, pipe = slow
    process = builder(wanted.source)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert pipe.text() == "building\n"
    process.kill()
    pipe.assert_gone()
    process.communicate()
    (left,) = (path for path in (tmp_path / "store").iterdir() if path.name != "locks")
    assert len(list(left.iterdir())) == 1
    assert EnvironmentStore(tmp_path / "store").find(left.name) is None
    pipe.path.unlink()
    environment = ready(wanted, Choice("uv", inject=()), progress)
    assert environment.key == left.name
    assert asked(environment, INSTALLED) == ["shape==2.0", "slow==1"]
    assert len(list(left.iterdir())) == 2


def test_a_build_is_ended_from_another_thread(
    tmp_path: Path, slow: tuple[Wanted, Pipe], progress: RecordedProgress
) -> None:
    wanted, pipe = slow
    ending = Ending()
    raised: list[Cancelled] = []

    def build() -> None:
        try:
            ready(wanted, Choice("uv"), progress, ending)
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    assert pipe.text() == "building\n"
    ending.kill()
    pipe.assert_gone()
    thread.join()
    assert [error.message for error in raised] == ["the making of an environment was ended"]
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["locks"]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_ctrl_c_ends_the_build(tmp_path: Path, slow: tuple[Wanted, Pipe]) -> None:
    wanted, pipe = slow
    command = [str(Path(sys.executable).with_name("mlsql")), "env", "build", wanted.source]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert pipe.text() == "building\n"
    process.send_signal(signal.SIGINT)
    pipe.assert_gone()
    out, told_last = process.communicate()
    assert (process.returncode, out, told_last.splitlines()[-1]) == (130, "", "interrupted")
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["locks"]
