"""`!if`, `!elif`, `!else` and `!fi` put together: a flat list of statements becomes a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlsql_engine.core.errors import SyntaxProblem, nearest
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.language import ast

WORDS = ("if", "elif", "then", "else", "fi")
_CONDITIONAL = ("if", "elif")
DEEPEST = 100
"""Blocks inside blocks: more is no script that somebody wrote."""


@dataclass
class _Open:
    """A block that has no !fi yet: its first statement, and the branches so far."""

    span: Span
    condition: Text | None
    statements: list[ast.Statement] = field(default_factory=list)
    branches: list[ast.Branch] = field(default_factory=list)
    has_else: bool = False

    def close_branch(self) -> None:
        self.branches.append(ast.Branch(self.condition, tuple(self.statements)))
        self.statements = []


class Blocks:
    """Takes statements one by one and builds the tree.

    A word of a block that is wrong is taken for what it most likely is before it is refused, so that whoever goes
    on after the error finds the block's other words in their places.
    """

    def __init__(self) -> None:
        self._top: list[ast.Statement] = []
        self._open: list[_Open] = []

    def add(self, statement: ast.Statement) -> None:
        """The next statement. Raises SyntaxProblem for a word of a block that cannot stand here."""
        word = statement.name.value.lower() if isinstance(statement, ast.CommandStatement) else ""
        if word not in WORDS or not isinstance(statement, ast.CommandStatement):
            self._here().append(statement)
            return
        given = statement.arguments
        condition = given[0] if word in _CONDITIONAL and len(given) == 1 else None
        match word:
            case "if":
                self._open.append(_Open(statement.span, condition))
                if len(self._open) > DEEPEST:
                    raise SyntaxProblem(f"blocks are nested more than {DEEPEST} deep", span=statement.span)
            case "fi":
                self._close(self._innermost(statement))
            case "then":
                self._check_then(self._innermost(statement), statement)
            case _:
                self._next_branch(statement, word, condition)
        _check_arguments(statement, word)

    def _next_branch(self, statement: ast.CommandStatement, word: str, condition: Text | None) -> None:
        if not self._open:
            self._open.append(_Open(statement.span, condition, has_else=word == "else"))
            raise _without_if(statement, self._top)
        block = self._open[-1]
        block.close_branch()
        block.condition = condition
        if block.has_else:
            raise SyntaxProblem(
                f"!{word} comes after !else", span=statement.span, hint="!else is the last branch of a block"
            )
        block.has_else = word == "else"

    def end(self) -> tuple[ast.Statement, ...]:
        """The tree. Raises SyntaxProblem for a block without !fi."""
        if self._open:
            raise SyntaxProblem("this !if has no !fi", span=self._open[-1].span, hint="end the block with !fi;")
        return tuple(self._top)

    def close_all(self) -> tuple[ast.Statement, ...]:
        """The tree, with the blocks that are open taken as ended."""
        while self._open:
            self._close(self._open[-1])
        return tuple(self._top)

    def _close(self, block: _Open) -> None:
        block.close_branch()
        self._open.pop()
        self._here().append(ast.IfStatement(block.span, tuple(block.branches)))

    def _here(self) -> list[ast.Statement]:
        return self._open[-1].statements if self._open else self._top

    def _innermost(self, statement: ast.CommandStatement) -> _Open:
        if not self._open:
            raise _without_if(statement, self._top)
        return self._open[-1]

    def _check_then(self, block: _Open, statement: ast.CommandStatement) -> None:
        if block.statements or block.has_else:
            raise SyntaxProblem("!then stands right after !if or !elif", span=statement.span)


def _without_if(statement: ast.CommandStatement, before: Sequence[ast.Statement] = ()) -> SyntaxProblem:
    commands = (item.name.value for item in before if isinstance(item, ast.CommandStatement))
    near = next((name for name in commands if nearest(name, WORDS) == "if"), None)
    shape = "a block is: !if '''condition'''; … !elif '''condition'''; … !else; … !fi;"
    return SyntaxProblem(
        f"!{statement.name.value} has no !if before it",
        span=statement.span,
        hint=f"did you mean !if by !{near}?" if near else shape,
    )


def _check_arguments(statement: ast.CommandStatement, word: str) -> None:
    takes = word in _CONDITIONAL
    given = statement.arguments
    if takes and len(given) != 1:
        message = f"!{word} needs a condition" if not given else f"!{word} takes one condition"
        raise SyntaxProblem(message, span=statement.span, hint=f"as in: !{word} ''':n > 10''';")
    if not takes and given:
        raise SyntaxProblem(f"!{word} takes nothing after it", span=given[0].span, hint=f"write !{word};")
