"""A table's rows as messages, without a broker."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.transport import local_files
from mlsql_engine.transport.kafka.messages import WANTED_BYTES, MessageForm, messages
from unit.engines.duckdb.sessions import EngineSession

MANY = "select id, repeat('ü', 40) as t, vec_dense(array(id * 1.0D)) as v from range(30000)"


def test_json_lines_are_those_of_a_local_file(session: EngineSession, tmp_path: Path) -> None:
    relation = session.sql(MANY)
    found = list(messages(session.engine, relation, "json", tmp_path))
    local = local_files.write(session.engine, relation, tmp_path / "data", "json").folder / "part-00000.json"
    assert b"".join(message.content for message in found) == local.read_bytes()
    assert {message.kind for message in found} == {b"json"}
    assert sum(message.rows for message in found) == 30_000
    assert [message.rows for message in found] == [message.content.count(b"\n") for message in found]
    sizes = [len(message.content) for message in found]
    assert len(sizes) > 5
    assert max(sizes) <= WANTED_BYTES
    assert min(sizes[:-1]) > WANTED_BYTES - 200
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_arrow_messages_have_the_rows_in_order(session: EngineSession, tmp_path: Path) -> None:
    relation = session.sql(MANY)
    found = list(messages(session.engine, relation, "arrow", tmp_path))
    tables = [pa.ipc.open_stream(message.content).read_all() for message in found]
    assert [table.num_rows for table in tables] == [message.rows for message in found]
    assert pa.concat_tables(tables).column("id").to_pylist() == list(range(30_000))
    assert tables[0].schema == session.engine.schema(relation)
    assert len(tables) > 3
    assert max(len(message.content) for message in found) < 2 * WANTED_BYTES


@pytest.mark.parametrize("form", ["json", "arrow"])
def test_a_wide_row_is_alone_in_its_message(session: EngineSession, tmp_path: Path, form: MessageForm) -> None:
    wide = "select id, case when id in (5, 6) then repeat('x', 990000) else 'x' end as t from range(20)"
    found = list(messages(session.engine, session.sql(wide), form, tmp_path))
    assert [message.rows for message in found if len(message.content) > WANTED_BYTES] == [1, 1]
    assert max(len(message.content) for message in found) < 991_000
    assert sum(message.rows for message in found) == 20


def test_a_table_without_rows_still_tells_its_columns_as_arrow(session: EngineSession, tmp_path: Path) -> None:
    nothing = session.sql("select 1 as id where false")
    assert list(messages(session.engine, nothing, "json", tmp_path)) == []
    (message,) = messages(session.engine, nothing, "arrow", tmp_path)
    assert message.rows == 0
    assert pa.ipc.open_stream(message.content).read_all().column_names == ["id"]


@pytest.mark.parametrize("form", ["json", "arrow"])
def test_who_stops_early_ends_the_query(session: EngineSession, tmp_path: Path, form: MessageForm) -> None:
    endless = session.sql("select id from range(10000000000000)")
    found = messages(session.engine, endless, form, tmp_path)
    first = next(found)
    assert first.rows > 1000
    if form == "json":
        assert json.loads(first.content.splitlines()[0]) == {"id": 0}
    found.close()
    assert list(tmp_path.iterdir()) == []
    assert len(list(messages(session.engine, session.sql("select 1 as id"), form, tmp_path))) == 1


@pytest.mark.parametrize("form", ["json", "arrow"])
def test_a_query_that_fails(session: EngineSession, tmp_path: Path, form: MessageForm) -> None:
    failing = session.sql("select id, assert_true(id < 50000) from range(100000)")
    with pytest.raises(MlsqlError) as caught:
        list(messages(session.engine, failing, form, tmp_path))
    assert caught.value.message == "assertion failed"
