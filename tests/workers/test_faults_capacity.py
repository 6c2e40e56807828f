"""How many workers there are: the cap, those that are started at once, idle ones, shared ones, edited scripts."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from mlsql_engine import MlsqlError, connect
from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.workers.pool import Limits
from mlsql_engine.workers.watch import look_at
from workers.provocations import IDENTITY, SECONDS, Background, Census, Faults, failing, gone, rows_of

TIMES = """
    import python_fun
    def predict(model, batch):
        return [value * FACTOR for value in batch.column(0).to_pylist()]
    python_fun.batch(lambda path: None, predict)
"""


@pytest.mark.parametrize("most_workers", [1])
def test_several_functions_in_one_query_with_one_place(faults: Faults) -> None:
    for name, factor in (("f", 2.0), ("g", 3.0), ("h", 5.0)):
        faults.register(TIMES.replace("FACTOR", str(factor)), name=name)
    rows = faults.run("""
        select sum(f(a)) as f, sum(g(a)) as g, sum(h(f(g(a)))) as h
        from (select cast(id as double) as a from range(20000)) as t;
    """)
    total = 19_999 * 20_000 / 2
    assert rows == [{"f": 2 * total, "g": 3 * total, "h": 30 * total}]
    running = [worker for worker in faults.workers() if worker["state"] != "ended"]
    assert len(running) == 1


@pytest.mark.parametrize("most_workers", [2])
def test_no_more_than_the_cap(faults: Faults) -> None:
    """Five are asked for, two are started, and all batches are answered."""
    faults.register(IDENTITY, "workers='5'")
    (pool,) = faults.session._state.functions._functions["f"]._pools.all()
    rows = faults.run("select sum(f(cast(id as double))) as s from range(300000) as t;")
    assert rows == [{"s": 299_999 * 300_000 / 2}]
    assert faults.started() == 2
    assert len(pool.workers()) == 2


def test_the_cap_is_a_variable(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlsql_engine.workers.capacity import most_workers

    monkeypatch.setenv("MLSQL_MAX_WORKERS", "3")
    assert most_workers() == 3
    monkeypatch.setenv("MLSQL_MAX_WORKERS", "")
    assert most_workers() == max(8, 4 * (os.cpu_count() or 1))
    for wrong in ("0", "-1", "many"):
        monkeypatch.setenv("MLSQL_MAX_WORKERS", wrong)
        with pytest.raises(MlsqlError) as caught:
            most_workers()
        assert (caught.value.code, caught.value.message) == (
            "BAD_VALUE",
            f"the environment variable MLSQL_MAX_WORKERS is '{wrong}'",
        )


def test_the_folder_of_workers_goes_with_them(faults: Faults) -> None:
    faults.register(IDENTITY)
    (pool,) = faults.session._state.functions._pools.all()
    folder = pool._around.folder
    assert folder.is_dir()
    faults.register(TIMES.replace("FACTOR", "2.0"))
    assert not folder.exists()


@pytest.mark.parametrize("most_workers", [1])
def test_a_place_is_given_back_by_whatever_fails(faults: Faults) -> None:
    """There is one place, so that whoever keeps it keeps all others from starting."""
    faults.register(failing("os.kill(os.getpid(), signal.SIGKILL)"))
    faults.prediction_fails()
    faults.write("1 / 0")
    for _ in range(2):
        assert faults.fails(faults.registering(name="g")).code == "SCRIPT_FAILED"
    faults.write(IDENTITY)
    assert faults.fails(faults.registering("systemParam.pythonPath='/bin/false'", name="g")).code == "CANNOT_START"
    faults.works()
    os.kill(faults.pid(), 9)
    faults.run(faults.registering(name="g"))
    faults.works("g")
    faults.works()


@pytest.mark.parametrize("most_workers", [1])
def test_a_call_that_waits_for_a_place_is_cancelled(faults: Faults) -> None:
    faults.register(failing("tell('busy'); open(os.environ['TOLD'] + '-go').read()"))
    go = faults.folder / "told-go"
    os.mkfifo(go)
    busy = Background(lambda: faults.run("select f(a) as p from values (13.0D) as v(a) as t;"))
    faults.told.next()
    with connect(progress=SilentProgress()) as other:
        capacity = other._state.functions._pools._make.__self__.capacity
        waits, plain = threading.Event(), capacity.take

        def take(check: object) -> None:
            waits.set()
            plain(check)

        capacity.take = take
        faults.write(IDENTITY)
        waiting = Background(lambda: rows_of(other, faults.registering(name="g"), faults.folder))
        assert waits.wait(SECONDS)
        other.cancel(1)
        assert waiting.error().code == "CANCELLED"
    go.write_text("go")
    assert busy.result() == [{"p": 13.0}]
    assert (capacity.wanted, capacity._used) == (0, 1)
    faults.works()


def test_workers_that_are_idle_are_ended(faults: Faults) -> None:
    faults.register(IDENTITY, "idleTimeout='5m'")
    (pool,) = faults.session._state.functions._functions["f"]._pools.all()
    (worker,) = pool.workers()
    pid, since = worker.process.pid, worker.activity.since
    before = Census()
    look_at(pool, since + 299, with_children=True)
    assert not gone([pid])
    look_at(pool, since + 300, with_children=True)
    assert gone([pid])
    assert pool.workers() == []
    assert worker.activity.lost == ""
    assert len(Census().open) == len(before.open) - 3
    faults.works()
    assert faults.started() == 2


def test_a_busy_worker_is_not_idle(faults: Faults) -> None:
    faults.register(failing("tell('busy'); open(os.environ['TOLD'] + '-go').read()"), "idleTimeout='1s'")
    os.mkfifo(faults.folder / "told-go")
    busy = Background(lambda: faults.run("select f(a) as p from values (13.0D) as v(a) as t;"))
    faults.told.next()
    (pool,) = faults.session._state.functions._functions["f"]._pools.all()
    look_at(pool, 1e12, with_children=True)
    (faults.folder / "told-go").write_text("go")
    assert busy.result() == [{"p": 13.0}]


@pytest.mark.parametrize("limits", [Limits(growing=60.0)])
def test_as_many_as_register_says_are_started_at_once(faults: Faults) -> None:
    """Nobody waits for one before the first prediction."""
    faults.register(failing("pass", before="tell('loaded')"), "workers='3'")
    assert [faults.told.next() for _ in range(3)] == [["loaded"]] * 3
    assert faults.started() == 3


def test_sessions_share_a_process(faults: Faults) -> None:
    faults.register(IDENTITY)
    with connect(progress=SilentProgress()) as other:
        rows_of(other, faults.registering(name="G", script="f.py"), faults.folder)
        assert rows_of(other, "select G(1.5D) as p as t;", faults.folder) == [{"p": 1.5}]
        (row,) = rows_of(other, "select pid, name from system.workers as w;", faults.folder)
        assert row == {"pid": faults.pid(), "name": "function G"}
    faults.works()
    assert faults.started() == 1


def test_sessions_with_other_options_do_not_share(faults: Faults) -> None:
    faults.register(IDENTITY)
    with connect(progress=SilentProgress()) as other:
        rows_of(other, faults.registering("timeout='10s'", script="f.py"), faults.folder)
        assert rows_of(other, "select pid from system.workers as w;", faults.folder) != [{"pid": faults.pid()}]


BESIDE = """
    import beside, python_fun
    python_fun.batch(lambda path: None, lambda model, batch: [beside.FACTOR] * batch.num_rows)
