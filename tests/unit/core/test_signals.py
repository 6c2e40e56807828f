"""Signals that wait until what must not be cut in two has ended."""

from __future__ import annotations

import signal
import threading

import pytest

from mlsql_engine.core.signals import HeldSignals, held_signals


def test_an_interrupt_comes_after_the_block() -> None:
    done = []

    def work() -> None:
        with held_signals() as held:
            assert held.came is None
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            assert held.came == signal.SIGINT
            done.append("to the end")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["to the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_handlers_are_back_after_an_error() -> None:
    with pytest.raises(ValueError, match=r"^inside$"), held_signals():
        raise ValueError("inside")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nested_blocks_hand_the_signal_outwards() -> None:
    steps = []

    def work() -> None:
        with held_signals():
            with held_signals():
                signal.raise_signal(signal.SIGINT)
                steps.append("inner")
            steps.append("outer")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["inner", "outer"]


def test_nothing_is_held_outside_the_main_thread() -> None:
    kept = []

    def hold() -> None:
        held = HeldSignals()
        held.hold()
        kept.append(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        held.release()

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert kept == [True]
