"""Text parameters as the values that an estimator takes.

What a parameter takes is told, first that is there, by scikit-learn's own constraints (`_parameter_constraints`),
by the type hint and by the default of the constructor. The text is read as a number, true, false, None or null,
JSON, or a Python literal; it stays text where none of these fits and text does.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from . import estimator_names, expectations
from .failures import ContractError

# What a train statement says to mlsql and not to the estimator, unless the estimator has a parameter of that name.
OWN_WORDS = frozenset(
    {
        "alg",
        "batchSize",
        "className",
        "epochs",
        "featureCol",
        "inputCol",
        "jobName",
        "label",
        "labelCol",
        "labelSize",
        "modelFormat",
        "modelPath",
        "moduleName",
        "resource",
        "taskIndex",
    }
)
_COMPONENT_LISTS = ("steps", "estimators", "transformers", "transformer_list")


def build(cls: Any, texts: Mapping[str, str], labels_are_text: bool = False) -> Any:
    """An estimator of class `cls` with the parameters `texts`; a name `a__b` is parameter b of component a.

    `labels_are_text` tells whether the keys of class_weight are texts; they are made numbers otherwise.
    Raises ContractError for a parameter that the class does not have, a value that does not fit and a required
    parameter that is missing.
    """
    own, nested = _split(texts, cls)
    known = _known(cls)
    values = {}
    for name, text in own.items():
        if name not in known and name in OWN_WORDS:
            continue
        if name in known or _takes_any(cls):
            values[name] = _value(cls, name, text, labels_are_text)
        else:
            raise _unknown(cls.__name__, name, known)
    try:
        estimator = cls(**values)
    except TypeError as error:
        raise ContractError(f"{cls.__name__} cannot be made: {error}", _required_hint(cls)) from None
    _configure_components(estimator, nested, labels_are_text)
    return estimator


def configure(estimator: Any, texts: Mapping[str, str]) -> dict[str, Any]:
    """Set those parameters of `estimator` that `texts` names, and give them; other texts are the caller's own.

    Raises ContractError for a value that does not fit and for an estimator without get_params and set_params.
    """
    name = type(estimator).__name__
    if not (hasattr(estimator, "get_params") and hasattr(estimator, "set_params")):
        raise ContractError(f"{name} has no get_params and set_params, by which its parameters are set")
    known = estimator.get_params(deep=True)
    values = {}
    for key, text in texts.items():
        if key in known:
            owner, last = _owner(estimator, known, key)
            values[key] = _value(type(owner), last, text, labels_are_text=False)
    estimator.set_params(**values)
    return values


def near(estimator: Any, texts: Mapping[str, str]) -> dict[str, str]:
    """The texts that no parameter of `estimator` is called, but nearly, each with the parameter's name."""
    known = list(estimator.get_params(deep=True))
    found = {}
    for key in texts:
        if key not in known and key not in OWN_WORDS:
            match = difflib.get_close_matches(key, known, 1, 0.8)
            if match:
                found[key] = match[0]
    return found


def has(cls: Any, name: str) -> bool:
    """Whether `cls` itself has a parameter of that name."""
    return name in _known(cls)


def _owner(estimator: Any, known: Mapping[str, Any], key: str) -> tuple[Any, str]:
    prefix, _, last = key.rpartition("__")
    return (known[prefix] if prefix else estimator), last


def _split(texts: Mapping[str, str], cls: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The class's own parameters, and those of its components by the component's name."""
    own: dict[str, str] = {}
    nested: dict[str, dict[str, str]] = {}
    for key, text in texts.items():
        component, double, rest = key.partition("__")
        if double and component and not has(cls, key):
            nested.setdefault(component, {})[rest] = text
        else:
            own[key] = text
    return own, nested


def _known(cls: Any) -> list[str]:
    """The names of the constructor's parameters, and those that its get_params tells (xgboost's own)."""
    names = [
        parameter.name
        for parameter in _signature(cls)
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    if _takes_any(cls) and hasattr(cls, "get_params"):
        try:
            names += [name for name in cls().get_params() if name not in names]
        except Exception:  # noqa: BLE001 - a class that cannot be made without parameters tells no more of them
            return names
    return names


def _signature(cls: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(cls).parameters.values())
    except (TypeError, ValueError):
        return []


def _takes_any(cls: Any) -> bool:
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in _signature(cls))


def _required_hint(cls: Any) -> str:
    required = [
        parameter.name
        for parameter in _signature(cls)
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    return "it needs: {}".format(", ".join(f"fitParam.0.{name}" for name in required)) if required else ""


def _unknown(owner: str, name: str, known: Iterable[str], prefix: str = "") -> ContractError:
    names = sorted(known)
    match = difflib.get_close_matches(name, names, 1, 0.6)
    hint = f"did you mean '{prefix}{match[0]}'?" if match else "it has: {}".format(", ".join(names))
    return ContractError(f"{owner} has no parameter '{prefix}{name}'", hint)


def _configure_components(estimator: Any, nested: Mapping[str, Mapping[str, str]], labels_are_text: bool) -> None:
    for component, texts in nested.items():
        known = estimator.get_params(deep=True)
        owner = type(estimator).__name__
        if component not in known:
            raise _unknown(owner, component, [name for name in known if "__" not in name])
        part = known[component]
        if not hasattr(part, "set_params"):
            raise ContractError(
                f"{owner} has no estimator at '{component}', whose parameters {{}} would be".format(
                    ", ".join(f"{component}__{name}" for name in texts)
                ),
                f'name one: fitParam.0.{component}="sklearn.tree.DecisionTreeClassifier"',
            )
        own, deeper = _split(texts, type(part))
        names = list(part.get_params(deep=False))
        values = {}
        for name, text in own.items():
            if name not in names and not _takes_any(type(part)):
                raise _unknown(type(part).__name__, name, names, f"{component}__")
            values[name] = _value(type(part), name, text, labels_are_text)
        part.set_params(**values)
        _configure_components(part, deeper, labels_are_text)


def _value(cls: Any, name: str, text: str, labels_are_text: bool) -> Any:
    """The value that `text` is for the parameter. Raises ContractError when it fits nothing that it takes."""
    expected = expectations.of(cls, name)
    if expected.estimator and not expected.allows(text):
        value = estimator_names.instance(text, name)
    elif name in _COMPONENT_LISTS:
        value = _components(name, expectations.literal(text))
    else:
        value = expected.read(text)
    if value is expectations.NOTHING:
        raise ContractError(
            f'fitParam {name}="{_shown(text)}" does not fit {cls.__name__}',
            f"{name} is {expected.described()}",
        )
    if name == "class_weight" and isinstance(value, dict) and not labels_are_text:
        value = {_label(key): weight for key, weight in value.items()}
    return value


def _label(key: Any) -> Any:
    """JSON's keys are always text: those that are numbers or truth values stand for these labels."""
    if not isinstance(key, str):
        return key
    value = expectations.literal(key)
    return value if isinstance(value, (bool, int, float)) else key


def _components(name: str, value: Any) -> Any:
    """[["scale", "sklearn.preprocessing.StandardScaler"], …] as (name, estimator, …) tuples."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, (list, tuple)) for entry in value):
        raise ContractError(
            f"fitParam {name} is a list of components",
            f'write it as {name}=\'[["scale", "StandardScaler"], ["model", "LogisticRegression"]]\'',
        )
    return [
        tuple(
            estimator_names.instance(part, name)
            if place == 1 and isinstance(part, str) and part not in ("passthrough", "drop")
            else part
            for place, part in enumerate(entry)
        )
        for entry in value
    ]


def _shown(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
