"""Fitted attributes of a file: each that `fit` could not have left is refused by name."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sklimb import BlendedClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb.persistence._fitted import _FITTED, check_fitted, is_counts
from tests.shared import QUICK

GOOD = {
    "classes_": np.array(["a", "b"]),
    "n_features_in_": 3,
    "feature_names_in_": np.array(["x", "y", "z"], dtype=object),
    "class_counts_": np.array([5.0, 0.5]),
    "source_prior_": np.array([0.75, 0.25]),
    "target_prior_": np.array([0.5, 0.5]),
    "cost_matrix_": np.array([[0.0, 1.0], [5.0, 0.0]]),
    "temperature_": 1.5,
    "oof_proba_": np.array([[0.5, 0.5], [np.nan, np.nan]]),
    "image_shape_": (3, 8, 8),
    "estimators_": [None, None, None],
    "_weights": np.array([1.0, 0.0, 2.0]),
}


def test_every_rule_is_tried_here():
    assert set(_FITTED) == set(GOOD) - {"estimators_"}
    check_fitted(SimpleNamespace(**GOOD))
    check_fitted(SimpleNamespace(**GOOD | {"cost_matrix_": None}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classes_", np.array(["b", "a"])),
        ("classes_", np.array(["a", "a"])),
        ("classes_", np.array([["a", "b"]])),
        ("classes_", np.array([1, "a"], dtype=object)),
        ("classes_", np.array([0.0, np.nan])),
        ("classes_", None),
        ("n_features_in_", 0),
        ("n_features_in_", True),
        ("n_features_in_", 3.0),
        ("feature_names_in_", np.array(["x", "y"], dtype=object)),
        ("feature_names_in_", np.array(["x", "y", 3], dtype=object)),
        ("class_counts_", np.array([5.0])),
        ("class_counts_", np.array([5.0, -1.0])),
        ("class_counts_", [5.0, 1.0]),
        ("source_prior_", np.array([0.75, 0.75])),
        ("target_prior_", np.array([np.nan, 0.5])),
        ("cost_matrix_", np.ones((3, 3))),
        ("temperature_", 0.0),
        ("temperature_", np.inf),
        ("temperature_", "1"),
        ("oof_proba_", np.ones((4, 3))),
        ("oof_proba_", -np.ones((4, 2))),
        ("image_shape_", (8, 8)),
        ("image_shape_", (1, 3, 8, 8)),
        ("image_shape_", (3, 8.0, 8)),
        ("image_shape_", [3, 8, 8]),
        ("_weights", np.array([1.0, 2.0])),
        ("_weights", np.zeros(3)),
    ],
)
def test_what_fit_cannot_have_left_is_refused(name, value):
    with pytest.raises(ValueError, match=f"its SimpleNamespace has a {name} that is not") as caught:
        check_fitted(SimpleNamespace(**GOOD | {name: value}))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_counts_are_finite_and_one_for_each_class():
    assert is_counts(np.array([1, 0]), 2)
    for wrong in (np.array([1.0]), np.array([np.inf, 1.0]), np.array(["1", "2"]), None):
        assert not is_counts(wrong, 2)


def test_what_fit_leaves_passes():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.repeat([True, False, False], 20)
    net = RebalancedClassifier(**QUICK)
    blend = BlendedClassifier(estimators=[("a", net), ("b", net)])
    for model in (net, PriorCorrectedClassifier(net, cv=2), blend):
        check_fitted(model.fit(X, y))
