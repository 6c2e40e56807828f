"""Formats that are files, which the engines read and write themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from mlsql_engine.core.registry import Registry
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.engines.requests import (
    CsvLoad,
    CsvSave,
    InlineJsonLoad,
    JsonLoad,
    JsonSave,
    LibsvmLoad,
    ParquetLoad,
    ParquetSave,
    ReadRequest,
    WriteRequest,
)
from mlsql_engine.sources.base import LoadRequest, Place, SaveRequest, Source


@dataclass(frozen=True)
class FileSource:
    """A format that is a matter of options only."""

    name: str
    load_options: type | None
    save_options: type | None
    place: Place = "path"
    connect_options: type | None = None

    def load(self, request: LoadRequest, engine: Engine) -> Relation:
        """See Source.load."""
        return engine.read(ReadRequest(request.options, request.place, request.span, request.called))

    def save(self, relation: Relation, request: SaveRequest, engine: Engine) -> int | None:
        """See Source.save."""
        return engine.write(
            relation, WriteRequest(request.place, request.options, request.mode, request.partition_by)
        )


def _same(source: Source) -> Source:
    return source


def add_to(sources: Registry[Source]) -> None:
    """Make our formats known."""
    for source in (
        FileSource("csv", CsvLoad, CsvSave),
        FileSource("json", JsonLoad, JsonSave),
        FileSource("parquet", ParquetLoad, ParquetSave),
        FileSource("libsvm", LibsvmLoad, None),
        FileSource("jsonStr", InlineJsonLoad, None, place="variable"),
    ):
        sources.add(source.name, partial(_same, source))
