"""A worker that is loaded once and then predicts batch after batch."""

from __future__ import annotations

import re
import sys
from importlib import util
from typing import TYPE_CHECKING, Any

from . import contracts, failures, libraries, memory, runtime, script
from .wire import Channel, Closed, Kind, Message

if TYPE_CHECKING:
    import pyarrow as pa

_SCALA = re.compile(r"^\s*(?:def \w+\s*\(.*\).*=\s*\{?\s*$|(?:val|object|import scala)\b)", re.MULTILINE)


def serve(channel: Channel, message: Message) -> None:
    """Load the predictor, say what it gives, and answer batches until the host closes the connection."""
    contract = _load(channel, message)
    if contract is None:
        return
    import pyarrow as pa

    schema = None
    while True:
        try:
            message = channel.receive()
        except Closed:
            return
        if message.kind is Kind.SCHEMA:
            schema = pa.ipc.read_schema(pa.py_buffer(message.payload))
        elif message.kind is Kind.PREDICT:
            batch = pa.ipc.read_record_batch(pa.py_buffer(message.payload), schema)
            _answer(channel, message.id, contract, batch)


def _load(channel: Channel, message: Message) -> Any:
    control = message.control
    try:
        if util.find_spec("pyarrow") is None:
            raise failures.ContractError(
                f"the interpreter {sys.executable} has no pyarrow, which predictions travel by",
                f"install it: {sys.executable} -m pip install pyarrow",
            )
        runtime.begin(channel, control.get("parameters", {}))
        contract = _contract(control)
        contract.load(contracts.Loaded(control))
        return _described(channel, contract, control.get("libraries", {}))
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is reported
        channel.send(Kind.FAILED, _report(error))
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
    script.execute(path)
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


def _described(channel: Channel, contract: Any, trained: dict[str, str]) -> Any:
    import pyarrow as pa

    names = contract.feature_names() if hasattr(contract, "feature_names") else None
    takes = contract.accepted()
    schema = pa.schema([pa.field("prediction", contract.return_type())])
    channel.send(
        Kind.DESCRIBED,
        {
            "contract": contract.name,
            "featureNames": names,
            "differences": libraries.differences(trained),
            "form": getattr(contract, "form", "model"),
            "accepted": None if takes is None else takes.control(),
            "pure": contract.pure,
        },
        schema.serialize(),
    )
    return contract


def _answer(channel: Channel, identity: int, contract: Any, batch: pa.RecordBatch) -> None:
    import pyarrow as pa

    try:
        values = contract.predict(batch)
        answer = pa.RecordBatch.from_arrays([values], names=["prediction"])
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is reported
        channel.send(Kind.FAILED, _report(error), id=identity)
        return
    channel.send(Kind.BATCH, {}, answer.serialize(), id=identity)


def _report(error: BaseException) -> dict[str, Any]:
    """The control part of a FAILED message, with what the contracts know of the error."""
    report = failures.describe(error)
    row = getattr(error, "mlsql_row", None)
    if row is not None:
        report["row"] = row
    report.setdefault("hint", getattr(error, "mlsql_hint", ""))
    return report
