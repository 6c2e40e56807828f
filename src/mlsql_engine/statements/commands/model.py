"""!model: the versions of a model: list them, name them, go back to one, remove one.

    !model `path` versions;
    !model `path` alias NAME version N;
    !model `path` unalias NAME;
    !model `path` rollback [version N];
    !model `path` remove version N;

versions: the result is a table, newest first: version, current, aliases, status, score, groups and how many of
them were trained, algorithm, createdAt, createdBy, message. alias: `modelVersion="NAME"` means that version from
now on, also where the alias named another one before. rollback: that version, or without one the version before the
current, is the one that is used where no version is asked for, until a training publishes the next. remove: refused
for a version that an alias names. Functions that are registered already keep the version that they began with.

    !model `/tmp/model` alias champion version 0;
    !model `/tmp/model` versions;
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlsql_engine.core.errors import BadValue, errors_at, suggestion
from mlsql_engine.core.text import Text
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.models import changes, tables
from mlsql_engine.models.pointers import new_alias
from mlsql_engine.models.store import ModelStore
from mlsql_engine.statements.commands.base import Command, Known
from mlsql_engine.statements.context import Context, Outcome, model_path

_FORMS: Final = {
    "versions": "!model `path` versions;",
    "alias": "!model `path` alias NAME version N;",
    "unalias": "!model `path` unalias NAME;",
    "rollback": "!model `path` rollback [version N];",
    "remove": "!model `path` remove version N;",
}


def command() -> Command:
    """The command."""
    form = "!model `path` versions|alias NAME version N|unalias NAME|rollback [version N]|remove version N;"
    return Command("model", form, execute, least=2, most=5, model=0, check=check)


@dataclass(frozen=True)
class _Asked:
    """What stands behind the path."""

    verb: str
    name: Text | None = None
    number: int | None = None


def check(statement: CommandStatement, _known: Known) -> None:
    """Raise BadValue for words that the command does not take, or a path that is none."""
    path, *words = statement.arguments
    model_path(path)
    _asked(words)


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Do it. Raises ModelProblem where the model, or the version, is not there."""
    path, *words = statement.arguments
    asked = _asked(words)
    place = model_path(path)
    store = context.workshop.store(place)
    with errors_at(path.span):
        if not store.storage.candidates():
            raise store.no_model()
        context.session.models[place] = None
        if asked.verb == "versions":
            return Outcome(context.rows(tables.versions(store)))
    with errors_at(words[-1].span if asked.number is not None else path.span):
        context.workshop.progress.note(f"model: {_change(asked, store)}")
    return Outcome()


def _change(asked: _Asked, store: ModelStore) -> str:
    """Make the change, and tell of it."""
    if asked.verb == "alias" and asked.name is not None and asked.number is not None:
        before = changes.set_alias(store, asked.name, asked.number)
        was = "" if before is None else f", and was version {before}"
        return f"{asked.name} is version {asked.number} of {store.path}{was}"
    if asked.verb == "unalias" and asked.name is not None:
        number = changes.drop_alias(store, asked.name)
        return f"{asked.name} is no alias any more; it was version {number} of {store.path}"
    if asked.verb == "rollback":
        version = changes.roll_back(store, asked.number)
        return f"the current version of {store.path} is {version.number}, until the next is trained"
    if asked.number is None:
        raise BadValue("no version is named")
    changes.remove(store, asked.number)
    return f"version {asked.number} of {store.path} is removed"


def _asked(words: Sequence[Text]) -> _Asked:
    verb, *rest = words
    word = verb.value.lower()
    if word not in _FORMS:
        raise BadValue(
            f"!model does not know '{verb.value}'",
            span=verb.span,
            hint=suggestion(verb.value, list(_FORMS), "word"),
        )
    names = 1 if word in ("alias", "unalias") else 0
    numbers = 2 if word in ("alias", "remove") or (word == "rollback" and rest) else 0
    hint = f"its form is: {_FORMS[word]}"
    if len(rest) != names + numbers:
        if len(rest) > names + numbers:
            raise BadValue(f"!model … {word} does not take this", span=rest[names + numbers].span, hint=hint)
        raise BadValue(f"!model … {word} needs more behind it", span=words[-1].span, hint=hint)
    name = rest[0] if names else None
    if name is not None and word == "alias":
        new_alias(name)
    if not numbers:
        return _Asked(word, name)
    between, number = rest[names:]
    if between.value.lower() != "version":
        raise BadValue(f"'version' stands here, not '{between.value}'", span=between.span, hint=hint)
    if not (number.value.isascii() and number.value.isdigit()):
        raise BadValue(f"'{number.value}' is not the number of a version", span=number.span, hint=hint)
    return _Asked(word, name, int(number.value))
