"""load: make a table of a file, a text, or a table of a database.

    load FORMAT.`path` [where key="value" and …] as table;

Formats: csv, json, parquet, libsvm; jsonStr takes the name of a variable that holds the rows as JSON. The path is
a file, a folder of part files or a glob pattern; a relative one starts from the folder of the script. The rows
are read when something needs them. For jdbc, see connect: the path is `name.table` of a connection, or
the options url and dbtable say it; a table of a database is read once, when something needs it first, and kept.
A csv row with too few values has NULL for the rest; one with too many is an
error that names its line.

What is known of trained models is loaded by the path that was trained: modelHistory (a row for each version and
parameter group), modelParams (a row for each parameter; of an algorithm's name, its options), modelMetrics (a row
for each metric) and modelEvaluation (what="confusion_matrix", "roc" or "residuals": the points of that picture).

Format script makes a table of one row that holds a Python script, for register: the text of the variable of that
name or, where there is none, of the file (columns: value, the text; file, its path, or NULL).

    set rows = '''{"a": 1}
    {"a": 2}''';
    load jsonStr.`rows` as t;
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlsql_engine.algorithms.base import AnyAlgorithm
from mlsql_engine.core.errors import DataProblem, UnknownName, errors_at, nearest
from mlsql_engine.core.paths import near_file
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.text import Text
from mlsql_engine.language.ast import LoadStatement
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.sources.base import LoadRequest, ModelRequest, Source
from mlsql_engine.sources.base import options_of as source_options
from mlsql_engine.statements import option_table
from mlsql_engine.statements.context import Context, Outcome, absolute, connected, model_path, options_of


def execute(statement: LoadStatement, context: Context) -> Outcome:
    """Bind the table. Raises UnknownName for the format or variable, DataProblem for the files."""
    written = statement.source
    source, options_class = source_options(context.session.sources, written.name, "load_options")
    options: Any = options_of(options_class, statement.options, f"load {source.name}")
    request = _request(source, written.path, options, context)
    with errors_at(written.path.span):
        relation = source.load(request, context.engine)
    context.engine.bind(statement.table.value, relation)
    return Outcome(relation, statement.table.value)


def _model(source: Source, path: Text, context: Context) -> ModelRequest:
    """The model that a source reads; or an algorithm, where it may, and there is no such folder."""
    place = model_path(path)
    workshop, algorithms = context.workshop, context.session.algorithms
    if names_algorithm(source, path, place, algorithms):
        options = option_table.of_algorithm(algorithms.find(path))
        return ModelRequest(workshop.store(place), workshop.progress, options)
    context.session.models[place] = None
    return ModelRequest(workshop.store(place), workshop.progress)


def names_algorithm(source: Source, path: Text, place: ModelPath, algorithms: Registry[AnyAlgorithm]) -> bool:
    """Whether a source is asked of an algorithm, and not of a model."""
    may = source.place == "modelOrAlgorithm" and place.local is not None and not os.path.isdir(place.local)
    return may and path.value in algorithms


def _request(source: Source, path: Text, options: Any, context: Context) -> LoadRequest:
    """What the source is asked for."""
    if source.place == "path":
        return LoadRequest(str(absolute(path)), options, path.span, called="the file")
    if source.place == "connection":
        place, connection, known = connected(source, path, context)
        return LoadRequest(place, options, path.span, "the table", connection, known)
    if source.place in ("model", "modelOrAlgorithm"):
        return LoadRequest(path.value, options, path.span, model=_model(source, path, context))
    if source.place == "script" and path.value not in context.variables:
        file = absolute(path)
        check_script_file(path, file, context.variables)
        return LoadRequest(str(file), options, path.span, called="the file")
    if path.value not in context.variables:
        raise UnknownName("variable", path.value, context.variables, span=path.span)
    called = f"the variable '{path.value}'"
    return LoadRequest(context.variables[path.value], options, path.span, called, is_text=True)


def check_script_file(path: Text, place: Path, variables: Iterable[str]) -> None:
    """Raise DataProblem where the file of a script is not there, which may have been meant as a variable."""
    if place.is_dir():
        raise DataProblem(f"the script {place} is a folder", span=path.span, code="UNKNOWN_SCRIPT")
    if not place.exists():
        near = nearest(path.value, variables)
        raise DataProblem(
            f"there is neither a variable '{path.value}' nor a file {place}",
            span=path.span,
            code="UNKNOWN_SCRIPT",
            hint=f"did you mean the variable '{near}'?" if near is not None else near_file(str(place)),
        )
