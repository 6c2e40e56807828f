"""Environments made by conda, mamba or micromamba.

https://docs.conda.io/projects/conda/en/stable/commands/env/create.html
https://mamba.readthedocs.io/en/latest/user_guide/micromamba.html
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments.commands import Commands
from mlsql_engine.environments.conda_packages import name_of
from mlsql_engine.environments.documents import needed
from mlsql_engine.environments.plan import ManagerName, Plan
from mlsql_engine.environments.pythons import check_runnable
from mlsql_engine.environments.requirement_files import write_addition
from mlsql_engine.environments.wanted import Wanted

HOME: Final = "MLFLOW_CONDA_HOME"
"""The variable that names the folder of conda, as MLflow reads it."""
PROGRAMS: Final = ("conda", "mamba", "micromamba")
_FOLDERS: Final = ("bin", "condabin")


@dataclass(frozen=True)
class CondaManager:
    """conda, mamba or micromamba, the program at a path. It brings the Python that is wanted."""

    program: str
    name: ManagerName = "conda"

    def check(self, wanted: Wanted) -> None:
        """See Manager: of the Pythons that are wanted, one must be new enough for a worker."""
        needed("yaml")
        check_runnable(wanted)

    def make(self, plan: Plan, commands: Commands) -> None:
        """See Manager."""
        import yaml

        file = commands.folder / "environment.yaml"
        file.write_text(
            yaml.safe_dump(environment_file(plan.wanted, commands.folder), sort_keys=False), encoding="utf-8"
        )
        file.chmod(0o600)
        is_micromamba = Path(self.program).name.startswith("micromamba")
        create = ["create", "--yes"] if is_micromamba else ["env", "create"]
        commands.run([self.program, *create, "--quiet", "--prefix", str(plan.place), "--file", str(file)])

    def add(self, plan: Plan, packages: Sequence[str], frozen: Sequence[str], commands: Commands) -> None:
        """See Manager: by the environment's own pip, which leaves what conda has installed alone."""
        files = write_addition(commands.folder, plan.wanted, packages, frozen)
        commands.run([str(plan.interpreter), "-m", "pip", "install", "--only-binary", ":all:", *files])


def environment_file(wanted: Wanted, folder: Path) -> dict[str, Any]:
    """What conda's file of the environment says; the constraints of its pip part are written to `folder`."""
    versions = [
        part.removeprefix("==") if part.endswith("*") else part for part in wanted.python.split(",") if part
    ]
    dependencies: list[Any] = [f"python {','.join(versions)}".strip(), *wanted.conda]
    if "pip" not in map(name_of, wanted.conda):
        dependencies.append("pip")
    by_pip = [f"{name} {value}".rstrip() for name, value in wanted.options]
    if wanted.constraints:
        constraints = folder / "constraints.txt"
        constraints.write_text("".join(line + "\n" for line in wanted.constraints), encoding="utf-8")
        by_pip.append(f"-c {constraints}")
    packages = [*wanted.build, *wanted.requirements]
    if packages:
        dependencies.append({"pip": [*by_pip, *packages]})
    content: dict[str, Any] = {"channels": list(wanted.channels)} if wanted.channels else {}
    return {**content, "dependencies": dependencies}


def find_conda(variables: Mapping[str, str]) -> CondaManager | None:
    """The program in the folder that MLFLOW_CONDA_HOME names, else on PATH; None where there is neither."""
    return in_home(variables) or _on_path(variables)


def in_home(variables: Mapping[str, str]) -> CondaManager | None:
    """The program in the folder that MLFLOW_CONDA_HOME names; None where there is none, or no such variable."""
    home = variables.get(HOME)
    if not home:
        return None
    folders = os.pathsep.join(str(Path(os.path.expanduser(home), folder)) for folder in _FOLDERS)
    return _first(folders)


def _on_path(variables: Mapping[str, str]) -> CondaManager | None:
    return _first(variables.get("PATH"))


def _first(path: str | None) -> CondaManager | None:
    found = (shutil.which(program, path=path) for program in PROGRAMS)
    return next((CondaManager(program) for program in found if program is not None), None)


def no_conda(variables: Mapping[str, str]) -> MlsqlError:
    """The error where conda was asked for by name."""
    home = variables.get(HOME)
    looked = f"neither in {HOME}={home} nor on PATH" if home else "not on PATH"
    return MlsqlError(
        f"there is no conda, mamba or micromamba: {looked}",
        code="NO_CONDA",
        hint=f'name its folder by {HOME} in systemParam.envs; or use systemParam.envManager="uv"',
    )
