"""!kill: end a job.

    !kill id;

What the job is doing fails with the error CANCELLED, its workers end, and it does nothing more. `!show jobs` lists
the jobs. A session runs statements one at a time; this one does not wait for its turn, so that another thread, or
another request of a server, can end what takes too long.

    !show jobs;
"""

from mlsql_engine.core.errors import BadValue, errors_at
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.commands.base import Command, Known
from mlsql_engine.statements.context import Context, Outcome


def command() -> Command:
    """The command."""
    return Command("kill", "!kill id;", execute, least=1, most=1, check=check, waits=False)


def check(statement: CommandStatement, _known: Known) -> None:
    """Raise BadValue for what is no number."""
    written = statement.arguments[0]
    if not written.value.isdecimal() or len(written.value) > 9:
        raise BadValue(
            f"'{written.value}' is not the number of a job", span=written.span, hint="!show jobs; lists them"
        )


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Cancel the job. Raises UnknownName for a job that does not run."""
    written = statement.arguments[0]
    with errors_at(written.span):
        job = context.session.jobs.cancel(int(written.value))
    context.workshop.progress.note(f"kill: job {job.id} is asked to end")
    return Outcome()
