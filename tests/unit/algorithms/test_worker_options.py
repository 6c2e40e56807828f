"""Options that say which Python runs, and how."""

from __future__ import annotations

import pytest

from mlsql_engine.algorithms.worker_options import InterpreterOptions
from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text


def written(value: str) -> Text:
    return Text.literal(value, Span(Source("test", value), 0, len(value)))


def test_environment_variables_are_text() -> None:
    assert InterpreterOptions(envs=written('{"A": "x", "B": 7, "C": true}')).environment == {
        "A": "x",
        "B": "7",
        "C": "true",
    }


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
        _ = InterpreterOptions(envs=written(text)).environment
    assert caught.value.message == message
