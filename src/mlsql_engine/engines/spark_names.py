"""The name that Spark gives to a column without an alias: `predict(features)`, `(a + 1)`, `count(1)`.

Follows Spark's `usePrettyExpression` and `ResolveAliases`; the names of functions and the arguments that Spark
fills in are those of its sql-expression-schema.md. sqlglot turns a call it knows into a class of its own, whose
arguments have another order or are gone, so the names come from a second reading of the query in which every
call is one that sqlglot has no rule for: its name is told by its place in the text.

Names that hang on a column's type are out of reach: the casts that Spark adds, `struct(*)` spread out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines.plain_calls import plain
from mlsql_engine.engines.spark_functions import MANY_COLUMNS, RANKS, call_name

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token


_OPERATORS: Final = {
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
    "IntDiv": "div",
    "Mod": "%",
    "EQ": "=",
    "NullSafeEQ": "<=>",
    "GT": ">",
    "GTE": ">=",
    "LT": "<",
    "LTE": "<=",
    "And": "AND",
    "Or": "OR",
    "BitwiseAnd": "&",
    "BitwiseOr": "|",
    "BitwiseXor": "^",
    "BitwiseLeftShift": "<<",
    "BitwiseRightShift": ">>",
}
_SPARK_TYPES: Final = {"DECIMAL": "DECIMAL(10,0)", "INTEGER": "INT", "LONG": "BIGINT", "SHORT": "SMALLINT"} | {
    "BYTE": "TINYINT",
    "REAL": "FLOAT",
}
_TO_HERE: Final = "BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"


def select_names(query: str, tokens: list[Token], own: Collection[str] = ()) -> list[list[str | None]] | None:
    """For every select of the query, in sqlglot's order, the name of every item without an alias.

    `own` are functions, in lower case, that have Spark's names but are not Spark's.
    None stands for an item that has a name, or whose names the engine makes (`*`). All is None where the query
    cannot be read without sqlglot's rules for functions.
    """
    from sqlglot import exp
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import ParseError

    try:
        trees = Spark().parser().parse(list(plain(tokens, query, own)), query)
    except ParseError:
        return None
    namer = _Namer(query, own)
    selects = [select for tree in trees if tree is not None for select in tree.find_all(exp.Select)]
    return [namer.items(select) for select in selects]


def column_name(expression: exp.Expr, query: str) -> str:
    """The name of one select expression in sqlglot's own form, which is right where no function is known to it."""
    return _Namer(query).top(expression, frozenset())


