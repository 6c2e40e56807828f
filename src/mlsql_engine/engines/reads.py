"""How often a query reads each table, with what its common table expressions read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp

_MORE_THAN_ONCE = 2


def reads(tree: exp.Expr) -> Counter[str]:
    """The tables in the order of the text, by the names that the tree has for them, and how often they may be read.

    What a common table expression reads counts once for each of its uses, and not at all without one. What a
    subquery inside an expression, a lateral join or a pivot reads counts twice: how often it is run is the engine's
    affair.
    """
    found: Counter[str] = Counter()
    _count(tree, {}, 1, found)
    return found


def table_reads(tree: exp.Expr, nodes: Mapping[str, list[Any]], names: Mapping[str, str]) -> dict[str, int]:
    """The same for the tables of `names`, which gives what they shall be called by the tree's names.

    `nodes` are those of the tree by the names of their classes: they tell where there is nothing to go through.
    """
    several = len(nodes["Select"]) > 1 or any(nodes[kind] for kind in ("With", "Lateral", "Pivot"))
    found = reads(tree) if several else Counter(table.name for table in nodes["Table"])
    return {name: found[engine_name] for engine_name, name in names.items()}


def _count(tree: exp.Expr, known: dict[str, Counter[str]], times: int, found: Counter[str]) -> None:
    """Add what is read at and below `tree`; `known` is what each visible common table expression reads."""
    from sqlglot import exp

    waiting = [(tree, known, times)]  # no recursion: a chain of conditions may be thousands deep
    while waiting:
        node, seen, times = waiting.pop()
        with_: Any = node.args.get("with_")
        if with_ is not None:
            seen = _with_definitions(with_, seen)
        if isinstance(node, exp.Table):
            _count_table(node, seen, times, found)
        below = [child for child in node.iter_expressions() if child is not with_]
        waiting.extend((child, seen, _times(child, node, times)) for child in reversed(below))


def _with_definitions(with_: exp.With, known: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    """`known` and what the common table expressions of a WITH read."""
    known = dict(known)
    recursive = bool(with_.args.get("recursive"))
    for item in with_.expressions:
        inside: Counter[str] = Counter()
        name = item.alias.lower()
        # A name inside its own definition is itself only where it is recursive.
        visible = {**known, name: Counter[str]()} if recursive else known
        _count(item.this, visible, _MORE_THAN_ONCE if recursive else 1, inside)
        known[name] = inside
    return known


def _count_table(table: exp.Table, known: dict[str, Counter[str]], times: int, found: Counter[str]) -> None:
    name = table.name
    if table.args.get("db") is None and name.lower() in known:
        for other, number in known[name.lower()].items():
            found[other] += number * times
    elif name:
        found[name] += times * (_MORE_THAN_ONCE if table.args.get("pivots") else 1)


def _times(child: exp.Expr, parent: exp.Expr, times: int) -> int:
    from sqlglot import exp

    sources = (exp.From, exp.Join, exp.SetOperation, exp.Subquery, exp.CTE, exp.Table)
    if isinstance(parent, exp.Lateral) or isinstance(child, exp.Lateral):
        return times * _MORE_THAN_ONCE
    if not isinstance(child, exp.Query) or (isinstance(parent, sources) and child.arg_key != "on"):
        return times
    return times * _MORE_THAN_ONCE
