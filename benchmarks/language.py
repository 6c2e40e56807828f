"""Parse 10,000 statements, translate a select of 200 lines to DuckDB's SQL, and run 1,000 small selects."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import Bar, Figure, alternate, timed
from benchmarks.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

    from mlsql_engine.core.text import Text

STATEMENTS = 10_000
LINES = 200
SELECTS = 1_000
MEGABYTE = 1_000_000
FILLING = Bar(times=0, plus=1.0)
TRANSLATING = Bar(times=0, plus=0.020)
INTERPRETING = Bar(plus=0.001 * SELECTS)
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
    return [_parsing(workspace), _filling(workspace), *_translating(workspace), _interpreting(workspace)]


def _parsing(workspace: Workspace) -> Figure:
    from mlsql_engine.core.span import Source
    from mlsql_engine.language.parser import parse

    script = Source(
        "<benchmark>", "".join(_KINDS[i % len(_KINDS)].format(i) for i in range(STATEMENTS)), Path.cwd()
    )
    assert len(parse(script).statements) == STATEMENTS
    (parsed,) = alternate(workspace.repeats, timed(lambda: parse(script)))
    note = f"{STATEMENTS / parsed.median:,.0f} statements/s"
    return Figure(f"parse {STATEMENTS:,} statements", parsed, note=note)


def _filling(workspace: Workspace) -> Figure:
    """A script of 1 MB in which every statement names variables that others before it set."""
    from mlsql_engine import SilentProgress, connect

    lines = ['set v0 = "x";']
    size = len(lines[0])
    while size < MEGABYTE:
        number = len(lines)
        names = f"${{v{min(number - 1, number % 7)}}}/part_${{v{min(number - 1, number * 3 % 5)}}}"
        lines.append(f'set v{number} = "folder/{names} and ${{v0}}, and text to fill the line {number}";')
        size += len(lines[-1]) + 1
    script = "\n".join(lines)
    with connect(progress=SilentProgress()) as session:
        session.run("select 1 as a as t;")
        ours, bare = alternate(
            workspace.repeats,
            timed(lambda: session.run(script)),
            timed(lambda: re.sub(r"\$\{([^{}]*)\}", "x", script)),
        )
    note = f"{len(lines):,} statements"
    return Figure("run a script of 1 MB full of variables", ours, bare, "re.sub of its text", FILLING, note)


def _translating(workspace: Workspace) -> list[Figure]:
    """Ours checks and places every name, names the columns and mends the meaning; sqlglot alone does none of it."""
    import sqlglot

    from mlsql_engine.engines.dialect import translate
    from mlsql_engine.engines.translations import Translations

    named, unnamed = _select(name=" as x{0}"), _select(name="")
    views = {"numbers": "numbers"}
    kept = Translations()
    first, again, without_names, bare = alternate(
        workspace.repeats * 3,
        timed(lambda: translate(named, views, {})),
        timed(lambda: kept.translate(named, views, {})),
        timed(lambda: translate(unnamed, views, {})),
        timed(lambda: sqlglot.transpile(named.value, read="spark", write="duckdb")),
    )
    what = f"translate a select of {LINES} lines"
    return [
        Figure(what, first, bare, "sqlglot.transpile", TRANSLATING),
        Figure(f"{what} whose columns have no names", without_names),
        Figure(f"{what} again", again, first, "the first time", Bar(times=0.05)),
    ]


def _select(name: str) -> Text:
    from mlsql_engine.core.span import Source, Span
    from mlsql_engine.core.text import Text

    columns = ",\n".join(
        f"  coalesce(c{i % 30}, 0) * {i} + if(c{(i + 1) % 30} > 0.5, 1, split('a#b', '#')[0]){name.format(i)}"
        for i in range(LINES - 4)
    )
    query = f"select\n{columns}\nfrom numbers\nwhere c0 > 0 and c1 is not null\norder by 1"
    assert query.count("\n") + 1 == LINES
    return Text.literal(query, Span(Source("<benchmark>", query, Path.cwd()), 0, len(query)))


def _interpreting(workspace: Workspace) -> Figure:
    """The same views made, and their columns asked for, by DuckDB alone; every select differs from the others."""
    import duckdb

    from mlsql_engine import connect

    script = "".join(f"select a + {i} as a from t as t{i};\n" for i in range(SELECTS))
    views = [f'CREATE OR REPLACE VIEW "t{i}" AS SELECT a + {i} AS a FROM "t" AS "t"' for i in range(SELECTS)]

    def ours() -> float:
        with connect() as session:
            session.run("select 1 as a as t;")
            return timed(lambda: session.run(script))()

    def bare() -> float:
        with duckdb.connect() as database:
            database.execute("CREATE VIEW t AS SELECT 1 AS a")
            return timed(lambda: [_bind(database, create, f"t{i}") for i, create in enumerate(views)])()

    run, bound = alternate(workspace.repeats, ours, bare)
    return Figure(f"run {SELECTS:,} small selects", run, bound, "the same views by DuckDB", INTERPRETING)


def _bind(database: duckdb.DuckDBPyConnection, create: str, view: str) -> list[str]:
    database.execute(create)
    return database.sql(f'SELECT * FROM "{view}"').columns
