"""Options as text, turned into the typed dataclass that declares them.

    @dataclass(frozen=True)
    class CsvLoad:
        header: bool = option(False, doc="the first line holds the column names")

    parse_options(CsvLoad, statement.options, owner="load csv")

Keys match in any case. A field of type `Mapping[str, Text]` takes all keys that start with its name and a dot.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import (
    Any,
    ClassVar,
    Literal,
    NewType,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    runtime_checkable,
)

from mlsql_engine.core.duration import Duration, parse_duration, shown_duration
from mlsql_engine.core.errors import BadValue, MlsqlError, UnknownOption
from mlsql_engine.core.sizes import Size, parse_size
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text

Options = TypeVar("Options")
_SPANS = "_written_at"
TableName = NewType("TableName", Text)
"""An option that names a table: the statement hands the table itself to the algorithm."""
TableNames = NewType("TableNames", Text)
"""An option that names tables, divided by commas: each is handed over."""
FilePath = NewType("FilePath", Text)
"""An option that names a file: a relative one starts from the script's folder."""


class OptionForm(Protocol):
    """A class that is an option's type and reads the option's text itself; docs call it `described`."""

    described: ClassVar[str]

    @classmethod
    def of_text(cls, text: Text) -> OptionForm:
        """The value. Raises MlsqlError, placed in the text."""


@runtime_checkable
class CheckedOptions(Protocol):
    """An options dataclass that looks at its values together."""

    def check(self) -> None:
        """Raise MlsqlError for values that do not go together."""


@dataclass(frozen=True)
class Secret:
    """The value of an option that nothing may show: its representation does not hold it."""

    described: ClassVar[str] = "text, never shown"
    value: str = field(repr=False)

    @classmethod
    def of_text(cls, text: Text) -> Secret:
        """See OptionForm."""
        return cls(text.value)


def option(
    default: Any = MISSING,
    *,
    doc: str,
    name: str | None = None,
    aliases: tuple[str, ...] = (),
    least: int | None = None,
    most_characters: int | None = None,
) -> Any:
    """A field of an options dataclass: what users call it, other words for it, what it is for, its limits."""
    limits = {"least": least, "most_characters": most_characters}
    metadata = {"doc": doc, "name": name, "aliases": aliases, **limits}
    if default is MISSING:
        return field(metadata=metadata)
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class OptionDoc:
    """One line of an options table in the docs."""

    name: str
    type: str
    default: str
    doc: str


def describe(cls: type) -> list[OptionDoc]:
    """The options of a dataclass, as the docs list them."""
    hints = _hints(cls)
    return [
        OptionDoc(
            _public_name(item) + (".*" if _is_prefix(hints[item.name]) else ""),
            _type_words(hints[item.name]),
            _shown_default(item.default, hints[item.name]),
            item.metadata["doc"],
        )
        for item in _declared(cls)
    ]


def referenced_tables(options: Any) -> dict[str, Text]:
    """The tables that the options of type TableName name, by their fields; of type TableNames, by field.name."""
    kind: Any = type(options)
    named: dict[str, Text] = {}
    for item in _declared(kind):
        text, hint = getattr(options, item.name), _hints(kind)[item.name]
        if text is not None and _is(TableName, hint):
            named[item.name] = text
        elif text is not None and _is(TableNames, hint):
            named.update({f"{item.name}.{name.value}": name for name in names_in(text)})
    return named


def names_in(text: Text) -> list[Text]:
    """The names of a list that is divided by commas, each with its place. Raises BadValue for an empty one."""
    names: list[Text] = []
    start = 0
    for part in text.value.split(","):
        name = text.part(start, start + len(part))
        if not name.value:
            raise BadValue(f"a name is missing in '{text.value}'", span=text.span, hint="a, b, c")
        names.append(name)
        start += len(part) + 1
    return names


def _is(kind: Any, hint: Any) -> bool:
    return kind in (get_args(hint) or (hint,))


def parse_options(cls: type[Options], written: Iterable[tuple[Text, Text]], *, owner: str) -> Options:
    """The typed options. `owner` is how errors call what has them.

    Raises UnknownOption for a key that is not declared, BadValue for a value of the wrong form, a key that is
    given twice, or a required one that is missing, and what `check` of CheckedOptions raises.
    """
    reading = _Reading(cls, owner)
    for key, value in written:
        reading.read(key, value)
    for item in reading.missing():
        raise _needed(item, owner)
    options = cls(**reading.values)
    object.__setattr__(options, _SPANS, reading.spans)
    if isinstance(options, CheckedOptions):
        options.check()
    return options


def option_problems(
    cls: type, written: Iterable[tuple[Text, Text]], *, owner: str, known: Callable[[Text], bool]
) -> list[MlsqlError]:
    """Everything that `parse_options` would complain of; only the key is looked at where a value is not `known`."""
    reading = _Reading(cls, owner)
    problems: list[MlsqlError] = []
    for key, value in written:
        try:
            reading.read(key, value, check=known(value))
        except MlsqlError as problem:
            problems.append(problem)
    if not problems:
        # A key that is spelled wrong may be the one that seems to be missing.
        problems += [_needed(item, owner) for item in reading.missing()]
    return problems


def texts_of(cls: type, kind: Any, written: Iterable[tuple[Text, Text]]) -> list[Text]:
    """The values of the options of a kind such as TableName, whatever is wrong with the others."""
    by_key, _ = _keys(cls)
    hints = _hints(cls)
    items = [(by_key.get(key.value.lower()), value) for key, value in written]
    return [value for item, value in items if item is not None and _is(kind, hints[item.name])]


