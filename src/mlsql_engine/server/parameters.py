"""The parameters of a request, each of the form that its endpoint takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mlsql_engine.core.errors import BadValue, UnknownName


class Parameters:
    """`given` are texts, or what JSON has; names are told apart by case."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str) -> str:
        """A text. Raises BadValue for what is none."""
        value = self._given.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise BadValue(f"the parameter '{name}' is a text")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is not given. Raises BadValue."""
        value = self._given.get(name, False)
        if isinstance(value, str):
            value = {"true": True, "false": False, "": False}.get(value.strip().lower())
        if not isinstance(value, bool):
            raise BadValue(f"the parameter '{name}' is true or false, not '{self._given[name]}'")
        return value

    def whole(self, name: str, default: int) -> int:
        """A whole number. Raises BadValue."""
        value = self._given.get(name, default)
        if isinstance(value, str):
            try:
                value = int(value)
            except ValueError:
                value = None
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadValue(f"the parameter '{name}' is a whole number, not '{self._given[name]}'")
        return value

    def one_of(self, name: str, known: Collection[str], default: str) -> str:
        """One of the known words, whatever the case. Raises BadValue."""
        value = self.text(name, default)
        for word in known:
            if word.lower() == value.strip().lower():
                return word
        raise BadValue(
            f"the parameter '{name}' cannot be '{value}'", hint=f"it is one of: {', '.join(sorted(known))}"
        )

    def others(self, known: Collection[str]) -> list[str]:
        """The names that are not known."""
        return [name for name in self._given if name not in known]

    def refuse_others(self, known: Collection[str]) -> None:
        """Raise UnknownName for a name that is not known."""
        for name in self.others(known):
            raise UnknownName("parameter", name, known)
