"""What is done to the versions of a model after they were trained: aliases, rollback, removal."""

from __future__ import annotations

from dataclasses import replace

from mlsql_engine.core.errors import BadValue, ModelProblem, UnknownName
from mlsql_engine.core.text import Text
from mlsql_engine.models.pointers import Pointers, Rollback, new_alias
from mlsql_engine.models.store import ModelStore, ModelVersion


def set_alias(store: ModelStore, name: Text, number: int) -> int | None:
    """Have an alias name the version, and give the number that it named before.

    Raises BadValue for a name that cannot be, ModelProblem where the version is not there or has no model.
    """
    written = new_alias(name)
    _need_model(store)
    with store.storage.editing():
        pointers = store.pointers()
        _version(store, number, pointers)
        old = pointers.find(written)
        aliases = {key: value for key, value in pointers.aliases.items() if key != old}
        _write(store, replace(pointers, aliases={**aliases, written: number}))
    return None if old is None else pointers.aliases[old]


def drop_alias(store: ModelStore, name: Text) -> int:
    """Forget an alias, and give the number that it named. Raises UnknownName."""
    _need_model(store)
    with store.storage.editing():
        pointers = store.pointers()
        found = pointers.find(name.value)
        if found is None:
            raise UnknownName("alias", name.value, pointers.aliases, span=name.span)
        _write(store, replace(pointers, aliases={key: n for key, n in pointers.aliases.items() if key != found}))
    return pointers.aliases[found]


def roll_back(store: ModelStore, number: int | None) -> ModelVersion:
    """Make a version the current one until the next is trained, and give it.

    Without a number it is the one with a model before the current, or before the newest where that is damaged.
    Raises ModelProblem where there is none.
    """
    _need_model(store)
    with store.storage.editing():
        pointers = store.pointers()
        newest = store.storage.candidates()[-1]
        target = _before(store, newest) if number is None else _version(store, number, pointers)
        back = None if target.number == newest else Rollback(target.number, newest)
        _write(store, replace(pointers, rollback=back))
    return target


def remove(store: ModelStore, number: int) -> None:
    """Remove a version, damaged ones and what an upload left too; its number is not used again.

    Raises BadValue for one that an alias names, or that the model was rolled back to, and ModelProblem for one that
    is not there.
    """
    _need_model(store, whole=False)
    with store.storage.editing():
        pointers = store.pointers()
        if number not in store.storage.candidates():
            raise store.no_version(str(number), pointers)
        if names := pointers.of(number):
            raise BadValue(
                f"version {number} has the alias {', '.join(names)}",
                hint=f"!model `{store.path}` unalias {names[0]}; first, or give the alias to another version",
            )
        if pointers.rollback is not None and _is_rolled_back_to(store, number):
            raise BadValue(
                f"the model was rolled back to version {number}",
                hint=f"!model `{store.path}` rollback version N; to another first",
            )
        _write(store, replace(pointers, highest=max(number, pointers.highest)))
        store.storage.remove(number)


def _is_rolled_back_to(store: ModelStore, number: int) -> bool:
    try:
        return store.resolve().number == number
    except ModelProblem:
        return False  # a newer version is damaged, or that one is not there: it is not what is used


def _need_model(store: ModelStore, *, whole: bool = True) -> None:
    if not (store.numbers() if whole else store.storage.candidates()):
        raise store.no_model()


def _version(store: ModelStore, number: int, pointers: Pointers) -> ModelVersion:
    """The version of that number, which has a model."""
    version = store.open(number)
    if version is None:
        raise store.no_version(str(number), pointers)
    if not version.has_model:
        raise ModelProblem(f"no parameter group of version {number} was trained")
    return version


def _before(store: ModelStore, newest: int) -> ModelVersion:
    """The version with a model before the current one."""
    try:
        current = store.resolve().number
    except ModelProblem:
        current = newest
    readable, _ = store.versions()
    for version in readable:
        if version.number < current and version.has_model:
            return version
    raise ModelProblem(f"the model at {store.path} has no version with a model before version {current}")


def _write(store: ModelStore, pointers: Pointers) -> None:
    store.storage.write_pointers(pointers.to_json())
