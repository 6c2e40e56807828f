"""What a manager of environments is, and what it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from mlsql_engine.core.errors import InternalError
from mlsql_engine.environments.commands import Commands
from mlsql_engine.environments.pythons import Python
from mlsql_engine.environments.wanted import Wanted

ManagerName = Literal["conda", "uv", "virtualenv", "local"]


@dataclass(frozen=True)
class Choice:
    """How an environment is made, beside what its project wants.

    `manager`: None for conda where there is one, else uv. `interpreter` is a path; None: any that fits. `inject`
    are requirements that mlsql adds to what the project wants, where they fit. `variables` are added to those of
    this process (MLFLOW_CONDA_HOME, addresses of indexes). `store` is the folder of environments; None: see
    store.default_root.
    """

    manager: ManagerName | None = None
    interpreter: str | None = None
    inject: tuple[str, ...] = ("pyarrow",)
    variables: Mapping[str, str] = field(default_factory=dict)
    store: Path | None = None


@dataclass(frozen=True)
class Plan:
    """An environment to make in `place`, which is not there yet, from `python`; None: the manager brings one."""

    wanted: Wanted
    python: Python | None
    place: Path

    @property
    def base(self) -> str:
        """The path of the Python that it is made from, for managers that bring none."""
        if self.python is None:
            raise InternalError("an environment without a Python to make it from")
        return str(self.python.path)

    @property
    def interpreter(self) -> Path:
        """Where its own interpreter is."""
        return self.place / "bin" / "python"


class Manager(Protocol):
    """Makes environments by a program; its commands raise CommandFailed."""

    @property
    def name(self) -> ManagerName:
        """Its name, as users give it."""

    def check(self, wanted: Wanted) -> None:
        """Raise MlsqlError for what it cannot do, before anything is made."""

    def make(self, plan: Plan, commands: Commands) -> None:
        """Make the environment."""

    def add(self, plan: Plan, packages: Sequence[str], frozen: Sequence[str], commands: Commands) -> None:
        """Add packages, as wheels, to one that is made, and change nothing of the `frozen` name==version."""
