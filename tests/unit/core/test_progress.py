"""What a user is told."""

from __future__ import annotations

import io
import threading

import pytest

from mlsql_engine.core.progress import SilentProgress, StreamProgress


def test_lines_go_to_the_stream() -> None:
    stream = io.StringIO()
    progress = StreamProgress(stream)
    progress.note("train: begins")
    progress.warn("OLD", "this is old")
    progress.output("train.py", "epoch 1")
    assert stream.getvalue() == "train: begins\nwarning[OLD]: this is old\ntrain.py | epoch 1\n"


def test_a_warning_is_told_once_for_each_code_and_text() -> None:
    stream = io.StringIO()
    progress = StreamProgress(stream)
    for code, text in (("A", "x"), ("A", "x"), ("A", "y"), ("B", "x"), ("A", "x")):
        progress.warn(code, text)
    assert stream.getvalue() == "warning[A]: x\nwarning[A]: y\nwarning[B]: x\n"


def test_notes_and_output_are_told_each_time() -> None:
    stream = io.StringIO()
    progress = StreamProgress(stream)
    progress.note("n")
    progress.note("n")
    progress.output("s", "o")
    progress.output("s", "o")
    assert stream.getvalue() == "n\nn\ns | o\ns | o\n"


def test_standard_error_is_looked_up_at_each_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = StreamProgress()
    progress.note("first")
    assert capsys.readouterr().err == "first\n"
    other = io.StringIO()
    monkeypatch.setattr("sys.stderr", other)
    progress.note("second")
    assert other.getvalue() == "second\n"


def test_a_closed_stream_is_no_error() -> None:
    stream = io.StringIO()
    progress = StreamProgress(stream)
    stream.close()
    progress.note("nobody listens")


def test_lines_of_several_threads_stay_whole() -> None:
    class Slow(io.StringIO):
        """A stream that a second writer could get into."""

        def write(self, text: str) -> int:
            for char in text:
                super().write(char)
            return len(text)

    stream = Slow()
    progress = StreamProgress(stream)
    start = threading.Barrier(4)

    def tell(who: str) -> None:
        start.wait()
        for number in range(50):
            progress.output(who, str(number))
            progress.warn("SAME", "once")

    threads = [threading.Thread(target=tell, args=(who,)) for who in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert sorted(lines) == sorted(["warning[SAME]: once", *(f"{who} | {n}" for who in "abcd" for n in range(50))])


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    progress = SilentProgress()
    progress.note("n")
    progress.warn("W", "w")
    progress.output("s", "o")
    assert capsys.readouterr() == ("", "")
