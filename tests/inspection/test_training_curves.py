from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.dummy import DummyClassifier

from sklimb import RebalancedClassifier
from sklimb.inspection import TrainingCurvesDisplay


def test_terms_score_and_translation(m2m):
    display = TrainingCurvesDisplay.from_estimator(m2m)
    assert display.starts == {"translation": 3}
    assert display.losses == ["train_loss", "valid_loss"]
    assert display.scores == ["valid_score"]
    assert len(display.axes_) == 2
    scores = m2m.history_[:, "valid_score"]
    assert scores[display.best_epoch - 1] == max(scores)
    assert "translation from epoch 3" in [text.get_text() for text in display.axes_[0].texts]


def test_terms_of_a_loss(offset):
    display = TrainingCurvesDisplay.from_estimator(offset)
    assert display.losses == ["train_loss", "train_classification", "train_center", "train_uniform"]
    assert display.best_epoch is None


def test_cross_fitting_keeps_the_epoch_of_the_least_loss(three):
    model = RebalancedClassifier(cross_fit=True, module__hidden=(8,), n_members=2, max_epochs=5)
    display = TrainingCurvesDisplay.from_estimator(model.fit(*three))
    assert "out_of_fold_loss" in display.losses
    looked_at = display.history["out_of_fold_loss"].dropna()
    assert display.best_epoch in looked_at.index
    # early epochs of nearly the same loss are passed over, so the least may be a little less
    assert looked_at[display.best_epoch] <= 1.01 * looked_at.min()
    (curve,) = (line for line in display.axes_[0].lines if "left-out" in str(line.get_label()))
    assert len(curve.get_xdata()) == len(looked_at)


def test_the_place_of_given_axes_is_divided(m2m):
    figure = Figure()
    right = figure.subplots(1, 2)[1]
    display = TrainingCurvesDisplay.from_estimator(m2m, ax=right)
    assert display.figure_ is figure
    assert all(axes.get_position().x0 >= right.get_position().x0 - 1e-9 for axes in display.axes_)


def test_losses_far_apart_go_by_logarithms():
    history = pd.DataFrame({"train_loss": [100.0, 1.0], "train_center": [50.0, 0.1]}, index=[1, 2])
    assert TrainingCurvesDisplay(history).plot().axes_[0].get_yscale() == "log"


def test_what_has_no_history(three):
    with pytest.raises(TypeError, match="DummyClassifier has no history"):
        TrainingCurvesDisplay.from_estimator(DummyClassifier().fit(*three))
    with pytest.raises(ValueError, match="no losses"):
        TrainingCurvesDisplay(pd.DataFrame({"dur": [1.0]}))
