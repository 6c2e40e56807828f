"""Parameter groups: `fitParam.0.alpha`, `fitParam.alpha`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.text import Text

_RESOURCE = "resource."


@dataclass(frozen=True)
class ParameterGroup:
    """One model to train: its number, its parameters, and the files put beside its script by name."""

    index: int
    parameters: Mapping[str, str]
    resources: Mapping[str, Text]


def parse_group(fit_param: Mapping[str, Text]) -> ParameterGroup:
    """The one parameter group of a statement; keys without a number belong to group 0.

    Raises BadValue for a second group and for a key that is given with and without its number.
    """
    parameters: dict[str, str] = {}
    resources: dict[str, Text] = {}
    for key, value in fit_param.items():
        number, dot, rest = key.partition(".")
        if dot and number.isdigit() and not number.isascii():
            raise BadValue(f"fitParam.{key}: '{number}' is not the number of a parameter group", span=value.span)
        if dot and number.isdigit():
            if int(number) != 0:
                raise BadValue(
                    f"fitParam.{key}: PythonAlg trains one parameter group, number 0",
                    span=value.span,
                    hint="train the other groups by statements of their own",
                )
            name = rest
        else:
            name = key
        if name.startswith(_RESOURCE):
            resources[name[len(_RESOURCE) :]] = value
        elif name in parameters:
            raise BadValue(f"the option 'fitParam.0.{name}' is given twice", span=value.span)
        else:
            parameters[name] = value.value
    return ParameterGroup(0, parameters, resources)
