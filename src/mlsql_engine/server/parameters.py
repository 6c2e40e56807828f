"""The parameters of a request, each of the form that its endpoint takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from mlsql_engine.core.errors import BadValue, UnknownName

_ARRAY = msgspec.json.Decoder(list)
_MOST_SHOWN = 80


class Parameters:
    """`given` are texts, or what JSON has; names are told apart by case. What is empty, or null, is not given."""

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) not in (None, "")

    def text(self, name: str, default: str) -> str:
        """A text. Raises BadValue for what is none."""
        value = self._given.get(name)
        if isinstance(value, str):
            return value or default
        if value is None:
            return default
        raise BadValue(f"the parameter '{name}' is a text")

    def flag(self, name: str) -> bool:
        """True or false; false where it is not given. Raises BadValue."""
        value = self._given.get(name)
        if value is None:
            return False
        if isinstance(value, str):
            value = {"true": True, "false": False, "": False}.get(value.strip().lower())
        if not isinstance(value, bool):
            raise BadValue(f"the parameter '{name}' is true or false, not '{self._shown(name)}'")
        return value

    def whole(self, name: str) -> int | None:
        """A whole number, None where it is not given. Raises BadValue."""
        value = self._given.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                value = int(value)
            except ValueError:
                value = None
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadValue(f"the parameter '{name}' is a whole number, not '{self._shown(name)}'")
        return value

    def array(self, name: str, hint: str) -> list[Any]:
        """An array, also one that is the JSON text of one. Raises BadValue, also where it is not given."""
        value = self._given.get(name)
        if isinstance(value, list):
            return value
        if value is None or value == "":
            raise BadValue(f"{name} is missing", hint=hint)
        try:
            return _ARRAY.decode(value)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise BadValue(f"{name} is no JSON array: {error}", hint=hint) from None
        except TypeError:
            raise BadValue(f"{name} is no JSON array", hint=hint) from None

    def one_of(self, name: str, known: Collection[str], default: str) -> str:
        """One of the known words, whatever the case. Raises BadValue."""
        value = self.text(name, default)
        if value in known:
            return value
        for word in known:
            if word.lower() == value.strip().lower():
                return word
        raise BadValue(
            f"the parameter '{name}' cannot be '{self._shown(name)}'",
            hint=f"it is one of: {', '.join(sorted(known))}",
        )

    def others(self, known: Collection[str]) -> list[str]:
        """The names that are not known."""
        return [name for name in self._given if name not in known]

    def refuse_others(self, known: Collection[str], ignored: str | None = None) -> None:
        """Raise UnknownName for a name that is not known, and does not begin with what is ignored."""
        for name in self._given:
            if name not in known and (ignored is None or not name.startswith(ignored)):
                raise UnknownName("parameter", name, known)

    def _shown(self, name: str) -> str:
        text = str(self._given[name])
        return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
