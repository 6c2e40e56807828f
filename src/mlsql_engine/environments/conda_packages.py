"""Packages as conda writes them, and what they are called where pip gets them.

The form is conda's match specification:
https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html#package-match-specifications
"""

from __future__ import annotations

import re

from mlsql_engine.core.span import Span
from mlsql_engine.environments.documents import needed, wrong

_SPEC = re.compile(r"(?:(?P<channel>[\w./:-]+)::)?(?P<name>[\w.-]+)\s*(?P<version>.*)")
_PART = re.compile(r"(?P<operator>===?|>=|<=|!=|~=|=|<|>)?\s*(?P<version>[\w.+!*-]+)")
_PIP_NAMES = {
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "pytorch": "torch",
    "ruamel_yaml": "ruamel.yaml",
}
"""Where the index of pip's packages has another name for what conda's main channels have."""


def name_of(spec: str, span: Span | None = None) -> str:
    """The name of the package. Raises MlsqlError with code ENVIRONMENT_FILE where there is none."""
    return _parts(spec, span)[0]


def version_of(spec: str, span: Span | None = None) -> str:
    """The version as a specifier of PEP 440, "" for any; builds are left out, since only conda has them.

    Raises MlsqlError with code ENVIRONMENT_FILE for what PEP 440 cannot say.
    """
    needed("packaging")
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    written = _parts(spec, span)[1]
    try:
        return str(SpecifierSet(",".join(_part(part) for part in _without_build(written).split(",") if part)))
    except (InvalidSpecifier, ValueError):
        raise wrong(
            f"'{spec}' means something to conda only",
            span,
            hint='write it as name, name=1.2, name==1.2.3 or name>=1.2,<2; or use systemParam.envManager="conda"',
        ) from None


def as_requirement(spec: str, span: Span | None = None) -> str:
    """The package as pip's requirement. Raises MlsqlError as `version_of` does."""
    name = name_of(spec, span).lower()
    return _PIP_NAMES.get(name, name) + version_of(spec, span)


def _parts(spec: str, span: Span | None) -> tuple[str, str]:
    found = _SPEC.fullmatch(spec.strip())
    if found is None:
        raise wrong(f"'{spec}' is no package of conda's", span, hint="such as numpy, numpy=1.26 or numpy>=1.26,<2")
    return found["name"], found["version"].strip()


def _without_build(version: str) -> str:
    """`=1.2=py37_0` and `1.2 py37_0` without what stands behind the version."""
    words = version.split()
    if len(words) == 2 and not words[0].endswith((",", "=", "<", ">", "~", "!")) and words[1][0] not in ",<>=!~":
        return words[0]
    found = re.fullmatch(r"(={1,2}\s*[^=<>,\s]+)=[^=]+", version)
    return found[1] if found else "".join(words)


def _part(part: str) -> str:
    """One condition. Raises ValueError for one that cannot be told apart from others."""
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(part)
    operator, version = found["operator"], found["version"]
    if operator == "=" or (operator in (None, "==") and version.endswith("*")):
        return f"=={version.rstrip('.*')}.*"  # whatever begins so
    return f"{operator or '=='}{version}"
