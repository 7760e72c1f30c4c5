"""Sample weights on their way: by which name, for which rows, into which method."""

from __future__ import annotations

import imblearn.pipeline
import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb._data.weighted_fit import (
    fit_weighted,
    in_columns_of,
    metadata_of,
    name_of_weights,
    rows_by_weight,
    rows_of_weighted_classes,
)

LOGISTIC = LogisticRegression()


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (LOGISTIC, "sample_weight"),
        (make_pipeline(StandardScaler(), LOGISTIC), "logisticregression__sample_weight"),
        (
            make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), LOGISTIC)),
            "pipeline__logisticregression__sample_weight",
        ),
        (GridSearchCV(LOGISTIC, {}), "sample_weight"),
        (KNeighborsClassifier(), None),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), None),
        (imblearn.pipeline.make_pipeline(RandomOverSampler(), LOGISTIC), None),
        (FrozenEstimator(LOGISTIC), None),
    ],
)
def test_names(estimator, name):
    assert name_of_weights(estimator) == name
    if name is not None:  # and fit knows that name
        X, y = np.arange(20.0)[:, None], np.arange(20) % 2
        estimator.fit(X, y, **{name: np.arange(20.0)})


def test_rows_by_weight():
    rows = rows_by_weight(np.array([2.0, 0.0, 1.0, 3.0]), KNeighborsClassifier())
    assert rows.tolist() == [0, 0, 2, 3, 3, 3]
    with pytest.raises(TypeError, match="KNeighborsClassifier takes no sample_weight"):
        rows_by_weight(np.array([0.5, 1.0]), KNeighborsClassifier())


def test_rows_of_weighted_classes():
    y = np.array(["a", "b", "c", "a", "c"])
    assert rows_of_weighted_classes(y, np.array([0.0, 1, 1, 1, 0])) is None
    assert rows_of_weighted_classes(y, np.array([0.0, 1, 0, 1, 0])).tolist() == [0, 1, 3]
    assert rows_of_weighted_classes(y, np.array([0.0, 1, 0, 0, 0])) is None  # one class is left


def test_columns():
    proba, classes = np.array([[0.25, 0.75]]), np.array(["a", "b", "c"])
    assert in_columns_of(proba, classes[[0, 2]], classes).tolist() == [[0.25, 0.0, 0.75]]
    assert in_columns_of(proba, classes[:2], classes[:2]) is proba


def test_the_name_goes_by_the_method():
    class Learner(GaussianNB):
        def partial_fit(self, X, y, classes=None):
            return super().partial_fit(X, y, classes)

    assert name_of_weights(Learner()) == "sample_weight"
    assert name_of_weights(Learner(), "partial_fit") is None
    weight = np.array([2.0, 0.0, 1.0, 1.0])
    X, y = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 1, 1])
    found = fit_weighted(
        Learner(), X, y, weight, {}, method="partial_fit", classes=np.array([0, 1])
    )
    assert found.class_count_.tolist() == [2, 2]
    assert found.theta_[:, 0].tolist() == [0.0, 4.5]


def test_fit_weighted_as_without_where_weights_are_equal():
    X, y = np.arange(6.0)[:, None], np.arange(6) % 2
    found = fit_weighted(KNeighborsClassifier(3), X, y, np.full(6, 0.3), {})
    assert found.n_samples_fit_ == 6


def test_fit_weighted_leaves_out_classes_that_weigh_nothing():
    X, y = np.arange(6.0)[:, None], np.arange(6) % 3
    weight = np.array([1.0, 2.0, 0.0, 1.0, 1.0, 0.0])
    found = fit_weighted(GaussianNB(), X, y, weight, {"sample_weight": weight})
    assert found.classes_.tolist() == [0, 1]
    assert found.class_count_.tolist() == [2, 3]


def test_metadata():
    weight, inside = np.ones(3), {"a": LOGISTIC, "b": KNeighborsClassifier()}
    found = metadata_of(LOGISTIC, "fit", inside, weight, {})
    assert found.a.fit == {"sample_weight": weight}
    assert found.b.fit == {}
    assert found.cv.split == {}
    assert metadata_of(LOGISTIC, "fit", inside, None, {}).a.fit == {}
    with pytest.raises(ValueError, match=r"\['groups'\] can reach the classifier only with meta"):
        metadata_of(LOGISTIC, "fit", inside, None, {"groups": weight})
