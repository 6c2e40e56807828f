"""Telling a URL that a job has ended.

What is sent is a form: stat is succeeded or failed; res are the rows, msg and error what went wrong; jobInfo tells
of the job, as JSON. With a secret, the header X-Mlsql-Signature is "sha256=" and the HMAC, in hex, of the header
X-Mlsql-Timestamp (seconds since 1970), a full stop and the body. Redirects are not followed.

http.client and not a larger client: the connection must go to the very address that was checked, and nothing else
of a client is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import http.client
import logging
import random
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import msgspec

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.version import __version__
from mlsql_engine.server import errors
from mlsql_engine.server.callback_hosts import PORTS, CallbackHosts, Target
from mlsql_engine.server.callers import Caller, Role
from mlsql_engine.server.job import ScriptJob
from mlsql_engine.server.settings import Callbacks

_LOG = logging.getLogger(__name__)
_AT_ONCE = 4
_LARGEST_ROWS = 16 << 20
_RECEIVER = Caller("callback", Role.RUN)
_BUSY = 429


class CallbackSender:
    """Calls what jobs name when they end. Belongs to one event loop."""

    def __init__(self, settings: Callbacks) -> None:
        self.hosts = CallbackHosts(settings.hosts)
        self._settings = settings
        self._executor = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mlsql-callback")
        self._tasks: set[asyncio.Task[None]] = set()

    def ended(self, job: ScriptJob) -> None:
        """Call the URL of a job that has ended, if it names one; `job.told` tells how that goes."""
        if job.script.callback is None:
            return
        job.told = {"state": "waiting", "attempts": 0, "message": None}
        task = asyncio.create_task(self._deliver(job, job.told, self.hosts.target(job.script.callback)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, job: ScriptJob, told: dict[str, Any], target: Target) -> None:
        settings = self._settings
        body = await asyncio.to_thread(form, job)
        pause = settings.pause
        while True:
            told["attempts"] += 1
            problem, again = await self._call(target, body, job.id)
            if problem is None or not again or told["attempts"] >= settings.attempts:
                break
            told["message"] = problem
            # Not all at the same time, when a receiver comes up again.
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 2, settings.longest_pause)
        told["state"], told["message"] = ("delivered" if problem is None else "failed"), problem
        if problem is not None:
            _LOG.warning(
                "the callback of job %s was given up after %s calls: %s", job.id, told["attempts"], problem
            )

    async def _call(self, target: Target, body: bytes, number: str) -> tuple[str | None, bool]:
        """One call: what went wrong, if anything, and whether another may do better."""
        call = _Call(self._settings, self.hosts, target)
        headers = signed(body, self._settings.secret, int(time.time())) | {"X-Mlsql-Job": number}
        calling = asyncio.get_running_loop().run_in_executor(self._executor, call.post, body, headers)
        try:
            async with asyncio.timeout(self._settings.seconds):
                status = await asyncio.shield(calling)
        except asyncio.CancelledError:
            call.abort()  # the end of the server waits for its thread
            raise
        except TimeoutError:
            call.abort()
            with contextlib.suppress(Exception):
                await calling
            return f"no answer within {self._settings.seconds:g} s", True
        except MlsqlError as error:
            return error.message, False
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}", True
        if 200 <= status < 300:
            return None, False
        return f"it answered {status}", status >= 500 or status == _BUSY

    async def close(self, seconds: float = 0.0) -> None:
        """Let calls that are under way go on for so long, and give up the others."""
        if self._tasks and seconds:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._executor.shutdown)


class _Call:
    """One POST to an address that was checked."""

    def __init__(self, settings: Callbacks, hosts: CallbackHosts, target: Target) -> None:
        self._settings = settings
        self._hosts = hosts
        self._target = target
        self._socket: socket.socket | None = None

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer. Raises OSError, HTTPException, and MlsqlError for a foreign address."""
        target = self._target
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.default_port = PORTS[target.scheme]  # which the header Host leaves out
        with contextlib.closing(self._connected()) as connected, contextlib.closing(connection):
            connection.sock = connected
            connection.request("POST", target.path, body, headers)
            return connection.getresponse().status

    def _connected(self) -> socket.socket:
        target = self._target
        address = self._hosts.address(target)
        made = socket.create_connection((address, target.port), timeout=self._settings.seconds)
        self._socket = made
        if target.scheme == "https":
            made = ssl.create_default_context().wrap_socket(made, server_hostname=target.host)
            self._socket = made
        return made

    def abort(self) -> None:
        """Make `post` fail soon; from another thread."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def signed(body: bytes, secret: bytes, seconds: int) -> dict[str, str]:
    """The headers of a call at a time, in seconds since 1970."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": f"mlsql/{__version__}",
        "X-Mlsql-Timestamp": str(seconds),
    }
    if secret:
        digest = hmac.new(secret, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        headers["X-Mlsql-Signature"] = f"sha256={digest}"
    return headers


def form(job: ScriptJob) -> bytes:
    """What is sent of a job that has ended. Rows of more than 16 MiB are left out: resultUrl has them."""
    fields = {"stat": "succeeded" if job.error is None else "failed"}
    if job.error is not None:
        fields["msg"] = job.error.message
        fields["error"] = msgspec.json.encode(errors.body(job.error, _RECEIVER)).decode()
    elif job.result is not None and job.result.size <= _LARGEST_ROWS:
        fields["res"] = b"".join(job.result.pieces()).decode()
    fields["jobInfo"] = msgspec.json.encode(job_info(job)).decode()
    return urlencode(fields).encode()


def job_info(job: ScriptJob) -> dict[str, Any]:
    """The job under the names of the original's StreamingproJobInfo, and where it is found."""
    script, core = job.script, job.core
    return {
        "owner": script.owner,
        "jobType": "script",
        "jobName": script.name,
        "jobContent": script.text,
        "groupId": job.id,
        "progress": {
            "totalJob": 0 if core is None else core.statements,
            "currentJobIndex": 0 if core is None else core.done,
            "script": "" if core is None else core.statement,
        },
        "startTime": int(job.created.timestamp() * 1000),
        "timeout": -1 if script.seconds is None else int(script.seconds * 1000),
        "state": job.state,
        **job.addresses,
    }
