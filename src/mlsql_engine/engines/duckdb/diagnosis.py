"""What an exception of DuckDB means to the user, and where in the script it belongs."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.core.span import Span
from mlsql_engine.engines.dialect import Translation
from mlsql_engine.engines.duckdb import problems
from mlsql_engine.engines.duckdb.batches import is_engine_error
from mlsql_engine.engines.duckdb.database import Database
from mlsql_engine.engines.duckdb.file_problems import FileProblem
from mlsql_engine.engines.duckdb.model_calls import ModelCalls
from mlsql_engine.engines.duckdb.relation import DuckRelation


class Diagnosis:
    """Knows the tables, functions and files that an error may be about."""

    def __init__(
        self,
        database: Database,
        calls: ModelCalls,
        tables: Mapping[str, DuckRelation],
        functions: Mapping[str, str],
    ) -> None:
        self._database = database
        self._calls = calls
        self._tables = tables
        self._functions = functions
        self.file_readers: weakref.WeakSet[DuckRelation] = weakref.WeakSet()

    @contextmanager
    def errors(
        self, translation: Translation | None = None, relation: DuckRelation | None = None
    ) -> Iterator[None]:
        """Translate what is raised while a query is made (`translation`) or a relation is read."""
        try:
            yield
        except MlsqlError as error:
            error.at(relation.span if relation is not None else None)
            raise
        except Exception as error:
            if not is_engine_error(error):
                raise
            raise self.explain(error, translation, relation) from error

    def explain(
        self, error: Exception, translation: Translation | None = None, relation: DuckRelation | None = None
    ) -> BaseException:
        """The error to raise instead. What a model call raised comes back as itself, placed at the call."""
        import duckdb

        carried = self._calls.carried(error)
        if carried is not None:
            function, raised = carried
            if relation is not None and isinstance(raised, MlsqlError):
                raised.at(relation.place_of_call(function))
            return raised
        if not isinstance(error, duckdb.Error):
            return InternalError(f"reading the rows failed: {error}")
        query = translation or (relation.query if relation is not None else None)
        problem = problems.explain(error, query, self._names(translation, relation))
        if isinstance(problem, FileProblem):
            problem.at(self._place_of_file(problem.file))
        return problem

    def _place_of_file(self, file: str) -> Span | None:
        """Where the load that reads a file names it."""
        path = os.path.realpath(file)
        return next((reader.span for reader in self.file_readers if path in reader.files), None)

    def _names(self, translation: Translation | None, relation: DuckRelation | None) -> problems.Names:
        """What an unknown name may have meant."""
        parents = relation.parents if relation is not None else ()
        if translation is not None:
            parents = tuple(self._tables[name] for name in translation.tables)

        def known_functions() -> set[str]:
            return self._database.built_in_functions() | set(self._functions)

        def known_columns() -> set[str]:
            return {column for parent in parents for column in parent.columns}

        return problems.Names(known_functions, known_columns)
