"""Contracts of functions that stand in a script's text."""

from __future__ import annotations

import textwrap
from typing import Any

from mlsql_sdk.contracts import Loaded
from mlsql_sdk.script_functions import Members, Wanted
from mlsql_sdk.udaf import UdafContract
from mlsql_sdk.udf import UdfContract


def members(script: str, method: str | None = None) -> Members:
    content: dict[str, Any] = {"__name__": "__main__"}
    exec(textwrap.dedent(script), content)
    return Members(content, Wanted("script t", method))


def udf(script: str, kind: str | None = None, method: str | None = None) -> UdfContract:
    contract = UdfContract(members(script, method).function())
    contract.load(Loaded({"modelPath": "", "returnType": kind}))
    return contract


def udaf(script: str, kind: str | None = None, method: str | None = None) -> UdafContract:
    contract = UdafContract(members(script, method).aggregate())
    contract.load(Loaded({"modelPath": "", "returnType": kind}))
    return contract
