"""Parameter groups: `fitParam.0.alpha`, `fitParam.1.alpha`, `fitParam.alpha`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.text import Text

_RESOURCE = "resource."
_COLUMNS = ("featureCol", "inputCol", "labelCol")
_MOST_DIGITS = 6


@dataclass(frozen=True)
class ParameterGroup:
    """One model to train: its number, its parameters, and the files put beside its script by name.

    `written` are the parameters with their places.
    """

    index: int
    parameters: dict[str, str] = field(default_factory=dict)
    resources: dict[str, Text] = field(default_factory=dict)
    written: dict[str, Text] = field(default_factory=dict, compare=False)


def parse_groups(fit_param: Mapping[str, Text]) -> tuple[ParameterGroup, ...]:
    """The parameter groups of a statement by their numbers; keys without a number belong to group 0.

    Without any there is group 0, which has no parameters. Raises BadValue for a key that is given with and without
    its number, and for one that has no name.
    """
    groups: dict[int, ParameterGroup] = {}
    for key, value in fit_param.items():
        index, name = _split(key, value)
        group = groups.setdefault(index, ParameterGroup(index))
        if name.startswith(_RESOURCE):
            group.resources[name[len(_RESOURCE) :]] = value
        elif name in group.parameters:
            raise BadValue(f"the option 'fitParam.{index}.{name}' is given twice", span=value.span)
        else:
            group.parameters[name], group.written[name] = value.value, value
    return tuple(groups[index] for index in sorted(groups)) or (ParameterGroup(0),)


def _split(key: str, value: Text) -> tuple[int, str]:
    """The number of the group and the parameter's name."""
    number, dot, rest = key.partition(".")
    if not dot or not number.isdigit():
        return 0, key
    if not number.isascii() or len(number) > _MOST_DIGITS:
        raise BadValue(f"fitParam.{key}: '{number}' is not the number of a parameter group", span=value.span)
    if not rest:
        raise BadValue(f"fitParam.{key} names no parameter", span=value.span, hint="fitParam.0.alpha, for example")
    return int(number), rest


def estimator_name(parameters: Mapping[str, str]) -> str | None:
    """The class that the parameters of a group name, without its module; None where they name none."""
    named = parameters.get("className") or parameters.get("alg")
    return named.rpartition(".")[2] if named else None


def with_columns_as_spelled(parameters: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """The parameters, columns that they name in another case spelled as the table spells them."""
    spelled = {name.lower(): name for name in columns}

    def column(written: str) -> str:
        name = written.strip()
        return name if name in columns else spelled.get(name.lower(), name)

    return {
        name: ",".join(map(column, value.split(","))) if name in _COLUMNS else value
        for name, value in parameters.items()
    }


def check_estimators(groups: tuple[ParameterGroup, ...], owner: str, instead: str) -> None:
    """Raise BadValue where a group does not tell what the built-in trainer shall train.

    `instead` is what else could be given.
    """
    for group in groups:
        given = group.parameters
        if given.get("alg") or (given.get("moduleName") and given.get("className")):
            continue
        one = "moduleName" if given.get("className") else "className" if given.get("moduleName") else None
        raise BadValue(
            f"{owner}: parameter group {group.index} does not say what to train"
            + (f": {one} is missing" if one else ""),
            hint=f"give {instead}; or fitParam.{group.index}.moduleName and fitParam.{group.index}.className, "
            "an estimator",
        )
