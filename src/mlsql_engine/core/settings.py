"""What a session may do beyond SQL and models, decided by whoever starts it and not by its scripts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """`shell` allows variables of the type shell; `http_include` allows `include http`.

    Whoever runs a script on their own machine runs their own commands; a server turns both off.
    """

    shell: bool = True
    http_include: bool = False
