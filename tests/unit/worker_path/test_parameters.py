"""Text parameters as the values that real estimators take, and what is said where they do not fit."""

from __future__ import annotations

from typing import Any, Optional, Union

import pytest

from mlsql_sdk import estimator_names, expectations, parameters
from mlsql_sdk.failures import ContractError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("None", None),
        ("null", None),
        ("1000", 1000),
        ("0.1", 0.1),
        ("1e-3", 0.001),
        ("[1,2]", [1, 2]),
        ("(100,50)", (100, 50)),
        ('{"0":1}', {"0": 1}),
        ("{0: 1}", {0: 1}),
        ("'1'", "1"),
        ("balanced", "balanced"),
        ("[half", "[half"),
        ("", ""),
    ],
)
def test_a_text_alone(text: str, value: Any) -> None:
    found = expectations.literal(text)
    assert (found, type(found)) == (value, type(value))


def made(alg: str, **texts: str) -> Any:
    return parameters.build(estimator_names.by_name(alg, "alg"), texts)


@pytest.mark.parametrize(
    ("alg", "name", "text", "value"),
    [
        ("SVC", "C", "0.1", 0.1),
        ("SVC", "probability", "true", True),
        ("SVC", "verbose", "true", True),
        ("SVC", "shrinking", "0", False),
        ("SVC", "max_iter", "1e3", 1000),
        ("SVC", "degree", "3.0", 3),
        ("SVC", "gamma", "0.5", 0.5),
        ("SVC", "gamma", "auto", "auto"),
        ("SVC", "class_weight", "balanced", "balanced"),
        ("SVC", "class_weight", '{"0":1,"1":5}', {0: 1, 1: 5}),
        ("SVC", "class_weight", '{"1.5":1,"true":5}', {1.5: 1, True: 5}),
        ("RandomForestClassifier", "max_depth", "null", None),
        ("RandomForestClassifier", "max_samples", "0.5", 0.5),
        ("RandomForestRegressor", "max_features", "1", 1),
        ("RandomForestRegressor", "max_features", "1.0", 1.0),
        ("MLPClassifier", "hidden_layer_sizes", "(100,50)", (100, 50)),
        ("MLPClassifier", "hidden_layer_sizes", "100, 50", [100, 50]),
        ("TfidfVectorizer", "ngram_range", "[1,2]", (1, 2)),
        ("GridSearchCV", "param_grid", '{"C":[1,10]}', {"C": [1, 10]}),
    ],
)
def test_by_scikit_learns_constraints(alg: str, name: str, text: str, value: Any) -> None:
    given = {"estimator": "SVC", name: text} if alg == "GridSearchCV" else {name: text}
    found = getattr(made(alg, **given), name)
    assert (found, type(found)) == (value, type(value))


def test_the_keys_of_class_weight_stay_text_for_labels_that_are() -> None:
    cls = estimator_names.by_name("svc", "alg")
    assert parameters.build(cls, {"class_weight": '{"0":1}'}, labels_are_text=True).class_weight == {"0": 1}


class Hinted:
    """By hints: no constraints are written."""

    def __init__(
        self,
        depth: int = 1,
        rate: float = 1,
        name: str = "1",
        limit: Optional[int] = None,  # noqa: UP045 - as older packages write
        ratio: Union[int, float, None] = None,  # noqa: UP007
        columns: Optional[list[int]] = None,  # noqa: UP045
    ) -> None:
        self.given = (depth, rate, name, limit, ratio, columns)

    def fit(self, X: Any, y: Any = None) -> None:
        """Nothing to learn."""


class Defaulted:
    """By defaults alone; what has none takes anything."""

    def __init__(self, size=1, rate=0.5, on=False, kind="a", sizes=(1,), anything=None, **more):  # type: ignore[no-untyped-def]
        self.given = (size, rate, on, kind, sizes, anything, more)


def test_by_hints() -> None:
    texts = {"depth": "2.0", "rate": "3", "name": "17", "limit": "None", "ratio": "0.5", "columns": "[1,2]"}
    assert parameters.build(Hinted, texts).given == (2, 3, "17", None, 0.5, [1, 2])


