"""Models of PyTorch, TensorFlow and Keras, by small stand-ins of those libraries; and where they are absent."""

from __future__ import annotations

import sys
import types as modules
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlsql_sdk import arguments, mlflow_models, model_files, tensorflow_models, torch_models
from mlsql_sdk.contracts import Loaded
from mlsql_sdk.estimators import EstimatorContract
from mlsql_sdk.failures import ContractError

WEIGHTS = np.array([[1.0], [2.0]])


class Tensor(np.ndarray):  # type: ignore[type-arg]
    """What is asked of a tensor of torch or TensorFlow: `numpy()`, `dim()`."""

    def numpy(self) -> Any:
        return np.asarray(self)

    def dim(self) -> int:
        return self.ndim


def tensor(values: Any, dtype: Any = None) -> Tensor:
    kind = getattr(dtype, "name", None)
    return np.asarray(values, dtype=kind).view(Tensor)


class Kind:
    """A dtype of torch or TensorFlow."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_floating_point = self.is_floating = name.startswith("float")
        self.is_integer = name.startswith("int")
        self.is_bool = name == "bool"


class Module:
    """x + 2 y, as a module of torch; `gives` is what it makes of the answer."""

    def __init__(self, gives: Any = lambda answer: answer) -> None:
        self.gives = gives
        self.evaluated = False

    def parameters(self) -> list[Any]:
        weights = tensor(WEIGHTS.T)
        return [modules.SimpleNamespace(dtype=Kind("float32"), dim=weights.dim, shape=weights.shape)]

    def eval(self) -> None:
        self.evaluated = True

    def __call__(self, given: Tensor) -> Any:
        assert given.dtype == np.float32
        return self.gives((np.asarray(given) @ WEIGHTS.astype(np.float32)).view(Tensor))


class Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def fake_torch(module: Any, exported_rows: Any = "rows") -> modules.ModuleType:
    """torch, whose files all hold the module; the text of a file that holds none is told."""

    def jit_load(path: str, map_location: str) -> Any:
        assert map_location == "cpu"
        warnings.warn("`torch.jit.load` is deprecated", FutureWarning, stacklevel=2)
        if Path(path).read_text(encoding="utf-8"):
            raise RuntimeError(
                "PytorchStreamReader failed locating file constants.pkl: file not found. This is an internal miniz "
                "error.\nException raised from valid at inline_container.cc"
            )
        return module

    def export_load(path: str) -> Any:
        value = modules.SimpleNamespace(shape=(exported_rows, 2))
        node = modules.SimpleNamespace(name="x", meta={"val": value})
        return modules.SimpleNamespace(
            graph=modules.SimpleNamespace(nodes=[node]),
            graph_signature=modules.SimpleNamespace(user_inputs=("x",)),
            module=lambda: module,
        )

    torch: Any = modules.ModuleType("torch")
    torch.__spec__ = modules.SimpleNamespace()
    torch.jit, torch.export = modules.SimpleNamespace(load=jit_load), modules.SimpleNamespace(load=export_load)
    torch.Tensor, torch.float32, torch.inference_mode = Tensor, Kind("float32"), Nothing
    torch.as_tensor = tensor
    torch.zeros = lambda shape, dtype: tensor(np.zeros(shape), dtype)
    return torch  # type: ignore[no-any-return]


def loaded(folder: Path) -> EstimatorContract:
    contract = EstimatorContract()
    contract.load(Loaded({"modelPath": str(folder)}))
    return contract


ROWS = pa.RecordBatch.from_pydict({"arg0": [1.0, None, 3.0], "arg1": [2, 2, 4]})


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pt2"])
def test_a_model_of_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    module = Module()
    monkeypatch.setitem(sys.modules, "torch", fake_torch(module))
    (tmp_path / name).write_text("", encoding="utf-8")
    contract = loaded(tmp_path)
    assert (contract.accepted().text, contract.return_type(), contract.feature_names()) == (
        "2 features", pa.float64(), None,
    )  # fmt: skip
    assert contract.predict(ROWS).to_pylist() == [5.0, None, 11.0]
    assert module.evaluated is (name != "model.pt2")


def test_a_model_of_torch_with_several_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = Module(lambda answer: np.hstack([answer, answer]).view(Tensor))
    monkeypatch.setitem(sys.modules, "torch", fake_torch(wide))
    (tmp_path / "m.pt").write_text("", encoding="utf-8")
    assert loaded(tmp_path).predict(ROWS).to_pylist() == [[5.0, 5.0], None, [11.0, 11.0]]
    monkeypatch.setitem(sys.modules, "torch", fake_torch(Module(lambda answer: (answer, answer))))
    with pytest.raises(ContractError, match=r"^the model gives tuple, not one tensor$"):
        loaded(tmp_path).predict(ROWS)


def test_what_is_no_model_of_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", fake_torch(Module(), exported_rows=3))
    (tmp_path / "weights.pt").write_text("a state_dict", encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        loaded(tmp_path)
    assert str(caught.value) == (
        "weights.pt is no TorchScript, which carries its own code: "
        "PytorchStreamReader failed locating file constants.pkl: file not found"
    )
    assert (
        caught.value.hint == "give pythonScriptPath: a script that builds the model and loads the numbers into it"
    )
    with pytest.raises(ContractError, match=r"^m\.pt2 was exported for exactly 3 rows$") as caught:
        torch_models.load("m.pt2")
    assert caught.value.hint == 'export it with dynamic_shapes=({0: torch.export.Dim("rows")},)'


class Shape(list[Any]):
    @property
    def rank(self) -> int:
        return len(self)


def spec(kind: str, *shape: Any) -> Any:
    return modules.SimpleNamespace(dtype=Kind(kind), shape=Shape(shape))


class Signature:
    """A signature of a SavedModel that sums its inputs' columns."""

    def __init__(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        self.structured_input_signature = ((), inputs)
        self.structured_outputs = outputs
        self.given: dict[str, Any] = {}

    def __call__(self, **given: Any) -> dict[str, Any]:
        self.given = given
        total = sum(np.asarray(value, dtype=float).reshape(len(value), -1).sum(axis=1) for value in given.values())
        return dict.fromkeys(self.structured_outputs, tensor(total.reshape(-1, 1)))


def fake_tensorflow(signatures: dict[str, Any]) -> modules.ModuleType:
    tensorflow: Any = modules.ModuleType("tensorflow")
    tensorflow.__spec__ = modules.SimpleNamespace()
    tensorflow.saved_model = modules.SimpleNamespace(
        load=lambda folder: modules.SimpleNamespace(signatures=signatures)
    )
    tensorflow.convert_to_tensor = tensor
    tensorflow.reshape = np.reshape
    return tensorflow  # type: ignore[no-any-return]


ONE = {"y": spec("float32", None, 1)}


@pytest.mark.parametrize("below", ["", "saved"])
def test_a_saved_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    signature = Signature({"x": spec("float32", None, 2)}, ONE)
    monkeypatch.setitem(sys.modules, "tensorflow", fake_tensorflow({"serving_default": signature}))
    folder = tmp_path / below
    folder.mkdir(exist_ok=True)
    (folder / "saved_model.pb").touch()
    (folder / "other.pkl").touch()
    contract = loaded(tmp_path)
    assert (contract.accepted().text, contract.return_type()) == ("2 features", pa.float64())
    assert contract.predict(ROWS).to_pylist() == [3.0, None, 7.0]
    assert signature.given["x"].dtype == np.float32
    assert model_files.form_in(str(tmp_path)) == "tensorflow"


def test_a_saved_model_with_an_input_for_each_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = Signature({"n": spec("int64", None), "x": spec("float64", None, 1)}, ONE)
    monkeypatch.setitem(sys.modules, "tensorflow", fake_tensorflow({"serving_default": signature}))
    (tmp_path / "saved_model.pb").touch()
    contract = loaded(tmp_path)
    assert contract.feature_names() == ["n", "x"]
    assert contract.predict(ROWS.rename_columns(["x", "n"])).to_pylist() == [3.0, None, 7.0]
    shapes = {name: (str(value.dtype), value.shape) for name, value in signature.given.items()}
    assert shapes == {"n": ("int64", (2,)), "x": ("float64", (2, 1))}
    with pytest.raises(ContractError, match=r"^the model takes whole numbers, and the query gives it 1\.5$"):
        contract.predict(pa.RecordBatch.from_pydict({"n": [1.5], "x": [1.0]}))


@pytest.mark.parametrize(
    ("signatures", "message"),
    [
        ({"train": None}, "the SavedModel has no signature serving_default; it has: train"),
        ({}, "the SavedModel has no signature serving_default; it has: none"),
        (
            {"serving_default": Signature({"x": spec("float32", None, 2)}, {"y": None, "z": None})},
            "the SavedModel gives several outputs: y, z",
        ),
        (
            {"serving_default": Signature({"x": spec("string", None)}, ONE)},
            "the input 'x' of the SavedModel is string, and the arguments are numbers",
        ),
    ],
)
def test_saved_models_that_need_a_script(
    monkeypatch: pytest.MonkeyPatch, signatures: dict[str, Any], message: str
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", fake_tensorflow(signatures))
    with pytest.raises(ContractError) as caught:
        tensorflow_models.load_folder("model")
    assert (str(caught.value), caught.value.hint) == (
        message, "give pythonScriptPath: a script that says how the model predicts",
    )  # fmt: skip


def fake_keras(inputs: int) -> modules.ModuleType:
    def predict_on_batch(matrix: Any) -> Any:
        assert matrix.dtype == np.float32
        return matrix @ WEIGHTS

    def load_model(path: str, compile: bool) -> Any:  # noqa: A002
        assert compile is False
        shapes = [modules.SimpleNamespace(shape=(None, 2))] * inputs
        return modules.SimpleNamespace(inputs=shapes, outputs=shapes[:1], predict_on_batch=predict_on_batch)

    keras: Any = modules.ModuleType("keras")
    keras.__spec__ = modules.SimpleNamespace()
    keras.models = modules.SimpleNamespace(load_model=load_model)
    return keras  # type: ignore[no-any-return]


def test_a_model_of_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", fake_keras(1))
    (tmp_path / "model.keras").touch()
    contract = loaded(tmp_path)
    assert (contract.accepted().text, contract.return_type()) == ("2 features", pa.float64())
    assert contract.predict(ROWS).to_pylist() == [5.0, None, 11.0]
    monkeypatch.setitem(sys.modules, "keras", fake_keras(2))
    with pytest.raises(ContractError, match=r"^the Keras model has 2 inputs and 1 outputs$"):
        loaded(tmp_path)


@pytest.mark.parametrize(
    ("name", "absent", "package"),
    [
        ("model.pt", "torch", "torch"),
        ("model.keras", "keras", "keras tensorflow"),
        ("saved_model.pb", "tensorflow", "tensorflow"),
        ("MLmodel", "mlflow", "mlflow"),
    ],
)
def test_a_library_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, absent: str, package: str
) -> None:
    for module in (mlflow_models, tensorflow_models, torch_models):
        monkeypatch.setattr(module.util, "find_spec", lambda name: None)
    (tmp_path / name).touch()
    with pytest.raises(ContractError) as caught:
        loaded(tmp_path)
    assert str(caught.value) == f"the interpreter {sys.executable} has no {absent}"
    assert caught.value.hint == f"install it: {sys.executable} -m pip install {package}"


def test_which_of_several_is_the_model(tmp_path: Path) -> None:
    for name in ("a.keras", "b.pt", "c.pkl"):
        (tmp_path / name).touch()
    (tmp_path / "inner").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "inner" / "saved_model.pb").touch()
    with pytest.raises(
        ContractError, match=r"^the model folder has several models: a\.keras, b\.pt, c\.pkl, inner$"
    ):
        model_files.find(str(tmp_path))
    (tmp_path / "inner" / "MLmodel").touch()
    assert model_files.loaded_form(str(tmp_path / "inner")) == "mlflow"
    (tmp_path / "MLmodel").touch()
    assert model_files.find(str(tmp_path)) == str(tmp_path)


def test_whole_numbers_are_not_cut() -> None:
    assert arguments.matrix_of(np.array([[1.0, 2.0]]), "int32").tolist() == [[1, 2]]
    for wrong, shown in ((1.5, "1.5"), (float("nan"), "nan"), (2.0**40, "1099511627776.0")):
        with pytest.raises(ContractError, match=f"^the model takes whole numbers, and the query gives it {shown}$"):
            arguments.matrix_of(np.array([[1.0, wrong]]), "int32")
