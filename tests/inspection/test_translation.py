from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklimb import M2mClassifier, M2mSampler, RebalancedClassifier
from sklimb.inspection import TranslationDisplay
from tests.inspection.conftest import QUICK

# g, and f of the sampler, which otherwise are trained for long.
G = RebalancedClassifier(cross_fit=False, class_weight="balanced", max_epochs=10, random_state=0)
KEPT = {"keep_training_state": True, "gamma": 0.0}


def test_rows_of_a_fitted_classifier(three, m2m):
    X, y = three
    display = TranslationDisplay.from_estimator(m2m, X, y, n_samples=2)
    assert set(display.target_classes) == {"rare"} and "rare" not in display.seed_classes
    assert display.seeds.shape == (2, 6)
    assert (display.changes != 0).any(axis=1).all()
    low, high = X.min(0) - 1e-6, X.max(0) + 1e-6
    assert ((display.results >= low) & (display.results <= high)).all()
    assert ((display.confidence >= 0) & (display.confidence <= 1)).all()
    assert len(display.axes_) == 2
    again = TranslationDisplay.from_estimator(m2m, X, y, n_samples=2)
    assert np.array_equal(again.results, display.results)


def test_what_g_accepts_comes_first_and_the_rest_is_said(three, m2m):
    stricter = copy.copy(m2m).set_params(gamma=1.0)
    display = TranslationDisplay.from_estimator(stricter, *three, target="some", n_samples=1)
    assert "rejected" in display.axes_[0, 0].get_title()


def test_images(three):
    X = np.random.default_rng(0).integers(255, size=(60, 1, 6, 6)).astype(np.uint8)
    y = np.repeat([0, 1], [50, 10])
    X[y == 1] //= 4
    model = M2mClassifier(
        keep_training_state=True, translate_from=0, max_epochs=1, source_estimator=G
    )
    display = TranslationDisplay.from_estimator(model.fit(X, y), X, y, n_samples=2)
    assert display.axes_.shape == (2, 3)
    assert display.seeds.shape == (2, 1, 6, 6)
    assert "seed: 0" in display.axes_[0, 0].get_title()


def test_what_a_sampler_has_made(three):
    X, y = pd.DataFrame(three[0], columns=list("abcdef")), three[1]
    sampler = M2mSampler(gamma=0.0, source_estimator=G, target_estimator=G, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    display = TranslationDisplay.from_sampler(sampler, X, X_new, y_new, target="rare", n_samples=2)
    assert display.target_classes.tolist() == ["rare", "rare"]
    assert display.feature_names == list("abcdef")
    # each result stands in what the sampler gave, each seed in what it was given
    for seed, result in zip(display.seeds, display.results):
        assert (np.abs(X.to_numpy() - seed).max(1) == 0).any()
        assert (np.abs(X_new.to_numpy() - result).max(1) == 0).any()
    with pytest.raises(ValueError, match="no sample into 'bulk'"):
        TranslationDisplay.from_sampler(sampler, X, X_new, y_new, target="bulk")
    with pytest.raises(ValueError, match="last fit_resample"):
        TranslationDisplay.from_sampler(sampler, X[:-1], X_new, y_new)


def test_what_cannot_be_drawn(three, plain):
    with pytest.raises(TypeError, match="got RebalancedClassifier"):
        TranslationDisplay.from_estimator(make_pipeline(StandardScaler(), plain), *three)
    model = M2mClassifier(source_estimator=G, **QUICK).fit(*three)
    with pytest.raises(ValueError, match="keep_training_state=True"):
        TranslationDisplay.from_estimator(model, *three)
    kept = M2mClassifier(keep_training_state=True, gamma=0.0, source_estimator=G, **QUICK).fit(
        *three
    )
    with pytest.raises(ValueError, match="target='none'"):
        TranslationDisplay.from_estimator(kept, *three, target="none")
