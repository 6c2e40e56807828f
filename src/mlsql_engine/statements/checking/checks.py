"""What is checked of each statement, and what it is known to make."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsql_engine.algorithms.base import ChecksTraining, ScriptAlgorithm, model_algorithm
from mlsql_engine.core.errors import BadValue, DataProblem, Detail, UnknownName
from mlsql_engine.core.options import (
    FilePath,
    TableName,
    TableNames,
    names_in,
    option_problems,
    parse_options,
    texts_of,
)
from mlsql_engine.core.paths import near_file, resolve_path, resolved
from mlsql_engine.core.text import Text
from mlsql_engine.language import ast
from mlsql_engine.sources.base import Source
from mlsql_engine.sources.base import options_of as source_options
from mlsql_engine.statements import conditions, include
from mlsql_engine.statements.checking.models import make_model, need_model
from mlsql_engine.statements.checking.queries import check_definition, check_query, need_function, need_table
from mlsql_engine.statements.checking.state import is_known
from mlsql_engine.statements.commands.base import check_arguments, find
from mlsql_engine.statements.context import model_path
from mlsql_engine.statements.load import check_script_file, names_algorithm
from mlsql_engine.statements.register import hint_of_variable, refuse_second_script
from mlsql_engine.statements.set import SetOptions, check_shell
from mlsql_engine.statements.train import predicts

if TYPE_CHECKING:
    from mlsql_engine.statements.checking.checker import Checker


def check_statement(statement: ast.Statement, checker: Checker) -> None:
    """Note what is wrong with the statement, and what it makes."""
    _CHECKS[type(statement)](statement, checker)


def define_table(name: Text | None, checker: Checker) -> None:
    """The table is there from now on."""
    if name is None:
        return
    if is_known(name):
        checker.state.tables.add(name.value.lower())
    else:
        checker.state.any_table = True


def _options(
    cls: type, written: Sequence[ast.Option], owner: str, statement: ast.Statement, checker: Checker
) -> Any:
    """The typed options where all of them are right and known, else None."""
    pairs = [(option.key, option.value) for option in written]
    problems = option_problems(cls, pairs, owner=owner, known=is_known)
    for problem in problems:
        with checker.noting(statement):
            raise problem
    for name in texts_of(cls, TableName, pairs):
        need_table(name, checker)
    for names in texts_of(cls, TableNames, pairs):
        for name in names_in(names):
            need_table(name, checker)
    for path in texts_of(cls, FilePath, pairs):
        _need_script(path, checker)
    if problems or not all(is_known(value) for _, value in pairs):
        return None
    return parse_options(cls, pairs, owner=owner)


def _place(path: Text) -> Path | None:
    """The path that a text names; None where only a run can tell."""
    return resolved(resolve_path(path, path.span.source.folder)) if is_known(path) else None


def _need_script(path: Text, checker: Checker) -> None:
    with checker.noting(None):
        place = _place(path)
        if place is not None and not os.path.exists(place) and not checker.state.is_made(place):
            raise DataProblem(
                f"there is no script {place}",
                span=path.span,
                code="FILE_NOT_FOUND",
                hint="a relative path starts from the folder of the script that holds it",
            )


def _select(statement: ast.SelectStatement, checker: Checker) -> None:
    with checker.noting(statement):
        check_query(statement.query, checker)
    define_table(statement.table, checker)


def _load(statement: ast.LoadStatement, checker: Checker) -> None:
    define_table(statement.table, checker)
    path = statement.source.path
    source, options_class = source_options(checker.sources, statement.source.name, "load_options")
    options = _options(options_class, statement.options, f"load {source.name}", statement, checker)
    _need_connection(source, path, options, checker)
    if source.place == "script":
        _need_script_text(path, checker)
        return
    if source.place == "variable" and is_known(path) and path.value not in checker.state.variables:
        raise UnknownName("variable", path.value, checker.state.variables, span=path.span)
    if source.place in ("model", "modelOrAlgorithm") and is_known(path):
        if not names_algorithm(source, path, model_path(path), checker.algorithms):
            need_model(path, checker)
        return
    place = _place(path) if source.place == "path" else None
    if place is None or os.path.exists(place) or checker.state.is_made(place):
        return
    if not glob.has_magic(str(place)):
        raise DataProblem(
            f"there is no file {place}", span=path.span, code="FILE_NOT_FOUND", hint=near_file(str(place))
        )
    if not glob.glob(str(place), recursive=True):
        fixed = os.path.dirname(re.split(r"[*?\[]", str(place), maxsplit=1)[0])
        if not checker.state.is_made(Path(fixed)):
            raise DataProblem(f"no file matches {place}", span=path.span, code="FILE_NOT_FOUND")


def _need_script_text(path: Text, checker: Checker) -> None:
    """Note a script that is neither a variable nor a file."""
    state = checker.state
    if is_known(path) and path.value not in state.variables and not state.anything:
        place = _place(path)
        if place is not None and not state.is_made(place):
            check_script_file(path, place, state.variables)


def _need_connection(source: Source, path: Text, options: Any, checker: Checker) -> None:
    """Note a connection that no statement has made; options that tell the place themselves need none."""
    state = checker.state
    if source.place != "connection" or state.anything or options is None or not is_known(path):
        return
    name = path.value.partition(".")[0].strip()
    if name.lower() not in state.connections and getattr(options, "url", None) is None:
        with checker.noting(None):
            raise UnknownName("connection", name, state.connections, span=path.span)


def _save(statement: ast.SaveStatement, checker: Checker) -> None:
    need_table(statement.table, checker)
    path = statement.target.path
    source, options_class = source_options(checker.sources, statement.target.name, "save_options")
    options = _options(options_class, statement.options, f"save {source.name}", statement, checker)
    _need_connection(source, path, options, checker)
    if source.place == "path":
        _made(path, checker)


def _made(path: Text, checker: Checker) -> None:
    place = _place(path)
    if place is None:
        checker.state.made.add(Path("/"))  # whatever is looked for may be what it writes
    else:
        checker.state.made.add(place)


def _set(statement: ast.SetStatement, checker: Checker) -> None:
    options = _options(SetOptions, statement.options, "set", statement, checker)
    kind = options.type if options is not None else None
    name, variables = statement.name.value, checker.state.variables
    if kind == "conf":
        return
    with checker.noting(statement):
        if kind == "sql":
            check_query(statement.value, checker)
        if kind == "shell":
            check_shell(statement.value, checker.settings)
            checker.state.made.add(Path("/"))  # the command may write any file
    if kind == "defaultParam" and name in variables:
        return
    variables[name] = (
        statement.value.value if kind in ("text", "defaultParam") and is_known(statement.value) else None
    )


def _connect(statement: ast.ConnectStatement, checker: Checker) -> None:
    checker.state.connections.add(statement.name.value.lower())
    source, options_class = source_options(checker.sources, statement.format, "connect_options")
    _options(options_class, statement.options, f"connect {source.name}", statement, checker)


def _train(statement: ast.TrainStatement, checker: Checker) -> None:
    if statement.table.value.lower() != "command":
        need_table(statement.table, checker)
    define_table(statement.result, checker)
    algorithm = model_algorithm(checker.algorithms, statement.algorithm.name)
    if predicts(statement, algorithm):
        options_class, owner = algorithm.function_options, f"predict {algorithm.name}"
        _options(options_class, statement.options, owner, statement, checker)
        need_model(statement.algorithm.path, checker)
        return
    options = _options(algorithm.train_options, statement.options, f"train {algorithm.name}", statement, checker)
    if options is not None and isinstance(algorithm, ChecksTraining):
        with checker.noting(statement):
            algorithm.check_training(options, statement.span.source.folder)
    make_model(statement.algorithm.path, checker)


def _function(statement: ast.PredictStatement | ast.RegisterStatement, checker: Checker) -> None:
    word = "register"
    if isinstance(statement, ast.PredictStatement):
        word = "predict"
        need_table(statement.table, checker)
        define_table(statement.result, checker)
    else:
        checker.state.functions.add(statement.function.value.lower())
    path = statement.algorithm.path
    algorithm = checker.algorithms.find(statement.algorithm.name)
    if isinstance(statement, ast.PredictStatement):
        algorithm = model_algorithm(checker.algorithms, statement.algorithm.name)
    options = _options(
        algorithm.function_options, statement.options, f"{word} {algorithm.name}", statement, checker
    )
    if isinstance(algorithm, ScriptAlgorithm):
        _need_script_table(algorithm, path, options, checker)
        return
    need_model(path, checker)


def _need_script_table(algorithm: ScriptAlgorithm, path: Text, options: Any, checker: Checker) -> None:
    """Note a script that is not given, that is given twice, or that is in no table."""
    if options is None or not is_known(path):
        return
    if algorithm.check(path, options):
        need_table(path, checker, hint_of_variable(path, checker.state.variables))
    elif path.value:
        refuse_second_script(path, checker.state.tables)


def _unregister(statement: ast.UnregisterStatement, checker: Checker) -> None:
    name = statement.function
    if name is not None:
        need_function(name, checker)
    if statement.algorithm is not None:
        checker.algorithms.find(statement.algorithm.name)
    elif name is not None:
        checker.state.functions.discard(name.value.lower())


def _include(statement: ast.IncludeStatement, checker: Checker) -> None:
    kind, path = statement.source.name, statement.source.path
    if kind.value.lower() not in include.FORMATS:
        raise UnknownName("include format", kind.value, include.FORMATS, span=kind.span)
    if kind.value.lower() == "http":
        checker.state.anything = True
        include.check_http(path, checker.settings)
    if kind.value.lower() == "http" or not is_known(path):
        checker.state.anything = True
        return
    try:
        include.check_project_path(kind, path)
        source = include.read_file(path, checker.includes)
    except Exception:
        checker.state.anything = True
        raise
    if len(checker.includes) >= include.DEEPEST:
        raise BadValue(f"scripts include each other more than {include.DEEPEST} deep", span=statement.span)
    before, checker.includes = checker.includes, (*checker.includes, source.name)
    known = len(checker.findings.problems)
    checker.check(source)
    checker.includes = before
    line, column = statement.span.source.position(statement.span.start)
    for problem in checker.findings.problems[known:]:
        from_here = Detail("included from", f"{statement.span.source.name}:{line}:{column}")
        problem.details = (*problem.details, from_here)


def _command(statement: ast.CommandStatement, checker: Checker) -> None:
    command = find(statement, checker.commands)
    check_arguments(command, statement)
    if all(map(is_known, statement.arguments)):
        command.check(statement, checker)
    if command.model is not None:
        need_model(statement.arguments[command.model], checker)
    if command.table is not None:
        need_table(statement.arguments[command.table], checker)
    if command.makes is not None:
        define_table(statement.arguments[command.makes], checker)
    condition = None if command.condition is None else statement.arguments[command.condition]
    if condition is not None and is_known(condition):
        anything = dict.fromkeys(_NAMED.findall(condition.value), "NULL")
        text = conditions.with_values(condition.part(0, len(condition.value)), anything)
        check_query(text.between("select (", ") as `holds`"), checker)


def _other(statement: ast.OtherStatement, checker: Checker) -> None:
    define_table(statement.result, checker)
    plugin = checker.statements.find(statement.word)
    _options(plugin.options, statement.options, statement.word.value, statement, checker)


_NAMED = re.compile(r":([^\W\d]\w*)")


def check_condition(condition: Text, named: set[str], checker: Checker) -> None:
    """Note what is wrong with the condition of !if; `named` takes in the names that its selects give."""
    if not is_known(condition):
        return
    *queries, expression = conditions.parts(condition)
    for query in queries:
        renamed, names = conditions.named_query(query)
        check_query(conditions.with_values(renamed, _nulls(named, checker)), checker)
        named.update(names)
    filled = conditions.with_values(expression, _nulls(named, checker))
    check_query(filled.between("select ", " as `holds`"), checker)


def _nulls(named: set[str], checker: Checker) -> dict[str, str]:
    """A value for every name that has one when the script runs."""
    return dict.fromkeys([*checker.state.variables, *named], "NULL")


_CHECKS: dict[type[ast.Statement], Callable[[Any, Checker], None]] = {
    ast.LoadStatement: _load,
    ast.SelectStatement: _select,
    ast.SaveStatement: _save,
    ast.SetStatement: _set,
    ast.ConnectStatement: _connect,
    ast.TrainStatement: _train,
    ast.PredictStatement: _function,
    ast.RegisterStatement: _function,
    ast.UnregisterStatement: _unregister,
    ast.IncludeStatement: _include,
    ast.DefinitionStatement: check_definition,
    ast.CommandStatement: _command,
    ast.OtherStatement: _other,
}
