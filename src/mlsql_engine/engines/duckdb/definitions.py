"""create, insert, drop and refresh on the engine's relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsql_engine.core.errors import SqlProblem, UnknownName
from mlsql_engine.core.text import Text
from mlsql_engine.engines.definitions import Create, Drop, Insert, Refresh, read
from mlsql_engine.engines.duckdb.relation import DuckRelation
from mlsql_engine.engines.quoting import spark_identifier

if TYPE_CHECKING:
    from mlsql_engine.engines.duckdb.engine import DuckDBEngine


def define(engine: DuckDBEngine, text: Text) -> None:
    """Carry out one statement. See Engine.define."""
    match read(text):
        case Create() as create:
            _create(engine, create)
        case Insert() as insert:
            _insert(engine, insert)
        case Drop() as drop:
            _drop(engine, drop)
        case Refresh(name):
            engine.read_again(_table(engine, name))


def _create(engine: DuckDBEngine, create: Create) -> None:
    name = create.name.value
    if name.lower() in engine.tables and not create.replace:
        if create.lenient:
            return
        raise SqlProblem(
            f"there is a table '{name}' already",
            span=create.name.span,
            code="EXISTS",
            hint="create or replace, or create table if not exists",
        )
    if create.query is None:
        relation = engine.empty_table({column: kind.sql("duckdb") for column, kind in create.types.items()})
    else:
        relation = engine.sql(create.query)
        if create.columns is not None:
            relation = _renamed(engine, create.query, create.columns, len(relation.columns))
        if create.kind == "table":
            engine.keep_as_table(relation)
    engine.bind(name, relation)


def _renamed(engine: DuckDBEngine, query: Text, names: tuple[Text, ...], count: int) -> DuckRelation:
    if len(names) != count:
        raise SqlProblem(
            f"{len(names)} name{'' if len(names) == 1 else 's'} for {count} column{'' if count == 1 else 's'}",
            span=query.span,
        )
    listed = ", ".join(spark_identifier(name.value) for name in names)
    return engine.sql(query.between("select * from (", f") as `made`({listed})"))


def _insert(engine: DuckDBEngine, insert: Insert) -> None:
    relation = _table(engine, insert.name)
    if relation.rows_table is None:
        raise SqlProblem(
            f"'{insert.name.value}' is not a table that create made, so nothing can be inserted into it",
            span=insert.name.span,
            hint="create table new_name as select * from it; then insert into that",
        )
    names = list(relation.columns) if insert.columns is None else _spelled(insert.columns, relation)
    rows = engine.sql(insert.query)
    if len(rows.columns) != len(names):
        raise SqlProblem(
            f"{len(names)} column{' takes' if len(names) == 1 else 's take'} values, and {len(rows.columns)} "
            f"{'is' if len(rows.columns) == 1 else 'are'} given",
            span=insert.query.span,
            hint=f"the columns: {', '.join(names)}",
        )
    engine.add_rows(relation, rows, names, overwrite=insert.overwrite)


def _spelled(columns: tuple[Text, ...], relation: DuckRelation) -> list[str]:
    """The columns as the table spells them."""
    known = {name.lower(): name for name in relation.columns}
    for column in columns:
        if column.value.lower() not in known:
            raise UnknownName("column", column.value, relation.columns, span=column.span)
    return [known[column.value.lower()] for column in columns]


def _drop(engine: DuckDBEngine, drop: Drop) -> None:
    if drop.name.value.lower() in engine.tables:
        engine.unbind(drop.name.value)
    elif not drop.lenient:
        _table(engine, drop.name)


def _table(engine: DuckDBEngine, name: Text) -> DuckRelation:
    relation = engine.tables.get(name.value.lower())
    if not isinstance(relation, DuckRelation):
        known = [table for table in engine.tables if not table.startswith("system.")]
        raise UnknownName("table", name.value, known, span=name.span)
    return relation
