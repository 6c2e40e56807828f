"""GET and POST /model/predict: a select list over rows that the request brings."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pyarrow as pa
from starlette.responses import Response

from mlsql_engine.core.errors import BadValue, UnknownName, UnknownOption
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints.model_predict_api import OPERATIONS, PARAMETERS
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route
from mlsql_engine.server.sessions import ServerSession
from mlsql_engine.serving import json_rows, rows, vector_rows

_DATA: Final = msgspec.json.Decoder(list)
_NAME: Final = re.compile(r"\w+")
_UNUSED: Final = "context."
"""The original's variables of a script begin so; there is no script here."""
_LONG_TEXT: Final = 1 << 16
_MANY_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says: `text` is its select list, `data` its rows as JSON has them; `kind` tells of what."""

    text: str
    data: list[Any]
    kind: str = "vector"
    vec_type: str = "dense"
    vec_size: int | None = None

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
    parameters = await request.parameters()
    sessions = request.server.sessions
    if not _truth(parameters, "sessionPerUser"):
        return await _answer(request, parameters, sessions.default)
    owner = _text(parameters, "owner") or request.caller.name
    async with sessions.of(owner, per_user=True) as session:
        return await _answer(request, parameters, session)


async def _answer(request: Request, parameters: Mapping[str, Any], session: ServerSession) -> Response:
    given = parameters.get("data")
    large = isinstance(given, str) and len(given) > _LONG_TEXT
    asked = await asyncio.to_thread(read, parameters) if large else read(parameters)
    _check_functions(parameters, session)
    if not asked.data and asked.kind == "row":
        return Response(b"[]", media_type="application/json")
    many = len(asked.data) > _MANY_ROWS or large
    batch = await asyncio.to_thread(asked.batch) if many else asked.batch()
    made = await request.server.queries.of(session).rows(asked.text, batch, request.deadline)
    many = sum(part.num_rows for part in made) > _MANY_ROWS
    body = await asyncio.to_thread(json_rows.rows, made) if many else json_rows.rows(made)
    return Response(body, media_type="application/json")


def read(parameters: Mapping[str, Any]) -> Asked:
    """What the parameters say. Raises UnknownOption and BadValue."""
    for name in parameters:
        if name not in PARAMETERS and not name.startswith(_UNUSED):
            raise UnknownOption(name, "/model/predict", PARAMETERS)
    _text(parameters, "owner")
    kind = _one_of(parameters, "dataType", ("vector", "string", "row"))
    for name in ("vecType", "vecSize"):
        if kind != "vector" and parameters.get(name) not in (None, ""):
            raise BadValue(f"{name} is for dataType=vector, and dataType is {kind}", hint=f"leave {name} out")
    return Asked(
        text=_select_list(parameters),
        data=_data(parameters),
        kind=kind,
        vec_type=_one_of(parameters, "vecType", ("dense", "sparse")),
        vec_size=_size(parameters),
    )


def _select_list(parameters: Mapping[str, Any]) -> str:
    """What `sql` says, or `pipeline` stands for."""
    sql = _text(parameters, "sql")
    names = _pipeline(parameters)
    if sql.strip():
        if names:
            raise BadValue("sql and pipeline are both given", hint="pipeline=f,g stands for sql=g(f(feature))")
        return sql
    if not names:
        raise BadValue("sql is missing", hint="as in sql=f(vec_dense(features)) as p; or say pipeline=f,g")
    value = rows.FEATURE
    for name in names:
        value = f"{name}({value})"
    return value


def _pipeline(parameters: Mapping[str, Any]) -> list[str]:
    text = _text(parameters, "pipeline")
    names = [name.strip() for name in text.split(",")] if text.strip() else []
    for name in names:
        if not _NAME.fullmatch(name):
            raise BadValue(f"pipeline: '{name}' is no name of a function", hint="as in pipeline=f,g")
    return names


def _check_functions(parameters: Mapping[str, Any], session: ServerSession) -> None:
    """Raise UnknownName for a function of the pipeline that is not there: the caller wrote no select list."""
    known = session.served.names()
    for name in _pipeline(parameters):
        if name.lower() not in known:
            raise UnknownName("function", name, known)


def _data(parameters: Mapping[str, Any]) -> list[Any]:
    data = parameters.get("data")
    if isinstance(data, str) and data.strip():
        try:
            return _DATA.decode(data)
        except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
            raise BadValue(f"data is no JSON array: {error}", hint='as in data=[{"a": 1}]') from None
    if isinstance(data, list):
        return data
    if data in (None, ""):
        raise BadValue("data is missing", hint='data is a JSON array of rows: data=[{"a": 1}]')
    raise BadValue("data is no JSON array", hint='as in data=[{"a": 1}]')


def _text(parameters: Mapping[str, Any], name: str) -> str:
    value = parameters.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadValue(f"{name} is no text")
    return value


def _one_of(parameters: Mapping[str, Any], name: str, words: Sequence[str]) -> str:
    """One of some words, in any case; the first where there is none."""
    value = _text(parameters, name)
    if not value:
        return words[0]
    if value.lower() not in words:
        raise BadValue(f"'{value}' is no {name}", hint=f"it is {', '.join(words[:-1])} or {words[-1]}")
    return value.lower()


def _size(parameters: Mapping[str, Any]) -> int | None:
    value = parameters.get("vecSize")
    if value in (None, ""):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal() or int(value) >= 1 << 31:
        raise BadValue(f"vecSize={value} is no number of elements")
    return int(value)


def _truth(parameters: Mapping[str, Any], name: str) -> bool:
    value = parameters.get(name)
    if value in (None, "", False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise BadValue(f"{name} is true or false, and not '{value}'")


ROUTES = (Route("/model/predict", model_predict, ("GET", "POST"), Role.PREDICT, OPERATIONS),)
