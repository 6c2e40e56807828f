"""Served functions follow their models: a version that is published while a server runs takes over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.sessions import ServerSession

_LOG = logging.getLogger(__name__)


async def follow_models(sessions: Callable[[], Iterable[ServerSession]], seconds: float) -> None:
    """Look for newer versions every so many seconds, until cancelled. Requests go on meanwhile."""
    while True:
        await asyncio.sleep(seconds)
        for session in list(sessions()):
            await renewed(session)


async def renewed(session: ServerSession) -> list[str]:
    """Give the functions of a session their newest versions; their names, which are ready to be asked then."""
    try:
        names = await asyncio.to_thread(session.session.renew_functions)
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
