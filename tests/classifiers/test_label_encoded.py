from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklimb.classifiers import LabelEncodedClassifier
from tests._compare.stand_ins import blobs

X, Y = blobs([40, 20, 8], labels=["many", "some", "few"])


class Strict(GaussianNB):
    """Takes labels from 0 on alone, as XGBoost does."""

    def fit(self, X, y, sample_weight=None):
        assert y.dtype.kind == "i" and set(y) == set(range(len(set(y))))
        return super().fit(X, y, sample_weight)


@parametrize_with_checks([LabelEncodedClassifier(LogisticRegression())])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_it_predicts_what_the_classifier_would_with_labels_of_any_type():
    found = LabelEncodedClassifier(Strict()).fit(X, Y)
    plain = GaussianNB().fit(X, Y)
    np.testing.assert_array_equal(found.predict(X), plain.predict(X))
    np.testing.assert_array_equal(found.predict_proba(X), plain.predict_proba(X))
    assert list(found.classes_) == ["few", "many", "some"]


def test_balanced_weights_are_those_of_scikit_learn_and_multiply_the_samples():
    mine = LabelEncodedClassifier(LogisticRegression(), class_weight="balanced").fit(X, Y)
    theirs = LogisticRegression(class_weight="balanced").fit(X, Y)
    np.testing.assert_allclose(mine.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    weight = np.where(Y == "few", 2.0, 1.0)
    mine.fit(X, Y, sample_weight=weight)
    theirs = LogisticRegression(class_weight={"few": 2.0, "many": 1.0, "some": 1.0})
    balanced = 68 / (3 * np.array([8, 40, 20]))
    theirs.class_weight = dict(
        zip(["few", "many", "some"], balanced * [2.0, 1.0, 1.0], strict=True)
    )
    np.testing.assert_allclose(mine.predict_proba(X), theirs.fit(X, Y).predict_proba(X), atol=1e-6)


def test_no_labels_are_told():
    with pytest.raises(ValueError, match="y"):
        LabelEncodedClassifier(GaussianNB()).fit(X, None)


def test_weights_by_label_come_in_a_dict_or_a_series():
    weights = {"few": 5.0, "many": 1.0, "some": 2.0}
    theirs = LogisticRegression(class_weight=weights).fit(X, Y).predict_proba(X)
    for given in (weights, pd.Series(weights).sort_values(), weights | {"none": 9.0}):
        mine = LabelEncodedClassifier(LogisticRegression(), class_weight=given).fit(X, Y)
        np.testing.assert_allclose(mine.predict_proba(X), theirs, atol=1e-6)
    with pytest.raises(
        ValueError, match=r"class_weight names labels that y does not have: \['0'\]"
    ):
        LabelEncodedClassifier(LogisticRegression(), class_weight={"0": 2.0}).fit(X, Y)


def test_weights_reach_the_last_step_of_a_pipeline():
    """Its `fit` takes no sample_weight, so class_weight could not be had around one."""
    piped = LabelEncodedClassifier(make_pipeline(GaussianNB()), class_weight="balanced").fit(X, Y)
    plain = LabelEncodedClassifier(GaussianNB(), class_weight="balanced").fit(X, Y)
    np.testing.assert_array_equal(piped.predict_proba(X), plain.predict_proba(X))
