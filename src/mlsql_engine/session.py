"""The composition root: what a session is made of, and the face that runs scripts in it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from mlsql_engine.algorithms.base import Workshop
from mlsql_engine.core.errors import MlsqlError, UnknownName
from mlsql_engine.core.job_progress import JobProgress
from mlsql_engine.core.jobs import Job, Jobs
from mlsql_engine.core.progress import Progress, StreamProgress
from mlsql_engine.core.reach import Reach
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.settings import Settings
from mlsql_engine.core.signals import held_signals
from mlsql_engine.core.span import Source as ScriptSource
from mlsql_engine.engines.base import Engine, SupportsRoots
from mlsql_engine.engines.query_tables import SYSTEM
from mlsql_engine.language.ast import Script
from mlsql_engine.language.parser import parse
from mlsql_engine.language.script_files import read_script
from mlsql_engine.language.variables import Variables
from mlsql_engine.registries import algorithms, commands, engines, sources, statements
from mlsql_engine.statements.context import Context, SessionState
from mlsql_engine.statements.execution import execute_job, execute_script
from mlsql_engine.statements.system_tables import TABLES
from mlsql_engine.table import Table
from mlsql_engine.workers.catalog import Functions
from mlsql_engine.workers.host import SHARED, WorkerHost
from mlsql_engine.workers.roster import ListedLauncher, Roster

if TYPE_CHECKING:
    import pyarrow as pa

    from mlsql_engine.statements.renewal_pace import RenewalPace


class Session:
    """Tables, variables and functions that scripts share; a context manager that ends its workers.

    Several threads may run scripts in it: their statements take turns.
    """

    def __init__(self, engine: str, variables: Mapping[str, str], progress: Progress, settings: Settings) -> None:
        make_engine = engines().find(engine)
        scratch = Scratch()
        roster = Roster()
        host = SHARED.joined()
        jobs = Jobs(lambda: interrupt())  # noqa: PLW0108 - made below, of what needs the jobs
        progress = JobProgress(progress, jobs.current)
        functions = Functions(host.pools, roster, progress)
        try:
            made = make_engine(functions, scratch)
            if settings.reach is not None:
                _fence(made, settings.reach)
        except BaseException:
            SHARED.left(host)
            raise

        def interrupt() -> None:
            roster.interrupt()
            functions.cancel()
            made.interrupt()

        self._state = SessionState(
            engine=made,
            sources=sources(),
            algorithms=algorithms(),
            statements=statements(),
            commands=commands(),
            functions=functions,
            workshop=Workshop(ListedLauncher(host.launcher, roster), scratch, progress),
            roster=roster,
            settings=settings,
            jobs=jobs,
            variables={name: str(value) for name, value in variables.items()},
        )
        # A session that nobody closes ends with the interpreter, its workers and its folder with it.
        self._end = weakref.finalize(self, _end, os.getpid(), functions, made, scratch, host)

    def run(
        self,
        text: str,
        *,
        name: str = "<script>",
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Table | None:
        """Run a script and give its last table, or None when it made none.

        `name` is what errors call the script; relative paths in it start from `folder` (the current one);
        `variables` are `${name}`s for this run only. The whole script is parsed before its first statement runs.
        Raises MlsqlError; statements before the one that failed have run.
        """
        source = ScriptSource(name, text, (folder or Path.cwd()).absolute(), self._state.settings.reach)
        return self._run(source, variables or {}, ())

    def run_file(self, path: Path, *, variables: Mapping[str, str] | None = None) -> Table | None:
        """Run the script in a file; relative paths in it start from its folder. See `run`."""
        place = path.resolve()
        source = ScriptSource(str(path), read_script(path), place.parent, self._state.settings.reach)
        return self._run(source, variables or {}, (str(place),))

    def _run(self, source: ScriptSource, own: Mapping[str, str], includes: tuple[str, ...]) -> Table | None:
        self._check_open()
        script = parse(source, self._state.statements.words())
        with self._state.jobs.started(source.name) as job:
            return self._execute(script, job, own, includes)

    def _execute(self, script: Script, job: Job, own: Mapping[str, str], includes: tuple[str, ...]) -> Table | None:
        state = self._state
        variables = Variables(state.variables, {name: str(value) for name, value in own.items()})
        context = Context(state, job, variables, execute_script, includes)
        execute_job(script, context)
        last = context.last
        return None if last.relation is None else Table(state.engine, last.relation, last.name, owner=self)

    @contextmanager
    def job(self, name: str, progress: Progress | None = None) -> Iterator[Job]:
        """A job for the length of the block, in which `run_in` runs a script and `turn` reads its table.

        `progress` is told how it goes, in the place of the session's.
        """
        self._check_open()
        with self._state.jobs.started(name, progress) as job:
            yield job

    def run_in(self, job: Job, text: str, folder: Path, variables: Mapping[str, str]) -> Table | None:
        """Run a script as that job, by whose name errors call it. See `run`."""
        source = ScriptSource(job.name, text, folder.absolute(), self._state.settings.reach)
        return self._execute(parse(source, self._state.statements.words()), job, variables, ())

    def turn(self, job: Job) -> AbstractContextManager[None]:
        """The engine and workers for that job; the other jobs wait. Raises Cancelled where it is to end."""
        return self._state.jobs.turn(job)

    @property
    def working(self) -> Job | None:
        """The job that has the turn."""
        return self._state.jobs.working

    def system_table(self, name: str) -> pa.Table:
        """What the system knows of itself now: functions, jobs, models, workers or worker_logs."""
        self._check_open()
        return TABLES[name](self._state)

    def table(self, name: str) -> Table:
        """The table of that name. Raises UnknownName."""
        self._check_open()
        relation = self._state.engine.tables.get(name.lower())
        if relation is None:
            raise UnknownName("table", name, self._own_tables())
        return Table(self._state.engine, relation, name, owner=self)

    def _own_tables(self) -> list[str]:
        return [name for name in self._state.engine.tables if not name.startswith(f"{SYSTEM}.")]

    @property
    def functions(self) -> Functions:
        """The functions that its scripts have registered."""
        return self._state.functions

    @property
    def roster(self) -> Roster:
        """The worker processes that it uses and has used."""
        return self._state.roster

    def metrics(self) -> str:
        """What the session's workers do and have done, as Prometheus reads it. Needs the extra `metrics`."""
        self._check_open()
        from mlsql_engine.workers.metrics import exposition

        return exposition(self._state.roster)

    def renew_functions(self, pace: RenewalPace | None = None) -> list[str]:
        """Give functions the newer versions that their models have; their names. See `statements.renewal`.

        With a pace only the models are looked at that are due.
        """
        self._check_open()
        from mlsql_engine.statements.renewal import renew

        return renew(self._state, pace)

    def cancel(self, job: int) -> None:
        """End a job that runs in another thread, as `!kill` does. Raises UnknownName for one that does not run."""
        self._state.jobs.cancel(job)

    def close(self) -> None:
        """End the workers, forget the tables, remove the temporary folder. Closing twice is harmless.

        What other threads run in the session is cancelled.
        """
        self._state.jobs.cancel_all()
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


