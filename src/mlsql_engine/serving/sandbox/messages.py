"""What a server and its sandboxes say to each other, over the channel of `mlsql_sdk.wire`.

    RUN      server: a query, by its text, and the functions that it may call; the payload has its rows, or their
             schema alone, and then nothing but what becomes of the query is wanted
    PREDICT  sandbox: a function's name, and the rows that it is asked about
    BATCH    server: the answers to a PREDICT
    RESULT   sandbox: the end of a RUN: rows, or what becomes of the query
    FAILED   either: the error of a RUN; or that of a PREDICT, which the server keeps under the message's number

Neither side takes anything but JSON and Arrow from the other.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.functions import Described
from mlsql_engine.core.span import Source, Span
from mlsql_engine.engines import select_lists
from mlsql_engine.engines.select_lists import Array, Call, Column, Constant, Dense, Everything, Sparse, Struct
from mlsql_engine.serving.sandbox.engine import Bound
from mlsql_sdk import accepted

COLUMNS: Final = "columns"


def table_bytes(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> pa.Buffer:
    """Record batches, also none, as a payload."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def read_batches(payload: memoryview) -> tuple[pa.Schema, list[pa.RecordBatch]]:
    """What `table_bytes` made."""
    reader = pa.ipc.open_stream(pa.py_buffer(payload))
    return reader.schema, list(reader)


def described_control(described: Described) -> dict[str, Any]:
    """What a function says of itself, as JSON has it."""
    kind = pa.schema([pa.field("value", described.return_type)]).serialize().to_pybytes()
    takes = None if described.accepted is None else described.accepted.control()
    return {
        "contract": described.contract,
        "return_type": base64.b64encode(kind).decode("ascii"),
        "form": described.form,
        "accepted": takes,
        "title": described.title,
    }


def read_described(control: Mapping[str, Any]) -> Described:
    """What `described_control` made."""
    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(control["return_type"])))
    return Described(
        contract=control["contract"],
        return_type=schema.field(0).type,
        form=control["form"],
        accepted=accepted.of_control(control["accepted"]),
        title=control["title"],
    )


def error_control(error: MlsqlError) -> dict[str, Any]:
    """The error of a query, as JSON has it."""
    place = None if error.span is None else [error.span.start, error.span.end]
    return {"code": error.code, "message": error.message, "hint": error.hint, "place": place}


def read_error(control: Mapping[str, Any], source: Source) -> MlsqlError:
    """What `error_control` made, of the query that is `source`."""
    return MlsqlError(
        control["message"], code=control["code"], hint=control["hint"], span=read_place(control["place"], source)
    )


def read_place(place: Sequence[int] | None, source: Source) -> Span | None:
    """A place in the query that is `source`."""
    return None if place is None else Span(source, place[0], place[1])


def bound_message(bound: Bound) -> tuple[dict[str, Any], pa.Buffer]:
    """What becomes of a query, as a control part and a payload."""
    items = bound.select.items
    control = {
        "items": None if items is None else [_node(item) for item in items],
        "reason": bound.select.reason,
        "places": {name: [span.start, span.end] for name, span in bound.select.places.items()},
    }
    fields = [pa.field(COLUMNS, pa.struct(list(bound.schema)))]
    for name, kinds in bound.arguments:
        fields.append(pa.field(name, pa.struct([(str(place), kind) for place, kind in enumerate(kinds)])))
    return control, table_bytes([], pa.schema(fields))


def read_bound(control: Mapping[str, Any], payload: memoryview, source: Source) -> Bound:
    """What `bound_message` made, of the query that is `source`."""
    columns, *calls = read_batches(payload)[0]
    items = control["items"]
    places = {name: Span(source, *place) for name, place in control["places"].items()}
    return Bound(
        schema=pa.schema(list(columns.type)),
        arguments=tuple((call.name, tuple(field.type for field in call.type)) for call in calls),
        select=select_lists.SelectList(
            None if items is None else tuple(_read_node(item) for item in items), control["reason"], places
        ),
    )


def _node(node: Any) -> list[Any]:
    """A value, or `*`, as JSON has it: the word for it and its parts."""
    match node:
        case Constant(Decimal() as value, kind):
            return ["constant", str(value), kind]
        case Constant(value, kind):
            return ["constant", value, kind]
        case Column(name, may_be_row):
            return ["column", name, may_be_row]
        case Array(items):
            return ["array", _nodes(items)]
        case Struct(names, values):
            return ["struct", names, _nodes(values)]
        case Dense(array):
            return ["dense", _node(array)]
        case Sparse(size, keys, values):
            return ["sparse", _node(size), _nodes(keys), _nodes(values)]
        case Call(function, arguments):
            return ["call", function, _nodes(arguments)]
    return ["everything"]


def _nodes(nodes: Sequence[Any]) -> list[list[Any]]:
    return [_node(node) for node in nodes]


def _read_node(node: Any) -> Any:
    match node:
        case ["constant", value, kind]:
            return Constant(Decimal(value) if kind == "decimal" else value, kind)
        case ["column", name, may_be_row]:
            return Column(name, may_be_row)
        case ["array", items]:
            return Array(_read_nodes(items))
        case ["struct", names, values]:
            return Struct(tuple(names), _read_nodes(values))
        case ["dense", array]:
            return Dense(_read_node(array))
        case ["sparse", size, keys, values]:
            return Sparse(_read_node(size), _read_nodes(keys), _read_nodes(values))
        case ["call", function, arguments]:
            return Call(function, _read_nodes(arguments))
    return Everything()


def _read_nodes(nodes: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_read_node(node) for node in nodes)
