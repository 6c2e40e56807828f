"""Queries as relations: views, with the calls of models lifted into stages of their own.

A select with calls becomes a chain of relations: what the model is asked of, the stage that adds the answers, and
the select over them. A common table expression becomes a relation too, since several of them may need it. Whatever
the engine refuses in that form stays as it was written, with its calls as functions of the engine.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import SqlProblem
from mlsql_engine.engines.dialect import Translation
from mlsql_engine.engines.duckdb import argument_checks
from mlsql_engine.engines.duckdb.call_places import CallPlaces, Step, own_nodes
from mlsql_engine.engines.duckdb.database import Database
from mlsql_engine.engines.duckdb.lifting import Functions, Lift, lift
from mlsql_engine.engines.duckdb.model_calls import BoundModel, ModelCalls
from mlsql_engine.engines.duckdb.relation import DuckRelation
from mlsql_engine.engines.duckdb.select_names import Refused, has_random
from mlsql_engine.engines.duckdb.stages import Stage, StageCall
from mlsql_engine.engines.randomness import is_random
from mlsql_engine.engines.reads import reads

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

_TWICE = 2


class Queries:
    """Makes relations of translated queries. `describe` gives a view's columns."""

    def __init__(self, database: Database, calls: ModelCalls, describe: Callable[[str], pa.Schema]) -> None:
        self._database = database
        self._calls = calls
        self._describe = describe
        self._living: weakref.WeakSet[DuckRelation] = weakref.WeakSet()

    def relation(self, translation: Translation, tables: Iterable[DuckRelation]) -> DuckRelation:
        """The relation of a query over `tables`. Raises duckdb.Error where the engine does not take it."""
        relation = self._made(translation, {table.view: table for table in tables})
        self._living.update((relation, *_parts(relation)))
        return relation

    def called(self) -> set[str]:
        """The models, by the engine's names, that relations may still call."""
        return {name for relation in self._living for name in relation.models}

    def _made(self, translation: Translation, known: dict[str, DuckRelation]) -> DuckRelation:
        models = self._calls.models()
        asks = any(model.function in translation.calls for model in models.values())
        if asks:
            aggregates = self._database.aggregates
            draft = _Draft(self._database, self._calls, self._describe, translation, known)
            functions = Functions(frozenset(models), aggregates)
            try:
                return draft.relation(functions)
            except _refusals():
                self._database.drop_views(reversed(draft.made))
            except SqlProblem:
                self._database.drop_views(reversed(draft.made))
                raise
        view = self._database.create_view(translation.sql)
        if asks:
            try:
                argument_checks.check_calls(translation.tree, models, translation.query, self._database.kinds_of)
            except SqlProblem:
                self._database.drop_views([view.name])
                raise
        return DuckRelation(
            view.name,
            partial(self._describe, view.name),
            _repeated({translation.views[name]: times for name, times in translation.reads.items()}, known),
            translation.volatile,
            query=translation,
            definition=view.select,
            nested=view.nested,
            models=_called(translation.tree, models) if asks else frozenset(),
        )


def _parts(relation: DuckRelation) -> Iterator[DuckRelation]:
    """The inner relations that one is made of."""
    for parent in relation.parents:
        if parent.inner:
            yield parent
            yield from _parts(parent)


