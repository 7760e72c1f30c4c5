from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb import RebalancedClassifier
from sklimb.inspection import FeatureSpaceDisplay


def test_two_features_with_prototypes_and_regions(three, affinity):
    X, y = three
    display = FeatureSpaceDisplay.from_estimator(affinity, X, y)
    assert display.method == "none"
    assert np.allclose(display.points, affinity.transform(X))
    assert display.prototypes.shape == (6, 2)
    assert display.prototype_classes.tolist() == ["bulk"] * 2 + ["rare"] * 2 + ["some"] * 2
    (regions,) = display.ax_.get_images()
    drawn = {int(code) for code in np.unique(regions.get_array())}
    decided = {display.classes.tolist().index(label) for label in affinity.predict(X)}
    assert decided <= drawn
    assert len(display.plot(show_regions=False).ax_.get_images()) == 0


def test_wide_features_by_components_say_how_much_they_hold(three, offset):
    display = FeatureSpaceDisplay.from_estimator(offset, *three)
    assert display.method == "pca"
    assert 0 < display.explained_variance <= 1
    assert "of the variance" in display.ax_.get_title()
    assert display.decide is None and display.prototypes.shape == (3, 2)


def test_a_pipeline_and_several_members(three):
    model = RebalancedClassifier(n_members=2, max_epochs=1, module__hidden=(8,), random_state=0)
    pipeline = make_pipeline(StandardScaler(), model).fit(*three)
    display = FeatureSpaceDisplay.from_estimator(pipeline, *three)
    assert display.prototypes is None and display.decide is None


def test_many_samples_are_drawn_evenly(three, affinity):
    display = FeatureSpaceDisplay.from_estimator(affinity, *three, max_samples=30)
    assert len(display.points) == 30
    assert np.unique(display.y, return_counts=True)[1].max() <= 10


def test_many_classes_leave_the_smallest_out_of_the_legend():
    y = np.repeat(np.arange(15), np.arange(16, 1, -1))
    features = np.random.default_rng(0).normal(size=(len(y), 2))
    display = FeatureSpaceDisplay.from_features(features, y)
    legend = display.ax_.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [str(i) for i in range(12)]
    assert "3 more" in legend.get_title().get_text()


def test_what_has_no_features(three):
    with pytest.raises(TypeError, match="DummyClassifier has no transform"):
        FeatureSpaceDisplay.from_estimator(DummyClassifier().fit(*three), *three)
    with pytest.raises(ValueError, match="shape"):
        FeatureSpaceDisplay.from_features(np.zeros(3), [0, 1, 1])
