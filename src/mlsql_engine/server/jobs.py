"""The scripts that requests bring: so many run at once, so many wait, and the last ones are remembered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mlsql_engine.core.errors import Cancelled, InternalError, MlsqlError, UnknownName
from mlsql_engine.server import results
from mlsql_engine.server.callers import Caller, Role
from mlsql_engine.server.job import Script, ScriptJob
from mlsql_engine.server.job_log import JobLog
from mlsql_engine.server.results import Result
from mlsql_engine.server.sessions import Sessions
from mlsql_engine.server.settings import Limits
from mlsql_engine.serving.overload import TryLater
from mlsql_engine.session import Session

_LOG = logging.getLogger(__name__)
_AGAIN_SECONDS = 5.0


class Jobs:
    """The jobs of a server, in the order in which they came. Belongs to one event loop.

    Relative paths of scripts start from `root`; `ended` is called with each job that has ended.
    """

    def __init__(
        self, sessions: Sessions, limits: Limits, root: Path, ended: Callable[[ScriptJob], None] = lambda _job: None
    ) -> None:
        self._sessions = sessions
        self._limits = limits
        self._root = root
        self._ended = ended
        self._executor = ThreadPoolExecutor(limits.running, thread_name_prefix="mlsql-script")
        self._places = asyncio.Semaphore(limits.running)
        self._jobs: dict[str, ScriptJob] = {}
        self._tasks: dict[ScriptJob, asyncio.Task[None]] = {}
        self._draining = False

    def begin(self, script: Script, caller: Caller) -> ScriptJob:
        """Have the script run as soon as there is a place. Raises MlsqlError: OVERLOADED or DRAINING."""
        if self._draining:
            raise TryLater("the server ends", "DRAINING", "another one answers, or this one again later", 5.0)
        limits = self._limits
        if len(self._tasks) >= limits.running + limits.waiting:
            raise TryLater(
                f"{limits.running} scripts run, and {limits.waiting} wait",
                "OVERLOADED",
                "ask again after the seconds of Retry-After",
                _AGAIN_SECONDS,
            )
        job = ScriptJob(script, caller.name, JobLog(limits.log_lines))
        self._forget_some(room=1)
        self._jobs[job.id] = job
        task = self._tasks[job] = asyncio.create_task(self._run(job))
        task.add_done_callback(lambda _task: self._over(job))
        return job

    @property
    def waiting(self) -> int:
        """How many scripts wait for a place."""
        return sum(job.state == "queued" for job in self._tasks)

    @property
    def running(self) -> int:
        """How many scripts run."""
        return sum(job.state == "running" for job in self._tasks)

    def of(self, caller: Caller) -> list[ScriptJob]:
        """Those that a caller may see, oldest first: their own, for the role admin all."""
        self._forget_some()
        return [job for job in self._jobs.values() if _may_see(caller, job)]

    def find(self, number: str, caller: Caller) -> ScriptJob:
        """The job of that id. Raises UnknownName where there is none that the caller may see."""
        job = self._jobs.get(number)
        if job is None or not _may_see(caller, job):
            raise MlsqlError(
                f"there is no job '{number}'",
                code="UNKNOWN_JOB",
                hint="GET /jobs lists those that there are; ended ones are forgotten after some time",
            )
        return job

    def cancel(self, job: ScriptJob, why: MlsqlError) -> None:
        """Have the job end soon, with that error. One that has ended is let be."""
        if job.has_ended or job.ending is not None:
            return
        job.ending = why
        if job.state == "queued":
            self._tasks[job].cancel()
        else:
            asyncio.get_running_loop().run_in_executor(None, _interrupt, job)

    async def _run(self, job: ScriptJob) -> None:
        script = job.script
        loop = asyncio.get_running_loop()
        timer = None
        if script.seconds is not None:
            timer = loop.call_later(script.seconds, self.cancel, job, _late(script.seconds))
        try:
            async with (
                self._places,
                self._sessions.of(script.owner, per_user=script.per_user, per_request=script.per_request) as place,
            ):
                job.begin()
                result = await loop.run_in_executor(self._executor, self._work, job, place.session)
            job.end("succeeded", result, None)
        except asyncio.CancelledError:
            self._end_badly(job, job.ending or Cancelled("the job was cancelled"))
        except MlsqlError as error:
            self._end_badly(job, error if job.ending is None else job.ending.at(error.span))
        except Exception as error:  # noqa: BLE001 - a job's failure is its own
            _LOG.error("a job failed", exc_info=error)
            self._end_badly(job, InternalError(f"{type(error).__name__} in a script"))
        finally:
            if timer is not None:
                timer.cancel()

    def _over(self, job: ScriptJob) -> None:
        del self._tasks[job]
        if not job.has_ended:  # it was cancelled before its task began
            self._end_badly(job, job.ending or Cancelled("the job was cancelled"))
        self._ended(job)

    def _end_badly(self, job: ScriptJob, error: MlsqlError) -> None:
        # What has been raised holds all that its frames hold.
        error.with_traceback(None)
        error.__cause__ = error.__context__ = None
        job.end("cancelled" if isinstance(error, Cancelled) else "failed", None, error)

    def _work(self, job: ScriptJob, session: Session) -> Result:
        """Run the script and read its table; in a thread."""
        script = job.script
        with session.job(script.name, job.log) as core:
            job.core, job.session, core.moved = core, session, job.moved
            if job.ending is not None:
                raise job.ending
            table = session.run_in(core, script.text, self._root, script.variables)
            if table is None or script.silent:
                return results.empty()
            with session.turn(core):
                return results.read(table, script.rows, self._limits.result, job.count)

    def _forget_some(self, room: int = 0) -> None:
        """Forget jobs that ended long ago or are too many, and results; `room` more jobs will be remembered."""
        ended = [job for job in self._jobs.values() if job.has_ended]
        oldest = datetime.now(UTC) - timedelta(seconds=self._limits.job_seconds)
        too_many = len(ended) - self._limits.jobs + room
        for index, job in enumerate(ended):
            if index < too_many or (job.ended is not None and job.ended < oldest):
                del self._jobs[job.id]
        size = 0
        for job in reversed(ended):
            size += len(job.script.text) + (0 if job.result is None else job.result.size)
            if size > self._limits.results:
                job.result = None

    async def close(self, seconds: float = 0.0) -> None:
        """Take no more, let those that there are go on for so long, and then end them."""
        self._draining = True
        if self._tasks and seconds:
            await asyncio.wait(list(self._tasks.values()), timeout=seconds)
        for job in list(self._tasks):
            self.cancel(job, Cancelled("the server ends"))
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
        await asyncio.to_thread(self._executor.shutdown)


def _may_see(caller: Caller, job: ScriptJob) -> bool:
    return caller.role >= Role.ADMIN or caller.name == job.caller


def _interrupt(job: ScriptJob) -> None:
    """Interrupt what the job does in its session; in a thread. One that is about to begin sees `ending` itself."""
    session, core = job.session, job.core
    if session is not None and core is not None:
        with contextlib.suppress(UnknownName):  # it has just ended
            session.cancel(core.id)


def _late(seconds: float) -> MlsqlError:
    return MlsqlError(
        f"the script did not end within {seconds * 1000:g} ms, and was ended",
        code="TIMEOUT",
        hint="give it more by the parameter timeout, in milliseconds; with async=true nobody has to wait",
    )
