"""Which of the models that a project has logged is meant."""

from __future__ import annotations

import pytest

from mlsql_sdk.failures import ContractError
from mlsql_sdk.mlflow_runs import Logged, chosen, path_of

A = Logged("model", "1", "first", 0, 10, "a")
LATER = Logged("model", "1", "first", 0, 20, "later")
INNER = Logged("tried", "2", "second", 1, 30, "inner")
OTHER = Logged("model", "3", "third", 0, 5, "other")
BEST = Logged("best", "1", "first", 0, 5, "best")


def test_the_only_one() -> None:
    assert chosen([A], None) == A
    assert chosen([A], "model") == A


def test_of_one_name_in_one_run_the_last() -> None:
    assert chosen([LATER, A], None) == LATER


def test_those_of_outer_runs_come_before_those_of_nested_ones() -> None:
    assert chosen([INNER, A], None) == A
    assert chosen([INNER], None) == INNER
    assert chosen([INNER, A], "tried") == INNER
    assert chosen([INNER, A], "second/tried") == INNER


def test_a_name_with_its_run() -> None:
    assert chosen([A, OTHER], "third/model") == OTHER


@pytest.mark.parametrize(
    ("models", "name", "message", "hint"),
    [
        (
            [A, BEST, OTHER],
            None,
            "the project has logged several models: best, third/model, first/model",
            "name the one that is meant by the option modelName",
        ),
        (
            [A, OTHER],
            "model",
            "the project has logged several models 'model': third/model, first/model",
            "name the one that is meant by the option modelName",
        ),
        ([A, INNER], "x", "the project has logged no model 'x'", "it has logged: model, tried"),
    ],
)
def test_when_it_cannot_be_told(models: list[Logged], name: str | None, message: str, hint: str) -> None:
    with pytest.raises(ContractError) as caught:
        chosen(models, name)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_paths_of_uris() -> None:
    assert path_of("file:///a/b%20c") == "/a/b c"
    assert path_of("/a/b") == "/a/b"
    assert path_of("http://host/a") is None
