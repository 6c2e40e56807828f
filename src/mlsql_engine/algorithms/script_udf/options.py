"""The options of register with ScriptUDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from mlsql_engine.algorithms.worker_options import WorkerOptions
from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.core.options import option
from mlsql_engine.core.text import Text
from mlsql_sdk import types

_LATER: Final = {"scala": "Scala", "java": "Java"}


@dataclass(frozen=True)
class Language:
    """The language of a script: Python; those of the JVM need an engine that has one."""

    described: ClassVar[str] = "python"
    name: str

    @classmethod
    def of_text(cls, text: Text) -> Language:
        """See OptionForm. Raises MlsqlError for a language that scripts cannot be in."""
        name = text.value.strip().lower()
        if name in _LATER:
            raise MlsqlError(
                f"a script in {_LATER[name]} needs the Spark engine, which this version of mlsql does not have",
                span=text.span,
                hint='write the function in Python: lang="python"',
                code="UNSUPPORTED",
            )
        if name != "python":
            raise BadValue(f"the option 'lang' cannot be '{text.value}'", span=text.span, hint="it is python")
        return cls(name)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class DataType:
    """The name of a SQL type."""

    described: ClassVar[str] = "a SQL type"
    name: str

    @classmethod
    def of_text(cls, text: Text) -> DataType:
        """See OptionForm. Raises BadValue, placed at the part of the text that is wrong."""
        try:
            types.parse(text.value)
        except types.TypeNameError as error:
            span = text.place(error.start, error.end) if error.start < len(text.value) else text.span
            raise BadValue(f"the option 'dataType': {error}", span=span) from None
        return cls(text.value)


@dataclass(frozen=True)
class FunctionOptions(WorkerOptions):
    """register ScriptUDF.`table` as f where …"""

    code: Text | None = option(None, doc="the script itself, in place of a table")
    lang: Language = option(Language("python"), doc="the language of the script")
    udf_type: Literal["udf", "udaf"] = option(
        "udf", doc="udf: a value for each row; udaf: an aggregate, a value for each group"
    )
    method_name: Text | None = option(
        None, doc="the function or method; without it apply, and for an aggregate the class or aggregate"
    )
    class_name: Text | None = option(
        None, doc="the class that has the method or is the aggregate; without it the only one that can be"
    )
    data_type: DataType | None = option(
        None, doc="the type of the values; without it what the function's annotation says"
    )
