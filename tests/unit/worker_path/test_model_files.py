"""Models in every form: written, found, loaded, predicting the same; and what each form refuses."""

from __future__ import annotations

import os
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import ensemble, linear_model, neighbors, pipeline, preprocessing  # noqa: TID253 - models are made of it

from mlsql_sdk import contracts, estimators, failures, model_files, skops_files
from mlsql_sdk.failures import ContractError

X = np.random.default_rng(0).normal(size=(60, 3))
TEXT = np.array(["no", "yes"], dtype=object)[(X[:, 0] > 0).astype(int)]
WHOLE = (X[:, 0] > 0).astype(int)


def contract(folder: Path) -> estimators.EstimatorContract:
    """The model of the folder as a worker without a script loads it."""
    made = estimators.EstimatorContract()
    made.load(contracts.Loaded({"modelPath": str(folder)}))
    return made


def batch(features: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(column) for column in features.T], names=["a", "b", "c"])


@pytest.mark.parametrize("form", ["pickle", "joblib", "skops", "onnx"])
@pytest.mark.parametrize(
    ("labels", "kind"), [(TEXT, pa.string()), (WHOLE, pa.int64()), (X[:, 0] * 3, pa.float64())]
)
def test_every_form_predicts_the_same(tmp_path: Path, form: str, labels: Any, kind: pa.DataType) -> None:
    regression = labels.dtype.kind == "f"
    model = (linear_model.LinearRegression() if regression else linear_model.LogisticRegression()).fit(X, labels)
    path = model_files.save(model, str(tmp_path / "m"), form)
    assert os.path.basename(path) == "model" + model_files.ENDINGS[form][0]
    assert model_files.form_in(str(tmp_path / "m")) == form
    loaded = contract(tmp_path / "m")
    assert loaded.return_type() == kind
    found = loaded.predict(batch(X)).to_pylist()
    assert found == pytest.approx(model.predict(X).tolist()) if regression else found == model.predict(X).tolist()


@pytest.mark.parametrize("form", ["pickle", "skops", "onnx"])
def test_names_and_classes_are_kept(tmp_path: Path, form: str) -> None:
    import pandas as pd

    model = linear_model.LogisticRegression().fit(pd.DataFrame(X, columns=["a", "b", "c"]), TEXT)
    loaded = model_files.load(model_files.save(model, str(tmp_path), form))
    assert list(loaded.feature_names_in_) == ["a", "b", "c"]
    assert loaded.classes_.tolist() == ["no", "yes"]
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    np.testing.assert_allclose(loaded.predict_proba(frame), model.predict_proba(frame), rtol=1e-6)
    assert contract(tmp_path).predict(batch(X)).to_pylist() == model.predict(frame).tolist()


def test_named_models_without_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    frame = pd.DataFrame(X, columns=["c", "b", "a"])
    model = linear_model.LogisticRegression().fit(frame, TEXT)
    model_files.save(model, str(tmp_path))
    monkeypatch.setattr(estimators, "has_pandas", lambda: False)
    swapped = batch(X[:, ::-1])  # its columns are called a, b, c
    assert contract(tmp_path).predict(swapped).to_pylist() == model.predict(frame).tolist()


