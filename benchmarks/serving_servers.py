"""The servers that predictions are asked of, ours and others', each a process that ends with its block."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT
from benchmarks.wrk import Request

_START_SECONDS = 120
_BIN = ROOT / ".venv" / "bin"
MLFLOW, MLSERVER = ROOT / ".venv" / "mlflow" / "bin", ROOT / ".venv" / "mlserver" / "bin"
_SAVE = """
import pickle, sys, mlflow.sklearn
with open(sys.argv[1], "rb") as file:
    mlflow.sklearn.save_model(pickle.load(file), sys.argv[2], serialization_format="cloudpickle")
"""


@dataclass(frozen=True)
class Server:
    """`url` answers predictions; `process` is the one that listens."""

    name: str
    url: str
    process: subprocess.Popen[bytes]

    def answer(self, request: Request) -> bytes:
        """The answer to one request."""
        asked = urllib.request.Request(self.url, request.body, dict(request.headers))
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return bytes(answer.read())


def absent() -> str | None:
    """Which of the others is not installed, or None."""
    if MLFLOW.joinpath("mlflow").exists() and MLSERVER.joinpath("mlserver").exists():
        return None
    return "MLflow and MLServer are not here; scripts/install_serving_peers.sh puts them into .venv (1.5 GB)"


class Servers:
    """Starts servers; at the end of the block all of them end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def ours(self, store: Path, name: str = "mlsql serve", options: Sequence[str] = ()) -> Server:
        """`mlsql serve` with the model of a store as f."""
        port = _free_port()
        script = self._folder / "serve.mlsql"
        script.write_text(f"register PythonAlg.`{store}` as f;")
        command = [_BIN / "mlsql", "serve", "--port", port, "--root", store.parent, "--script", script, *options]
        return self._started(name, command, {}, port, "/v2/models/f/infer", "/health")

    def application(self, name: str, app: str, environment: Mapping[str, str], *, factory: bool) -> Server:
        """One of `serving_apps`, served by uvicorn."""
        port = _free_port()
        command = [
            _BIN / "uvicorn",
            f"benchmarks.serving_apps:{app}",
            "--port",
            port,
            "--no-access-log",
            "--no-proxy-headers",
        ]
        command += ["--log-level", "warning", *(["--factory"] if factory else [])]
        return self._started(name, command, environment, port, "/", "/")

    def mlflow(self, pickle: Path) -> Server:
        """`mlflow models serve`, one process."""
        port = _free_port()
        model = self._folder / "mlflow-model"
        subprocess.run([MLFLOW / "python", "-c", _SAVE, pickle, model], check=True, capture_output=True)
        environment = {"PATH": f"{MLFLOW}:{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true"}
        command = [MLFLOW / "mlflow", "models", "serve", "-m", model, "-p", port, "--env-manager", "local"]
        return self._started("MLflow", [*command, "--workers", "1"], environment, port, "/invocations", "/ping")

    def mlserver(self, pickle: Path) -> Server:
        """`mlserver start`, predicting in its own process."""
        port = _free_port()
        folder = self._folder / "mlserver-model"
        folder.mkdir()
        settings = {"http_port": int(port), "grpc_port": int(_free_port()), "metrics_port": int(_free_port())}
        (folder / "settings.json").write_text(json.dumps({**settings, "parallel_workers": 0, "debug": False}))
        (folder / "model.joblib").write_bytes(pickle.read_bytes())
        model = {"name": "f", "implementation": "mlserver_sklearn.SKLearnModel"}
        (folder / "model-settings.json").write_text(json.dumps({**model, "parameters": {"uri": "./model.joblib"}}))
        environment = {"PATH": f"{MLSERVER}:{os.environ['PATH']}"}
        command = [MLSERVER / "mlserver", "start", folder]
        return self._started("MLServer", command, environment, port, "/v2/models/f/infer", "/v2/models/f/ready")

    def _started(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        port: str,
        path: str,
        ready: str,
    ) -> Server:
        process = self._stack.enter_context(
            _process([str(part) for part in command], environment, self._folder / name)
        )
        address = f"http://127.0.0.1:{port}"
        _wait(process, address + ready, self._folder / name)
        return Server(name, address + path, process)


@contextmanager
def _process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until something answers there."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{log.name} ended:\n{log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.HTTPError as error:
            if error.code in (404, 405):
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{log.name} does not answer:\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])