def test_by_defaults() -> None:
    texts = {
        "size": "0.5",
        "rate": "1",
        "on": "true",
        "kind": "7",
        "sizes": "[1,2]",
        "anything": "[3]",
        "eta": "0.1",
    }
    found = parameters.build(Defaulted, texts).given
    assert found == (0.5, 1.0, True, "7", (1, 2), [3], {"eta": 0.1})
    assert type(found[1]) is float


def test_components_and_their_parameters() -> None:
    boosted = made("AdaBoostClassifier", estimator="sklearn.tree.DecisionTreeClassifier", estimator__max_depth="3")
    assert boosted.estimator.max_depth == 3
    steps = '[["scale","StandardScaler"],["none","passthrough"],["m","LogisticRegression"]]'
    pipe = made("pipeline", steps=steps, m__C="10", scale__with_mean="false")
    assert [(name, str(step)) for name, step in pipe.steps] == [
        ("scale", "StandardScaler(with_mean=False)"),
        ("none", "passthrough"),
        ("m", "LogisticRegression(C=10)"),
    ]
    search = made("GridSearchCV", estimator="AdaBoostClassifier", param_grid="{}", estimator__learning_rate="0.5")
    assert search.estimator.learning_rate == 0.5


def test_own_words_are_left_out_unless_they_are_parameters() -> None:
    class Epochs:
        def __init__(self, epochs: int = 1) -> None:
            self.epochs = epochs

    own = dict.fromkeys(sorted(parameters.OWN_WORDS), "5")
    assert parameters.build(Epochs, own).epochs == 5
    assert parameters.build(estimator_names.by_name("SVC", "alg"), own).C == 1.0


@pytest.mark.parametrize(
    ("alg", "texts", "message", "hint"),
    [
        ("SVC", {"kernal": "rbf"}, "SVC has no parameter 'kernal'", "did you mean 'kernel'?"),
        (
            "GaussianNB",
            {"zzz": "1"},
            "GaussianNB has no parameter 'zzz'",
            "it has: priors, var_smoothing",
        ),
        ("SVC", {"C": "-1"}, 'fitParam C="-1" does not fit SVC', "C is a float in the range (0.0, inf]"),
        (
            "SVC",
            {"degree": "abc"},
            'fitParam degree="abc" does not fit SVC',
            "degree is an int in the range [0, inf)",
        ),
        ("SVC", {"probability": "perhaps"}, 'fitParam probability="perhaps" does not fit SVC', None),
        (
            "SVC",
            {"kernel": "foo"},
            'fitParam kernel="foo" does not fit SVC',
            "kernel is one of 'linear', 'poly', 'precomputed', 'rbf', 'sigmoid'",
        ),
        (
            "Pipeline",
            {},
            "Pipeline cannot be made: Pipeline.__init__() missing 1 required positional argument: 'steps'",
            "it needs: fitParam.0.steps",
        ),
        (
            "Pipeline",
            {"steps": "scale"},
            "fitParam steps is a list of components",
            'write it as steps=\'[["scale", "StandardScaler"], ["model", "LogisticRegression"]]\'',
        ),
        (
            "AdaBoostClassifier",
            {"estimator__max_depth": "3"},
            "AdaBoostClassifier has no estimator at 'estimator', whose parameters estimator__max_depth would be",
            'name one: fitParam.0.estimator="sklearn.tree.DecisionTreeClassifier"',
        ),
        (
            "AdaBoostClassifier",
            {"estimator": "DecisionTreeClassifier", "estimator__maxdepth": "3"},
            "DecisionTreeClassifier has no parameter 'estimator__maxdepth'",
            "did you mean 'estimator__max_depth'?",
        ),
        (
            "BaggingClassifier",
            {"estimator": "SVCC"},
            'estimator="SVCC" is no estimator of scikit-learn',
            "did you mean SVC or NuSVC?",
        ),
    ],
)
def test_what_does_not_fit(alg: str, texts: dict[str, str], message: str, hint: str | None) -> None:
    with pytest.raises(ContractError) as caught:
        made(alg, **texts)
    assert str(caught.value) == message
    assert hint is None or caught.value.hint == hint


