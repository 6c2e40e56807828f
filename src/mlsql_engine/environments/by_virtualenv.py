"""Environments made by virtualenv, and filled by pip. https://virtualenv.pypa.io/"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from mlsql_engine.environments.commands import Commands
from mlsql_engine.environments.conda_packages import as_requirement
from mlsql_engine.environments.documents import needed
from mlsql_engine.environments.plan import ManagerName, Plan
from mlsql_engine.environments.requirement_files import write_addition, write_requirements
from mlsql_engine.environments.wanted import Wanted


@dataclass(frozen=True)
class VirtualenvManager:
    """The virtualenv of our own environment, and the pip that it puts into what it makes."""

    name: ManagerName = "virtualenv"

    def check(self, wanted: Wanted) -> None:
        """See Manager: virtualenv must be installed, and conda's packages of a form that PEP 440 knows."""
        needed("virtualenv")
        for spec in wanted.conda:
            as_requirement(spec)

    def make(self, plan: Plan, commands: Commands) -> None:
        """See Manager."""
        # Of its seeds pip alone: setuptools would be there or not by the version of Python.
        seeds = ["--no-setuptools", "--no-periodic-update"]
        commands.run(
            [sys.executable, "-m", "virtualenv", "--quiet", *seeds, "--python", plan.base, str(plan.place)]
        )
        wanted = plan.wanted
        if wanted.build:
            commands.run([*_install(plan), *write_requirements(commands.folder, "build", wanted, wanted.build)])
        lines = [*map(as_requirement, wanted.conda), *wanted.requirements]
        if lines:
            commands.run([*_install(plan), *write_requirements(commands.folder, "requirements", wanted, lines)])

    def add(self, plan: Plan, packages: Sequence[str], frozen: Sequence[str], commands: Commands) -> None:
        """See Manager."""
        files = write_addition(commands.folder, plan.wanted, packages, frozen)
        commands.run([*_install(plan), "--only-binary", ":all:", *files])


def _install(plan: Plan) -> list[str]:
    return [str(plan.interpreter), "-m", "pip", "install"]
