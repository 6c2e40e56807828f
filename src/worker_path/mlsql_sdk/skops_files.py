"""Estimators in skops files, which name the types that they hold, so that loading can refuse one.

skops itself trusts what it knows of numpy, scipy and scikit-learn. Of the rest, classes that the libraries below
define are trusted, too, since they are estimators' own parts; every other type, and every function, is refused:
a file of the model folder that somebody has replaced cannot run what it likes. Saving refuses what loading would.
"""

from __future__ import annotations

import importlib
import inspect
import io
import os
import pickle
from importlib import util
from typing import Any

from .failures import ContractError, install_line

_TRUSTED_LIBRARIES = ("sklearn", "xgboost", "lightgbm", "catboost")
_REFUSED_MODULES = (
    "sklearn.ensemble._hist_gradient_boosting.predictor",
    "sklearn.neighbors._ball_tree",
    "sklearn.neighbors._kd_tree",
    "sklearn.tree._tree",
)


def of_trusted(model: Any) -> bytes | None:
    """The file's bytes, if skops can hold the model by the types that it trusts itself; else None."""
    if _has_refused_parts(model):
        return None
    import skops.io

    try:
        data: bytes = skops.io.dumps(model)
        return None if skops.io.get_untrusted_types(data=data) else data
    except Exception:  # noqa: BLE001 - whatever an object's state raises, skops cannot hold it
        return None


def _has_refused_parts(model: Any) -> bool:
    """Whether the model has parts that skops never trusts: asking is cheap, writing a forest to find out is not."""

    class _Refused(Exception):
        pass

    class _Look(pickle.Pickler):
        def persistent_id(self, part: Any) -> None:
            if type(part).__module__ in _REFUSED_MODULES:
                raise _Refused

    class _Nowhere(io.RawIOBase):
        def write(self, data: Any) -> int:
            return len(data)

    try:
        _Look(_Nowhere(), protocol=5, buffer_callback=lambda _: None).dump(model)
    except _Refused:
        return True
    except Exception:  # noqa: BLE001 - whatever an object's state raises, it is no refused part
        return False
    return False


def save(model: Any, path: str) -> None:
    """Write the model. Raises ContractError when it holds a type that `load` would refuse."""
    _needs_skops()
    import skops.io

    try:
        data = skops.io.dumps(model)
    except Exception as error:  # noqa: BLE001 - whatever an object's state raises
        raise ContractError(
            f"skops cannot hold this {type(model).__name__}: {error}",
            'choose another form: fitParam.0.modelFormat="pickle"',
        ) from None
    _trusted(skops.io.get_untrusted_types(data=data), "the model")
    with open(path, "wb") as file:
        file.write(data)


def load(path: str) -> Any:
    """The model of a skops file. Raises ContractError when it holds a type that is not trusted."""
    _needs_skops()
    import skops.io

    trusted = _trusted(skops.io.get_untrusted_types(file=path), os.path.basename(path))
    return skops.io.load(path, trusted=trusted)


def _needs_skops() -> None:
    if util.find_spec("skops") is None:
        raise ContractError(*install_line("skops"))


def _trusted(types: list[str], what: str) -> list[str]:
    refused = [name for name in types if not _is_trusted(name)]
    if refused:
        raise ContractError(
            "{} holds types that a skops file is not trusted with: {}".format(what, ", ".join(refused[:5])),
            'train it with fitParam.0.modelFormat="pickle"',
        )
    return types


def _is_trusted(name: str) -> bool:
    """Whether it is a class that one of the trusted libraries defines itself."""
    module, _, last = name.rpartition(".")
    if module.partition(".")[0] not in _TRUSTED_LIBRARIES:
        return False
    try:
        found = getattr(importlib.import_module(module), last, None)
    except ImportError:
        return False
    return inspect.isclass(found) and found.__module__.partition(".")[0] in _TRUSTED_LIBRARIES
