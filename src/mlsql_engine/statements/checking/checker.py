"""Goes through a script as a run would, and keeps what is wrong instead of stopping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlsql_engine.algorithms.base import AnyAlgorithm
from mlsql_engine.core.errors import MlsqlError, SyntaxProblem, UnknownName, errors_at
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.settings import Settings
from mlsql_engine.core.span import Source as ScriptSource
from mlsql_engine.core.span import Span
from mlsql_engine.language import ast, variables
from mlsql_engine.language.date_template import date_text, is_date_template
from mlsql_engine.language.parser import parse_leniently
from mlsql_engine.sources.base import Source
from mlsql_engine.statements.checking.state import Findings, State, Values
from mlsql_engine.statements.commands.base import Command
from mlsql_engine.statements.plugin import StatementPlugin


@dataclass
class Checker:
    """One check. It looks at files, and neither reads data nor starts anything.

    `includes` are the scripts that are being looked at, outermost first.
    """

    sources: Registry[Source]
    algorithms: Registry[AnyAlgorithm]
    statements: Registry[StatementPlugin]
    commands: Registry[Command]
    state: State = field(default_factory=State)
    findings: Findings = field(default_factory=Findings)
    includes: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    now: datetime = field(default_factory=lambda: datetime.now().astimezone())
    _broken: int | None = field(default=None, init=False)
    """Where the first statement that cannot be read begins."""

    def check(self, source: ScriptSource) -> list[MlsqlError]:
        """Everything that is wrong with the script and those that it includes, in the order of a run."""
        script, problems = parse_leniently(source, self.statements.words())
        for problem in problems:
            self.findings.add(problem)
        before = self._broken
        self._broken = min((problem.span.start for problem in problems if problem.span is not None), default=None)
        self.block(script.statements)
        # What a broken statement would have made is not known.
        self.state.anything |= bool(problems)
        self._broken = before
        return self.findings.problems

    def block(self, statements: tuple[ast.Statement, ...]) -> None:
        """Check statements one after the other; those that run first come first."""
        from mlsql_engine.statements.execution import is_early

        for statement in sorted(statements, key=lambda item: not is_early(item)):
            if self._broken is not None and statement.span.start > self._broken:
                self.state.anything = True
            if isinstance(statement, ast.IfStatement):
                self._branches(statement)
            else:
                self._statement(statement)

    def _statement(self, statement: ast.Statement) -> None:
        from mlsql_engine.statements.checking.checks import check_statement

        with self.noting(statement):
            self._references(statement)
            filled = variables.fill(statement, Values(_Any(self.state.variables), self.now))
            check_statement(filled, self)

    def _branches(self, statement: ast.IfStatement) -> None:
        from mlsql_engine.statements.checking.checks import check_condition
        from mlsql_engine.statements.execution import refuse_early

        before, ends = self.state, []
        named: set[str] = set()
        for branch in statement.branches:
            self.state = before.copy()
            if branch.condition is not None:
                with self.noting(statement):
                    self._references(branch.condition)
                    values = Values(_Any(self.state.variables), self.now)
                    check_condition(variables.fill_text(branch.condition, values), named, self)
            for inner in branch.statements:
                with self.noting(None):
                    refuse_early(inner)
            self.block(branch.statements)
            ends.append(self.state)
        if statement.branches[-1].condition is not None:
            ends.append(before)
        self.state = before.copy()
        self.state.join(ends)

    def _references(self, node: Any) -> None:
        """Note every `${name}` that no statement before has set."""
        for name, span in variables.references(node):
            with self.noting(None):
                self._reference(name, span)

    def _reference(self, name: str, span: Span) -> None:
        if name in self.state.variables or (self.state.anything and name):
            return
        if not name:
            raise SyntaxProblem("${} names no variable", span=span, code="UNKNOWN_VARIABLE")
        if not is_date_template(name):
            raise UnknownName("variable", name, self.state.variables, span=span)
        with errors_at(span):
            date_text(name, self.now)

    @contextmanager
    def noting(self, statement: ast.Statement | None) -> Iterator[None]:
        """Keep what is raised in the block; its place is the statement's unless it has one of its own."""
        try:
            yield
        except MlsqlError as problem:
            if statement is not None:
                problem.at(statement.span)
            self.findings.add(problem)


class _Any(Mapping[str, str | None]):
    """The variables, and no value for every other name: an unknown one has been noted already."""

    def __init__(self, variables: Mapping[str, str | None]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> str | None:
        return self._variables[name]

    def __contains__(self, name: object) -> bool:
        return name in self._variables or not is_date_template(str(name))

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or `default`."""
        return self._variables.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)
