"""The name that Spark gives to a column without an alias: `predict(features)`, `(a + 1)`, `count(1)`.

Follows Spark's `usePrettyExpression` (org.apache.spark.sql.catalyst.util).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

_OPERATORS = {
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
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
}


def column_name(expression: exp.Expr, query: str) -> str:
    """Spark's name for an unaliased select expression of the query, whose own text tells functions' names."""
    return _Namer(query).name(expression, top=True)


class _Namer:
    def __init__(self, query: str) -> None:
        self._query = query

    def name(self, node: exp.Expr, *, top: bool = False) -> str:
        from sqlglot import exp

        kind = type(node).__name__
        if kind in _OPERATORS:
            return f"({self.name(node.this)} {_OPERATORS[kind]} {self.name(node.expression)})"
        match node:
            case exp.Column():
                return node.name if top else ".".join(part.name for part in node.parts)
            case exp.Dot() | exp.Alias():
                return node.name if top else node.sql("spark")
            case exp.Literal() | exp.Null() | exp.Boolean():
                return self._constant(node)
            case exp.Paren():
                return self.name(node.this, top=top)
            case exp.Neg() | exp.Not() | exp.Is() | exp.NEQ():
                return self._sign_or_test(node)
            case exp.Cast():
                return f"CAST({self.name(node.this)} AS {node.to.sql('spark').upper()})"
            case exp.Case():
                return self._case(node)
            case exp.Star():
                return "1"
            case exp.Func():
                return self._function(node)
            case exp.Bracket():
                return f"{self.name(node.this)}[{', '.join(self.name(item) for item in node.expressions)}]"
        return node.sql("spark")

    def _constant(self, node: exp.Expr) -> str:
        from sqlglot import exp

        if isinstance(node, exp.Literal):
            return str(node.this)
        return "NULL" if isinstance(node, exp.Null) else str(node.this).lower()

    def _sign_or_test(self, node: exp.Expr) -> str:
        from sqlglot import exp

        inner = node.this
        match node:
            case exp.Neg():
                return f"-{self.name(inner)}" if isinstance(inner, exp.Literal) else f"(- {self.name(inner)})"
            case exp.Is():
                return f"({self.name(inner)} IS {self.name(node.expression)})"
            case exp.NEQ():
                return f"(NOT ({self.name(inner)} = {self.name(node.expression)}))"
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            return f"({self.name(inner.this)} IS NOT NULL)"
        return f"(NOT {self.name(inner)})"

    def _case(self, node: exp.Case) -> str:
        parts = ["CASE"] if node.this is None else ["CASE", self.name(node.this)]
        parts += [f"WHEN {self.name(item.this)} THEN {self.name(item.args['true'])}" for item in node.args["ifs"]]
        default = node.args.get("default")
        if default is not None:
            parts.append(f"ELSE {self.name(default)}")
        return " ".join([*parts, "END"])

    def _function(self, node: exp.Func) -> str:
        from sqlglot import exp

        start, end = node.meta.get("start"), node.meta.get("end")
        if start is not None and end is not None:
            name = self._query[start : end + 1].strip("`").lower()
        else:
            name = str(node.this if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        arguments: list[str] = []
        for value in node.args.values():
            items = value if isinstance(value, list) else [value]
            arguments.extend(self.name(item) for item in items if isinstance(item, exp.Expr))
        return f"{name}({', '.join(arguments)})"
