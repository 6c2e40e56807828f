"""Parse a script of 10,000 statements, and translate a select of 200 lines to DuckDB's SQL: recorded, no bar."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import Figure, alternate, timed
from benchmarks.workspace import Workspace

STATEMENTS = 10_000
LINES = 200
_KINDS = (
    'load libsvm.`data/part_{0}.txt` where numFeatures="30" as data_{0};\n',
    'set path_{0} = "/tmp/models/{0}";\n',
    "-- a comment; with a semicolon\n"
    "select label, vec_array(features)[0] as x, 'a;b' as s\nfrom data_{0} where label > {0}\nas clean_{0};\n",
    'train clean_{0} as PythonAlg.`/tmp/model_{0}` where pythonScriptPath="train.py"\n'
    'and `fitParam.0.batchSize`="1000" and `fitParam.0.labelSize`="2";\n',
    'register PythonAlg.`/tmp/model_{0}` as predict_{0} options pythonScriptPath="predict.py";\n',
)


def run(workspace: Workspace) -> list[Figure]:
    from mlsql_engine.core.span import Source, Span
    from mlsql_engine.core.text import Text
    from mlsql_engine.engines.dialect import translate
    from mlsql_engine.language.parser import parse

    script = Source(
        "<benchmark>", "".join(_KINDS[i % len(_KINDS)].format(i) for i in range(STATEMENTS)), Path.cwd()
    )
    columns = ",\n".join(
        f"  coalesce(c{i % 30}, 0) * {i} + if(c{(i + 1) % 30} > 0.5, 1, split('a#b', '#')[0]) as x{i}"
        for i in range(LINES - 4)
    )
    query = f"select\n{columns}\nfrom numbers\nwhere c0 > 0 and c1 is not null\norder by x0"
    assert query.count("\n") + 1 == LINES
    text = Text.literal(query, Span(Source("<benchmark>", query, Path.cwd()), 0, len(query)))
    assert len(parse(script).statements) == STATEMENTS
    (parsed,) = alternate(workspace.repeats, timed(lambda: parse(script)))
    (translated,) = alternate(workspace.repeats * 3, timed(lambda: translate(text, {"numbers": "numbers"}, {})))
    return [
        Figure(f"parse {STATEMENTS:,} statements", parsed, note=f"{STATEMENTS / parsed.median:,.0f} statements/s"),
        Figure(f"translate a select of {LINES} lines", translated),
    ]
