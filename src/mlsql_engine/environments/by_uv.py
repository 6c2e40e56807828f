"""Environments made by uv. https://docs.astral.sh/uv/pip/environments/"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments.commands import Commands
from mlsql_engine.environments.conda_packages import as_requirement
from mlsql_engine.environments.documents import needed, wrong
from mlsql_engine.environments.plan import ManagerName, Plan
from mlsql_engine.environments.requirement_files import write_addition, write_requirements
from mlsql_engine.environments.wanted import Wanted

_FLAGS: Final[Mapping[str, str]] = {"--pre": "--prerelease=allow", "--trusted-host": "--allow-insecure-host"}
"""Options that uv takes on its command line only, by another name."""
_UNKNOWN = "--prefer-binary"


@dataclass(frozen=True)
class UvManager:
    """uv, the program at a path. It never downloads a Python."""

    program: str
    name: ManagerName = "uv"

    def check(self, wanted: Wanted) -> None:
        """See Manager. uv has no --prefer-binary; conda's packages must be of a form that PEP 440 knows."""
        if any(name == _UNKNOWN for name, _ in wanted.options):
            raise wrong(
                f"{wanted.source}: uv has no option {_UNKNOWN}",
                None,
                hint='systemParam.envManager="virtualenv" has',
            )
        for spec in wanted.conda:
            as_requirement(spec)

    def make(self, plan: Plan, commands: Commands) -> None:
        """See Manager."""
        commands.run([self.program, "venv", "--quiet", "--python", plan.base, str(plan.place)])
        install, wanted = self._install(plan), _for_files(plan.wanted)
        if wanted.build:
            commands.run([*install, *write_requirements(commands.folder, "build", wanted, wanted.build)])
        lines = [*map(as_requirement, wanted.conda), *wanted.requirements]
        if lines:
            commands.run([*install, *write_requirements(commands.folder, "requirements", wanted, lines)])

    def add(self, plan: Plan, packages: Sequence[str], frozen: Sequence[str], commands: Commands) -> None:
        """See Manager."""
        files = write_addition(commands.folder, _for_files(plan.wanted), packages, frozen)
        commands.run([*self._install(plan), "--only-binary", ":all:", *files])

    def _install(self, plan: Plan) -> list[str]:
        command = [self.program, "pip", "install", "--python", str(plan.interpreter)]
        for name, value in plan.wanted.options:
            if name in _FLAGS:
                command += [_FLAGS[name], value] if value else [_FLAGS[name]]
        return command


def _for_files(wanted: Wanted) -> Wanted:
    """The same without the options that uv passes over in files."""
    return replace(wanted, options=tuple(option for option in wanted.options if option[0] not in _FLAGS))


def find_uv(variables: Mapping[str, str]) -> UvManager:
    """The uv on PATH, else that of our own environment. Raises MlsqlError with code MISSING_EXTRA for none."""
    found = shutil.which("uv", path=variables.get("PATH"))
    if found is not None:
        return UvManager(found)
    library = needed("uv")
    try:
        return UvManager(library.find_uv_bin())
    except FileNotFoundError as error:
        raise MlsqlError(
            "the package uv is installed, and its program is not there",
            code="MISSING_EXTRA",
            hint="pip install --force-reinstall uv",
        ) from error
