"""Which option belongs to which parameter group."""

from __future__ import annotations

import pytest

from mlsql_engine.algorithms.python_alg.groups import (
    ParameterGroup,
    check_estimators,
    estimator_name,
    parse_groups,
    with_columns_as_spelled,
)
from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text


def texts(**values: str) -> dict[str, Text]:
    source = Source("test", "x" * 100)
    return {key.replace("__", "."): Text.literal(value, Span(source, 0, 1)) for key, value in values.items()}


def parameters(**values: str) -> dict[int, dict[str, str]]:
    return {group.index: group.parameters for group in parse_groups(texts(**values))}


def test_without_parameters_there_is_group_0() -> None:
    assert parse_groups({}) == (ParameterGroup(0),)


def test_groups_by_their_numbers_as_numbers() -> None:
    found = parse_groups(
        {"10.a": texts(v="1")["v"], "9.a": texts(v="2")["v"], "a": texts(v="3")["v"], "9.b.c": texts(v="4")["v"]}
    )
    assert [(group.index, group.parameters) for group in found] == [
        (0, {"a": "3"}),
        (9, {"a": "2", "b.c": "4"}),
        (10, {"a": "1"}),
    ]


def test_a_key_whose_first_word_is_no_number_belongs_to_group_0() -> None:
    assert parameters(base__alpha="1") == {0: {"base.alpha": "1"}}


def test_resources_stand_apart() -> None:
    (group,) = parse_groups({"1.resource.words": texts(v="w.txt")["v"]})
    assert (group.index, group.parameters, group.resources["words"].value) == (1, {}, "w.txt")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (("0.alpha", "alpha"), "the option 'fitParam.0.alpha' is given twice"),
        (("00.alpha", "0.alpha"), "the option 'fitParam.0.alpha' is given twice"),
        (("1.",), "fitParam.1. names no parameter"),
        (("²x.a", "٣.a"), "fitParam.٣.a: '٣' is not the number of a parameter group"),
        (("1234567.a",), "fitParam.1234567.a: '1234567' is not the number of a parameter group"),
    ],
)
def test_wrong_keys(keys: tuple[str, ...], message: str) -> None:
    value = texts(v="1")["v"]
    with pytest.raises(BadValue) as caught:
        parse_groups(dict.fromkeys(keys, value))
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"moduleName": "sklearn.svm", "className": "SVC"}, "SVC"),
        ({"alg": "sklearn.svm.SVC"}, "SVC"),
        ({"C": "1"}, None),
    ],
)
def test_the_name_of_an_estimator(given: dict[str, str], name: str | None) -> None:
    assert estimator_name(given) == name


@pytest.mark.parametrize(
    ("given", "end"),
    [({}, ""), ({"moduleName": "m"}, ": className is missing"), ({"className": "C"}, ": moduleName is missing")],
)
def test_a_group_that_does_not_say_what_to_train(given: dict[str, str], end: str) -> None:
    with pytest.raises(BadValue) as caught:
        check_estimators((ParameterGroup(0, {"alg": "SVC"}), ParameterGroup(3, given)), "train X", "a script")
    assert caught.value.message == f"train X: parameter group 3 does not say what to train{end}"


def test_columns_in_another_case_are_spelled_as_the_table_spells_them() -> None:
    given = {"featureCol": " A, b,nope", "labelCol": "LABEL", "C": "A"}
    found = with_columns_as_spelled(given, ["a", "B", "b", "Label"])
    assert found == {"featureCol": "a,b,nope", "labelCol": "Label", "C": "A"}
