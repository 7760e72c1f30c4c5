from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.dummy import DummyClassifier

from sklimb import RebalancedClassifier, RSGClassifier
from sklimb.inspection import TrainingCurvesDisplay
from sklimb.inspection.training_curves import history_frame, starts_of
from tests.inspection.conftest import QUICK


def test_a_history_as_a_frame(m2m):
    frame = history_frame(m2m.history_)
    assert frame.index.tolist() == list(range(1, m2m.n_iter_ + 1))
    assert frame["train_loss"].tolist() == list(m2m.history_[:, "train_loss"])
    assert not [name for name in frame if name.endswith(("_best", "batch_count"))]


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


def test_generation_and_deferred_weights(three):
    model = RSGClassifier(
        loss="cross_entropy", class_weight="balanced", rebalance_from=3, generate_from=2, **QUICK
    ).fit(*three)
    starts = starts_of(model, history_frame(model.history_))
    assert starts == {"class weights": 4, "generation": 3}


def test_what_began_at_once_or_never_is_no_event(three):
    for start in (0, 9):
        model = RebalancedClassifier(class_weight="balanced", rebalance_from=start, **QUICK)
        assert starts_of(model.fit(*three), history_frame(model.history_)) == {}


def test_cross_fitting_keeps_the_epoch_of_the_least_loss(three):
    model = RebalancedClassifier(cross_fit=True, module__hidden=(8,), n_members=2, max_epochs=5)
    display = TrainingCurvesDisplay.from_estimator(model.fit(*three))
    assert "out_of_fold_loss" in display.losses
    assert display.best_epoch == display.history["out_of_fold_loss"].idxmin()


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
