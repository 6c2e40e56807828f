"""A worker that is loaded once and then predicts batch after batch."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from importlib import util
from typing import TYPE_CHECKING, Any

from . import contracts, failures, libraries, memory, runtime, script, sources
from .arena import SharedBatches, Slot
from .wire import Bytes, Channel, Closed, Kind, Message

if TYPE_CHECKING:
    import pyarrow as pa

BEAT_SECONDS = 1.0
# After an answer the next question often comes at once.
SPINNING_SECONDS = 0.000_5
MOST_ANSWER_BYTES = 1 << 30
_SCALA = re.compile(r"^\s*(?:def \w+\s*\(.*\).*=\s*\{?\s*$|(?:val|object|import scala)\b)", re.MULTILINE)


def serve(channel: Channel, message: Message, arena: int | None) -> None:
    """Load the predictor, say what it gives, and answer batches until the host closes the connection.

    `arena` is the descriptor of the memory that batches may come by.
    """
    pulse = Pulse(channel)
    pulse.busy = True
    contract = _load(channel, message)
    if contract is None:
        return
    pulse.busy = False
    import pyarrow as pa

    own = os.getpid()
    schema = None
    shared = None if arena is None else SharedBatches(arena)
    while True:
        try:
            channel.wait(None, SPINNING_SECONDS)
            message = channel.receive()
        except Closed:
            return
        if message.kind is Kind.SCHEMA:
            schema = pa.ipc.read_schema(pa.py_buffer(message.payload))
        elif message.kind is Kind.PREDICT:
            pulse.busy = True
            if message.payload.nbytes or shared is None:
                batch = pa.ipc.read_record_batch(pa.py_buffer(message.payload), schema)
            else:
                batch = shared.read(Slot(*message.control["slot"]))
            kind, control, payload = _answer(contract, batch)
            runtime.end_fork(own, control if kind is Kind.FAILED else None)
            # What the script still uses of the batch must not be written over.
            del batch
            held = [] if shared is None else shared.held()
            pulse.busy = False
            channel.send(kind, {**control, "held": held} if held else control, payload, id=message.id)


class Pulse:
    """Tells the host every second that this process lives, while it is busy.

    The beat stays out when the process is stopped, or when native code keeps the lock of the interpreter.
    """

    def __init__(self, channel: Channel) -> None:
        self.busy = False
        self._channel = channel
        threading.Thread(target=self._beat, name="mlsql-pulse", daemon=True).start()

    def _beat(self) -> None:
        # Signals are for the thread that runs the script: a report of where it is must not be of this one.
        if hasattr(signal, "pthread_sigmask"):
            crashes = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - crashes)
        while True:
            time.sleep(BEAT_SECONDS)
            if self.busy:
                try:
                    self._channel.send(Kind.BEAT)
                except OSError:
                    return


def _load(channel: Channel, message: Message) -> Any:
    control, own = message.control, os.getpid()
    try:
        if util.find_spec("pyarrow") is None:
            raise failures.ContractError(
                f"the interpreter {sys.executable} has no pyarrow, which predictions travel by",
                f"install it: {sys.executable} -m pip install pyarrow",
            )
        runtime.begin(channel, control.get("parameters", {}))
        contract = _contract(control)
        contract.load(contracts.Loaded(control))
        runtime.end_fork(own)
        return _described(channel, contract, control)
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is reported
        report = _report(error)
    runtime.end_fork(own, report)
    channel.send(Kind.FAILED, report)
    return None


def _contract(control: dict[str, Any]) -> Any:
    memory.keep_freed()
    function = control.get("function")
    if function is not None:
        return _script_function(function)
    path = control.get("script")
    if path is None:
        from .estimators import EstimatorContract

        return EstimatorContract()
    script.execute(path, control.get("arguments", ()))
    return contracts.declared(path)


def _script_function(function: dict[str, Any]) -> Any:
    """The contract of a function of a script's text."""
    from . import jvm_stand_in
    from .script_functions import Members, Wanted
    from .udaf import UdafContract
    from .udf import UdfContract

    text = function["text"]
    jvm_stand_in.install(text)
    try:
        content = script.execute_text(text, function["script"], function["folder"])
    except SyntaxError as error:
        if error.filename == function["script"] and _SCALA.search(text):
            error.mlsql_hint = "it looks like Scala; a script has to be Python here"  # type: ignore[attr-defined]
        raise
    members = Members(content, Wanted(function["script"], function["methodName"], function["className"]))
    if function["udfType"] == "udaf":
        return UdafContract(members.aggregate())
    return UdfContract(members.function())


def _described(channel: Channel, contract: Any, control: dict[str, Any]) -> Any:
    import pyarrow as pa

    names = contract.feature_names() if hasattr(contract, "feature_names") else None
    takes = contract.accepted()
    schema = pa.schema([pa.field("prediction", contract.return_type())])
    channel.send(
        Kind.DESCRIBED,
        {
            "contract": contract.name,
            "featureNames": names,
            "differences": libraries.differences(control.get("libraries", {})),
            "sources": sources.loaded(control.get("script")),
            "form": getattr(contract, "form", "model"),
            "accepted": None if takes is None else takes.control(),
            "pure": contract.pure,
        },
        schema.serialize(),
    )
    return contract


def _answer(contract: Any, batch: pa.RecordBatch) -> tuple[Kind, dict[str, Any], Bytes]:
    """The answer to one PREDICT: its kind, control part and payload."""
    import pyarrow as pa

    try:
        values = contract.predict(batch)
        if values.nbytes > MOST_ANSWER_BYTES:
            raise failures.ContractError(
                f"the answers to {len(values):,} rows take {values.nbytes >> 20:,} MiB, and "
                f"{MOST_ANSWER_BYTES >> 20:,} MiB is the most",
                "let it return less for a row",
            )
        return Kind.BATCH, {}, pa.RecordBatch.from_arrays([values], names=["prediction"]).serialize()
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is reported
        return Kind.FAILED, _report(error), b""


def _report(error: BaseException) -> dict[str, Any]:
    """The control part of a FAILED message, with what the contracts know of the error."""
    report = failures.describe(error)
    row = getattr(error, "mlsql_row", None)
    if row is not None:
        report["row"] = row
    report.setdefault("hint", getattr(error, "mlsql_hint", ""))
    return report
