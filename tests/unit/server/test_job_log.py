"""What a job tells."""

from __future__ import annotations

import asyncio
import threading

from mlsql_engine.server.job_log import JobLog

SECONDS = 30.0


def told(lines: JobLog, after: int = 0) -> list[tuple[int, str, object]]:
    """The events without their times."""
    return [
        (event.id, event.kind, {name: value for name, value in event.data.items() if name != "time"})
        for event in lines.after(after)
    ]


def test_events_are_numbered_and_a_warning_is_told_once() -> None:
    async def main() -> None:
        lines = JobLog(10)
        lines.note("begun")
        lines.warn("CODE", "careful")
        lines.warn("CODE", "careful")
        lines.output("train.py", "x" * 5_000)
        assert told(lines) == [
            (1, "progress", {"text": "begun"}),
            (2, "warning", {"code": "CODE", "text": "careful"}),
            (3, "output", {"who": "train.py", "line": "x" * 4_096}),
        ]
        assert told(lines, 2) == told(lines)[2:]
        assert told(lines, 3) == []
        assert all(event.data["time"] > 1_700_000_000_000 for event in lines.after(0))

    asyncio.run(main())


def test_what_is_kept_no_more_is_told_to_be_missed() -> None:
    async def main() -> None:
        lines = JobLog(2)
        for number in range(5):
            lines.note(str(number))
        assert told(lines) == [
            (3, "missed", {"count": 3}),
            (4, "progress", {"text": "3"}),
            (5, "progress", {"text": "4"}),
        ]
        assert told(lines, 2) == [(3, "missed", {"count": 1}), *told(lines)[1:]]
        assert told(lines, 3) == told(lines)[1:]
        assert told(lines, 9) == []

    asyncio.run(main())


def test_who_waits_is_woken_by_other_threads() -> None:
    async def main() -> None:
        lines = JobLog(10_000)
        seen = 0
        thread = threading.Thread(target=lambda: [lines.note(str(number)) for number in range(3_000)])
        thread.start()
        while seen < 3_000:
            async with asyncio.timeout(SECONDS):
                await lines.wait(seen)
            found = lines.after(seen)
            assert [event.id for event in found] == list(range(seen + 1, seen + 1 + len(found)))
            seen = found[-1].id
        thread.join(SECONDS)

    asyncio.run(main())


def test_two_may_wait() -> None:
    async def main() -> None:
        lines = JobLog(10)
        waiting = [asyncio.create_task(lines.wait(0)) for _ in range(2)]
        await asyncio.sleep(0)
        lines.note("x")
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*waiting)

    asyncio.run(main())