def _fence(engine: Engine, reach: Reach) -> None:
    if not isinstance(engine, SupportsRoots):
        engine.close()
        raise MlsqlError(
            f"the engine {engine.name} cannot keep scripts to folders",
            code="UNSUPPORTED",
            hint="use duckdb, or leave the roots out",
        )
    engine.fence(reach.folders)


def _end(owner: int, functions: Functions, engine: Engine, scratch: Scratch, host: WorkerHost) -> None:
    if os.getpid() != owner:
        return  # a forked child has neither the workers nor the engine's threads
    with held_signals():
        functions.close()
        engine.close()
        SHARED.left(host)
        scratch.close()


def connect(
    engine: str = "duckdb",
    *,
    variables: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Session:
    """A new session.

    `variables` are `${name}`s that scripts may use; `progress` is told how training goes and what scripts
    print (standard error unless another is given; `SilentProgress()` for nothing); `settings` say what scripts
    may do.
    """
    return Session(engine, variables or {}, progress or StreamProgress(), settings or Settings())


def check(
    source: ScriptSource,
    *,
    variables: Mapping[str, str] | None = None,
    includes: tuple[str, ...] = (),
    settings: Settings | None = None,
) -> list[MlsqlError]:
    """Everything that can be known to be wrong with a script, and with those that it includes, without running it.

    `includes` are the resolved paths of the scripts that it must not include: its own; `settings` are those that
    it is to run under.
    """
    from mlsql_engine.statements.checking.checker import Checker
    from mlsql_engine.statements.checking.state import State, in_reading_order

    state = State(variables=dict(variables or {}))
    allowed = settings or Settings()
    checker = Checker(sources(), algorithms(), statements(), commands(), state, includes=includes, settings=allowed)
    return in_reading_order(checker.check(replace(source, reach=allowed.reach)))
