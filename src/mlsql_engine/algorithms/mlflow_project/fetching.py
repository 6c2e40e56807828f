"""Projects that are no folder of this machine: a git repository, or a zip file. `#FOLDER` names a folder inside."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlsql_engine.algorithms.mlflow_project.definition import file_of
from mlsql_engine.algorithms.mlflow_project.interruptible import interruptible
from mlsql_engine.core import reach
from mlsql_engine.core.errors import BadValue, DataProblem, MlsqlError
from mlsql_engine.core.paths import resolve_path
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.text import Text
from mlsql_engine.environments.commands import CommandFailed, Commands, Ending, environment_of, hidden

_REPOSITORY: Final = re.compile(r"(?:git\+)?((?:https?|ssh|git|file)://[^\s#]+|[\w.-]+@[\w.-]+:[^\s#]+)\Z")
_ZIP: Final = ".zip"
_PROTOCOLS: Final = "https:http:ssh:git"


@dataclass(frozen=True)
class Fetched:
    """A project in a folder of this machine; `name` is what users know it by, `commit` that of a repository."""

    folder: Path
    name: str
    commit: str = ""


@dataclass(frozen=True)
class Fetching:
    """How projects are fetched: into the new folder `target`; relative paths start from `folder`.

    `version` is the branch, tag or commit of a repository; `check` raises where the statement is ended.
    """

    folder: Path
    target: Path
    version: Text | None
    progress: Progress
    check: Callable[[], None]


def is_repository(path: Text) -> bool:
    """Whether it is the address of a git repository."""
    return _REPOSITORY.match(_parts(path)[0]) is not None


def is_zip(path: Text) -> bool:
    """Whether it is a zip file of this machine."""
    return not is_repository(path) and _parts(path)[0].lower().endswith(_ZIP)


def fetch(path: Text, how: Fetching) -> Fetched:
    """The project of an address for which `is_repository` or `is_zip` holds.

    Raises, placed at the path, DataProblem for a file that is no zip and a folder that is not in it, BadValue for a
    version of a zip file, and MlsqlError with code NOT_ALLOWED or PROJECT_NOT_FETCHED; Cancelled.
    """
    address, inner = _parts(path)
    name = hidden(path.value.strip())
    if is_zip(path):
        if how.version is not None:
            raise BadValue(
                "a zip file has no versions: projectVersion is of git repositories", span=how.version.span
            )
        _unzip(path, address, how)
        return Fetched(_inside(path, how.target, inner), name)
    found = _REPOSITORY.match(address)
    assert found is not None  # noqa: S101 - as the docstring says
    commit = _clone(path, found[1], how)
    return Fetched(_inside(path, how.target, inner), name, commit)


def _parts(path: Text) -> tuple[str, str]:
    """The address, and the folder inside."""
    address, _, inner = path.value.strip().partition("#")
    return address, inner


def _inside(path: Text, folder: Path, inner: str) -> Path:
    """The folder of the project: the one that is named, else the only one where the top has no MLproject file."""
    place = folder / inner
    if not place.resolve().is_relative_to(folder.resolve()) or not place.is_dir():
        raise DataProblem(
            f"{hidden(_parts(path)[0])} has no folder '{inner}'", span=path.span, code="FILE_NOT_FOUND"
        )
    entries = list(place.iterdir())
    if not inner and len(entries) == 1 and entries[0].is_dir() and file_of(place) is None:
        return entries[0]
    return place


def _unzip(path: Text, address: str, how: Fetching) -> None:
    file = resolve_path(Text.literal(address, path.span), how.folder)
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                how.check()
                _refuse_outside(path, file, member.filename)
                archive.extract(member, how.target)
        how.target.mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise DataProblem(
            f"there is no project {file}",
            span=path.span,
            code="FILE_NOT_FOUND",
            hint="a relative path starts from the folder of the script that holds it",
        ) from error
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise DataProblem(f"the zip file {file} cannot be read: {error}", span=path.span) from error


def _refuse_outside(path: Text, file: Path, name: str) -> None:
    if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or re.match(r"[A-Za-z]:", name):
        raise DataProblem(f"the zip file {file} holds '{name}', which is outside of it", span=path.span)


def _clone(path: Text, address: str, how: Fetching) -> str:
    """Fetch a repository without its history, and its submodules. Gives the commit."""
    if address.startswith("file://"):
        reach.check_path(address.removeprefix("file://"), path.span)
    else:
        reach.check_address(address, path.span)
    git = shutil.which("git")
    if git is None:
        raise MlsqlError(
            f"{hidden(address)} is a git repository, and there is no git on PATH",
            span=path.span,
            code="PROJECT_NOT_FETCHED",
            hint="install git, or let pythonScriptPath name a folder or a zip file",
        )
    version = "HEAD" if how.version is None else how.version.value.strip()
    if version.startswith("-") or not version:
        raise BadValue(f"projectVersion cannot be '{version}'", span=how.version.span if how.version else path.span)
    how.target.mkdir()
    try:
        return interruptible(lambda ending: _Repository(git, address, how, ending).checked_out(version), how.check)
    except CommandFailed as error:
        told = hidden(error.tail).strip().splitlines()
        raise MlsqlError(
            f"the project {hidden(address)} cannot be fetched"
            + ("" if how.version is None else f" in the version '{version}'")
            + (f": {told[-1]}" if told else ""),
            span=how.version.span if how.version is not None and "ref" in error.tail else path.span,
            code="PROJECT_NOT_FETCHED",
            hint="credentials are git's own: a credential helper, or keys of ssh",
        ) from error


class _Repository:
    """A repository that is fetched into a new folder."""

    def __init__(self, git: str, address: str, how: Fetching, ending: Ending) -> None:
        self._address = address
        self._git = [git, "-c", "advice.detachedHead=false", "-c", "init.defaultBranch=main"]
        environment = environment_of({})
        environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        # A helper such as ext:: would run whatever the address says; a submodule is no file of this machine.
        self._environment = {**environment, "LC_ALL": "C", "GIT_ALLOW_PROTOCOL": _PROTOCOLS}
        self._how, self._ending = how, ending

    def checked_out(self, version: str) -> str:
        """Its files in a version, and the commit. Raises CommandFailed, Cancelled."""
        self._how.progress.note(f"project: fetching {hidden(self._address)}")
        self._run("init", "-q")
        try:
            self._fetch("--depth=1", version)
            self._run("checkout", "-q", "FETCH_HEAD")
        except CommandFailed:
            # A commit by the beginning of its name is found in the whole history alone.
            if version == "HEAD" or not re.fullmatch(r"[0-9a-f]{4,40}", version):
                raise
            self._fetch("+refs/heads/*:refs/remotes/origin/*", "--tags")
            self._run("checkout", "-q", version)
        if (self._how.target / ".gitmodules").exists():
            self._run("submodule", "update", "-q", "--init", "--recursive", "--depth=1")
        return self._run("rev-parse", "HEAD").strip()

    def _fetch(self, *what: str) -> None:
        options = [word for word in what if word.startswith("--")]
        rest = [word for word in what if not word.startswith("--")]
        protocols = _PROTOCOLS + (":file" if self._address.startswith("file://") else "")
        self._run("fetch", "-q", *options, "--", self._address, *rest, GIT_ALLOW_PROTOCOL=protocols)

    def _run(self, *words: str, **variables: str) -> str:
        environment = {**self._environment, **variables}
        commands = Commands(self._how.target, environment, lambda _line: None, self._ending)
        return commands.run([*self._git, *words])
