"""Functions follow their models: what was registered without a version has the model's newest one."""

from __future__ import annotations

from contextlib import closing

from mlsql_engine.core.errors import Cancelled, MlsqlError
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.statements.context import Registration, SessionState
from mlsql_engine.statements.renewal_pace import RenewalPace


def renew(session: SessionState, pace: RenewalPace | None = None) -> list[str]:
    """Register again each function whose model has another version by now than it was registered with; their names.

    With a pace only the models are looked at that are due. The new version is loaded before the old one is let go,
    and while the session's scripts go on. What cannot be had is warned of and tried once, and the old one stays.
    """
    renewed = []
    for name, registration in list(session.registrations.items()):
        if pace is not None and not pace.due(name, registration):
            continue
        try:
            spec = _newer(session.functions.spec(name), registration)
        except MlsqlError as error:
            _warn(session, name, error)
            if pace is not None:
                pace.failed(name, registration)
            continue
        took_over = spec is not None and _renewed(session, name, registration, spec)
        if took_over:
            renewed.append(name)
        if pace is not None and took_over is None:
            pace.failed(name, registration)
        elif pace is not None:
            pace.looked(name)
    return renewed


def _renewed(session: SessionState, name: str, registration: Registration, spec: FunctionSpec) -> bool | None:
    """Whether the newer function took over; None where it was cancelled, and is to be tried again."""
    if _same(spec, session.not_renewed.get(name)):
        return False
    session.not_renewed[name] = spec
    try:
        took_over = _register(session, name, registration, spec)
    except Cancelled:
        del session.not_renewed[name]  # there is nothing wrong with it
        return None
    except MlsqlError as error:
        _warn(session, name, error)
        return False
    del session.not_renewed[name]
    return took_over


def _warn(session: SessionState, name: str, error: MlsqlError) -> None:
    session.workshop.progress.warn(
        "NOT_RENEWED", f"{name} stays as it is, for a newer version cannot be had: {error.message}"
    )


def _newer(current: FunctionSpec | None, registration: Registration) -> FunctionSpec | None:
    """The function of the version that register would find now; None where it is the one that is registered."""
    if current is None:
        return None
    spec = registration.algorithm.function(registration.request)
    return None if _same(spec, current) else spec


def _same(one: FunctionSpec, other: FunctionSpec | None) -> bool:
    """Whether both have the same version of a model."""
    return other is not None and (one.version, one.model) == (other.version, other.model)


def _register(session: SessionState, name: str, registration: Registration, spec: FunctionSpec) -> bool:
    """Have the function take over, unless the one that it is newer than has gone meanwhile. Raises MlsqlError."""
    name_of_job = f"version {spec.version} of {name}"
    with session.jobs.started(name_of_job) as job, closing(session.functions.share(spec)), session.jobs.turn(job):
        # The shared workers are loaded by now: scripts, which wait for the turn, do not wait for that.
        if session.registrations.get(name) is not registration:
            return False
        session.functions.add(spec, session.functions.versions(name))
        session.engine.register_function(name)
    session.workshop.progress.note(f"register: {name} has version {spec.version} of {spec.model}")
    return True