class _Draft:
    """The relations of one query, while they are made; `made` are their views."""

    def __init__(
        self,
        database: Database,
        calls: ModelCalls,
        describe: Callable[[str], pa.Schema],
        translation: Translation,
        known: dict[str, DuckRelation],
    ) -> None:
        self._database = database
        self._calls = calls
        self._describe = describe
        self._translation = translation
        self._known = dict(known)
        self._functions = Functions((), ())
        self.made: list[str] = []

    def relation(self, functions: Functions) -> DuckRelation:
        """The relation of the whole query. Raises Refused or duckdb.Error."""
        self._functions = functions
        tree = self._translation.tree.copy()
        names = [cte.alias.lower() for cte in tree.find_all(_cte())]
        if len(names) != len(set(names)):
            raise Refused  # which of them is meant depends on the place
        self._lift_below(tree)
        made = self._view(tree, wide_as="BIGINT")
        made.volatile = self._translation.volatile
        made.inner = False
        return made

    def _lift_below(self, node: exp.Expr) -> None:
        """Lift the calls of every select from the innermost on."""
        from sqlglot import exp

        with_: Any = node.args.get("with_")
        if with_ is not None:
            self._promote(node, with_)
        for child in list(node.iter_expressions()):
            if child is not with_:
                self._lift_below(child)
        if isinstance(node, exp.Select):
            self._ask_constants_once(node)
            self._lift(node)

    def _promote(self, node: exp.Expr, with_: exp.With) -> None:
        """Make the common table expressions of a query relations of their own."""
        from sqlglot import exp

        recursive = bool(with_.args.get("recursive"))
        for cte in with_.expressions:
            body: exp.Expr = cte.this
            if recursive:
                body = exp.select("*").from_(exp.to_table(cte.alias))
                body.set("with_", with_.copy())
            else:
                self._lift_below(body)
                if cte.args["alias"].columns:
                    body = exp.select("*").from_(exp.Subquery(this=body.copy(), alias=cte.args["alias"].copy()))
            relation = self._view(body, wide_as=None)
            for table in node.find_all(exp.Table):
                if table.name.lower() == cte.alias.lower() and not table.args.get("db"):
                    if not table.alias:
                        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
                    table.set("this", exp.to_identifier(relation.view, quoted=True))
        node.set("with_", None)

    def _ask_constants_once(self, select: exp.Select) -> None:
        """A call that needs no row becomes a subquery of one row."""
        from sqlglot import exp

        places = CallPlaces(select, self._functions.models, self._functions.aggregates)
        found = places.liftable() if select.args.get("from_") else None
        if found is None or not places.is_plain():
            return
        for call in found[1]:
            needs = any(
                isinstance(one, exp.Column | exp.Star | exp.Query | exp.Window) or places.is_aggregate(one)
                for one in own_nodes(call)
            )
            # Groups and windows take no subquery.
            free = call.find_ancestor(exp.Group, exp.Window, exp.Select) is select
            if not needs and free and found[0] < Step.WINDOWS and not has_random(call):
                alone = exp.Select(expressions=[exp.alias_(call.copy(), "answer")])
                call.replace(exp.Subquery(this=alone))
                self._lift(alone)

    def _lift(self, select: exp.Select) -> None:
        """Lift what can be lifted, step by step; the select is changed in its place."""
        while True:
            stage = self._database.new_name()
            prefix = f"s{self._database.number()}_"
            made = len(self.made)
            try:
                lifted = lift(select, self._functions, self._columns_of, prefix, stage)
                if lifted is None:
                    return
                self._add_stage(lifted, stage)
            except _refusals():
                self._database.drop_views(reversed(self.made[made:]))
                del self.made[made:]
                return
            for clause in (*select.args, *lifted.outer.args):
                select.set(clause, lifted.outer.args.get(clause))

    def _add_stage(self, lifted: Lift, name: str) -> None:
        child = self._view(lifted.child, wide_as="BIGINT")
        types = dict(self._database.columns(f'SELECT * FROM "{child.view}"'))
        models = self._calls.models()
        self._check(lifted, models, child.arrow_schema)
        calls = tuple(StageCall(models[call.function], call.arguments, call.column) for call in lifted.calls)
        kinds = {column: types[column] for column in lifted.passed}
        kinds |= {call.column: call.model.type_name for call in calls}
        self._database.create_empty_view(name, kinds)
        self.made.append(name)
        relation = DuckRelation(
            name,
            partial(self._describe, name),
            (child,),
            volatile=True,
            query=self._translation,
            inner=True,
            stage=Stage(calls, lifted.passed, kinds),
            models=frozenset(call.function for call in lifted.calls),
        )
        self._known[name] = relation

    def _check(self, lifted: Lift, models: Mapping[str, BoundModel], child: pa.Schema) -> None:
        for call in lifted.calls:
            kinds = [child.field(name).type for name in call.arguments]
            place = argument_checks.place_of(call.node, self._translation.query)
            argument_checks.check(models[call.function], kinds, place)

    def _view(self, tree: exp.Expr, wide_as: str | None) -> DuckRelation:
        """An inner relation of a select. Raises duckdb.Error."""
        view = self._database.create_view(tree.sql("duckdb"), wide_as=wide_as)
        self.made.append(view.name)
        called = _called(tree, self._functions.models)
        if called:
            models = self._calls.models()
            argument_checks.check_calls(tree, models, self._translation.query, self._database.kinds_of)
        relation = DuckRelation(
            view.name,
            partial(self._describe, view.name),
            _parents(tree, self._known),
            bool(called) or any(map(is_random, tree.walk())),
            query=self._translation,
            definition=view.select,
            nested=view.nested,
            inner=True,
            models=called,
        )
        self._known[view.name] = relation
        return relation

    def _columns_of(self, select: exp.Select) -> list[str]:
        return [name for name, _ in self._database.columns(select.sql("duckdb"))]


def _parents(tree: exp.Expr, known: dict[str, DuckRelation]) -> tuple[DuckRelation, ...]:
    """The relations that a query reads; twice those that it may read more than once."""
    return _repeated(reads(tree), known)


def _repeated(found: Mapping[str, int], known: dict[str, DuckRelation]) -> tuple[DuckRelation, ...]:
    return tuple(known[name] for name, number in found.items() if name in known for _ in range(min(number, _TWICE)))


def _called(tree: exp.Expr, models: Collection[str]) -> frozenset[str]:
    """The models that the engine itself calls in a query."""
    from sqlglot import exp

    return frozenset(node.name.lower() for node in tree.find_all(exp.Anonymous) if node.name.lower() in models)


def _cte() -> type[exp.Expr]:
    from sqlglot import exp

    return exp.CTE


def _refusals() -> tuple[type[Exception], ...]:
    """What is raised for a query that cannot be cut, or that the engine does not take."""
    import duckdb

    return (Refused, RecursionError, duckdb.ProgrammingError, duckdb.NotSupportedError, duckdb.DataError)
