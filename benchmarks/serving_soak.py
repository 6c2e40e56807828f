"""Ten minutes of predictions over HTTP at 80 % of the most that the server answers: no error, flat memory.

wrk first finds the most requests of one row that 32 connections get answered in a second, then the pause after each
answer with which 64 connections ask for four fifths of that, and asks so for ten minutes (a quarter with --quick),
while the memory of the server and its workers (proportional set size) is read once a second.
"""

from __future__ import annotations

import statistics
import threading
from pathlib import Path

from benchmarks import models, wrk
from benchmarks.measuring import Bar, Figure, Runs
from benchmarks.serving import tensor
from benchmarks.serving_servers import Server, Servers
from benchmarks.workspace import Workspace
from benchmarks.wrk import Load, Request

_CONNECTIONS = 64
_SHARE = 0.8
_SECONDS = 600.0
_QUICK_SECONDS = 15.0
_NEAR = 0.02


def run(workspace: Workspace) -> list[Figure]:
    seconds = _QUICK_SECONDS if workspace.quick else _SECONDS
    trained = models.train(workspace)
    folder = workspace.new_folder("soak")
    with Servers(folder) as servers:
        server = servers.ours(trained.store)
        request = tensor(workspace.matrix[:1])
        most = max(wrk.run(server.url, request, 32, 10, folder).rate for _ in range(2))
        pause = _pause(server, request, _SHARE * most, folder)
        workspace.told(f"the most is {most:.0f} requests/s; {seconds:.0f} s with pauses of {pause:.1f} ms")
        load, memory = _soaked(server, request, pause, seconds, folder)
    return _figures(load, memory, most)


def _pause(server: Server, request: Request, wanted: float, folder: Path) -> float:
    """The milliseconds after each answer with which about the wanted rate is asked for."""
    pause = _CONNECTIONS / wanted * 1e3
    for _ in range(8):
        rate = wrk.run(server.url, request, _CONNECTIONS, 5, folder, pause).rate
        if abs(rate / wanted - 1) < _NEAR:
            break
        pause = max(0.0, pause + (_CONNECTIONS / wanted - _CONNECTIONS / rate) * 1e3)
    return pause


def _soaked(
    server: Server, request: Request, pause: float, seconds: float, folder: Path
) -> tuple[Load, list[float]]:
    memory: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            memory.append(_megabytes(server.process.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        return wrk.run(server.url, request, _CONNECTIONS, seconds, folder, pause), memory
    finally:
        ended.set()
        watching.join()


def _megabytes(pid: int) -> float:
    """The memory of a process and those below it."""
    import psutil

    process = psutil.Process(pid)
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e6


def _figures(load: Load, memory: list[float], most: float) -> list[Figure]:
    what = (
        f"{load.seconds / 60:.1f} minutes of requests of 1 row, {load.rate / most:.0%} of the most ({most:.0f}/s)"
    )
    third = len(memory) // 3
    before, last = statistics.median(memory[third : 2 * third]), statistics.median(memory[-third:])
    return [
        Figure(f"{what}: answered", Runs((load.rate,)), unit="/s"),
        Figure(f"{what}: failed", Runs((float(load.failed),)), None, "", Bar(0.0), unit=""),
        Figure(f"{what}: p99", Runs((load.p99,)), Runs((load.p50,)), "its own p50", Bar(4.0)),
        Figure(f"{what}: memory, last third", Runs((last,)), Runs((before,)), "second third", Bar(1.05), unit="MB"),
    ]
