"""The page about functions written in Python: its scripts run."""

from __future__ import annotations

import re
from typing import Any

from docs.generator import ROOT
from mlsql_engine import connect
from mlsql_engine.core.progress import SilentProgress

PAGE = (ROOT / "docs" / "script-functions.md").read_text(encoding="utf-8")
SQL, DEFINITIONS, MEAN, WEIGHTED = re.findall(r"```(?:sql|python)\n(.*?)```", PAGE, re.DOTALL)


def rows(script: str) -> list[dict[str, Any]]:
    with connect(progress=SilentProgress()) as session:
        session.run("select 'ada' as name, 2 as n union all select null, 3 as people;")
        table = session.run(script)
        return [] if table is None else list(table.to_arrow().to_pylist())


def test_a_function() -> None:
    assert rows(SQL) == [{"loud": "ADA!"}, {"loud": None}]


def test_ways_to_define_it() -> None:
    namespace: dict[str, Any] = {}
    exec(DEFINITIONS, namespace)
    assert callable(namespace["Anything"]().apply)


def test_aggregates() -> None:
    script = f"""
        register ScriptUDF.`` as mean where udfType="udaf" and code='''{MEAN}''';
        register ScriptUDF.`` as weighted where udfType="udaf" and code='''{WEIGHTED}''';
        select mean(n) as m, weighted(n, n) as w, mean(n) filter (where n > 5) as none from people as result;
    """
    assert rows(script) == [{"m": 2.5, "w": 13.0, "none": None}]
