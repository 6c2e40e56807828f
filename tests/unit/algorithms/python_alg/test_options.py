"""Options of trainings that are more than text."""

from __future__ import annotations

import pytest

from mlsql_engine.algorithms.python_alg.options import environment
from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text


def written(value: str) -> Text:
    return Text.literal(value, Span(Source("test", value), 0, len(value)))


def test_environment_variables_are_text() -> None:
    assert environment(written('{"A": "x", "B": 7, "C": true}')) == {"A": "x", "B": "7", "C": "true"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "systemParam.envs is not a JSON object"),
        ('{"A": null}', "systemParam.envs: 'A' has no value"),
        ('{"A=B": "x"}', "systemParam.envs: 'A=B' cannot be an environment variable"),
    ],
)
def test_wrong_environment_variables(text: str, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        environment(written(text))
    assert caught.value.message == message
