"""What served predictions are measured against: applications that uvicorn serves as it serves ours.

`bare` predicts in its own process, as a user would write it; `reference` and `reference_starlette` read the same
request and answer as much as ours does, and predict nothing.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_JSON = [(b"content-type", b"application/json")]


def bare() -> Starlette:
    """Starlette and the model that MODEL names."""
    model = pickle.loads(Path(os.environ["MODEL"]).read_bytes())

    async def infer(request: Request) -> Response:
        tensor = (await request.json())["inputs"][0]
        rows = np.array(tensor["data"], dtype=float).reshape(tensor["shape"])
        found = model.predict(rows).tolist()
        output = {"name": "prediction", "shape": [len(found)], "datatype": "BOOL", "data": found}
        return JSONResponse({"model_name": "f", "model_version": "0", "outputs": [output]})

    return Starlette(routes=[Route("/", infer, methods=["POST"])])


async def reference(_scope: Any, receive: Any, send: Any) -> None:
    """No framework: reads the body, parses it, and sends the answer that ANSWER holds."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message["body"]
        more = message.get("more_body", False)
    orjson.loads(body or b"{}")
    answer = os.environ["ANSWER"].encode()
    headers = [*_JSON, (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def reference_starlette() -> Starlette:
    """The same as an endpoint of Starlette's."""
    answer = os.environ["ANSWER"].encode()

    async def infer(request: Request) -> Response:
        orjson.loads(await request.body())
        return Response(answer, media_type="application/json")

    return Starlette(routes=[Route("/", infer, methods=["POST"])])
