"""Who is let in: tokens and their roles, how often they may ask, and what a browser may be made to send."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.callers import LOCAL, NOBODY, Caller, Role
from mlsql_engine.server.tokens import Token, Tokens
from mlsql_engine.serving.overload import TryLater

if TYPE_CHECKING:
    from starlette.types import Scope

_BEARER = "Authorization: Bearer <token>"
# So many combinations of headers that browsers send are remembered.
_REMEMBERED = 512
_MOST_SHOWN = 120


class Gate:
    """Tells who sends a request, and refuses those who may not.

    `rate` limits every token that has no rate of its own, and each address where there are no tokens.
    `host` is the address that the server listens on; pages of `origins` may send requests from a browser.
    """

    def __init__(self, tokens: Tokens, rate: str | None, host: str, origins: Collection[str]) -> None:
        self._tokens = tokens
        self._rate = rate
        self._host = host.lower()
        self._origins = frozenset(origin.lower() for origin in origins)
        self._refusal = lru_cache(_REMEMBERED)(self._find_refusal)
        self._limiter = MovingWindowRateLimiter(MemoryStorage()) if rate or tokens.any_rate() else None

    def caller(self, scope: Scope) -> Caller:
        """Who asks; NOBODY without a token where one is needed.

        Raises MlsqlError: UNAUTHORIZED for a token that is not known, FORBIDDEN, RATE_LIMIT.
        """
        authorization, host, origin, site = b"", b"", b"", b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value
            elif name == b"host":
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"sec-fetch-site":
                site = value
        if not self._tokens:
            refusal = self._refusal(host, origin, site)
            if refusal is not None:
                raise MlsqlError(refusal[0], code="FORBIDDEN", hint=refusal[1])
            if self._limiter is not None:
                self._check_rate(self._rate, f"address {(scope.get('client') or ('?',))[0]}")
            return LOCAL
        token = self._token(authorization)
        if token is None:
            return NOBODY
        if self._limiter is not None:
            self._check_rate(token.rate or self._rate, f"token {token.caller.name}")
        return token.caller

    def _token(self, authorization: bytes) -> Token | None:
        if not authorization:
            return None
        scheme, _, text = authorization.partition(b" ")
        token = self._tokens.find(text.strip()) if scheme.lower() == b"bearer" else None
        if token is None:
            raise MlsqlError("the token is not known here", code="UNAUTHORIZED", hint=_BEARER)
        return token

    def _check_rate(self, rate: str | None, who: str) -> None:
        if rate is None or self._limiter is None:
            return
        item = _item(rate)
        if not self._limiter.hit(item, who):
            stats = self._limiter.get_window_stats(item, who)
            raise TryLater(
                f"more requests than {item}",
                "RATE_LIMIT",
                "ask again after the seconds of Retry-After",
                stats.reset_time - time.time(),
            )

    def _find_refusal(self, host: bytes, origin: bytes, site: bytes) -> tuple[str, str] | None:
        """Why not to do what a page of somebody else's makes a browser send to a server that asks for no token.

        A page may post a form to any address without asking, and a name of its own may lead to this machine ("DNS
        rebinding"); neither can change the headers that tell of it. A message and a hint, or None.
        """
        asked, page = host.decode("latin-1").lower(), origin.decode("latin-1").lower()
        if page and page in self._origins:
            return None
        name = _host_name(asked)
        if name is None or (name and not _is_own_name(name, self._host)):
            return (
                f"this server is not called {asked if name is None else name}"[:_MOST_SHOWN],
                "a server that is reached by a name needs a token: mlsql serve --token",
            )
        if (page and page.partition("://")[2] != asked) or site in (b"cross-site", b"same-site"):
            return (
                "pages of other sites may not ask this server",
                "mlsql serve --cors-origin allows those of one site",
            )
        return None


def check_role(caller: Caller, needed: Role) -> None:
    """Raise MlsqlError, UNAUTHORIZED or FORBIDDEN, where the caller may not."""
    if caller.role >= needed:
        return
    if caller.role is Role.NOBODY:
        raise MlsqlError("a token is needed here", code="UNAUTHORIZED", hint=_BEARER)
    raise MlsqlError(
        f"the role {caller.role.name.lower()} may not do this",
        code="FORBIDDEN",
        hint=f"it needs {needed.name.lower()}",
    )


@cache
def _item(rate: str) -> RateLimitItem:
    return parse(rate)


def _host_name(host: str) -> str | None:
    """The name or address of a Host header, without the port; "" where there is none, None where it is no host."""
    try:
        return (urlsplit(f"//{host}").hostname or None) if host else ""
    except ValueError:
        return None


def _is_own_name(name: str, listening: str) -> bool:
    if name in ("localhost", listening):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
