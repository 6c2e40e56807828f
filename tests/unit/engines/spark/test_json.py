"""Spark's functions of JSON text on DuckDB: the values that Spark 4.3 gives with its ANSI mode off."""

from __future__ import annotations

from typing import Any

import pytest

from unit.engines.duckdb.sessions import EngineSession
from unit.engines.spark.values import same

VALUES: list[tuple[str, Any]] = [
    ("from_json('{\"a\":1,\"b\":[1,2]}','a INT, b ARRAY<INT>')", {"a": 1, "b": [1, 2]}),
    ("from_json('bad','a INT')", {"a": None}),
    ("to_json(named_struct('a',1,'b',null))", '{"a":1}'),
    ("get_json_object('{\"a\":{\"b\":1}}','$.a.b')", "1"),
    ("to_json(array(1,2))", "[1,2]"),
    ("to_json(map('a',1))", '{"a":1}'),
    ("from_json('[1,2]', 'array<int>')", [1, 2]),
    ('from_json(\'{"a":{"b":"x"}}\', \'struct<a: struct<b: string>>\')', {"a": {"b": "x"}}),
    ("from_json(null, 'a int')", None),
    ("from_json('{\"b\":1}', 'a int, b bigint')", {"a": None, "b": 1}),
    ("from_json('x', 'array<int>')", None),
    ("get_json_object('{\"a\":[1,2]}', '$.a[1]')", "2"),
    ("get_json_object('x', '$.a')", None),
    ("get_json_object('{\"a\":null}', '$.a')", None),
    ("get_json_object('{\"a\":1}', '$.b')", None),
    ("to_json(named_struct('a', array(named_struct('b', 'x'))))", '{"a":[{"b":"x"}]}'),
    ("to_json(array(named_struct('a', 1)))", '[{"a":1}]'),
    ("json_array_length('[1,2,3]')", 3),
    ("json_array_length('{}')", None),
    ("json_array_length('x')", None),
    ('json_object_keys(\'{"a":1,"b":2}\')', ["a", "b"]),
    ("json_object_keys('[1]')", None),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_value(session: EngineSession, expression: str, value: Any) -> None:
    ((found,),) = session.rows(f"select {expression}")
    same(found, value)
