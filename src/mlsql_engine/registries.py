"""What there is: engines, formats, algorithms, statements and commands, ours and those that packages add."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pkgutil import resolve_name

from mlsql_engine.algorithms.base import AnyAlgorithm
from mlsql_engine.core.functions import FunctionCatalog
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.engines.base import Engine
from mlsql_engine.sources import files
from mlsql_engine.sources.base import Source
from mlsql_engine.statements.commands.base import Command
from mlsql_engine.statements.plugin import StatementPlugin

EngineMaker = Callable[[FunctionCatalog, Scratch], Engine]


def engines() -> Registry[EngineMaker]:
    """The engines that there are."""
    registry: Registry[EngineMaker] = Registry("engine", "mlsql.engines")
    registry.add("duckdb", lambda: _duckdb)
    return registry


def _duckdb(catalog: FunctionCatalog, scratch: Scratch) -> Engine:
    from mlsql_engine.engines.duckdb.engine import DuckDBEngine

    return DuckDBEngine(catalog, scratch)


def sources() -> Registry[Source]:
    """The formats of load and save that there are."""
    registry: Registry[Source] = Registry("format", "mlsql.sources")
    files.add_to(registry)
    registry.add("jdbc", _jdbc)
    for name in ("modelHistory", "modelParams", "modelMetrics", "modelEvaluation"):
        registry.add(name, partial(_model_source, name))
    registry.add("script", _script)
    return registry


def _model_source(name: str) -> Source:
    from mlsql_engine.sources.models import SOURCES

    return next(source for source in SOURCES if source.name == name)


def _jdbc() -> Source:
    from mlsql_engine.sources.jdbc import JdbcSource

    return JdbcSource()


def _script() -> Source:
    from mlsql_engine.sources.script import ScriptTables

    return ScriptTables()


def statements() -> Registry[StatementPlugin]:
    """The statements that other packages add."""
    return Registry("statement", "mlsql.statements")


def commands() -> Registry[Command]:
    """The !commands that there are."""
    registry: Registry[Command] = Registry("command", "mlsql.commands")
    for name, module in _COMMANDS.items():
        registry.add(name, partial(_command, module))
    return registry


_COMMANDS = {
    "assert": "assertion",
    "cache": "cache",
    "desc": "desc",
    "explain": "explain",
    "kill": "kill",
    "lastCommand": "last_command",
    "model": "model",
    "println": "println",
    "profile": "profile",
    "show": "show",
}


def _command(module: str) -> Command:
    made: Command = import_module(f"mlsql_engine.statements.commands.{module}").command()
    return made


def algorithms() -> Registry[AnyAlgorithm]:
    """The algorithms that there are."""
    registry: Registry[AnyAlgorithm] = Registry("algorithm", "mlsql.algorithms")
    for name, place in _ALGORITHMS.items():
        registry.add(name, partial(_algorithm, place))
    return registry


_ALGORITHMS = {
    "PythonAlg": "python_alg:PythonAlg",
    "PythonParallelExt": "python_parallel:PythonParallelExt",
    "SKLearn": "sklearn:SKLearn",
    "ScriptUDF": "script_udf:ScriptUdf",
}


def _algorithm(place: str) -> AnyAlgorithm:
    made: AnyAlgorithm = resolve_name(f"mlsql_engine.algorithms.{place}")()
    return made