class _Namer:
    def __init__(self, query: str, own: Collection[str] = ()) -> None:
        self._query = query
        self._own = own
        self._sources: frozenset[str] = frozenset()

    def items(self, select: exp.Select) -> list[str | None]:
        """The names of a select's items."""
        sources = _sources(select)
        return [self._item(item, sources) for item in select.expressions]

    def _item(self, item: exp.Expr, sources: frozenset[str]) -> str | None:
        """The name of a select's item; None for one that has a name or is many columns."""
        from sqlglot import exp

        star = isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))
        if star or isinstance(item, exp.Alias | exp.Aliases):
            return None
        if isinstance(item, exp.Anonymous) and self._written(item) in MANY_COLUMNS:
            return None
        return self.top(item, sources)

    def top(self, node: exp.Expr, sources: frozenset[str]) -> str:
        """The name of a whole select item."""
        from sqlglot import exp

        self._sources = sources
        while isinstance(node, exp.Paren):
            node = node.this
        match node:
            case exp.Column():
                return node.name
            case exp.Dot() if _is_path(node):
                return str(node.expression.name)
            case exp.Cast() if not node.args.get("safe") and isinstance(node.this, exp.Column):
                # Spark names the cast of a column, but not that of a struct's field, like the column.
                name = self.name(node.this)
                return name if name == node.this.name else self.name(node)
            case exp.Anonymous() if self._written(node) in {"explode", "explode_outer"}.difference(self._own):
                return "col"
        return self.name(node)

    def name(self, node: exp.Expr) -> str:
        """The name of an expression inside others, by the rule of its class or the nearest above it."""
        kind = type(node).__name__
        if kind in _OPERATORS:
            return self._binary(node, _OPERATORS[kind])
        for cls in type(node).__mro__:
            rule = _RULES.get(cls.__name__)
            if rule is not None:
                return rule(self, node)
        return node.sql("spark")

    def _list(self, items: Iterable[exp.Expr]) -> str:
        return ", ".join(self.name(item) for item in items)

    def _column(self, node: exp.Column) -> str:
        parts = [part.name for part in node.parts]
        if len(parts) > 1 and parts[0].lower() in self._sources:
            parts = parts[1:]
        return ".".join(parts)

    def _binary(self, node: Any, operator: str) -> str:
        from sqlglot import exp

        chain = [node]
        while type(chain[-1].this) is type(node):
            chain.append(chain[-1].this)
        text = self.name(chain[-1].this)
        for link in reversed(chain):
            # Spark prints the sum of a time and an interval without brackets.
            bare = operator in "+-" and isinstance(link.expression, exp.Interval)
            text = f"{text} {operator} {self.name(link.expression)}"
            text = text if bare else f"({text})"
        return text

    def _alias(self, node: Any) -> str:
        from sqlglot import exp

        if isinstance(node, exp.PropertyEQ):
            # sqlglot counts the fields that have no name; Spark prints those as they are.
            name, value = node.this.name, node.expression
            made_up = name == value.name if isinstance(value, exp.Column) else re.fullmatch(r"col\d+", name)
            return self.name(value) if made_up else f"{self.name(value)} AS {name}"
        return f"{self.name(node.this)} AS {node.alias}"

    def _constant(self, node: exp.Expr) -> str:
        from sqlglot import exp

        if isinstance(node, exp.Null):
            return "NULL"
        if not isinstance(node, exp.Literal) or node.is_string:
            return str(node.this) if isinstance(node, exp.Literal) else str(node.this).lower()
        text = str(node.this).lower()
        return _double(float(text)) if "e" in text else f"{Decimal(text):f}"

    def _cast(self, node: exp.Cast) -> str:
        from sqlglot import exp

        kind = node.to.sql("spark").upper().replace(", ", ",")
        # sqlglot reads `date '…'` as a Cast, and a cast of Spark as a TryCast.
        if isinstance(node.this, exp.Literal) and node.this.is_string and type(node) is exp.Cast:
            word = {"TIMESTAMPTZ": "TIMESTAMP"}.get(kind, kind)
            return f"{word} '{node.this.name}'"
        word = "TRY_CAST" if node.args.get("safe") else "CAST"
        return f"{word}({self.name(node.this)} AS {_SPARK_TYPES.get(kind, kind)})"

    def _test(self, node: Any) -> str:
        """A comparison with words, which sqlglot may have taken a NOT into."""
        value = self.name(node.this)
        match type(node).__name__:
            case "NEQ":
                return f"(NOT ({value} = {self.name(node.expression)}))"
            case "NullSafeNEQ":
                return f"(NOT ({value} <=> {self.name(node.expression)}))"
            case "In":
                among = "listquery()" if node.args.get("query") else self._list(node.expressions)
                text = f"({value} IN ({among}))"
            case "Between":
                text = f"between({value}, {self.name(node.args['low'])}, {self.name(node.args['high'])})"
            case "Escape":
                text = f"{value} ESCAPE '{node.expression.name}'"
            case "Like":
                text = f"{value} LIKE {self.name(node.expression)}"
            case kind:
                text = f"{_TESTS[kind]}({value}, {self.name(node.expression)})"
        return f"(NOT {text})" if node.args.get("negate") else text

    def _sign(self, node: exp.Neg) -> str:
        from sqlglot import exp

        value = self.name(node.this)
        return f"-{value}" if isinstance(node.this, exp.Literal) else f"(- {value})"

    def _not(self, node: exp.Not) -> str:
        from sqlglot import exp

        inner: Any = node.this
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            return f"({self.name(inner.this)} IS NOT NULL)"
        return f"(NOT {self.name(inner)})"

    def _trim(self, node: exp.Trim) -> str:
        side = node.args.get("position") or "BOTH"
        what = node.expression
        return f"TRIM({side}{f' {self.name(what)}' if what is not None else ''} FROM {self.name(node.this)})"

    def _interval(self, node: exp.Interval) -> str:
        unit = node.unit.name.upper().removesuffix("S") if node.unit is not None else ""
        return f"INTERVAL '{node.this.name}' {unit}".rstrip()

    def _is(self, node: exp.Is) -> str:
        from sqlglot import exp

        if isinstance(node.expression, exp.Null):
            return f"({self.name(node.this)} IS NULL)"
        return f"({self.name(node.this)} <=> {self.name(node.expression)})"

    def _case(self, node: exp.Case) -> str:
        parts = ["CASE"]
        for item in node.args["ifs"]:
            test = self.name(item.this)
            if node.this is not None:
                test = f"({self.name(node.this)} = {test})"
            parts.append(f"WHEN {test} THEN {self.name(item.args['true'])}")
        default = node.args.get("default")
        if default is not None:
            parts.append(f"ELSE {self.name(default)}")
        return " ".join([*parts, "END"])

    def _lambda(self, node: exp.Lambda) -> str:
        return f"lambdafunction({self._list([node.this, *node.expressions])})"

    def _written(self, node: exp.Expr) -> str:
        """A function's name as the query writes it, in lower case."""
        start, end = node.meta.get("start"), node.meta.get("end")
        if start is not None and end is not None:
            return self._query[start : end + 1].strip("`").lower()
        from sqlglot import exp

        return str(node.this if isinstance(node, exp.Anonymous) else node.sql_name()).lower()  # type: ignore[attr-defined]

    def _function(self, node: exp.Func) -> str:
        from sqlglot import exp

        name = self._written(node)
        values = node.expressions if isinstance(node, exp.Anonymous) else node.args.values()
        items = [item for value in values for item in (value if isinstance(value, list) else [value])]
        arguments = [self.name(item) for item in items if isinstance(item, exp.Expr)]
        return f"{name}({', '.join(arguments)})" if name in self._own else call_name(name, arguments)

    def _window(self, node: exp.Window) -> str:
        parts = []
        spec = _named_window(node) or node
        if spec.args.get("partition_by"):
            parts.append(f"PARTITION BY {self._list(spec.args['partition_by'])}")
        order = spec.args.get("order")
        if order is not None:
            parts.append(f"ORDER BY {', '.join(map(self._ordered, order.expressions))}")
        parts.append(self._frame(node.this, spec))
        return f"{self.name(node.this)} OVER ({' '.join(parts)})"

    def _within_group(self, node: exp.WithinGroup) -> str:
        order = ", ".join(
            f"{self.name(item.this)}{' DESC' if item.args.get('desc') else ''}"
            for item in node.expression.expressions
        )
        return f"{self.name(node.this)} WITHIN GROUP (ORDER BY {order})"

    def _ordered(self, item: Any) -> str:
        nulls = "FIRST" if item.args.get("nulls_first") else "LAST"
        return f"{self.name(item.this)} {'DESC' if item.args.get('desc') else 'ASC'} NULLS {nulls}"

    def _frame(self, function: exp.Expr, window: exp.Window) -> str:
        """The frame, also where it is left to Spark, which chooses by the function."""
        spec = window.args.get("spec")
        if spec is not None:
            start = self._bound(spec.args.get("start"), spec.args.get("start_side"))
            end = self._bound(spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side"))
            return f"{spec.args['kind'].upper()} BETWEEN {start} AND {end}"
        name = self._written(function)
        if name in ("lag", "lead"):
            offset = self.name(function.expressions[1]) if len(function.expressions) > 1 else "1"
            bound = f"{'-' if name == 'lag' else ''}{offset} FOLLOWING"
            return f"ROWS BETWEEN {bound} AND {bound}"
        if name in RANKS:
            return f"ROWS {_TO_HERE}"
        if window.args.get("order") is None and name != "cume_dist":
            return "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
        return f"RANGE {_TO_HERE}"

    def _bound(self, value: Any, side: Any) -> str:
        text = value.upper() if isinstance(value, str) else self.name(value)
        return f"{text} {side.upper()}" if side else text


_TESTS: Final = {"ILike": "ilike", "RegexpLike": "RLIKE"}
_RULES: Final[dict[str, Callable[[_Namer, Any], str]]] = {
    "Alias": _Namer._alias,
    "Between": _Namer._test,
    "BitwiseNot": lambda namer, node: f"~{namer.name(node.this)}",
    "Boolean": _Namer._constant,
    "Bracket": lambda namer, node: f"{namer.name(node.this)}[{namer._list(node.expressions)}]",
    "Case": _Namer._case,
    "Cast": _Namer._cast,
    "Column": _Namer._column,
    "DPipe": lambda namer, node: f"concat({namer.name(node.this)}, {namer.name(node.expression)})",
    "Distinct": lambda namer, node: f"DISTINCT {namer._list(node.expressions)}",
    "Dot": lambda namer, node: f"{namer.name(node.this)}.{node.expression.name}",
    "Escape": _Namer._test,
    "Exists": lambda _namer, _node: "exists()",
    "Extract": lambda namer, node: f"extract({node.this.name} FROM {namer.name(node.expression)})",
    "Filter": lambda namer, node: f"{namer.name(node.this)} FILTER (WHERE {namer.name(node.expression.this)})",
    "Func": _Namer._function,
    "ILike": _Namer._test,
    "Identifier": lambda _namer, _node: "namedlambdavariable()",
    "In": _Namer._test,
    "Interval": _Namer._interval,
    "Is": _Namer._is,
    "Lambda": _Namer._lambda,
    "Like": _Namer._test,
    "Literal": _Namer._constant,
    "NEQ": _Namer._test,
    "Neg": _Namer._sign,
    "Not": _Namer._not,
    "Null": _Namer._constant,
    "NullSafeNEQ": _Namer._test,
    "Paren": lambda namer, node: namer.name(node.this),
    "PropertyEQ": _Namer._alias,
    "RawString": lambda _namer, node: str(node.this),
    "RegexpLike": _Namer._test,
    "Select": lambda _namer, _node: "scalarsubquery()",
    "StrPosition": lambda namer, node: f"locate({namer.name(node.args['substr'])}, {namer.name(node.this)}, 1)",
    "Star": lambda _namer, _node: "1",
    "Subquery": lambda _namer, _node: "scalarsubquery()",
    "Trim": _Namer._trim,
    "Window": _Namer._window,
    "WithinGroup": _Namer._within_group,
}
"""How nodes get their names, by the names of sqlglot's classes, which this module does not import."""


def _named_window(node: exp.Window) -> exp.Window | None:
    """The definition of `over w`, which stands at the end of the select."""
    from sqlglot import exp

    select = node.find_ancestor(exp.Select)
    defined = select.args.get("windows") or [] if select is not None else []
    return next((item for item in defined if node.alias and item.name.lower() == node.alias.lower()), None)


def _is_path(node: exp.Expr) -> bool:
    """Whether it is a column's field of a field …, which names alone tell."""
    from sqlglot import exp

    return isinstance(node, exp.Column) or (isinstance(node, exp.Dot) and _is_path(node.this))


def _sources(select: exp.Select) -> frozenset[str]:
    """The names, in lower case, that columns of the select can stand under: its sources' and those around it."""
    from sqlglot import exp

    names: set[str] = set()
    node: Any = select
    while node is not None:
        if isinstance(node, exp.Select):
            sources = [node.args.get("from_"), *node.args.get("joins", ()), *node.args.get("laterals", ())]
            for source in sources:
                if source is not None:
                    names.add((source if isinstance(source, exp.Lateral) else source.this).alias_or_name.lower())
        node = node.parent
    return frozenset(names)


def _double(value: float) -> str:
    """A double as Java prints it."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value) if "e" not in repr(value) else f"{Decimal(repr(value)):f}"
    digits, _, exponent = f"{Decimal(repr(value)):E}".partition("E")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"
