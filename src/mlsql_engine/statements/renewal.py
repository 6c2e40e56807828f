"""Functions follow their models: what was registered without a version has the model's newest one."""

from __future__ import annotations

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.statements.context import Registration, SessionState


def renew(session: SessionState) -> list[str]:
    """Register again each function whose model has another version by now than it was registered with; their names.

    The new version is loaded before the old one is let go. What cannot be had is warned of and tried once, and the
    old one stays.
    """
    renewed = []
    for name, registration in list(session.registrations.items()):
        try:
            spec = _newer(session.functions.spec(name), registration)
            if spec is not None and not _same(spec, session.not_renewed.get(name)):
                session.not_renewed[name] = spec
                _register(name, spec, session)
                del session.not_renewed[name]
                renewed.append(name)
        except MlsqlError as error:
            session.workshop.progress.warn(
                "NOT_RENEWED", f"{name} stays as it is, for a newer version cannot be had: {error.message}"
            )
    return renewed


def _newer(current: FunctionSpec | None, registration: Registration) -> FunctionSpec | None:
    """The function of the version that register would find now; None where it is the one that is registered."""
    if current is None:
        return None
    spec = registration.algorithm.function(registration.request)
    return None if _same(spec, current) else spec


def _same(one: FunctionSpec, other: FunctionSpec | None) -> bool:
    """Whether both have the same version of a model."""
    return other is not None and (one.version, one.model) == (other.version, other.model)


def _register(name: str, spec: FunctionSpec, session: SessionState) -> None:
    with session.jobs.started(f"version {spec.version} of {name}") as job, session.jobs.turn(job):
        if name not in session.registrations:
            return  # it was unregistered, or replaced by another, meanwhile
        session.functions.add(spec, session.functions.versions(name))
        session.engine.register_function(name)
    session.workshop.progress.note(f"register: {name} has version {spec.version} of {spec.model}")