"""


def test_an_edited_script_is_loaded_by_the_next_register(faults: Faults) -> None:
    faults.register(TIMES.replace("FACTOR", "2"))
    faults.register(TIMES.replace("FACTOR", "3"))
    assert faults.run("select f(2.0D) as p as t;") == [{"p": 6.0}]


def test_an_edited_module_beside_it_is_loaded_by_the_next_register(faults: Faults) -> None:
    (faults.folder / "beside.py").write_text("FACTOR = 2.0\n")
    faults.register(BESIDE)
    assert faults.run("select f(1.0D) as p as t;") == [{"p": 2.0}]
    faults.run(faults.registering(script="f.py"))
    assert faults.started() == 1
    (faults.folder / "beside.py").write_text("FACTOR = 34.0\n")
    assert faults.run("select f(1.0D) as p as t;") == [{"p": 2.0}]
    faults.run(faults.registering(script="f.py"))
    assert faults.run("select f(1.0D) as p as t;") == [{"p": 34.0}]
    assert faults.started() == 2


KEEPS = """
    import python_fun
    kept = []
    def predict(model, batch):
        kept.append(batch)
        del kept[:-LAST]
        return [sum(old.column(0).to_numpy().sum() for old in kept)] * batch.num_rows
    python_fun.batch(lambda path: None, predict)
"""


@pytest.mark.parametrize("last", [1, 3, 6])
def test_a_script_that_keeps_its_batches(faults: Faults, last: int) -> None:
    """They stay what they were, though larger and smaller ones come after them."""
    faults.register(KEEPS.replace("LAST", str(last)), "workers='1'")
    predictor = faults.session._state.functions.predictor("f")
    sums: list[float] = []
    for number, rows in enumerate([40_000, 40_000, 1_000, 100_000, 30_000, 65_536, 200_000, 10, 50_000, 90_000]):
        batch = pa.RecordBatch.from_pydict({"x": pa.array([float(number)] * rows)})
        sums.append(number * rows)
        answers = predictor.predict(batch)
        assert (answers[0].as_py(), len(answers)) == (sum(sums[-last:]), rows)


def test_without_shared_memory_the_answers_are_the_same(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "select sum(f(cast(id as double))) as s, count(*) as n from range(200000) as t;"
    faults.register(IDENTITY)
    shared = faults.run(query)
    monkeypatch.delattr(os, "memfd_create")
    faults.run(faults.registering("workers='1'", script="f.py"))
    (pool,) = faults.session._state.functions._functions["f"]._pools.all()
    assert [worker.process.arena for worker in pool.workers()] == [None]
    assert faults.run(query) == shared == [{"s": 199_999 * 200_000 / 2, "n": 200_000}]


def test_shared_memory_that_cannot_grow(faults: Faults, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A limit of this process: the batches go by the socket."""

    def refuse(*_: object) -> None:
        raise OSError(27, "File too large")

    faults.register(IDENTITY)
    monkeypatch.setattr("os.ftruncate", refuse)
    query = "select sum(f(cast(id as double))) as s from range(200000) as t;"
    assert faults.run(query) == [{"s": 199_999 * 200_000 / 2}]
