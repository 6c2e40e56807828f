"""Load on an HTTP server by wrk (https://github.com/wg/wrk), and what it counted."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
wrk.method = "POST"
wrk.body = io.open("{body}", "rb"):read("*a")
{headers}
{delay}
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '\\n{{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d}}\\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


_DELAY = """
local pause = {pause}
local rest = 0
function delay()
    -- wrk waits whole milliseconds
    rest = rest + pause
    local whole = math.floor(rest)
    rest = rest - whole
    return whole
end
"""


@dataclass(frozen=True)
class Load:
    """What one run of wrk counted; `p50` and `p99` are seconds from a request to its whole answer."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failed: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Request:
    """A request that is sent again and again."""

    body: bytes
    headers: Mapping[str, str]


def absent() -> str | None:
    """What is not here, or None."""
    return None if shutil.which("wrk") else "it needs the command wrk (scripts/install_serving_peers.sh)"


def run(url: str, request: Request, connections: int, seconds: float, folder: Path, pause: float = 0.0) -> Load:
    """Send the request on so many connections, each `pause` milliseconds after the one before was answered."""
    body, script = folder / "body", folder / "load.lua"
    body.write_bytes(request.body)
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in request.headers.items())
    delay = _DELAY.format(pause=pause) if pause else ""
    script.write_text(_SCRIPT.format(body=body, headers=headers, delay=delay))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Load(**json.loads(done.stdout.strip().splitlines()[-1]))
