"""What points at versions of a model: aliases, and what the model was rolled back to; the file `_aliases.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Final

from mlsql_engine.core.errors import BadValue, ModelProblem
from mlsql_engine.core.text import Text

FILE: Final = "_aliases.json"
FORMAT: Final = 1
CURRENT: Final = "current"
NEWEST: Final = "newest"
_ALIAS: Final = re.compile(r"[^\W\d][\w.-]*\Z")


@dataclass(frozen=True)
class AskedVersion:
    """The version that an option asks for: its number, or an alias of it, or `current`, or `newest`."""

    described: ClassVar[str] = "a version's number, or an alias"
    number: int | None
    alias: str = ""

    @classmethod
    def of_text(cls, text: Text) -> AskedVersion:
        """See OptionForm."""
        written = text.value.strip()
        if written.isascii() and written.isdigit():
            return cls(int(written))
        if not _ALIAS.match(written):
            raise BadValue(f"'{text.value}' is neither the number of a version nor an alias", span=text.span)
        return cls(None, written)


def new_alias(name: Text) -> str:
    """The name of an alias that is to be set. Raises BadValue for one that cannot be."""
    if name.value.lower() in (CURRENT, NEWEST):
        raise BadValue(f"'{name.value}' always has a meaning of its own, and cannot be an alias", span=name.span)
    if not _ALIAS.match(name.value):
        raise BadValue(
            f"'{name.value}' cannot be an alias",
            span=name.span,
            hint="an alias begins with a letter and goes on with letters, digits, '_', '.' and '-'",
        )
    return name.value


@dataclass(frozen=True)
class Rollback:
    """`version` is the current one as long as no version above `newest` has a model."""

    version: int
    newest: int


@dataclass(frozen=True)
class Pointers:
    """`aliases` to numbers of versions; `highest` is the greatest number that was ever removed, -1 for none."""

    aliases: Mapping[str, int] = field(default_factory=dict)
    rollback: Rollback | None = None
    highest: int = -1

    def of(self, number: int) -> list[str]:
        """The aliases of a version, in alphabetical order."""
        return sorted(name for name, aliased in self.aliases.items() if aliased == number)

    def find(self, name: str) -> str | None:
        """The alias of that name in any case, as it was set."""
        return next((known for known in self.aliases if known.lower() == name.lower()), None)

    def to_json(self) -> str:
        """The text of the file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2)


def read(text: str | None, place: str) -> Pointers:
    """What the file at `place` holds; nothing where there is none. Raises ModelProblem for a damaged one."""
    if text is None:
        return Pointers()
    try:
        content: dict[str, Any] = json.loads(text)
        if content["format"] != FORMAT:
            raise ValueError("another format")
        back = content["rollback"]
        return Pointers(
            {str(name): _number(number) for name, number in content["aliases"].items()},
            None if back is None else Rollback(_number(back["version"]), _number(back["newest"])),
            _number(content["highest"], -1),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelProblem(
            f"the file {place} cannot be read: {type(error).__name__}: {error}",
            hint="it was written by another version of mlsql, or damaged: remove it, and set the aliases again",
        ) from error


def _number(value: Any, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{value!r} is not the number of a version")
    return value
