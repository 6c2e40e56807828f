"""A Kafka broker of our own, on free loopback ports and in a folder of its own; it ends whatever happens."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO

import pytest

JARS = Path(__file__).parent.parent / ".venv" / "kafka"
LARGEST_MESSAGE = 1_048_588
SECONDS = 120.0
_STARTED = "Kafka Server started"
# Ends the broker when its standard input is closed, by us or because this process is gone.
_GUARD = """
import os, subprocess, sys
broker = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
print("pid", broker.pid, flush=True)
sys.stdin.read()
broker.kill()
broker.wait()
"""
_MEMORY = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LOG = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
)


@dataclass(frozen=True)
class KafkaBroker:
    """A broker that has started: its address and its process."""

    address: str
    pid: int

    def kill(self) -> None:
        """End it at once, as a machine that loses its power does."""
        os.kill(self.pid, signal.SIGKILL)


@contextmanager
def kafka_broker() -> Iterator[KafkaBroker]:
    """A broker with the default settings; skips the test where scripts/install_kafka.sh was not run."""
    if not (JARS / "pom.xml").exists() or shutil.which("java") is None:
        pytest.skip("needs java, and the jars that scripts/install_kafka.sh fetches")
    with tempfile.TemporaryDirectory(prefix="kafka-") as name:
        folder = Path(name)
        port, other = _free_ports()
        settings = folder / "server.properties"
        settings.write_text(_settings(folder, port, other), encoding="utf-8")
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # One word: some begin with a dash.
        formatting = _java("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", settings)
        subprocess.run(formatting, check=True, capture_output=True, timeout=SECONDS)
        guard = subprocess.Popen(
            [sys.executable, "-c", _GUARD, *_java("kafka.Kafka", settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert guard.stdin is not None
        assert guard.stdout is not None
        # What the broker says later is read and thrown away, so that it never waits for us.
        rest = Thread(target=deque, args=(guard.stdout, 0))
        with guard:
            try:
                pid = _started(guard.stdout)
                rest.start()
                yield KafkaBroker(f"127.0.0.1:{port}", pid)
            finally:
                guard.stdin.close()
                guard.wait(SECONDS)
                if rest.ident is not None:
                    rest.join()


def _java(*command: object) -> list[str]:
    return ["java", *_MEMORY, *_LOG, "-cp", str(JARS / "*"), *map(str, command)]


def _settings(folder: Path, port: int, other: int) -> str:
    return "\n".join(
        [
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@127.0.0.1:{other}",
            f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{other}",
            "controller.listener.names=CONTROLLER",
            f"log.dirs={folder / 'data'}",
            "offsets.topic.replication.factor=1",
            "log.index.size.max.bytes=1048576",
        ]
    )


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for opened in (first, second):
            opened.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _started(output: IO[str]) -> int:
    """The broker's process id, when it says that it has started."""
    last: deque[str] = deque(maxlen=30)
    pid = 0
    for line in output:
        last.append(line)
        if line.startswith("pid "):
            pid = int(line.split()[1])
        if _STARTED in line:
            return pid
        if pid and "Exiting Kafka" in line:
            break
    raise AssertionError("the broker did not start:\n" + "".join(last))
