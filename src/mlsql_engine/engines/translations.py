"""Translations that are kept: a query that was translated before, in any script, is not translated again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Final

from mlsql_engine.core.text import Text
from mlsql_engine.engines.dialect import draft
from mlsql_engine.engines.query_tables import SYSTEM
from mlsql_engine.engines.translation import Draft, Translation

_SYSTEM: Final = f"{SYSTEM}."
MOST: Final = 2_048
MOST_CHARACTERS: Final = 4_000_000


class Translations:
    """Translates, and keeps by the query's text what was used last.

    At most `most` are kept, and no more than have `most_characters` together, of the queries and of their SQL. The
    engine's names of tables are filled in at each use; what hangs on functions is made again when they change.
    """

    def __init__(self, most: int = MOST, most_characters: int = MOST_CHARACTERS) -> None:
        self._most, self._most_characters = most, most_characters
        self._drafts: OrderedDict[tuple[str, bool], Draft] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._drafts)

    @property
    def characters(self) -> int:
        """The size of all that is kept."""
        return self._characters

    def translate(
        self,
        query: Text,
        tables: Mapping[str, str],
        functions: Mapping[str, str],
        models: Collection[str] = (),
        *,
        text_as_numbers: bool = False,
    ) -> Translation:
        """Translate one Spark SQL query. See `dialect.translate`."""
        key = (query.value, text_as_numbers)
        kept = self._kept(key)
        if kept is None or not _holds(kept, tables, functions, models):
            kept = draft(query, tables, functions, models, text_as_numbers=text_as_numbers)
            self._keep(key, kept)
        return kept.translation(query, tables)

    def _kept(self, key: tuple[str, bool]) -> Draft | None:
        with self._lock:
            kept = self._drafts.get(key)
            if kept is not None:
                self._drafts.move_to_end(key)
            return kept

    def _keep(self, key: tuple[str, bool], made: Draft) -> None:
        with self._lock:
            self._forget(key)
            if _size(key, made) > self._most_characters // 4:
                return  # one such query is not worth many others
            self._drafts[key] = made
            self._characters += _size(key, made)
            while len(self._drafts) > self._most or self._characters > self._most_characters:
                self._forget(next(iter(self._drafts)))

    def _forget(self, key: tuple[str, bool]) -> None:
        forgotten = self._drafts.pop(key, None)
        if forgotten is not None:
            self._characters -= _size(key, forgotten)


def _size(key: tuple[str, bool], made: Draft) -> int:
    return len(key[0]) + made.characters


def _holds(kept: Draft, tables: Mapping[str, str], functions: Mapping[str, str], models: Collection[str]) -> bool:
    """Whether the text would be translated to the same."""
    return (
        all(name in tables for name in kept.tables)
        and not any(name.removeprefix(_SYSTEM) in tables for name in kept.tables if name.startswith(_SYSTEM))
        and all(functions.get(name) == engine_name for name, engine_name in kept.functions.items())
        and all((name in models) == (name in kept.own) for name in kept.functions)
    )
