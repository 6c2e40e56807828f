"""The composition root: what a session is made of, and the face that runs scripts in it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from mlsql_engine.algorithms.base import Algorithm, Workshop
from mlsql_engine.core.errors import MlsqlError, UnknownName
from mlsql_engine.core.functions import FunctionCatalog
from mlsql_engine.core.progress import Progress, StreamProgress
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.signals import held_signals
from mlsql_engine.core.span import Source as ScriptSource
from mlsql_engine.engines.base import Engine
from mlsql_engine.language.parser import parse
from mlsql_engine.sources import files
from mlsql_engine.sources.base import Source
from mlsql_engine.statements.context import Context, Outcome
from mlsql_engine.statements.execution import execute
from mlsql_engine.table import Table
from mlsql_engine.workers.catalog import Functions
from mlsql_engine.workers.launcher import LocalLauncher

EngineMaker = Callable[[FunctionCatalog, Scratch], Engine]


class Session:
    """Tables, variables and functions that scripts share; a context manager that ends its workers.

    Not safe for two threads at once.
    """

    def __init__(self, engine: str, variables: Mapping[str, str], progress: Progress) -> None:
        make_engine = engines().find(engine)
        self._scratch = Scratch()
        scratch = self._scratch
        launcher = LocalLauncher(lambda: scratch.folder("sdk"))
        self._functions = Functions(launcher, self._scratch, progress)
        self._context = Context(
            engine=make_engine(self._functions, self._scratch),
            sources=sources(),
            algorithms=algorithms(),
            functions=self._functions,
            workshop=Workshop(launcher, self._scratch, progress),
            variables={name: str(value) for name, value in variables.items()},
        )
        # A session that nobody closes ends with the interpreter, its workers and its folder with it.
        self._end = weakref.finalize(self, _end, os.getpid(), self._functions, self._context.engine, self._scratch)

    def run(self, text: str, *, name: str = "<script>", folder: Path | None = None) -> Table | None:
        """Run a script and give its last table, or None when it made none.

        `name` is what errors call the script; relative paths in it start from `folder` (the current one).
        The whole script is parsed before its first statement runs. Raises MlsqlError; statements before the
        one that failed have run.
        """
        self._check_open()
        script = parse(ScriptSource(name, text, (folder or Path.cwd()).absolute()))
        last: Outcome | None = None
        for statement in script.statements:
            outcome = execute(statement, self._context)
            if outcome.relation is not None:
                last = outcome
        if last is None or last.relation is None:
            return None
        return Table(self._context.engine, last.relation, last.name, owner=self)

    def run_file(self, path: Path) -> Table | None:
        """Run the script in a file; relative paths in it start from its folder. See `run`."""
        return self.run(read_script(path), name=str(path), folder=path.resolve().parent)

    def table(self, name: str) -> Table:
        """The table of that name. Raises UnknownName."""
        self._check_open()
        relation = self._context.engine.tables.get(name.lower())
        if relation is None:
            raise UnknownName("table", name, self._context.engine.tables)
        return Table(self._context.engine, relation, name, owner=self)

    def close(self) -> None:
        """End the workers, forget the tables, remove the temporary folder. Closing twice is harmless."""
        self._end()

    def _check_open(self) -> None:
        if not self._end.alive:
            raise MlsqlError("the session is closed", code="SESSION_CLOSED", hint="connect() makes a new one")

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _end(owner: int, functions: Functions, engine: Engine, scratch: Scratch) -> None:
    if os.getpid() != owner:
        return  # a forked child has neither the workers nor the engine's threads
    with held_signals():
        functions.close()
        engine.close()
        scratch.close()


def connect(
    engine: str = "duckdb",
    *,
    variables: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Session:
    """A new session.

    `variables` are `${name}`s that scripts may use; `progress` is told how training goes and what scripts
    print (standard error unless another is given; `SilentProgress()` for nothing).
    """
    return Session(engine, variables or {}, progress or StreamProgress())


def read_script(path: Path) -> str:
    """The text of a script file. Raises MlsqlError where there is none, or it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MlsqlError(f"the script {path} cannot be read: {error.strerror}", code="FILE_NOT_FOUND") from error
    except UnicodeDecodeError as error:
        raise MlsqlError(f"the script {path} is not UTF-8: {error.reason}", code="ENCODING") from error


def engines() -> Registry[EngineMaker]:
    """The engines that there are."""
    registry: Registry[EngineMaker] = Registry("engine", "mlsql.engines")
    registry.add("duckdb", lambda: _duckdb)
    return registry


def _duckdb(catalog: FunctionCatalog, scratch: Scratch) -> Engine:
    from mlsql_engine.engines.duckdb.engine import DuckDBEngine

    return DuckDBEngine(catalog, scratch)


def sources() -> Registry[Source]:
    """The formats of load and save that there are."""
    registry: Registry[Source] = Registry("format", "mlsql.sources")
    files.add_to(registry)
    return registry


def algorithms() -> Registry[Algorithm]:
    """The algorithms that there are."""
    registry: Registry[Algorithm] = Registry("algorithm", "mlsql.algorithms")
    registry.add("PythonAlg", _python_alg)
    return registry


def _python_alg() -> Algorithm:
    from mlsql_engine.algorithms.python_alg import PythonAlg

    return PythonAlg()
