"""Training data as the tensors of PyTorch and TensorFlow."""

from __future__ import annotations

from importlib import util
from typing import Any, Callable

from .failures import ContractError, install_line

_LIBRARIES = {"torch": ("torch", "torch"), "tf": ("tensorflow", "tensorflow")}


def load(shape: str, pair: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any]:
    """(X, y) as tensors of the library; `pair` loads them as numpy arrays once the library is known to be there.

    PyTorch shares the arrays' memory, TensorFlow where its alignment allows. Raises ContractError when the
    library is not installed and when the labels are no numbers.
    """
    module, distribution = _LIBRARIES[shape]
    if util.find_spec(module) is None:
        raise ContractError(*install_line(module, distribution))
    features, label = pair()
    if label is not None and label.dtype.kind not in "biuf":
        raise ContractError(
            "the label column holds text, and a tensor holds numbers",
            'number the labels, or take them as they are: load_data(as_="numpy")',
        )
    convert = _converter(shape)
    return convert(features), None if label is None else convert(label)


def _converter(shape: str) -> Callable[[Any], Any]:
    if shape == "torch":
        import torch

        return torch.from_numpy  # type: ignore[no-any-return]
    import tensorflow

    return tensorflow.convert_to_tensor  # type: ignore[no-any-return]
