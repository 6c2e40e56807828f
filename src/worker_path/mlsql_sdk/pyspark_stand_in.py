"""`pyspark.ml.linalg` where pyspark is not installed: an import of it finds `mlsql_sdk.linalg`.

The finder stands last on `sys.meta_path`, so it is asked only for what no other finder has; a pyspark that
a script puts on its path later (findspark) wins. The packages `pyspark` and `pyspark.ml` exist only as the
way there and hold nothing else; any other import below pyspark raises ModuleNotFoundError that says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import NoReturn

_LINALG = "pyspark.ml.linalg"
_PACKAGES = ("pyspark", "pyspark.ml")
_MISSING_IN_LINALG = frozenset({"DenseMatrix", "Matrices", "Matrix", "MatrixUDT", "SparseMatrix"})


def install() -> bool:
    """Offer the stand-in unless this interpreter has pyspark; whether it is offered. Twice is once."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return True
    if _has_pyspark():
        return False
    sys.meta_path.append(_Finder())
    return True


def _has_pyspark() -> bool:
    loaded = sys.modules.get("pyspark")
    if loaded is not None:
        return _is_real(loaded)
    spec = find_spec("pyspark")
    return spec is not None and spec.origin is not None  # without an origin: a mere folder of that name


def _refuse(wanted: str) -> NoReturn:
    raise ModuleNotFoundError(
        f"{wanted}: pyspark is not installed in this interpreter ({sys.executable}), and mlsql provides only"
        f" {_LINALG} there; install pyspark in it to use the rest",
        name="pyspark",  # not `wanted`: Python would hide this text from `from pyspark import x`
    )


class _Finder:
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname == "pyspark":
            return _spec(fullname, _PackageLoader(), package=True)
        if not fullname.startswith("pyspark.") or _is_real(sys.modules.get("pyspark")):
            return None
        if fullname in _PACKAGES:
            return _spec(fullname, _PackageLoader(), package=True)
        if fullname == _LINALG:
            return _spec(fullname, _LinalgLoader(), package=False)
        _refuse(fullname)


def _is_real(package: ModuleType | None) -> bool:
    """Ours has no file, nor has a mere folder of that name."""
    return getattr(package, "__file__", None) is not None


def _spec(fullname: str, loader: _PackageLoader | _LinalgLoader, *, package: bool) -> ModuleSpec:
    # Loaders by duck typing: importlib.abc would cost every worker 8 ms at its start.
    return ModuleSpec(fullname, loader, is_package=package)  # type: ignore[arg-type]


class _PackageLoader:
    def create_module(self, spec: ModuleSpec) -> None:
        """Python's own kind of module will do."""

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = f"Not pyspark: the way to mlsql's {_LINALG}."


class _LinalgLoader:
    def create_module(self, spec: ModuleSpec) -> None:
        """Python's own kind of module will do."""

    def exec_module(self, module: ModuleType) -> None:
        from . import linalg

        def missing(name: str) -> NoReturn:
            if name in _MISSING_IN_LINALG:
                raise ImportError(
                    f"mlsql's {_LINALG} has vectors only, not {name}: pyspark is not installed in this"
                    f" interpreter ({sys.executable})",
                    name=_LINALG,
                )
            raise AttributeError(f"module {_LINALG!r} has no attribute {name!r}")

        module.__doc__ = linalg.__doc__
        vars(module).update({name: getattr(linalg, name) for name in linalg.__all__})
        vars(module).update(__all__=list(linalg.__all__), __getattr__=missing)
