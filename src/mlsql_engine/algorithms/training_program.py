"""What runs for the parameter groups of a training, as the training sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlsql_engine.core.errors import Detail, MlsqlError

if TYPE_CHECKING:
    from mlsql_engine.algorithms.python_alg.groups import ParameterGroup


@dataclass(frozen=True)
class Interpreter:
    """The Python that runs it: an absolute path, and the variables that its processes need besides.

    `made` tells how its environment was made, as environments.ready.Environment.origin does; empty for an
    interpreter that was taken as it is.
    """

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Launch:
    """How it is started for one group: in `folder`, with variables added to the environment.

    Where the folder is a copy, `original` is what users know it by. `parameters` are those of the group as it takes
    them, defaults among them; `project` is the part of the RUN message that only projects have. Without a script
    and a project the built-in trainer runs.
    """

    script: Path | None
    folder: Path
    arguments: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    project: Mapping[str, Any] | None = None
    original: str | None = None

    def shown(self, text: str) -> str:
        """A text of the process, with places in the copy as those in the user's own folder."""
        return text if self.original is None else text.replace(str(self.folder), self.original)

    def show(self, error: MlsqlError) -> None:
        """Make the texts of an error such texts."""
        error.message = self.shown(error.message)
        error.details = tuple(Detail(detail.label, self.shown(detail.text)) for detail in error.details)


@dataclass(frozen=True)
class Places:
    """Folders of a group: its new work folder, and the new folder of the version that artifacts go to."""

    work: Path
    artifacts: Path


class TrainingProgram(Protocol):
    """What runs for every group. `built_in` is whether it is the trainer of the worker itself."""

    @property
    def built_in(self) -> bool: ...

    @property
    def interpreter(self) -> Interpreter: ...

    @property
    def definition(self) -> Mapping[str, Any]:
        """What the manifest keeps of a project; empty for everything else."""

    def title(self, group: ParameterGroup) -> str:
        """What progress and errors call what runs for a group."""

    def alg(self, group: ParameterGroup) -> str:
        """What the result calls the algorithm of a group."""

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of every file of it, in hexadecimal, by its name."""

    def launch(self, group: ParameterGroup, places: Places) -> Launch:
        """Make ready what the group needs. Raises DataProblem where that cannot be written."""
