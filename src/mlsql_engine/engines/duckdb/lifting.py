"""Calls of models out of a select: what is computed below them, and what is made of their answers.

    SELECT a, f(x) AS p FROM t WHERE b > 0 AND f(x) > 1

becomes a child, whose rows the model is asked for once, and an outer select over a stage that adds the answers:

    SELECT a AS s1_0, x AS s1_1 FROM t WHERE b > 0
    SELECT s1_0 AS a, s1_m0 AS p FROM stage WHERE s1_m0 > 1

Below go the columns, the arguments and the filters that need no answer, each in the select's own FROM, so that no
name needs to be resolved here. Everything else is computed above, for the rows that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlsql_engine.engines.duckdb.call_places import VALUE_CLAUSES, CallPlaces, Step, own_nodes
from mlsql_engine.engines.duckdb.select_names import OUTPUT, Refused, has_random, key, prepare

if TYPE_CHECKING:
    from sqlglot import exp

Columns = Callable[["exp.Select"], list[str]]
"""The column names of a query."""


@dataclass(frozen=True)
class LiftedCall:
    """A call of a stage: the engine's function, the child's columns that are its arguments, its own column.

    `node` is the first call of the select that it stands for.
    """

    function: str
    arguments: tuple[str, ...]
    column: str
    node: exp.Anonymous


@dataclass(frozen=True)
class Lift:
    """A select in two: `child`, and `outer` over the stage, which reads the child's columns `passed`."""

    child: exp.Expr
    passed: tuple[str, ...]
    calls: tuple[LiftedCall, ...]
    outer: exp.Select


@dataclass(frozen=True)
class Functions:
    """The engine's names, in lower case, of the models and of the aggregates that the dialect does not know."""

    models: Collection[str]
    aggregates: Collection[str]


def lift(select: exp.Select, functions: Functions, columns_of: Columns, prefix: str, stage: str) -> Lift | None:
    """The next lift of a select, which stays as it is; None when it has no call to lift.

    Columns of the child and the stage start with `prefix`; `stage` is the table that the outer select reads.
    Raises Refused where the select has something that would come to mean something else.
    """
    if CallPlaces(select, functions.models, functions.aggregates).liftable() is None:
        return None
    work = select.copy()
    if not CallPlaces(work, functions.models, functions.aggregates).is_plain():
        raise Refused
    prepare(work, columns_of)
    places = CallPlaces(work, functions.models, functions.aggregates)
    found = places.liftable()
    return None if found is None else _Lifting(work, places, prefix).done(*found, columns_of, stage)


