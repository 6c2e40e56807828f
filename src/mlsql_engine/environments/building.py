"""Building an environment: under its key's lock, and all of it or nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import distributions
from pathlib import Path

from mlsql_engine.core.errors import Detail, MlsqlError
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.text_table import cell
from mlsql_engine.environments.commands import CommandFailed, Commands, Ending, environment_of, hidden
from mlsql_engine.environments.plan import Choice, Manager, Plan
from mlsql_engine.environments.pythons import OLDEST, Python
from mlsql_engine.environments.record import Record
from mlsql_engine.environments.store import EnvironmentStore, Stored
from mlsql_engine.environments.wanted import Wanted

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class Build:
    """An environment that is to be: of what a project wants, by a manager, from a Python, under a key."""

    wanted: Wanted
    choice: Choice
    manager: Manager
    python: Python | None
    key: str

    def run(self, store: EnvironmentStore, progress: Progress, ending: Ending, *, again: bool = False) -> Stored:
        """Build it, unless another does so meanwhile and is waited for; `again`: also where there is one.

        Raises MlsqlError with code ENVIRONMENT, and the manager's last lines, where that fails, and Cancelled.
        Nothing is left of it then.
        """
        waits = partial(progress.note, f"environment {self.key}: another process builds it, which is waited for")
        with store.locked(self.key, stop=lambda: ending.asked, waits=waits):
            found = None if again else store.find(self.key)
            return found or self._build(store, progress, ending)

    def _build(self, store: EnvironmentStore, progress: Progress, ending: Ending) -> Stored:
        plan = Plan(self.wanted, self.python, store.new_place(self.key))
        progress.note(f"environment {self.key}: {self._description()}")
        try:
            with self._commands(progress, ending) as commands:
                record = self._made(plan, commands)
            stored = store.complete(self.key, record)
        except BaseException:
            store.remove(self.key)
            raise
        progress.note(f"environment {self.key}: ready")
        return stored

    def _made(self, plan: Plan, commands: Commands) -> Record:
        """Make it and write down what it is."""
        try:
            self.manager.make(plan, commands)
            version = _version(plan, commands)
        except CommandFailed as error:
            raise self._failed(error) from error
        except OSError as error:
            raise self._failed(CommandFailed(self.manager.name, 127, str(error))) from error
        return Record(
            manager=self.manager.name,
            version=version,
            base="" if self.python is None else str(self.python.path),
            place=plan.place.name,
            python=str(plan.interpreter.relative_to(plan.place)),
            lacking=self._inject(plan, commands),
            made_for=self.wanted.source,
            packages=tuple(map(hidden, self.wanted.packages)),
            built=datetime.now(UTC),
        )

    def _inject(self, plan: Plan, commands: Commands) -> tuple[str, ...]:
        """Add what mlsql adds and is not there; gives what could not be added.

        In a step of its own, so that the project's packages are those that it would have without us, and a failure
        is known to be ours.
        """
        installed = _installed(plan.place)
        missing = [package for package in self.choice.inject if _plain_name(package) not in installed]
        if not missing:
            return ()
        frozen = sorted(f"{name}=={version}" for name, version in installed.items())
        try:
            self.manager.add(plan, missing, frozen, commands)
        except CommandFailed:
            return tuple(missing)  # whoever uses the environment is warned
        return ()

    @contextmanager
    def _commands(self, progress: Progress, ending: Ending) -> Iterator[Commands]:
        folder = Path(tempfile.mkdtemp(prefix="mlsql-environment-"))
        try:
            environment = environment_of(self.choice.variables)
            yield Commands(folder, environment, partial(progress.output, self.manager.name), ending)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _description(self) -> str:
        packages = cell(", ".join(map(hidden, self.wanted.packages)) or "no packages")
        python = "" if self.python is None else f" with Python {self.python}"
        return f"{self.manager.name} builds it{python}: {packages}"

    def _failed(self, error: CommandFailed) -> MlsqlError:
        how = (
            f"ended with status {error.status}"
            if error.status < 128
            else f"was ended by signal {error.status - 128}"
        )
        return MlsqlError(
            f"the environment that {self.wanted.source} wants cannot be built: {error.program} {how}",
            code="ENVIRONMENT",
            details=[Detail(f"output of {self.manager.name}", error.tail)] if error.tail else [],
            hint=self._hint(),
        )

    def _hint(self) -> str:
        if self.wanted.conda and self.manager.name != "conda":
            return (
                f"{self.manager.name} looks for conda's packages in pip's index, by the same names; "
                'for what only conda has: systemParam.envManager="conda"'
            )
        return f"mend {self.wanted.source}; nothing is left of this build"


def _version(plan: Plan, commands: Commands) -> str:
    """The version of what was made. Raises CommandFailed where it does not run, or is too old."""
    question = "import platform; print(platform.python_version())"
    asked = subprocess.run(
        [str(plan.interpreter), "-I", "-c", question],
        env=dict(commands.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    version = asked.stdout.strip()
    if asked.returncode != 0:
        raise CommandFailed(str(plan.interpreter), asked.returncode, hidden(asked.stderr))
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise CommandFailed(
            str(plan.interpreter), 1, f"it is Python {version}, and mlsql runs scripts on Python {oldest} or newer"
        )
    return version


def _installed(place: Path) -> dict[str, str]:
    """The versions of the packages in an environment by their names."""
    folders = [str(path) for path in place.glob("lib/*/site-packages")]
    return {_plain_name(item.name): item.version for item in distributions(path=folders) if item.name}


def _plain_name(requirement: str) -> str:
    """The name of a requirement in the form of https://packaging.python.org/en/latest/specifications/name-normalization."""
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0] if found else requirement).lower()
