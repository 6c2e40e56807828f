"""GET and POST /model/predict: a select list over rows that the request brings."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from starlette.responses import Response

from mlsql_engine.core.errors import BadValue, UnknownName
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints.model_predict_api import OPERATIONS, PARAMETERS
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.parameters import Parameters
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route
from mlsql_engine.server.sessions import ServerSession
from mlsql_engine.serving import json_rows, rows, vector_rows

_DATA_TYPES: Final = ("vector", "string", "row")
_VEC_TYPES: Final = ("dense", "sparse")
_DATA_HINT: Final = 'data is a JSON array of rows: data=[{"a": 1}]'
_NAME: Final = re.compile(r"\w+")
_UNUSED: Final = "context."
"""The original's variables of a script begin so; there is no script here."""
_LONG_TEXT: Final = 1 << 16
_MANY_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says: `text` is its select list, `data` its rows as JSON has them; `kind` tells of what.

    `pipeline` are the functions that the text was made of, where the request names functions and brings no text.
    """

    text: str
    data: list[Any]
    kind: str = "vector"
    vec_type: str = "dense"
    vec_size: int | None = None
    pipeline: tuple[str, ...] = ()

    def batch(self) -> pa.RecordBatch:
        """The rows. Raises BadValue."""
        if self.kind == "row":
            return rows.objects(self.data)
        if self.kind == "string":
            return rows.strings(self.data)
        if self.vec_type == "sparse":
            return vector_rows.sparse_vectors(self.data, self.vec_size)
        return vector_rows.dense_vectors(self.data)


async def model_predict(request: Request) -> Response:
    """Answer with a JSON array of rows."""
    given = await request.parameters()
    parameters, sessions = Parameters(given), request.server.sessions
    data = given.get("data")
    large = isinstance(data, str) and len(data) > _LONG_TEXT
    asked = await asyncio.to_thread(read, parameters) if large else read(parameters)
    if not parameters.flag("sessionPerUser"):
        return await _answer(request, asked, sessions.default, large=large)
    owner = parameters.text("owner", "") or request.caller.name
    async with sessions.of(owner, per_user=True) as session:
        return await _answer(request, asked, session, large=large)


async def _answer(request: Request, asked: Asked, session: ServerSession, *, large: bool) -> Response:
    _check_functions(asked.pipeline, session)
    if not asked.data and asked.kind == "row":
        return JsonResponse(b"[]")
    many = len(asked.data) > _MANY_ROWS or large
    batch = await asyncio.to_thread(asked.batch) if many else asked.batch()
    made = await request.server.queries.of(session).rows(asked.text, batch, request.deadline)
    many = sum(part.num_rows for part in made) > _MANY_ROWS
    body = await asyncio.to_thread(json_rows.rows, made) if many else json_rows.rows(made)
    return JsonResponse(body)


def read(parameters: Parameters) -> Asked:
    """What the parameters say. Raises UnknownName and BadValue."""
    parameters.refuse_others(PARAMETERS, _UNUSED)
    parameters.text("owner", "")
    kind = parameters.one_of("dataType", _DATA_TYPES, "vector")
    vec_type, vec_size = "dense", None
    if kind == "vector":
        vec_type, vec_size = parameters.one_of("vecType", _VEC_TYPES, "dense"), _size(parameters)
    elif "vecType" in parameters or "vecSize" in parameters:
        name = "vecType" if "vecType" in parameters else "vecSize"
        raise BadValue(f"{name} is for dataType=vector, and dataType is {kind}", hint=f"leave {name} out")
    pipeline = _pipeline(parameters.text("pipeline", ""))
    text = _select_list(parameters.text("sql", ""), pipeline)
    return Asked(text, parameters.array("data", _DATA_HINT), kind, vec_type, vec_size, pipeline)


def _select_list(sql: str, pipeline: Sequence[str]) -> str:
    """What `sql` says, or `pipeline` stands for."""
    if sql.strip():
        if pipeline:
            raise BadValue("sql and pipeline are both given", hint="pipeline=f,g stands for sql=g(f(feature))")
        return sql
    if not pipeline:
        raise BadValue("sql is missing", hint="as in sql=f(vec_dense(features)) as p; or say pipeline=f,g")
    value = rows.FEATURE
    for name in pipeline:
        value = f"{name}({value})"
    return value


def _pipeline(text: str) -> tuple[str, ...]:
    if not text.strip():
        return ()
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if not _NAME.fullmatch(name):
            raise BadValue(f"pipeline: '{name}' is no name of a function", hint="as in pipeline=f,g")
    return names


def _check_functions(names: Sequence[str], session: ServerSession) -> None:
    """Raise UnknownName for a function of the pipeline that is not there: the caller wrote no select list."""
    for name in names:
        if name.lower() not in session.served.names():
            raise UnknownName("function", name, session.served.names())


def _size(parameters: Parameters) -> int | None:
    size = parameters.whole("vecSize")
    if size is not None and not 0 <= size < 1 << 31:
        raise BadValue(f"the parameter 'vecSize' cannot be {size}", hint="it is how many elements a vector has")
    return size


ROUTES = (Route("/model/predict", model_predict, ("GET", "POST"), Role.PREDICT, OPERATIONS),)