def test_decimals_and_booleans_for_a_named_model(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
    model_files.save(linear_model.LinearRegression().fit(frame, [1.0, 2.0, 3.0]), str(tmp_path))
    decimals = pa.array([Decimal("1.0"), Decimal("2.0"), None])
    rows = pa.RecordBatch.from_arrays([decimals, pa.array([False, True, True])], names=["a", "b"])
    assert contract(tmp_path).predict(rows).to_pylist() == pytest.approx([1.0, 2.0, None])


def test_the_form_when_none_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = linear_model.LogisticRegression().fit(X, WHOLE)
    forest = ensemble.RandomForestClassifier(n_estimators=2).fit(X, WHOLE)
    boosted = ensemble.HistGradientBoostingClassifier(max_iter=2).fit(X, WHOLE)
    found = [
        os.path.basename(model_files.save_estimator(model, str(tmp_path / str(place))))
        for place, model in enumerate([plain, forest, boosted, neighbors.KNeighborsClassifier().fit(X, WHOLE)])
    ]
    assert found == ["model.skops", "model.pkl", "model.pkl", "model.pkl"]
    monkeypatch.setattr(model_files.util, "find_spec", lambda name: None)
    assert model_files.save_estimator(plain, str(tmp_path / "none")).endswith("model.pkl")


def test_skops_trusts_the_parts_of_estimators(tmp_path: Path) -> None:
    forest = ensemble.RandomForestClassifier(n_estimators=2, random_state=0).fit(X, TEXT)
    loaded = model_files.load(model_files.save(forest, str(tmp_path), "skops"))
    assert loaded.predict(X).tolist() == forest.predict(X).tolist()


def doubled(values: Any) -> Any:
    return values * 2


def test_skops_refuses_functions_when_saving_and_when_loading(tmp_path: Path) -> None:
    import skops.io

    model = pipeline.make_pipeline(preprocessing.FunctionTransformer(doubled), linear_model.LogisticRegression())
    model.fit(X, WHOLE)
    name = f"{__name__}.doubled"
    with pytest.raises(ContractError) as caught:
        model_files.save(model, str(tmp_path), "skops")
    assert str(caught.value) == f"the model holds types that a skops file is not trusted with: {name}"
    assert caught.value.hint == 'train it with fitParam.0.modelFormat="pickle"'
    assert os.listdir(tmp_path) == []
    assert skops_files.of_trusted(model) is None
    skops.io.dump(model, tmp_path / "model.skops")
    with pytest.raises(ContractError) as caught:
        contract(tmp_path)
    assert str(caught.value) == f"model.skops holds types that a skops file is not trusted with: {name}"


def test_what_is_trusted_are_classes_of_the_libraries_themselves() -> None:
    assert skops_files._is_trusted("sklearn.tree._tree.Tree")
    for name in (
        "os.system",
        "sklearn.utils.validation.check_array",
        "sklearn.base.warnings",
        "sklearn.x.Y",
        "exec",
    ):
        assert not skops_files._is_trusted(name)


def test_onnx_refuses_what_it_cannot_convert(tmp_path: Path) -> None:
    model = pipeline.make_pipeline(preprocessing.FunctionTransformer(doubled), linear_model.LogisticRegression())
    with pytest.raises(ContractError) as caught:
        model_files.save(model.fit(X, WHOLE), str(tmp_path), "onnx")
    assert str(caught.value).startswith(
        "Pipeline cannot be converted to ONNX: FunctionTransformer is not supported"
    )
    with pytest.raises(ContractError, match=r"^this dict does not tell how many features it was fitted on"):
        model_files.save({}, str(tmp_path), "onnx")


def test_onnx_takes_float32_where_float64_is_not_made(tmp_path: Path) -> None:
    model = ensemble.GradientBoostingRegressor(n_estimators=3).fit(X, X[:, 0])
    loaded = model_files.load(model_files.save(model, str(tmp_path), "onnx"))
    np.testing.assert_allclose(loaded.predict(X), model.predict(X), rtol=1e-5)
    assert contract(tmp_path).return_type() == pa.float64()


def test_a_file_that_is_no_onnx_model(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ContractError, match=r"^model.onnx cannot be loaded: "):
        contract(tmp_path)


def test_safetensors_hold_arrays_and_are_not_loaded(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    weights = np.arange(6.0).reshape(2, 3).T
    path = model_files.save({"w": weights}, str(tmp_path), "safetensors")
    assert load_file(path)["w"].tolist() == weights.tolist()
    with pytest.raises(ContractError) as caught:
        contract(tmp_path)
    assert (
        str(caught.value)
        == "the model folder has a safetensors file, which holds numbers and not what predicts with them"
    )
    assert (
        caught.value.hint == "give pythonScriptPath: a script that builds the model and loads the numbers into it"
    )
    with pytest.raises(ContractError, match=r"^safetensors holds a dict of arrays by name, not list$"):
        model_files.save([1], str(tmp_path), "safetensors")


def test_names_of_files(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert model_files.save({"a": 1}, folder) == os.path.join(folder, "model.pkl")
    assert model_files.save({"a": 1}, folder, name="words.joblib") == os.path.join(folder, "words.joblib")
    assert pickle.loads(Path(model_files.save({"a": 1}, folder, "pickle", "words.bin")).read_bytes()) == {"a": 1}
    with pytest.raises(ContractError, match=r"^the file name 'a.pkl' tells of pickle, and the format is skops$"):
        model_files.save({"a": 1}, folder, "skops", "a.pkl")
    with pytest.raises(ContractError, match=r"^the model format 'zip' is not known$"):
        model_files.save({}, folder, "zip")
    with pytest.raises(ContractError) as caught:
        model_files.find(folder)
    assert str(caught.value) == "the model folder has several models: model.pkl, words.joblib"
    assert model_files.form_in(folder) is None


def test_a_pickle_that_joblib_wrote(tmp_path: Path) -> None:
    import joblib

    joblib.dump({"big": np.arange(1000.0)}, tmp_path / "model.pkl")
    assert model_files.load(str(tmp_path / "model.pkl"))["big"][-1] == 999


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        model_files.find(str(tmp_path))
    assert str(caught.value) == (
        "the model folder has no estimator that can be loaded without a script "
        "(.pkl|.pickle|.joblib|.skops|.onnx|.pt|.pth|.pt2|.keras|MLmodel|saved_model.pb)"
    )


@pytest.mark.parametrize("form", ["joblib", "skops", "onnx", "safetensors"])
def test_a_library_that_is_not_there(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = {"onnx": "skl2onnx"}.get(form, form)
    monkeypatch.setattr(model_files.util, "find_spec", lambda name: None)
    model = linear_model.LogisticRegression().fit(X, WHOLE)
    with pytest.raises(ContractError) as caught:
        model_files.save(model, str(tmp_path), form)
    message, hint = failures.install_line(library)
    assert (str(caught.value), caught.value.hint) == (message, hint)
    if form != "safetensors":
        (tmp_path / f"model.{form}").write_bytes(b"")
        with pytest.raises(ContractError, match=f"has no {'onnxruntime' if form == 'onnx' else library}$"):
            model_files.load(str(tmp_path / f"model.{form}"))
