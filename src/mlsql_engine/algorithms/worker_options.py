"""Options of statements that start workers: which Python runs, and what its processes may take."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from mlsql_engine.core.duration import Duration
from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.functions import Resources
from mlsql_engine.core.options import option
from mlsql_engine.core.sizes import Size
from mlsql_engine.core.text import Text


@dataclass(frozen=True)
class InterpreterOptions:
    """Which Python runs, and how."""

    python_path: Text | None = option(
        None,
        name="systemParam.pythonPath",
        doc="the interpreter; without it the one that runs mlsql, or that trained the model",
    )
    python_param: Text | None = option(None, name="systemParam.pythonParam", doc="flags of the interpreter")
    envs: Text | None = option(
        None, name="systemParam.envs", doc="a JSON object of environment variables for the script"
    )

    def check(self) -> None:
        """Raise BadValue for flags or variables of the wrong form."""
        _ = self.environment, self.flags

    @property
    def environment(self) -> dict[str, str]:
        """The variables of systemParam.envs. Raises BadValue when it is not a JSON object."""
        return {} if self.envs is None else _environment(self.envs)

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of systemParam.pythonParam, split as a shell would. Raises BadValue."""
        return () if self.python_param is None else _flags(self.python_param)


@dataclass(frozen=True)
class WorkerOptions(InterpreterOptions):
    """What the processes of a function may take."""

    workers: int | None = option(
        None,
        doc="how many processes predict at once, started by the statement; without it one, and more, up to the "
        "number of cores, when there is work for them",
        least=1,
    )
    timeout: Duration | None = option(
        Duration(600.0), doc="the longest that loading the function, or one batch, may take"
    )
    memory_limit: Size | None = option(
        None, doc="the memory of each process, such as 2g; without it 80 % of the machine's"
    )
    threads: int | None = option(
        None, doc="threads of native libraries in each process; without it the cores are shared out", least=1
    )
    idle_timeout: Duration | None = option(
        Duration(600.0), doc="how long a process without work is kept; the next prediction starts one again"
    )
    pure: bool | None = option(
        None,
        doc="whether a batch may be predicted once more when its process crashed; without it what the script "
        "declares, and true for models without a script",
    )

    @property
    def resources(self) -> Resources:
        """What its workers may take."""
        return Resources(
            workers=self.workers,
            timeout=self.timeout,
            idle=self.idle_timeout,
            memory=self.memory_limit,
            threads=self.threads,
            pure=self.pure,
        )


def _environment(envs: Text) -> dict[str, str]:
    try:
        content = json.loads(envs.value)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise BadValue("systemParam.envs is not a JSON object", span=envs.span, hint='{"NAME": "value"}')
    for name, value in content.items():
        if value is None:
            raise BadValue(f"systemParam.envs: '{name}' has no value", span=envs.span, hint='"" is the empty one')
        if not name or "=" in name or "\0" in f"{name}{value}":
            raise BadValue(f"systemParam.envs: '{name}' cannot be an environment variable", span=envs.span)
    return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in content.items()}


def _flags(python_param: Text) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(python_param.value))
    except ValueError as error:
        raise BadValue(
            f"systemParam.pythonParam cannot be split into flags: {error}", span=python_param.span
        ) from None
