"""What a parameter of an estimator takes, and the value that a text is for it."""

from __future__ import annotations

import ast
import inspect
import json
import typing
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Callable, Union

NOTHING: Any = object()

_WORDS = {"true": True, "false": False, "none": None, "null": None}
_NUMBER = (int, float)


def literal(text: str) -> Any:
    """A number, true, false, None, null, JSON or a Python literal as its value; every other text as it is."""
    word = text.strip()
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    readers: list[Callable[[str], Any]] = [int, float]
    if word[:1] in ("[", "{", "(", "'", '"'):
        readers = [json.loads, ast.literal_eval]
    for read in readers:
        # What a reader cannot read is left to the next one.
        with suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return read(word)
    return text


def candidates(text: str) -> Iterator[Any]:
    """The values that the text may mean, the likeliest first."""
    value = literal(text)
    yield value
    if isinstance(value, float) and value.is_integer():
        yield int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        yield float(value)
        if value in (0, 1):
            yield bool(value)
    if isinstance(value, list):
        yield tuple(value)
    if isinstance(value, tuple):
        yield list(value)
    if isinstance(value, str) and "," in value:
        items = [literal(item.strip()) for item in value.split(",")]
        yield items
        yield tuple(items)
    if not isinstance(value, str):
        yield text


class Expected:
    """What one parameter takes. `estimator` tells that it is another estimator."""

    estimator = False

    def fits(self, value: Any) -> bool:
        """Whether the parameter takes the value."""
        raise NotImplementedError

    def described(self) -> str:
        """What it takes, in words that follow "is"."""
        raise NotImplementedError

    def allows(self, text: str) -> bool:
        """Whether one of the values that the text may mean fits."""
        return self.read(text) is not NOTHING

    def read(self, text: str) -> Any:
        """The first of the values that the text may mean that fits, or NOTHING."""
        return next((value for value in candidates(text) if self.fits(value)), NOTHING)


class Constrained(Expected):
    """By scikit-learn's own constraints of the parameter."""

    def __init__(self, constraints: list[Any]) -> None:
        self._constraints = constraints
        self._shown = [constraint for constraint in constraints if not getattr(constraint, "hidden", False)]
        self.estimator = any(type(constraint).__name__ == "HasMethods" for constraint in constraints)

    def fits(self, value: Any) -> bool:
        """See Expected.fits."""
        return any(constraint.is_satisfied_by(value) for constraint in self._constraints)

    def described(self) -> str:
        """See Expected.described."""
        texts = [_in_words(constraint) for constraint in self._shown]
        texts = [text for text in texts if text != "a callable"]  # which no text is
        return texts[0] if len(texts) == 1 else "{} or {}".format(", ".join(texts[:-1]), texts[-1])


def _in_words(constraint: Any) -> str:
    options = getattr(constraint, "options", None)
    if isinstance(options, set) and all(isinstance(option, str) for option in options):
        hidden: set[str] = getattr(constraint, "deprecated", None) or set()
        return "one of {}".format(", ".join(f"'{option}'" for option in sorted(options - hidden)))
    return str(constraint)


class Hinted(Expected):
    """By the types that the constructor's hint allows."""

    def __init__(self, types: tuple[Any, ...]) -> None:
        self._types = types

    def fits(self, value: Any) -> bool:
        """See Expected.fits. A whole number is a float, too; true and false are no numbers."""
        for kind in self._types:
            if kind is Any:
                return True
            if isinstance(value, bool) != (kind is bool) and kind in (bool, int, float):
                continue
            if isinstance(value, kind) or (kind is float and isinstance(value, int)):
                return True
        return False

    def read(self, text: str) -> Any:
        """See Expected.read; text stays text where nothing but text fits."""
        return text if self._types == (str,) else super().read(text)

    def described(self) -> str:
        """See Expected.described."""
        names = ["None" if kind is type(None) else kind.__name__ for kind in self._types]
        return "of type {}".format(" or ".join(names))


class LikeDefault(Expected):
    """By the constructor's default: a value of its kind; None and no default tell nothing."""

    def __init__(self, default: Any) -> None:
        self._default = default

    def fits(self, value: Any) -> bool:
        """See Expected.fits. Numbers stand for one another: a default of 1 does not say that 0.5 is none."""
        default = self._default
        if default is None or default is inspect.Parameter.empty or value is None:
            return True
        if isinstance(default, bool):
            return isinstance(value, bool)
        if isinstance(default, _NUMBER):
            return isinstance(value, _NUMBER) and not isinstance(value, bool)
        if isinstance(default, str):
            return isinstance(value, str)
        if isinstance(default, (list, tuple, dict)):
            return isinstance(value, type(default))
        return True

    def read(self, text: str) -> Any:
        """See Expected.read."""
        value = super().read(text)
        if isinstance(self._default, float) and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return value

    def described(self) -> str:
        """See Expected.described."""
        names = {bool: "true or false", int: "a number", float: "a number", str: "text", dict: "a JSON object"}
        kind = names.get(type(self._default), "a list")
        return f"{kind}, by default {self._default!r}"


def of(cls: Any, name: str) -> Expected:
    """What the class's parameter takes."""
    constraints = getattr(cls, "_parameter_constraints", None)
    if isinstance(constraints, dict) and isinstance(constraints.get(name), list):
        from sklearn.utils._param_validation import make_constraint

        return Constrained([make_constraint(constraint) for constraint in constraints[name]])
    types = _types_of(_hints(cls).get(name))
    if types:
        return Hinted(types)
    try:
        parameter = inspect.signature(cls).parameters.get(name)
    except (TypeError, ValueError):
        parameter = None
    return LikeDefault(None if parameter is None else parameter.default)


def _hints(cls: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls.__init__)
    except Exception:  # noqa: BLE001 - hints may name what is imported nowhere, or newer syntax
        return {}


def _types_of(hint: Any) -> tuple[Any, ...]:
    """The classes that a hint allows, or () where it says nothing that can be checked."""
    if hint is None or hint is Any:
        return ()
    origin = typing.get_origin(hint)
    if origin is Union or type(hint).__name__ == "UnionType":
        found: tuple[Any, ...] = ()
        for part in typing.get_args(hint):
            types = (type(None),) if part is type(None) else _types_of(part)
            if not types:
                return ()
            found += types
        return found
    kind = origin or hint
    simple = (bool, int, float, str, list, tuple, dict)
    return (kind,) if kind in simple else ()
