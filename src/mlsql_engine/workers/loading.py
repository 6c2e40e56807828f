"""What a worker is told to load, as the control part of a LOAD message."""

from __future__ import annotations

from typing import Any

from mlsql_engine.core.functions import FunctionSpec, ScriptFunction


def load_control(spec: FunctionSpec, index: int) -> dict[str, Any]:
    """Everything that worker number `index` needs to open the function."""
    return {
        "script": spec.script,
        "arguments": list(spec.arguments),
        "modelPath": spec.model_path,
        "index": index,
        "trainParams": None if spec.train_params is None else dict(spec.train_params),
        "returnType": spec.return_type,
        "libraries": dict(spec.libraries),
        "function": None if spec.function is None else _function_control(spec.function),
        "parameters": {name: dict(values) for name, values in spec.parameters.items()},
    }


def _function_control(function: ScriptFunction) -> dict[str, Any]:
    return {
        "script": function.script.name,
        "text": function.script.text,
        "folder": function.script.folder,
        "udfType": function.form,
        "methodName": function.method,
        "className": function.class_name,
    }