class _Reading:
    """Options as they are read, one by one."""

    def __init__(self, cls: type, owner: str) -> None:
        self._cls = cls
        self._owner = owner
        self._hints = _hints(cls)
        self._by_key, self._prefixes = _keys(cls)
        self.values: dict[str, Any] = {}
        self.spans: dict[str, Span] = {}

    def read(self, key: Text, value: Text, *, check: bool = True) -> None:
        """Take one option; without `check` its value is taken for right."""
        item, rest = _find(key, self._by_key, self._prefixes, self._owner)
        given = self.values.setdefault(item.name, {}) if rest is not None else self.values
        name = item.name if rest is None else rest
        if name in given:
            raise BadValue(f"the option '{key.value}' is given twice", span=key.span)
        self.spans[item.name] = value.span
        given[name] = value
        if rest is None and check:
            given[name] = _convert(self._hints[item.name], value, _public_name(item))
            _check_limits(item, given[name], value)

    def missing(self) -> list[Field[Any]]:
        """The options that must be given and are not."""
        return [
            item
            for item in _declared(self._cls)
            if item.name not in self.values and item.default is MISSING and item.default_factory is MISSING
        ]


@cache
def _keys(cls: Any) -> tuple[dict[str, Field[Any]], dict[str, Field[Any]]]:
    """The options by every word for them in lower case: single ones, and those that are prefixes."""
    by_key: dict[str, Field[Any]] = {}
    prefixes: dict[str, Field[Any]] = {}
    for item in _declared(cls):
        target = prefixes if _is_prefix(_hints(cls)[item.name]) else by_key
        for word in (_public_name(item), *item.metadata["aliases"]):
            target[word.lower()] = item
    return by_key, prefixes


def _needed(item: Field[Any], owner: str) -> BadValue:
    name = _public_name(item)
    return BadValue(f"{owner} needs the option '{name}'", hint=f"{name}: {item.metadata['doc']}")


def written_at(options: Any, name: str) -> Span | None:
    """Where the value of the field `name` of parsed options was written; None for a default."""
    spans: dict[str, Span] = getattr(options, _SPANS, {})
    return spans.get(name)


def _check_limits(item: Field[Any], value: Any, written: Text) -> None:
    least, most = item.metadata["least"], item.metadata["most_characters"]
    if least is not None and value < least:
        raise BadValue(f"the option '{_public_name(item)}' is at least {least}, not {value}", span=written.span)
    if most is not None and len(value) > most:
        amount = "one character" if most == 1 else f"at most {most} characters"
        raise BadValue(f"the option '{_public_name(item)}' is {amount}, not '{value}'", span=written.span)


def _shown_default(value: Any, hint: Any) -> str:
    if value is MISSING or value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return shown_duration(value) if Duration in (hint, *get_args(hint)) else str(value)


def _declared(cls: type) -> list[Field[Any]]:
    """The options of a class: its own, then those of what it is derived from."""
    found = [item for item in fields(cls) if "doc" in item.metadata]
    own = {name: place for place, base in enumerate(cls.__mro__) for name in inspect.get_annotations(base)}
    return sorted(found, key=lambda item: own[item.name])


_hints = cache(get_type_hints)


def _public_name(item: Field[Any]) -> str:
    if item.metadata["name"]:
        return str(item.metadata["name"])
    first, *rest = item.name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _is_prefix(hint: Any) -> bool:
    return get_origin(hint) is Mapping or (isinstance(hint, type) and issubclass(hint, Mapping))


def _find(
    key: Text, by_key: dict[str, Field[Any]], prefixes: dict[str, Field[Any]], owner: str
) -> tuple[Field[Any], str | None]:
    lowered = key.value.lower()
    if lowered in by_key:
        return by_key[lowered], None
    for prefix, item in prefixes.items():
        if lowered.startswith(prefix + "."):
            return item, key.value[len(prefix) + 1 :]
    known = [_public_name(item) for item in by_key.values()]
    known += [f"{_public_name(item)}.…" for item in prefixes.values()]
    raise UnknownOption(key.value, owner, set(known), span=key.span)


def _convert(hint: Any, value: Text, name: str) -> Any:
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    kind = next(kind for kind in kinds if kind is not type(None))
    if get_origin(kind) is Literal:
        return _choice(get_args(kind), value, name)
    try:
        if kind is bool:
            return {"true": True, "false": False}[value.value.strip().lower()]
        if kind is int:
            return int(value.value)
        if kind is float:
            return float(value.value)
        if kind is Duration:
            return parse_duration(value.value)
        if kind is Size:
            return parse_size(value.value)
    except (KeyError, ValueError):
        raise BadValue(
            f"the option '{name}' is {_type_words(kind)}, not '{value.value}'", span=value.span
        ) from None
    if kind in (Text, TableName, TableNames, FilePath):
        return value
    form: type[OptionForm] | None = kind if hasattr(kind, "of_text") else None
    return value.value if form is None else form.of_text(value)


def _choice(choices: tuple[Any, ...], value: Text, name: str) -> Any:
    for choice in choices:
        if choice.lower() == value.value.strip().lower():
            return choice
    raise BadValue(
        f"the option '{name}' cannot be '{value.value}'",
        span=value.span,
        hint=f"it is one of: {', '.join(choices)}",
    )


def _type_words(hint: Any) -> str:
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    kind = next((kind for kind in kinds if kind is not type(None)), str)
    if get_origin(kind) is Literal:
        return " | ".join(get_args(kind))
    if kind is TableName:
        return "a table"
    if kind is TableNames:
        return "tables, divided by commas"
    if kind is FilePath:
        return "a path"
    if hasattr(kind, "of_text"):
        return str(getattr(kind, "described", ""))
    words = {bool: "true or false", int: "a whole number", float: "a number"}
    words[Duration] = "a length of time such as 30s, 10m or 2h"
    words[Size] = "an amount of memory such as 500m or 2g"
    return words.get(kind, "text")
