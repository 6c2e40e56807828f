"""The formats that load and save know."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.registry import Registry
from mlsql_engine.engines.requests import CsvLoad, CsvSave, InlineJsonLoad
from mlsql_engine.sources import files
from mlsql_engine.sources.base import LoadRequest, SaveRequest, Source, options_of
from unit.engines.duckdb.sessions import EngineSession, text


@pytest.fixture
def sources() -> Registry[Source]:
    registry: Registry[Source] = Registry("format")
    files.add_to(registry)
    return registry


def test_what_there_is(sources: Registry[Source]) -> None:
    able = [(source.name, bool(source.load_options), bool(source.save_options), source.place) for source in sources]
    assert able == [
        ("csv", True, True, "path"),
        ("json", True, True, "path"),
        ("jsonStr", True, False, "variable"),
        ("libsvm", True, False, "path"),
        ("parquet", True, True, "path"),
    ]


def test_options_in_any_case(sources: Registry[Source]) -> None:
    assert options_of(sources, text("CSV"), "load_options")[1] is CsvLoad
    assert options_of(sources, text("Csv"), "save_options")[1] is CsvSave


@pytest.mark.parametrize(
    ("name", "what", "message", "hint"),
    [
        ("cvs", "load_options", "there is no format 'cvs'", "did you mean 'csv'?"),
        ("libsvm", "save_options", "libsvm cannot be saved", "formats that can: csv, json, parquet"),
        ("jsonStr", "save_options", "jsonStr cannot be saved", "formats that can: csv, json, parquet"),
    ],
)
def test_unknown(
    sources: Registry[Source],
    name: str,
    what: Literal["load_options", "save_options"],
    message: str,
    hint: str,
) -> None:
    with pytest.raises(MlsqlError) as raised:
        options_of(sources, text(name), what)
    assert (raised.value.message, raised.value.hint) == (message, hint)
    assert raised.value.span is not None
    assert raised.value.span.text == name


def test_load_and_save(sources: Registry[Source], session: EngineSession, tmp_path: Path) -> None:
    csv = sources.find("csv")
    relation = session.sql("select 1 as a, 2 as k")
    request = SaveRequest(str(tmp_path / "x"), CsvSave(header=True), "overwrite", ("k",))
    assert csv.save(relation, request, session.engine) == 1
    assert csv.save(relation, SaveRequest(str(tmp_path / "x"), CsvSave(), "ignore", ()), session.engine) is None
    loaded = csv.load(LoadRequest(str(tmp_path / "x"), CsvLoad(header=True)), session.engine)
    assert session.rows(loaded) == [("1", 2)]
    inline = sources.find("jsonstr").load(LoadRequest('{"a": 1}', InlineJsonLoad()), session.engine)
    assert session.rows(inline) == [(1,)]
