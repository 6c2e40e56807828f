"""Named things of one kind: looked up in any case, with a guess where a name is unknown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mlsql_engine.core.errors import MlsqlError, UnknownName, errors_at
from mlsql_engine.core.text import Text

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Item = TypeVar("Item")


class Registry(Generic[Item]):
    """What a session knows of one kind: its formats, its algorithms, its engines.

    Things are made when they are first looked up, and entry points of the group `group` are read when a name is
    not among ours: what is not used costs nothing, and what is ours is never replaced.
    """

    def __init__(self, kind: str, group: str | None = None) -> None:
        self.kind = kind
        self._group = group
        self._makers: dict[str, tuple[str, Callable[[], Item]]] = {}
        self._made: dict[str, Item] = {}
        self._discovered = group is None

    def add(self, name: str, make: Callable[[], Item]) -> None:
        """Make known what `make` gives, which is called when the name is first looked up.

        A second thing of the same name is an error: nothing is replaced unseen.
        """
        if name.lower() in self._makers:
            raise MlsqlError(f"there are two {self.kind}s called '{name}'", code="DUPLICATE_NAME")
        self._makers[name.lower()] = (name, make)

    def find(self, name: Text | str) -> Item:
        """The thing of that name in any case.

        Raises UnknownName that guesses or lists, and MlsqlError for a name that several packages offer or whose
        package cannot be imported.
        """
        text = name.value if isinstance(name, Text) else name
        key = text.lower()
        if key not in self._makers:
            self._discover()
        if key not in self._makers:
            raise UnknownName(self.kind, text, self.names(), span=name.span if isinstance(name, Text) else None)
        if key not in self._made:
            with errors_at(name.span if isinstance(name, Text) else None, "DUPLICATE_NAME", "BROKEN_PACKAGE"):
                self._made[key] = self._makers[key][1]()
        return self._made[key]

    def names(self) -> list[str]:
        """All names, as they were given, in alphabetical order."""
        self._discover()
        return sorted((name for name, _ in self._makers.values()), key=str.lower)

    def words(self) -> Collection[str]:
        """The names in lower case; entry points are read when one is asked for that is not among ours."""
        return _Words(self)

    def __contains__(self, name: str) -> bool:
        if name.lower() not in self._makers:
            self._discover()
        return name.lower() in self._makers

    def __iter__(self) -> Iterator[Item]:
        return iter([self.find(name) for name in self.names()])

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        from importlib.metadata import entry_points

        offered: dict[str, list[EntryPoint]] = {}
        for entry in entry_points(group=self._group or ""):
            if entry.name.lower() not in self._makers:
                offered.setdefault(entry.name.lower(), []).append(entry)
        for key, entries in offered.items():
            entries.sort(key=lambda entry: entry.value)
            make = (
                self._maker(entries[0]) if len({entry.value for entry in entries}) == 1 else self._refusing(entries)
            )
            self._makers[key] = (entries[0].name, make)

    def _maker(self, entry: EntryPoint) -> Callable[[], Item]:
        """What makes the thing of an entry point: the callable that it names."""

        def make() -> Item:
            try:
                made: Item = entry.load()()
            except Exception as error:
                raise MlsqlError(
                    f"the {self.kind} '{entry.name}' cannot be made: {type(error).__name__}: {error}",
                    code="BROKEN_PACKAGE",
                    hint=f"it is offered by {_offered_by(entry)}",
                ) from error
            return made

        return make

    def _refusing(self, entries: list[EntryPoint]) -> Callable[[], Item]:
        """What says, when the name is looked up, that several packages offer it."""

        def make() -> Item:
            raise MlsqlError(
                f"there are {len(entries)} {self.kind}s called '{entries[0].name}'",
                code="DUPLICATE_NAME",
                hint=f"uninstall all but one of: {', '.join(sorted(map(_offered_by, entries)))}",
            )

        return make


class _Words(Collection[str]):
    def __init__(self, registry: Registry[Any]) -> None:
        self._registry = registry

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and word in self._registry

    def __iter__(self) -> Iterator[str]:
        return iter([name.lower() for name in self._registry.names()])

    def __len__(self) -> int:
        return len(self._registry.names())


def _offered_by(entry: EntryPoint) -> str:
    return f"{entry.dist.name} ({entry.value})" if entry.dist is not None else entry.value