class _Lifting:
    """One lift under way. `select` is a copy, which becomes the outer select."""

    def __init__(self, select: exp.Select, places: CallPlaces, prefix: str) -> None:
        self._select = select
        self._places = places
        self._prefix = prefix
        self._inputs: dict[str, tuple[str, exp.Expr]] = {}
        self._columns: dict[str, str] = {}
        self._grouped: set[str] = set()
        self._passed: dict[str, None] = {}
        self._stars: list[tuple[exp.Expr, list[str]]] = []
        self._step = Step.ROWS

    def done(self, step: Step, found: list[exp.Anonymous], columns_of: Columns, stage: str) -> Lift:
        from sqlglot import exp

        self._step = step
        group = self._select.args.get("group")
        if group is not None:
            roots = group.expressions if step > Step.ROWS else own_nodes(group)
            self._grouped = {key(node) for node in roots}
        calls = self._calls(found)
        stars = self._expanded_stars(columns_of)
        child = self._child()
        self._rewrite_items(stars)
        for clause in VALUE_CLAUSES[1:]:
            value = self._select.args.get(clause)
            if isinstance(value, list):
                self._select.set(clause, [self._rewritten(item) for item in value])
            elif value is not None:
                self._select.set(clause, self._rewritten(value))
        for clause in ("joins", "laterals"):
            self._select.set(clause, None)
        self._select.set("from_", exp.From(this=exp.to_table(stage)))
        return Lift(self._with_columns(child), tuple(self._passed), calls, self._select)

    def _calls(self, found: list[exp.Anonymous]) -> tuple[LiftedCall, ...]:
        calls: dict[str, LiftedCall] = {}
        for node in found:
            text = key(node)
            if text not in calls:
                arguments = tuple(self._input(argument) for argument in node.expressions)
                column = f"{self._prefix}m{len(calls)}"
                calls[text] = LiftedCall(node.name.lower(), arguments, column, node)
                self._columns[text] = column
        return tuple(calls.values())

    def _input(self, value: exp.Expr) -> str:
        """The child's column of a value."""
        text = key(value)
        if text not in self._inputs:
            self._inputs[text] = (f"{self._prefix}{len(self._inputs)}", value.copy())
        return self._inputs[text][0]

    def _expanded_stars(self, columns_of: Columns) -> dict[int, list[exp.Expr]]:
        """For every item that is a star, by its place, the items that it stands for."""
        from sqlglot import exp

        expanded: dict[int, list[exp.Expr]] = {}
        for place, item in enumerate(self._select.expressions):
            if not item.is_star or isinstance(item, exp.Alias):
                continue
            if self._places.aggregated:
                raise Refused
            alone = exp.Select(expressions=[item.copy()])
            for clause in ("from_", "joins", "laterals"):
                alone.set(clause, _copied(self._select.args.get(clause)))
            shown = columns_of(alone)
            names = [f"{self._prefix}{len(self._stars)}_{index}" for index in range(len(shown))]
            self._stars.append((item, names))
            self._passed.update(dict.fromkeys(names))
            pairs = zip(names, shown, strict=True)
            expanded[place] = [exp.alias_(exp.column(name), title, quoted=True) for name, title in pairs]
        return expanded

    def _with_columns(self, child: exp.Select) -> exp.Expr:
        """The child with its columns: those of stars come first, since only a list of all names can name them."""
        from sqlglot import exp

        items = [star.copy() for star, _ in self._stars]
        items += [exp.alias_(value, name) for name, value in self._inputs.values()]
        child.set("expressions", items)
        if not self._stars:
            return child
        names = [name for _, names in self._stars for name in names]
        names += [name for name, _ in self._inputs.values()]
        alias = exp.TableAlias(
            this=exp.to_identifier(f"{self._prefix}child"),
            columns=[exp.to_identifier(name, quoted=True) for name in names],
        )
        return exp.select("*").from_(exp.Subquery(this=child, alias=alias))

    def _rewrite_items(self, stars: dict[int, list[exp.Expr]]) -> None:
        from sqlglot import exp

        items: list[exp.Expr] = []
        for place, item in enumerate(self._select.expressions):
            if place in stars:
                items.extend(stars[place])
                continue
            value = item.this if isinstance(item, exp.Alias) else item
            name = item.args["alias"] if isinstance(item, exp.Alias) else exp.to_identifier(item.name, quoted=True)
            items.append(exp.Alias(this=self._rewritten(value), alias=name.copy()))
        self._select.set("expressions", items)

    def _child(self) -> exp.Select:
        """What the stage reads, still without its columns; the outer select keeps what the child does not do."""
        from sqlglot import exp

        child = exp.Select()
        for clause in ("from_", "joins", "laterals"):
            child.set(clause, _copied(self._select.args.get(clause)))
        where = self._select.args.get("where")
        below, above = self._split(where)
        child.set("where", exp.Where(this=exp.and_(*below, copy=False)) if below else None)
        for clause, step in (("having", Step.GROUPS), ("qualify", Step.WINDOWS)):
            if self._step < step:
                continue
            filtered, left = self._split(self._select.args.get(clause))
            kind = exp.Having if clause == "having" else exp.Qualify
            child.set(clause, kind(this=exp.and_(*filtered, copy=False)) if filtered else None)
            self._select.set(clause, None)
            above.extend(left)
        self._select.set("where", exp.Where(this=exp.and_(*above, copy=False)) if above else None)
        for clause, step in (("group", Step.GROUPS), ("windows", Step.WINDOWS)):
            if self._step >= step:
                child.set(clause, _copied(self._select.args.get(clause)))
                self._select.set(clause, None)
        if not above:
            self._limit_below(child)
        return child

    def _split(self, clause: Any) -> tuple[list[exp.Expr], list[exp.Expr]]:
        """The conditions that need no answer, and those that do."""
        below: list[exp.Expr] = []
        above: list[exp.Expr] = []
        for condition in [] if clause is None else _conditions(clause.this):
            (above if self._needs_answer(condition) else below).append(condition.copy())
        return below, above

    def _needs_answer(self, value: exp.Expr) -> bool:
        return any(self._places.is_model(node) and key(node) in self._columns for node in own_nodes(value))

    def _limit_below(self, child: exp.Select) -> None:
        """Have the child do ORDER BY and LIMIT where they need no answer and nothing looks at more rows."""
        from sqlglot import exp

        select = self._select
        several = select.args.get("distinct") or (self._step == Step.ROWS and self._places.aggregated)
        windows = self._step < Step.WINDOWS and any(isinstance(node, exp.Window) for node in self._places.nodes())
        if not select.args.get("limit") or several or windows or select.args.get("qualify"):
            return
        order = select.args.get("order")
        if order is not None:
            keys = [self._below(item) for item in order.expressions]
            if None in keys:
                return
            child.set("order", exp.Order(expressions=keys))
        for clause in ("limit", "offset"):
            child.set(clause, _copied(select.args.get(clause)))
            select.set(clause, None)
        select.set("order", None)

    def _below(self, ordered: exp.Expr) -> exp.Expr | None:
        """A key of ORDER BY as the child knows it, or None where only the outer select can."""
        from sqlglot import exp

        value = ordered.this
        item: exp.Expr | None = None
        if isinstance(value, exp.Literal):
            place = int(value.name) - 1 if value.name.isdigit() else -1
            items = self._select.expressions
            item = items[place] if 0 <= place < len(items) and not any(one.is_star for one in items) else None
            if item is None:
                return None
        elif value.meta.get(OUTPUT):
            item = value.meta[OUTPUT]
        if item is not None:
            value = item.unalias()
        if self._needs_answer(value) or any(self._places.is_model(node) for node in own_nodes(value)):
            return None
        if item is not None and has_random(value):
            return None
        below = ordered.copy()
        below.set("this", value.copy())
        return below

    def _rewritten(self, node: exp.Expr) -> exp.Expr:
        """The node over the stage's columns, in place of itself."""
        from sqlglot import exp

        column = self._answer(node)
        if column is None and self._goes_below(node):
            column = self._input(node)
            self._passed[column] = None
        if column is not None:
            return exp.column(column)
        if isinstance(node, exp.Query):
            return node
        for name, value in list(node.args.items()):
            if isinstance(value, list):
                node.set(name, [self._rewritten(one) if isinstance(one, exp.Expr) else one for one in value])
            elif isinstance(value, exp.Expr):
                node.set(name, self._rewritten(value))
        return node

    def _answer(self, node: exp.Expr) -> str | None:
        """The stage's column of a call, where this place can have it."""
        if not self._places.is_model(node) or _uses_parameters(node):
            return None
        column = self._columns.get(key(node))
        return None if self._waits_for_groups(node) and key(node) not in self._grouped else column

    def _goes_below(self, node: exp.Expr) -> bool:
        """Whether the child computes the node, because the outer select cannot."""
        from sqlglot import exp

        if isinstance(node, exp.Column):
            return not node.meta.get(OUTPUT)
        if isinstance(node, exp.Query) or self._is_predicate(node):
            # A subquery may need the row; the list of an IN stays with it.
            values = isinstance(node.parent, exp.In | exp.SubqueryPredicate)
            return not (values or self._needs_answer(node) or self._waits_for_groups(node))
        if self._step == Step.WINDOWS and isinstance(node, exp.Window):
            return True
        if self._step == Step.ROWS or not isinstance(node, exp.Condition):
            return False
        if isinstance(node, exp.Filter | exp.WithinGroup) and self._places.is_group_aggregate(node.this):
            return True
        return self._places.is_group_aggregate(node) or key(node) in self._grouped

    def _is_predicate(self, node: exp.Expr) -> bool:
        """Whether the node asks something of a subquery."""
        from sqlglot import exp

        return isinstance(node, exp.SubqueryPredicate) or (
            isinstance(node, exp.In) and bool(node.args.get("query"))
        )

    def _waits_for_groups(self, node: exp.Expr) -> bool:
        """Whether the node is computed of groups that are made above the stage."""
        return self._step == Step.ROWS and self._places.aggregated and not self._places.before_groups(node)


def _conditions(node: exp.Expr) -> list[exp.Expr]:
    """What AND joins."""
    from sqlglot import exp

    found: list[exp.Expr] = []
    waiting = [node]
    while waiting:
        condition = waiting.pop()
        inner = condition.unnest()
        if isinstance(inner, exp.And):
            waiting += [inner.right, inner.left]
        else:
            found.append(condition)
    return found


def _uses_parameters(node: exp.Expr) -> bool:
    """Whether the node stands in a lambda and reads what the lambda is given."""
    from sqlglot import exp

    parameters: set[str] = set()
    above = node.parent
    while above is not None and not isinstance(above, exp.Query):
        if isinstance(above, exp.Lambda):
            parameters.update(parameter.name.lower() for parameter in above.expressions)
        above = above.parent
    return bool(parameters) and any(name.name.lower() in parameters for name in node.find_all(exp.Identifier))


def _copied(value: Any) -> Any:
    from sqlglot import exp

    if isinstance(value, list):
        return [item.copy() for item in value]
    return value.copy() if isinstance(value, exp.Expr) else value
