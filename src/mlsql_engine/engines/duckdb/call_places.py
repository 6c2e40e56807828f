"""Where in a select the calls of models stand: what guards them, and when their arguments are known.

A select works in three steps: rows are read and filtered (ROWS), they are grouped and HAVING filters the groups
(GROUPS), windows look at all of them (WINDOWS). A call can be lifted at the step whose outcome its arguments need.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp

VALUE_CLAUSES = ("expressions", "distinct", "where", "group", "having", "windows", "qualify", "order")
"""The clauses of a select that hold values of its rows."""
_OTHER_CLAUSES = ("from_", "joins", "laterals", "limit", "offset", "with_", "hint")


class Step(IntEnum):
    """After which step of a select the arguments of a call are known."""

    ROWS = 0
    GROUPS = 1
    WINDOWS = 2


class CallPlaces:
    """The calls of one select that can be lifted. `models` and `aggregates` are function names in lower case."""

    def __init__(self, select: exp.Select, models: Collection[str], aggregates: Collection[str]) -> None:
        self._select = select
        self._models = models
        self._aggregates = aggregates
        self.aggregated = bool(select.args.get("group") or select.args.get("having")) or any(
            self.is_group_aggregate(node) for node in self.nodes()
        )

    def nodes(self) -> Iterator[exp.Expr]:
        """Everything in the value clauses, outside subqueries."""
        for clause in VALUE_CLAUSES:
            yield from own_nodes(self._select.args.get(clause))

    def is_plain(self) -> bool:
        """Whether the select has only clauses and columns whose meaning a lift keeps."""
        from sqlglot import exp

        known = (*VALUE_CLAUSES, *_OTHER_CLAUSES)
        if any(value and clause not in known for clause, value in self._select.args.items()):
            return False
        group = self._select.args.get("group")
        if group is not None and any(value and name != "expressions" for name, value in group.args.items()):
            return False
        several = (exp.UDTF, exp.Explode, exp.Posexplode, exp.Inline, exp.Stack, exp.Aliases, exp.Rollup, exp.Cube)
        return not any(isinstance(node, (*several, exp.GroupingSets)) for node in self.nodes())

    def liftable(self) -> tuple[Step, list[exp.Anonymous]] | None:
        """The calls to lift next, and at which step: innermost before outer ones, early steps before late ones."""
        from sqlglot import exp

        found: dict[Step, list[exp.Anonymous]] = {}
        for node in self.nodes():
            if (
                isinstance(node, exp.Anonymous)
                and self.is_model(node)
                and node.expressions
                and not is_guarded(node)
            ):
                inner = (other for other in own_nodes(node) if other is not node and self.is_model(other))
                if not any(not is_guarded(other) for other in inner):
                    found.setdefault(self._step(node), []).append(node)
        return (min(found), found[min(found)]) if found else None

    def is_model(self, node: exp.Expr) -> bool:
        """Whether the node is a call of a model."""
        from sqlglot import exp

        return isinstance(node, exp.Anonymous) and node.name.lower() in self._models

    def is_aggregate(self, node: exp.Expr) -> bool:
        """Whether the node is an aggregate function, of groups or of a window."""
        from sqlglot import exp

        known = isinstance(node, exp.Anonymous) and node.name.lower() in self._aggregates
        return known or isinstance(node, exp.AggFunc)

    def is_group_aggregate(self, node: exp.Expr) -> bool:
        """Whether the node is an aggregate of groups, and not the function of a window."""
        from sqlglot import exp

        if not self.is_aggregate(node):
            return False
        wrappers = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
        while isinstance(node.parent, wrappers) and node.arg_key == "this":
            node = node.parent
        return not (isinstance(node.parent, exp.Window) and node.arg_key == "this")

    def before_groups(self, node: exp.Expr) -> bool:
        """Whether the node is computed for the rows of an aggregated select, not for its groups."""
        from sqlglot import exp

        while node is not self._select and node.parent is not None:
            parent = node.parent
            if isinstance(parent, exp.Filter) and self.is_group_aggregate(parent.this):
                return True
            if isinstance(parent, exp.Where | exp.Group) or self.is_group_aggregate(parent):
                return True
            node = parent
        return False

    def _step(self, call: exp.Expr) -> Step:
        from sqlglot import exp

        if any(isinstance(node, exp.Window) for node in own_nodes(call)):
            return Step.WINDOWS
        return Step.GROUPS if self.aggregated and not self.before_groups(call) else Step.ROWS


def own_nodes(root: Any) -> Iterator[exp.Expr]:
    """The nodes of a clause (or a list of them) in the order of the text, without what is below subqueries."""
    from sqlglot import exp

    waiting = list(reversed(root)) if isinstance(root, list) else [root]
    while waiting:  # no recursion: a chain of conditions may be thousands deep
        node = waiting.pop()
        if isinstance(node, exp.Expr):
            yield node
            if not isinstance(node, exp.Query):
                waiting.extend(reversed(list(node.iter_expressions())))


def is_guarded(node: exp.Expr) -> bool:
    """Whether something decides for each row if the node is computed at all: CASE, IF, COALESCE, a lambda.

    What such an expression computes for every row, like its first condition, is not guarded.
    """
    from sqlglot import exp

    while node.parent is not None and not isinstance(node.parent, exp.Query):
        parent = node.parent
        match parent:
            case exp.Lambda():
                return True
            case exp.Case():
                guarded = node.arg_key == "default" or (node.arg_key == "ifs" and bool(node.index))
            case exp.If() | exp.Coalesce() | exp.Nvl2():
                guarded = node.arg_key != "this"
            case exp.DecodeCase():
                guarded = (node.index or 0) > 1
            case _:
                guarded = False
        if guarded:
            return True
        node = parent
    return False
