"""Which function or class of a script is meant: by its names, or by being the only one that can be."""

from __future__ import annotations

import inspect
from types import FunctionType, MethodType
from typing import Any, Callable, NamedTuple, Optional, Union

from .failures import ContractError

METHOD = "apply"
AGGREGATE = "aggregate"


class Wanted(NamedTuple):
    """What register says of a function: the script's name, and the names of the method and the class, if given."""

    script: str
    method: Optional[str] = None  # noqa: UP045 - NamedTuple evaluates it, also on Python 3.9
    class_name: Optional[str] = None  # noqa: UP045


class Found(NamedTuple):
    """A function to call, or a class of aggregates; `called` is what errors call it."""

    what: Union[Callable[..., Any], type]  # noqa: UP007
    called: str


class Members:
    """The functions and classes of a script that has run, by its globals."""

    def __init__(self, content: dict[str, Any], wanted: Wanted) -> None:
        self._content = content
        self._wanted = wanted
        self.classes: dict[str, type] = {
            name: value
            for name, value in content.items()
            if isinstance(value, type) and value.__module__ == "__main__" and not name.startswith("__")
        }
        self.functions = [
            name
            for name, value in content.items()
            if isinstance(value, FunctionType) and value.__module__ == "__main__"
        ]

    def function(self) -> Found:
        """The function of a UDF. Raises ContractError that lists those that there are."""
        return self._function(self._wanted.method or METHOD)

    def aggregate(self) -> Found:
        """The class or function of a UDAF. Raises ContractError that lists what there is."""
        wanted = self._wanted
        if wanted.method is not None:
            return self._function(wanted.method)
        if wanted.class_name is not None:
            return self._aggregate_class(self._class(wanted.class_name))
        able = [cls for cls in self.classes.values() if _is_aggregate(cls)]
        if len(able) > 1:
            raise self._several(able)
        if able:
            return Found(able[0], able[0].__name__)
        if callable(self._content.get(AGGREGATE)) or self._with_method(AGGREGATE):
            return self._function(AGGREGATE)
        raise self._lacks(f"no class with the methods update and evaluate, and no function {AGGREGATE}")

    def _aggregate_class(self, cls: type) -> Found:
        if not _is_aggregate(cls) and callable(getattr(cls, AGGREGATE, None)):
            return self._method(cls, AGGREGATE)
        missing = [name for name in ("update", "evaluate") if not callable(getattr(cls, name, None))]
        if missing:
            raise self._lacks(f"no method {' and no method '.join(missing)} in its class {cls.__name__}")
        return Found(cls, cls.__name__)

    def _function(self, name: str) -> Found:
        if self._wanted.class_name is not None:
            return self._method(self._class(self._wanted.class_name), name)
        value = self._content.get(name)
        if callable(value) and not isinstance(value, type):
            return Found(_with_self(value), name)
        having = self._with_method(name)
        if len(having) > 1:
            raise self._several(having)
        if having:
            return self._method(having[0], name)
        raise self._lacks(f"no function '{name}'")

    def _with_method(self, name: str) -> list[type]:
        return [cls for cls in self.classes.values() if callable(getattr(cls, name, None))]

    def _class(self, name: str) -> type:
        found = self._content.get(name)
        if not isinstance(found, type):
            raise self._lacks(f"no class '{name}'")
        return found

    def _method(self, cls: type, name: str) -> Found:
        if not callable(getattr(cls, name, None)):
            raise self._lacks(f"no method '{name}' in its class {cls.__name__}")
        return Found(getattr(instance(cls), name), f"{cls.__name__}.{name}")

    def _several(self, classes: list[type]) -> ContractError:
        names = ", ".join(cls.__name__ for cls in classes)
        return ContractError(f"{self._wanted.script} has several such classes: {names}", "className says which")

    def _lacks(self, missing: str) -> ContractError:
        parts = [*self.functions, *(f"class {name} ({_methods(cls)})" for name, cls in self.classes.items())]
        has = f"it has: {', '.join(parts)}" if parts else "it has no function and no class at all"
        return ContractError(
            f"{self._wanted.script} has {missing}; {has}", "methodName and className say which function is meant"
        )


def instance(cls: type) -> Any:
    """An object of the class. Raises ContractError where that takes arguments."""
    try:
        inspect.signature(cls).bind()
    except TypeError:
        raise ContractError(f"the class {cls.__name__} cannot be made without arguments") from None
    except ValueError:
        pass  # a class that is written in C tells nothing
    return cls()


def _is_aggregate(cls: type) -> bool:
    return all(callable(getattr(cls, name, None)) for name in ("update", "evaluate"))


def _methods(cls: type) -> str:
    return ", ".join(name for name in vars(cls) if callable(getattr(cls, name)) and not name.startswith("__"))


class _Self:
    """What `self` is to a function that stands in no class: one object in each worker."""


def _with_self(function: Any) -> Any:
    """A function whose first argument is `self` as a method of an object."""
    if not isinstance(function, FunctionType):
        return function
    code = function.__code__
    takes_self = code.co_argcount > 0 and code.co_varnames[0] == "self"
    return MethodType(function, _Self()) if takes_self else function
