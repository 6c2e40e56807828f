"""What is computed and kept before a reading: a graph of relations without a database."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mlsql_engine.engines.dialect import translate
from mlsql_engine.engines.duckdb.relation import DuckRelation, before_reading
from unit.engines.duckdb.sessions import text


def relation(name: str, *parents: DuckRelation, volatile: bool = False) -> DuckRelation:
    return DuckRelation(name, lambda: pa.schema([(name, pa.int64())]), parents, volatile)


def read(node: DuckRelation) -> list[str]:
    """Read it as the engine does; the relations that are kept first."""
    chosen = before_reading(node)
    for item in chosen:
        item.stored = True
    return [item.view for item in chosen]


def test_the_columns_are_asked_once() -> None:
    asked: list[int] = []

    def describe() -> pa.Schema:
        asked.append(1)
        return pa.schema([("a", pa.int64()), ("b", pa.string())])

    node = DuckRelation("x", describe)
    assert (asked, node.columns, node.columns, asked) == ([1], ("a", "b"), ("a", "b"), [1])


def test_plain_tables_are_never_kept() -> None:
    base = relation("base")
    top = relation("top", base, base)
    assert [read(top), read(top), read(base)] == [[], [], []]


def test_a_volatile_one_is_kept_at_its_second_use() -> None:
    node = relation("model", volatile=True)
    assert [read(node), read(node), read(node)] == [[], ["model"], []]


def test_or_when_one_reading_needs_it_twice() -> None:
    node = relation("model", volatile=True)
    assert read(relation("join", node, node)) == ["model"]


def test_or_when_two_tables_read_it() -> None:
    node = relation("model", volatile=True)
    one, two = relation("one", node), relation("two", node)
    assert [read(one), read(two), read(one)] == [[], ["model"], []]


def test_a_diamond_reads_its_root_twice() -> None:
    root = relation("root", volatile=True)
    assert read(relation("end", relation("left", root), relation("right", root))) == ["root"]


def test_a_chain_is_kept_where_it_is_read_twice() -> None:
    first = relation("first", volatile=True)
    second = relation("second", first, volatile=True)
    third = relation("third", second, volatile=True)
    assert read(relation("join", third, third)) == ["third"]
    assert read(second) == ["first", "second"]


def test_what_is_kept_needs_its_inputs_no_more() -> None:
    first = relation("first", volatile=True)
    second = relation("second", first, volatile=True)
    assert [read(second), read(second), read(second)] == [[], ["first", "second"], []]
    assert read(first) == []


def test_a_loader_is_kept_at_its_first_use() -> None:
    node = DuckRelation("parsed", lambda: pa.schema([]), loader=lambda: "SELECT 1")
    assert [read(relation("top", node)), read(node)] == [["parsed"], []]


def test_a_random_one_is_kept_at_its_first_use() -> None:
    query = translate(text("select rand() as r"), {}, {})
    node = DuckRelation("random", lambda: pa.schema([]), (), query.volatile, query=query)
    assert [read(relation("top", node)), read(node)] == [["random"], []]


def test_the_place_of_a_call_is_that_of_the_nearest_table() -> None:
    functions = {"f": "mlsql_function_f_v1"}
    inner = translate(text("select f(a) as b from t"), {"t": "x"}, functions)
    outer = translate(text("select 1 + f(b) as c from t"), {"t": "y"}, functions)
    low = DuckRelation("low", lambda: pa.schema([]), query=inner)
    high = DuckRelation("high", lambda: pa.schema([]), (low,), query=outer)
    plain = DuckRelation("plain", lambda: pa.schema([]), (low,), query=translate(text("select 1"), {}, {}))
    found = [node.place_of_call("F") for node in (high, plain)]
    assert [span.start if span else None for span in found] == [11, 7]
    assert high.place_of_call("g") is None


@given(st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 9))), min_size=1, max_size=10), st.data())
def test_no_volatile_relation_is_ever_computed_twice(
    drawn: list[tuple[bool, set[int]]], data: st.DataObject
) -> None:
    """Reading any tables in any order, each volatile one is computed once, or streamed once and then kept."""
    nodes: list[DuckRelation] = []
    for number, (volatile, parents) in enumerate(drawn):
        nodes.append(relation(str(number), *(nodes[item] for item in parents if item < number), volatile=volatile))
    computed = dict.fromkeys((node.view for node in nodes), 0)

    def compute(node: DuckRelation) -> None:
        computed[node.view] += 1
        for parent in node.parents:
            if not parent.stored:
                compute(parent)

    for node in data.draw(st.lists(st.sampled_from(nodes), max_size=6)):
        for kept in before_reading(node):
            compute(kept)
            kept.stored = True
        if not node.stored:
            compute(node)
    assert all(computed[node.view] <= 2 for node in nodes if node.volatile)
