"""The select list of a request: as a whole query, and as values that need no engine.

A request writes `f(a) as p`, with or without SELECT; where it says no FROM, it means its own rows, which are the
table TABLE. A list of nothing but columns, literals, arrays, structs, vectors and calls of models is also given as
values (`read`), from what the dialect makes of the query for the engine: both mean the same.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mlsql_engine.core.errors import SyntaxProblem
from mlsql_engine.core.functions import CallForm
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Piece, Text
from mlsql_engine.engines import dialect
from mlsql_engine.engines.duckdb import functions as engine_functions
from mlsql_engine.engines.session_functions import engine_name

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

TABLE: Final = "data"
"""The name of a request's rows."""

_INT: Final = 1 << 31
_BIGINT: Final = 1 << 63


class NotPlain(Exception):
    """A query that only an engine can answer; the text says what in it."""


@dataclass(frozen=True)
class Column:
    """A column of the rows, in any case; where there is none and `may_be_row`, the rows themselves."""

    name: str
    may_be_row: bool = False


@dataclass(frozen=True)
class Constant:
    """A literal; `kind` is the name of its type: int, bigint, double, decimal, string, boolean or null."""

    value: int | float | str | bool | Decimal | None
    kind: str


@dataclass(frozen=True)
class Array:
    """array(…)."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Struct:
    """struct(…), named_struct(…): the names and the values of its fields."""

    names: tuple[str, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Dense:
    """vec_dense(array)."""

    array: Value


@dataclass(frozen=True)
class Sparse:
    """vec_sparse(size, map(key, value, …))."""

    size: Value
    keys: tuple[Value, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Call:
    """The call of a function of the session, by its name in lower case."""

    function: str
    arguments: tuple[Value, ...]


Value: TypeAlias = Column | Constant | Array | Struct | Dense | Sparse | Call


@dataclass(frozen=True)
class Everything:
    """`*`."""


Item: TypeAlias = Value | Everything


@dataclass(frozen=True)
class SelectList:
    """A query as the dialect knows it.

    `items` are the values of its columns, None where it is more than such a list, and then `reason` says what;
    `places` tells where the session's functions that it calls stand first.
    """

    items: tuple[Item, ...] | None
    reason: str
    places: Mapping[str, Span]


def whole(text: str, name: str = "sql") -> Text:
    """The query that a request's text means: with SELECT before it, and FROM its own rows where it has no FROM.

    `name` is what errors call it; what was added has no place of its own. Raises SyntaxProblem for nothing.
    """
    source = Source(name, text)
    written = text.rstrip().removesuffix(";")
    if not written.strip():
        raise SyntaxProblem("the select list is empty", span=Span(source, 0, 0), hint="as in: f(features) as p")
    head = "" if _begins_query(written) else "SELECT "
    cut = _place_of_from(head + written) - len(head)
    table = "" if cut < 0 else f" FROM {TABLE} "
    cut = len(written) if cut < 0 else cut
    before, after = (written, "") if cut == len(written) else (written[:cut], written[cut:])
    pieces = [Piece(0, 0, 1), Piece(len(head), 0)] if head else [Piece(0, 0)]
    if table:
        offset = len(head) + len(before)
        pieces += [Piece(offset, max(0, cut - 1), 1), Piece(offset + len(table), cut)]
    return Text(head + before + table + after, Span(source, 0, max(1, len(written))), tuple(pieces))


def read(query: Text, functions: Mapping[str, CallForm]) -> SelectList:
    """What the dialect makes of a query of the rows. `functions` are those of the session, in lower case.

    Raises SyntaxProblem, UnknownName or SqlProblem as the engine would.
    """
    own = {name: engine_name(name, form, 0) for name, form in functions.items()}
    made = dialect.draft(query, {TABLE}, ChainMap(own, engine_functions.RENAMED), own)
    calls = {made_name: name for name, made_name in own.items()}
    items: tuple[Item, ...] | None = None
    reason = ""
    try:
        items = _Reader(calls).items(made.make_tree({TABLE: TABLE}))
    except NotPlain as problem:
        reason = str(problem)
    translation = made.translation(query, {TABLE: TABLE})
    places = {name: translation.place("function", name) for name in own if name in made.functions}
    return SelectList(items, reason, places if items is not None else {})


def _tokens(text: str) -> list[Token]:
    """The words of a text; none where it cannot be cut into words, which the dialect explains."""
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import TokenError

    try:
        return list(Spark().tokenize(text))
    except TokenError:
        return []


def _begins_query(text: str) -> bool:
    """Whether SELECT, WITH or FROM is its first word, or the first in its brackets."""
    from sqlglot.tokenizer_core import TokenType

    words = _tokens(text)
    kinds = [word.token_type for word in words]
    first = next((kind for kind in kinds if kind is not TokenType.L_PAREN), None)
    return first in (TokenType.SELECT, TokenType.WITH, TokenType.FROM)


def _place_of_from(query: str) -> int:
    """Where FROM has to be added to a query that has none; -1 where it has one."""
    from sqlglot.tokenizer_core import TokenType

    depth = 0
    words = _tokens(query)
    if words and words[0].token_type is not TokenType.SELECT:
        return -1
    for index, word in enumerate(words):
        kind = word.token_type
        if kind in (TokenType.L_PAREN, TokenType.L_BRACKET):
            depth += 1
        elif kind in (TokenType.R_PAREN, TokenType.R_BRACKET):
            depth -= 1
        elif depth == 0 and kind is TokenType.FROM:
            return -1
        elif depth == 0 and kind.name in _AFTER_FROM and not _is_call(words, index):
            return word.start
    return len(query)


_AFTER_FROM: Final = frozenset(
    {"WHERE", "GROUP_BY", "HAVING", "ORDER_BY", "SORT_BY", "CLUSTER_BY", "DISTRIBUTE_BY", "LIMIT", "LATERAL"}
    | {"QUALIFY", "UNION", "EXCEPT", "INTERSECT", "WINDOW"}
)


def _is_call(words: list[Token], index: int) -> bool:
    """Whether a word that may begin a clause is the name of a call (`window(…)`)."""
    from sqlglot.tokenizer_core import TokenType

    following = words[index + 1].token_type if index + 1 < len(words) else None
    return words[index].token_type is TokenType.WINDOW and following is TokenType.L_PAREN


class _Reader:
    """Reads the translated tree of a query. `calls` are the names of the models by those in the tree."""

    def __init__(self, calls: Mapping[str, str]) -> None:
        self._calls = calls
        self._alias = TABLE

    def items(self, tree: exp.Query) -> tuple[Item, ...]:
        """The items of a select that is nothing but a list over the rows. Raises NotPlain."""
        from sqlglot import exp

        more = [name for name, value in tree.args.items() if value and name not in ("expressions", "from_", "kind")]
        if not isinstance(tree, exp.Select) or more:
            raise NotPlain(more[0].rstrip("_") if more else type(tree).__name__)
        source = tree.args["from_"].this if tree.args.get("from_") else None
        extra = isinstance(source, exp.Table) and any(
            value and name not in ("this", "alias") for name, value in source.args.items()
        )
        if not isinstance(source, exp.Table) or extra or source.args["alias"].columns:
            raise NotPlain("from")
        self._alias = source.alias.lower()
        return tuple(self._item(item) for item in tree.expressions)

    def _item(self, node: Any) -> Item:
        from sqlglot import exp

        if isinstance(node, exp.Alias):
            node = node.this
        if isinstance(node, exp.Star):
            if any(node.args.values()):
                raise NotPlain("*")
            return Everything()
        return self.value(node)

    def value(self, node: Any) -> Value:
        """A value. Raises NotPlain."""
        from sqlglot import exp

        match node:
            case exp.Paren():
                return self.value(node.this)
            case exp.Column():
                return self._column(node)
            case exp.Literal() | exp.Neg() | exp.TryCast() | exp.Boolean() | exp.Null():
                return _constant(node)
            case exp.Array():
                return Array(self._values(node.expressions))
            case exp.Struct() if node.expressions:
                return self._struct(node)
            case exp.Anonymous():
                return self._call(node)
        raise NotPlain(type(node).__name__)

    def _values(self, nodes: list[Any]) -> tuple[Value, ...]:
        return tuple(self.value(node) for node in nodes)

    def _column(self, node: Any) -> Column:
        from sqlglot import exp

        table = node.args.get("table")
        if not isinstance(node.this, exp.Identifier) or node.args.get("db") is not None:
            raise NotPlain("Column")
        if table is not None and table.name.lower() != self._alias:
            raise NotPlain("Dot")
        return Column(node.name, table is None and node.name.lower() == self._alias)

    def _struct(self, node: Any) -> Struct:
        from sqlglot import exp

        fields = node.expressions
        if not all(isinstance(field, exp.PropertyEQ) for field in fields):
            raise NotPlain("Struct")
        names = tuple(field.this.name for field in fields)
        return Struct(names, self._values([field.expression for field in fields]))

    def _call(self, node: Any) -> Value:
        from sqlglot import exp

        name = str(node.this)
        arguments = node.expressions
        function = self._calls.get(name)
        if function is not None and arguments:
            return Call(function, self._values(arguments))
        match name.lower(), arguments:
            case "vec_dense", [array]:
                return Dense(self.value(array))
            case "vec_sparse", [size, exp.VarMap() as entries]:
                keys, values = entries.args["keys"].expressions, entries.args["values"].expressions
                return Sparse(self.value(size), self._values(keys), self._values(values))
        raise NotPlain(f"{function or name.lower()}(…)")


def _constant(node: Any) -> Constant:
    """A literal with its sign and the type of its suffix. Raises NotPlain."""
    from sqlglot import exp

    match node:
        case exp.Null():
            return Constant(None, "null")
        case exp.Boolean():
            return Constant(bool(node.this), "boolean")
        case exp.Literal() if node.is_string:
            return Constant(str(node.this), "string")
        case exp.Literal():
            return _number(str(node.this))
        case exp.TryCast() if isinstance(node.this, exp.Literal):
            return _typed(str(node.this.this), node.to)
        case exp.Neg():
            number = _negative(_constant(node.this))
            least = isinstance(node.this, exp.Literal) and number.value == -_INT
            return Constant(number.value, "int") if least else number
    raise NotPlain(type(node).__name__)


def _negative(number: Constant) -> Constant:
    """The literal with a sign before it; its type is that without."""
    if number.kind in ("boolean", "string", "null") or not isinstance(number.value, int | float | Decimal):
        raise NotPlain("Neg")
    return Constant(-number.value, number.kind)


def _number(text: str) -> Constant:
    if text.isdecimal():
        value = int(text)
        if value >= _BIGINT:
            raise NotPlain("Literal")
        return Constant(value, "int" if value < _INT else "bigint")
    if "e" in text.lower():
        return Constant(float(text), "double")
    return Constant(Decimal(text), "decimal")


def _typed(text: str, kind: Any) -> Constant:
    """A literal with a suffix: 1L, 1.5D."""
    name = kind.sql("duckdb")
    if name == "BIGINT" and text.isdecimal() and int(text) < _BIGINT:
        return Constant(int(text), "bigint")
    if name == "DOUBLE":
        return Constant(float(text), "double")
    raise NotPlain(f"a literal of type {name.lower()}")
