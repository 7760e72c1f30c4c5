"""Lists of classifiers with names and without."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb.classifiers.named_estimators import (
    NamedEstimatorsMixin,
    check_named_estimators,
    estimator_weights,
    is_dropped,
    named_estimators,
    unset_seeds,
)

LINEAR, BAYES, FOREST = LogisticRegression(), GaussianNB(), RandomForestClassifier()


class Several(NamedEstimatorsMixin, BaseEstimator):
    def __init__(self, estimators=None, weights=None):
        self.estimators = estimators
        self.weights = weights


def test_names():
    assert named_estimators([("a", LINEAR), BAYES]) == [("a", LINEAR), ("gaussiannb", BAYES)]
    assert [name for name, _ in named_estimators((FOREST, BAYES, FOREST))] == [
        "randomforestclassifier-1",
        "gaussiannb",
        "randomforestclassifier-2",
    ]
    for none in (None, "drop", LINEAR, 3):
        assert named_estimators(none) == []
    assert is_dropped("".join(["dr", "op"]))
    assert not is_dropped(LINEAR)


@pytest.mark.parametrize(
    "estimators", [[("linear", LINEAR), ("forest", FOREST)], [["linear", LINEAR], FOREST]]
)
def test_parameters_by_name(estimators):
    model = Several(clone(estimators, safe=False))
    forest = "forest" if isinstance(estimators[1], tuple) else "randomforestclassifier"
    params = model.get_params()
    assert params["linear__C"] == 1.0
    assert params[f"{forest}__n_estimators"] == 100
    assert set(model.get_params(deep=False)) == {"estimators", "weights"}
    model.set_params(linear__C=0.5, **{f"{forest}__max_depth": 3})
    copied = clone(model)
    assert copied.get_params()["linear__C"] == 0.5
    copied.set_params(linear__C=2.0)
    assert model.get_params()["linear__C"] == 0.5
    assert LINEAR.C == 1.0
    given = model.estimators
    model.set_params(**{forest: "drop", "weights": [1, 2]})
    assert dict(named_estimators(model.estimators))[forest] == "drop"
    assert not is_dropped(dict(named_estimators(given))[forest])  # the list given is left alone
    model.set_params(estimators=[("a", BAYES)], a__var_smoothing=0.5)
    assert model.get_params()["a"].var_smoothing == 0.5
    with pytest.raises(ValueError, match="Invalid parameter 'b' for estimator"):
        model.set_params(b__C=1)


def test_parameters_nested_deeper():
    model = Several([("piped", make_pipeline(StandardScaler(), LogisticRegression()))])
    model.set_params(piped__logisticregression__C=7)
    assert model.estimators[0][1][-1].C == 7


@pytest.mark.parametrize("estimators", [None, "x", LINEAR, 3, [], [1], [("a", "drop")]])
def test_what_is_no_list_of_classifiers_can_be_shown_and_cloned(estimators):
    assert repr(clone(Several(estimators)))
    Several(estimators).get_params()


@pytest.mark.parametrize(
    ("estimators", "error", "message"),
    [
        (LINEAR, TypeError, r"estimators is LogisticRegression\(\)\. Give a list of classifiers"),
        ("forest", TypeError, "estimators is 'forest'. Give a list"),
        ({"a": LINEAR}, TypeError, "Give a list"),
        (("a", LINEAR), TypeError, "Give a list"),
        ([], ValueError, "the list is empty. Give a list"),
        ([("a", "drop"), ("b", "drop")], ValueError, "all of them are 'drop'"),
        ([(1, LINEAR)], TypeError, "the name 1, which is no string"),
        ([("a", LINEAR), ("a", BAYES)], ValueError, r"'a' more than once, in \['a', 'a'\]"),
        ([("gaussiannb", LINEAR), BAYES], ValueError, "'gaussiannb' more than once"),
        ([("a__b", LINEAR)], ValueError, "'a__b', which has two underscores.*another name"),
        ([("cv", LINEAR)], ValueError, "'cv', which is a parameter beside estimators"),
        ([("a", "linear"), BAYES], TypeError, "'linear' as 'a'. Give a list"),
    ],
)
def test_errors(estimators, error, message):
    with pytest.raises(error, match=message):
        check_named_estimators(estimators, {"cv", "estimators"})


def test_seeds_that_are_not_set():
    model = make_pipeline(LogisticRegression(), LogisticRegression(random_state=3))
    assert unset_seeds(model) == ["logisticregression-1__random_state"]


@pytest.mark.parametrize(
    "weights",
    [
        [1, 0, 3],
        {"forest": 3, "linear": 1, "bayes": 0},
        pd.Series({"forest": 3.0, "linear": 1.0, "bayes": 0.0}),
        pd.Series([1, 0, 3]),
    ],
)
def test_weights_go_by_name_where_they_have_names(weights):
    """A Series went by position, whatever its index said."""
    pairs = [("linear", LINEAR), ("bayes", BAYES), ("forest", FOREST)]
    assert estimator_weights(weights, pairs).tolist() == [1, 0, 3]
    pairs[1] = ("bayes", "drop")
    assert estimator_weights(weights, pairs).tolist() == [1, 3]


@pytest.mark.parametrize("names", [["linear"], ["linear", "tree"], ["linear", "bayes", "tree"]])
def test_weights_by_name_are_of_all_and_no_other(names):
    weights = pd.Series(np.ones(len(names)), index=names)
    with pytest.raises(ValueError, match="weights by name must hold a number for each of the"):
        estimator_weights(weights, [("linear", LINEAR), ("bayes", BAYES)])
