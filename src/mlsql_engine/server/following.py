"""Served functions follow their models: a version that is published while a server runs takes over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.sessions import ServerSession
from mlsql_engine.server.settings import Limits
from mlsql_engine.statements.renewal_pace import RenewalPace

_LOG = logging.getLogger(__name__)


async def follow_models(sessions: Callable[[], Iterable[ServerSession]], limits: Limits) -> None:
    """Look for newer versions every `follow_seconds` of the limits, until cancelled. Requests go on meanwhile.

    Models on remote file systems are looked at every `follow_remote_seconds`.
    """
    paces: WeakKeyDictionary[ServerSession, RenewalPace] = WeakKeyDictionary()
    while True:
        await asyncio.sleep(limits.follow_seconds)
        for session in list(sessions()):
            pace = paces.get(session)
            if pace is None:
                pace = paces[session] = RenewalPace(limits.follow_seconds, limits.follow_remote_seconds)
            await renewed(session, pace)


async def renewed(session: ServerSession, pace: RenewalPace | None = None) -> list[str]:
    """Give the functions of a session their newest versions; their names, which are ready to be asked then."""
    try:
        names = await asyncio.to_thread(session.session.renew_functions, pace)
        for name in names:
            await session.served.function(name)
    except MlsqlError as error:
        if error.code != "SESSION_CLOSED":
            _LOG.warning("newer versions of models cannot be had: %s", error.message)
        return []
    except Exception:  # noqa: BLE001 - it is looked again, whatever it was
        _LOG.exception("newer versions of models cannot be had")
        return []
    return names