@pytest.mark.parametrize(
    ("cls", "texts", "message", "hint"),
    [
        (Hinted, {"depth": "0.5"}, 'fitParam depth="0.5" does not fit Hinted', "depth is of type int"),
        (Hinted, {"limit": "x"}, 'fitParam limit="x" does not fit Hinted', "limit is of type int or None"),
        (Defaulted, {"on": "x"}, 'fitParam on="x" does not fit Defaulted', "on is true or false, by default False"),
        (Defaulted, {"size": "x"}, 'fitParam size="x" does not fit Defaulted', "size is a number, by default 1"),
    ],
)
def test_what_does_not_fit_hints_and_defaults(cls: Any, texts: dict[str, str], message: str, hint: str) -> None:
    with pytest.raises(ContractError) as caught:
        parameters.build(cls, texts)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_configure_sets_what_the_estimator_knows() -> None:
    pipe = made("pipeline", steps='[["scale","StandardScaler"],["m","SVC"]]')
    texts = {"m__C": "3", "m": "LinearSVC", "batchSize": "7", "m__kernal": "rbf", "verbose": "true"}
    texts.pop("m")
    assert parameters.configure(pipe, texts) == {"m__C": 3, "verbose": True}
    assert (pipe.named_steps["m"].C, pipe.verbose) == (3, True)
    assert parameters.near(pipe, texts) == {"m__kernal": "m__kernel"}


def test_configure_needs_set_params() -> None:
    with pytest.raises(ContractError, match="object has no get_params and set_params"):
        parameters.configure(object(), {})


@pytest.mark.parametrize(
    ("fit_param", "name"),
    [
        ({"moduleName": "sklearn.svm", "className": "SVC"}, "SVC"),
        ({"moduleName": "sklearn.svm", "className": "svc"}, "SVC"),
        ({"className": "sklearn.svm.SVC"}, "SVC"),
        ({"alg": "logisticregression"}, "LogisticRegression"),
        ({"alg": "sklearn.svm.SVC"}, "SVC"),
    ],
)
def test_estimators_by_name(fit_param: dict[str, str], name: str) -> None:
    assert estimator_names.find(fit_param).__name__ == name


@pytest.mark.parametrize(
    ("fit_param", "message", "hint"),
    [
        (
            {},
            "the statement says neither which script trains nor which estimator",
            'give pythonScriptPath, or fitParam.0.moduleName and fitParam.0.className, or fitParam.0.alg="SVC"',
        ),
        (
            {"moduleName": "sklearn.svm", "className": "SVX"},
            "the module sklearn.svm has no class 'SVX'",
            "did you mean SVR or SVC?",
        ),
        ({"alg": "SVM"}, 'alg="SVM" is no estimator of scikit-learn', "did you mean SVR or SVC?"),
        (
            {"alg": "GradientBoosting"},
            'alg="GradientBoosting" is no estimator of scikit-learn',
            "did you mean GradientBoostingClassifier or GradientBoostingRegressor?",
        ),
        (
            {"alg": "sklearn.metrics.accuracy_score"},
            "accuracy_score is not an estimator: it has no method fit",
            "name a class that has fit",
        ),
    ],
)
def test_estimators_that_are_not_there(fit_param: dict[str, str], message: str, hint: str) -> None:
    with pytest.raises(ContractError) as caught:
        estimator_names.find(fit_param)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_library_that_is_not_there_is_named_with_its_install_line() -> None:
    with pytest.raises(ContractError, match=r"the interpreter .* has no xgboost$") as caught:
        estimator_names.find({"moduleName": "xgboost.sklearn", "className": "XGBClassifier"})
    assert caught.value.hint.endswith("-m pip install xgboost")
    with pytest.raises(ContractError, match=r"^there is no module 'sklearn.nothing'$"):
        estimator_names.find({"className": "sklearn.nothing.SVC"})


def test_a_class_that_takes_any_parameter_gets_none_of_mlsqls_own_words() -> None:
    class TakesAny:
        def __init__(self, **given: object) -> None:
            self.given = given

    texts = {"moduleName": "m", "className": "TakesAny", "modelPath": "/m", "featureCol": "a", "depth": "3"}
    assert set(parameters.build(TakesAny, texts).given) == {"depth"}
