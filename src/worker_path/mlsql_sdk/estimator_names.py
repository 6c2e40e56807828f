"""Estimators by what a train statement calls them: a module and a class, a dotted name, or a class name alone."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import Mapping
from importlib import util
from typing import Any

from .failures import ContractError, install_line

_DISTRIBUTIONS = {"sklearn": "scikit-learn", "imblearn": "imbalanced-learn"}


def find(fit_param: Mapping[str, str]) -> Any:
    """The class that moduleName and className, or alg, name.

    Raises ContractError when neither is given, and for a module or class that is not there.
    """
    module, name, short = (fit_param.get(key) for key in ("moduleName", "className", "alg"))
    if module and name:
        return _trainable(in_module(module, name))
    if name and not short:
        return by_name(name, "className")
    if short:
        return by_name(short, "alg")
    raise ContractError(
        "the statement says neither which script trains nor which estimator",
        'give pythonScriptPath, or fitParam.0.moduleName and fitParam.0.className, or fitParam.0.alg="SVC"',
    )


def instance(text: str, parameter: str) -> Any:
    """An estimator with its defaults, by the name that a parameter gives."""
    cls = by_name(text, parameter)
    try:
        return cls()
    except TypeError as error:
        raise ContractError(f'fitParam {parameter}="{text}": {cls.__name__} cannot be made: {error}') from None


def by_name(text: str, parameter: str) -> Any:
    """The class of a dotted name (`sklearn.svm.SVC`), or scikit-learn's class of that name in any case."""
    module, dot, name = text.strip().rpartition(".")
    if dot:
        return _trainable(in_module(module, name))
    if util.find_spec("sklearn") is None:
        raise ContractError(*install_line("scikit-learn"))
    from sklearn.utils import all_estimators

    known = dict(all_estimators())
    found = {key.lower(): key for key in known}.get(name.lower())
    if found is None:
        raise _unknown(f'{parameter}="{text}" is no estimator of scikit-learn', name, list(known))
    return known[found]


def in_module(module: str, name: str) -> Any:
    """The class `name`, in any case, of a module. Raises ContractError when there is no such thing."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or module).partition(".")[0]
        if util.find_spec(missing) is None:
            raise ContractError(*install_line(missing, _DISTRIBUTIONS.get(missing, ""))) from None
        raise ContractError(f"there is no module '{error.name}'", f"in the interpreter {sys.executable}") from None
    # An estimator is a class, or a function that makes one (make_pipeline).
    names = [key for key in dir(found) if not key.startswith("_") and callable(getattr(found, key))]
    exact = name if name in names else {key.lower(): key for key in names}.get(name.lower())
    if exact is None:
        classes = [key for key in names if inspect.isclass(getattr(found, key))]
        raise _unknown(f"the module {module} has no class '{name}'", name, classes)
    return getattr(found, exact)


def _trainable(cls: Any) -> Any:
    if not inspect.isclass(cls) or not callable(getattr(cls, "fit", None)):
        name = getattr(cls, "__name__", repr(cls))
        raise ContractError(f"{name} is not an estimator: it has no method fit", "name a class that has fit")
    return cls


def _unknown(message: str, name: str, known: list[str]) -> ContractError:
    lower = {key.lower(): key for key in known}
    # "GradientBoosting" is nearer to no class than the start of two.
    begun = [key for word, key in lower.items() if word.startswith(name.lower())]
    near = begun or [lower[word] for word in difflib.get_close_matches(name.lower(), list(lower), 3, 0.6)]
    return ContractError(message, "did you mean {}?".format(" or ".join(near[:3])) if near else "")
