"""How /models is described."""

from __future__ import annotations

from typing import Any, Final

from mlsql_engine.server.endpoints.described import (
    FLAG,
    TEXT,
    WHOLE,
    Schema,
    in_json,
    in_path,
    list_of,
    nullable,
    object_of,
    query,
)

_FUNCTION: Final[dict[str, Schema]] = {
    "name": TEXT,
    "path": {**nullable(TEXT), "description": "the model's folder; null for a script's function"},
    "version": {**nullable(WHOLE), "description": "the version of the model that it is"},
    "contract": {**TEXT, "description": "how it predicts: estimator, row, batch, udf or udaf"},
    "returnType": {**TEXT, "description": "the SQL type of what it gives"},
    "workers": {**WHOLE, "description": "how many processes of it live"},
}
_GROUP: Final[Schema] = object_of(
    {"algIndex": WHOLE, "alg": nullable(TEXT), "status": TEXT, "score": nullable({"type": "number"})}
)
_VERSION: Final[Schema] = object_of(
    {
        "version": WHOLE,
        "current": {**FLAG, "description": "the one that register takes"},
        "aliases": list_of(TEXT),
        "algorithm": TEXT,
        "createdAt": {"type": "string", "format": "date-time"},
        "groups": list_of(_GROUP),
    }
)
_MODEL: Final[Schema] = object_of({"path": TEXT, "versions": list_of(_VERSION)})
_PLANE: Final[dict[str, Any]] = {
    "name": "plane",
    "path": "models/plane",
    "version": 0,
    "contract": "estimator",
    "returnType": "double",
    "workers": 1,
}
_VERSIONS: Final[dict[str, Any]] = {
    "path": "models/plane",
    "versions": [
        {
            "version": 0,
            "current": True,
            "aliases": ["production"],
            "algorithm": "SKLearn",
            "createdAt": "2026-11-23T07:24:36.950Z",
            "groups": [{"algIndex": 0, "alg": "LinearRegression", "status": "success", "score": 0.93}],
        }
    ],
}
_PARAMETERS: Final = [
    query("owner", "whose session; without it the caller's", TEXT),
    query("sessionPerUser", "the owner's session, not the default one", FLAG),
]

MODELS: Final[dict[str, Any]] = {
    "tags": ["models"],
    "operationId": "models",
    "summary": "The functions that are served, and the models that the session knows",
    "description": "Paths are relative to the server's root; those of models elsewhere are shortened.",
    "parameters": _PARAMETERS,
    "responses": {
        "200": in_json(
            "functions and models",
            object_of({"functions": list_of(object_of(_FUNCTION)), "models": list_of(_MODEL)}),
            {"functions": [_PLANE], "models": [_VERSIONS]},
        ),
    },
}
MODEL: Final[dict[str, Any]] = {
    "tags": ["models"],
    "operationId": "servedFunction",
    "summary": "One function, and the versions of its model",
    "parameters": [in_path("name", "the function's name"), *_PARAMETERS],
    "responses": {
        "200": in_json(
            "the function",
            object_of({**_FUNCTION, "model": nullable(_MODEL)}),
            {**_PLANE, "model": _VERSIONS},
        ),
    },
}
