"""Whether models and functions take what a query gives them, asked before a row is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import SqlProblem
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.duckdb.call_places import own_nodes
from mlsql_engine.engines.duckdb.model_calls import BoundModel
from mlsql_engine.engines.duckdb.vector_columns import public_type
from mlsql_sdk import call_forms

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

Described = Callable[["exp.Select"], "Sequence[pa.DataType]"]
"""The types of a select's columns. It raises duckdb.Error where the select is none by itself."""


def check(model: BoundModel, kinds: Sequence[pa.DataType], place: Span | None) -> None:
    """Raise SqlProblem, at `place`, where a function does not take arguments of these types."""
    described = model.predictor.description
    if described.accepted is None:
        return
    columns = [(f"arg{index}", public_type(kind)) for index, kind in enumerate(kinds)]
    problem = described.accepted.problem(call_forms.arguments(described.form, columns))
    if problem is not None:
        raise SqlProblem(
            f"{described.title}: {problem}", span=place, hint=problem.hint or None, code=problem.code or None
        )


def check_calls(tree: exp.Expr, models: Mapping[str, BoundModel], query: Text, types_of: Described) -> None:
    """Check the calls that stand in a query. Raises SqlProblem.

    What the arguments are is asked of the engine, in a select of their own. Where that is no query by itself, as in
    a lambda or below a correlated subquery, only the rows will tell.
    """
    for select, call in _calls(tree, models):
        model = models[call.name.lower()]
        if model.predictor.description.accepted is None:
            continue
        kinds = _kinds(select, call, types_of)
        if kinds is not None:
            check(model, kinds, place_of(call, query))


def place_of(call: exp.Anonymous, query: Text) -> Span:
    """Where a call stands, as far as it tells."""
    return query.place(call.meta["start"], call.meta["end"] + 1) if "start" in call.meta else query.span


def _calls(tree: exp.Expr, models: Mapping[str, BoundModel]) -> Iterator[tuple[exp.Select, exp.Anonymous]]:
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        for clause in select.args.values():
            for node in own_nodes(clause):
                if isinstance(node, exp.Anonymous) and node.name.lower() in models:
                    yield select, node


def _kinds(select: exp.Select, call: exp.Anonymous, types_of: Described) -> Sequence[pa.DataType] | None:
    """The types of a call's arguments, None where they cannot be told."""
    import duckdb
    from sqlglot import exp

    if not call.expressions:
        return []
    for clauses in (("from_", "joins", "laterals", "group"), ("from_", "joins", "laterals")):
        alone = exp.Select(
            expressions=[
                exp.alias_(argument.copy(), f"arg{index}") for index, argument in enumerate(call.expressions)
            ]
        )
        for clause in clauses:
            alone.set(clause, _copied(select.args.get(clause)))
        try:
            return types_of(alone)
        except duckdb.Error:
            continue
    return None


def _copied(clause: Any) -> Any:
    if isinstance(clause, list):
        return [part.copy() for part in clause]
    return None if clause is None else clause.copy()
