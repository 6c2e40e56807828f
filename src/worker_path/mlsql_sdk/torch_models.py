"""Models of PyTorch that carry their own code: TorchScript, and what torch.export has written."""

from __future__ import annotations

import os
import warnings
from importlib import util
from typing import Any

from . import arguments
from .failures import ContractError, install_line

_SCRIPT = "give pythonScriptPath: a script that builds the model and loads the numbers into it"


def load(path: str) -> TorchModel:
    """The model of a file. Raises ContractError when torch is not installed, and for a file of mere weights."""
    if util.find_spec("torch") is None:
        raise ContractError(*install_line("torch"))
    import torch

    name = os.path.basename(path)
    if path.endswith(".pt2"):
        exported = torch.export.load(path)
        return TorchModel(exported.module(), _exported_width(exported, name))
    try:
        with warnings.catch_warnings():
            for kind in (DeprecationWarning, FutureWarning):  # it says that there is torch.export
                warnings.simplefilter("ignore", kind)
            module = torch.jit.load(path, map_location="cpu")
    except RuntimeError as error:
        # It goes on to suspect that the file is damaged.
        reason = str(error).strip().split("\n")[0].split(". ")[0]
        raise ContractError(f"{name} is no TorchScript, which carries its own code: {reason}", _SCRIPT) from None
    module.eval()
    return TorchModel(module, _first_width(module))


class TorchModel:
    """A module with the methods of an estimator: it takes one tensor (rows, features), and gives one."""

    def __init__(self, module: Any, width: int | None) -> None:
        import torch

        self._module = module
        kinds = [one.dtype for one in module.parameters() if one.dtype.is_floating_point]
        self._kind = kinds[0] if kinds else torch.float32
        if width is not None:
            self.n_features_in_ = width

    def predict(self, features: Any) -> Any:
        """What the module gives for a matrix: (rows,), or (rows, outputs) where it has several."""
        import torch

        matrix = arguments.matrix_of(features, "float64")
        if not matrix.flags.writeable:
            matrix = matrix.copy()  # torch warns of memory that is not to be written
        with torch.inference_mode():
            answer = self._module(torch.as_tensor(matrix, dtype=self._kind))
        if not isinstance(answer, torch.Tensor):
            raise ContractError(
                f"the model gives {type(answer).__name__}, not one tensor",
                "give pythonScriptPath: a script that says which of them is the prediction",
            )
        made = answer.numpy()
        return made.ravel() if made.ndim == 2 and made.shape[1] == 1 else made


def _exported_width(exported: Any, name: str) -> int | None:
    """How many features it was exported for. Raises ContractError where it takes so many rows, and no others."""
    node = next((one for one in exported.graph.nodes if one.name in exported.graph_signature.user_inputs), None)
    shape = getattr(node.meta.get("val"), "shape", None) if node is not None else None
    if shape is None or len(shape) != 2:
        return None
    if isinstance(shape[0], int):
        raise ContractError(
            f"{name} was exported for exactly {shape[0]} row{'' if shape[0] == 1 else 's'}",
            'export it with dynamic_shapes=({0: torch.export.Dim("rows")},)',
        )
    return int(shape[1]) if isinstance(shape[1], int) else None


def _first_width(module: Any) -> int | None:
    """The width of the first layer, where the module takes a row of so many zeros."""
    import torch

    first = next((one for one in module.parameters() if one.dim() == 2), None)
    if first is None:
        return None
    width = int(first.shape[1])
    try:
        with torch.inference_mode():
            module(torch.zeros((1, width), dtype=first.dtype))
    except Exception:  # noqa: BLE001 - a guess; the real rows will tell
        return None
    return width
