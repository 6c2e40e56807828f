"""The errors a user sees.

    MlsqlError
    ├── SyntaxProblem       the script's text is not MLSQL
    ├── UnknownName         a table, column, variable, option, format, algorithm … that is not there
    │   └── UnknownOption
    ├── BadValue            an option or argument of the wrong form
    ├── SqlProblem          the engine refuses a query
    ├── DataProblem         a file or row cannot be read or written
    ├── ModelProblem        a model path without the model that was asked for
    ├── ScriptFailed        the user's Python raised, exited or wrote nothing
    ├── WorkerProblem       the worker process itself: could not start, crashed
    │   └── WorkerTimeout
    ├── AssertionFailed     an !assert does not hold
    ├── Cancelled           somebody ended the job
    └── InternalError       an invariant of ours is broken: a bug to report

Every error has a stable code; `span` says where in the script, `hint` what to do, `details` are
labelled blocks of text (a traceback, the last output) that stand below.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from mlsql_engine.core.span import Span


@dataclass(frozen=True)
class Detail:
    """A labelled block below an error: `traceback`, `last output`."""

    label: str
    text: str


WORKER = "worker"
"""The label of the block that says which worker failed, of which model, and of which rows."""


class MlsqlError(Exception):
    """Something the user can understand and mend."""

    default_code: ClassVar[str] = "ERROR"

    def __init__(
        self,
        message: str,
        *,
        span: Span | None = None,
        hint: str | None = None,
        code: str | None = None,
        details: Iterable[Detail] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint
        self.code = code or self.default_code
        self.details = tuple(details)

    def again(self) -> MlsqlError:
        """The same error once more, for another caller: errors are raised, and written to, one by one."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.args = self.args
        return made

    def at(self, span: Span | None) -> MlsqlError:
        """This error, placed at `span` unless it already names a closer place."""
        if self.span is None:
            self.span = span
        return self

    def render(self) -> str:
        """The whole error as the command line prints it."""
        parts = [f"error[{self.code}]: {self.message}"]
        if self.span is not None:
            parts.append(self.span.render())
        for detail in self.details:
            parts.append(f"  = {detail.label}:")
            parts.extend(f"    | {line}" for line in detail.text.rstrip("\n").split("\n"))
        if self.hint:
            parts.append(f"  = help: {self.hint}")
        return "\n".join(parts)

    def __str__(self) -> str:
        return self.render()


class SyntaxProblem(MlsqlError):
    """The script's text is not MLSQL."""

    default_code = "SYNTAX"


class UnknownName(MlsqlError):
    """A name that is not known where it stands; the hint lists or guesses those that are."""

    default_code = "UNKNOWN_NAME"

    def __init__(self, kind: str, name: str, known: Iterable[str], *, span: Span | None = None) -> None:
        known = sorted(known)
        self.kind, self.name = kind, name
        super().__init__(
            f"there is no {kind} '{name}'",
            span=span,
            hint=suggestion(name, known, kind),
            code=f"UNKNOWN_{kind.upper().replace(' ', '_')}",
        )


class UnknownOption(MlsqlError):
    """An option that the statement's format or algorithm does not have."""

    default_code = "UNKNOWN_OPTION"

    def __init__(self, name: str, owner: str, known: Iterable[str], *, span: Span | None = None) -> None:
        known = sorted(known)
        hint = suggestion(name, known, "option") if known else f"{owner} has no options"
        super().__init__(f"'{name}' is not an option of {owner}", span=span, hint=hint)


class BadValue(MlsqlError):
    """An option, argument or setting of the wrong form."""

    default_code = "BAD_VALUE"


class SqlProblem(MlsqlError):
    """The engine refuses a query: names, types, functions, or a value at run time."""

    default_code = "SQL"


class DataProblem(MlsqlError):
    """A file or a row that cannot be read, or a place that cannot be written."""

    default_code = "DATA"


class ModelProblem(MlsqlError):
    """A model path that does not hold what was asked for."""

    default_code = "MODEL"


class ScriptFailed(MlsqlError):
    """The user's Python raised, exited, or did not do what its contract asks.

    `row` is the place in the batch, from 0, of the row that it failed of, where that is known.
    """

    default_code = "SCRIPT_FAILED"
    row: int | None = None


class WorkerProblem(MlsqlError):
    """A worker process that could not start, broke the protocol or died."""

    default_code = "WORKER"


class WorkerTimeout(WorkerProblem):
    """A worker that did not finish in the time it was given."""

    default_code = "TIMEOUT"


class AssertionFailed(MlsqlError):
    """A table does not hold what an !assert says of it."""

    default_code = "ASSERTION"


class Cancelled(MlsqlError):
    """Somebody ended the job."""

    default_code = "CANCELLED"


class InternalError(MlsqlError):
    """A broken invariant of MLSQL itself."""

    default_code = "INTERNAL"

    def __init__(self, message: str, *, span: Span | None = None, where_to_look: str = "") -> None:
        hint = "this is a bug in mlsql: please report it with the script that shows it"
        super().__init__(message, span=span, hint=f"{hint}; {where_to_look}" if where_to_look else hint)


@contextmanager
def errors_at(span: Span | None, *codes: str) -> Iterator[None]:
    """Place errors that have no place yet at `span`: all, or those of the codes."""
    try:
        yield
    except MlsqlError as error:
        if not codes or error.code in codes:
            error.at(span)
        raise


_MOST_LISTED = 24


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`, whatever the case, or None."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def suggestion(name: str, known: list[str], kind: str) -> str:
    """`did you mean 'x'?`, or else the list of what is known."""
    near = nearest(name, known)
    if near is not None:
        return f"did you mean '{near}'?"
    if not known:
        return f"there is no {kind} yet"
    shown = ", ".join(known[:_MOST_LISTED])
    more = f", … ({len(known)} in all)" if len(known) > _MOST_LISTED else ""
    return f"known: {shown}{more}"
