from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.metrics import balanced_accuracy_score, recall_score

from sklimb.inspection import ClasswiseRecallDisplay
from sklimb.inspection.classwise_recall import mean_recalls, recall_intervals, recalls_by_class
from sklimb.metrics import geometric_mean_score


def test_recalls_and_means_are_those_of_the_metrics():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(5, size=(2, 300))
    y_pred[y_true == 4] = 0  # a class that is never found
    recalls = recalls_by_class(y_true, y_pred, range(5))
    assert np.allclose(recalls, recall_score(y_true, y_pred, average=None))
    assert mean_recalls(recalls) == pytest.approx(
        (balanced_accuracy_score(y_true, y_pred), geometric_mean_score(y_true, y_pred))
    )


def test_a_class_without_samples_has_no_recall():
    recalls = recalls_by_class([0, 0], [0, 1], [0, 1])
    assert np.isnan(recalls[1])
    assert mean_recalls(recalls) == (0.5, 0.5)


def test_intervals_are_wilsons():
    n, share = 40, 0.3
    low, high = recall_intervals([[share, np.nan]], [n, 0])[0, 0]
    z = 1.959964
    for end, sign in ((low, -1), (high, 1)):
        root = np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        wanted = (share + z**2 / (2 * n) + sign * z * root) / (1 + z**2 / n)
        assert end == pytest.approx(wanted, abs=1e-6)
    assert np.isnan(recall_intervals([np.nan], [0])).all()


def test_intervals_are_drawn_for_few_classes_and_equal_classifiers_are_both_seen():
    y = np.repeat([0, 1], [8, 2])
    display = ClasswiseRecallDisplay.from_predictions(y, {"a": y, "b": y})
    assert display.supports.tolist() == [8, 2]
    assert display.intervals.shape == (2, 2, 2)
    ends = [segment[:, 1] for part in display.ax_.collections for segment in part.get_segments()]
    np.testing.assert_allclose(ends, display.intervals.reshape(-1, 2))
    a, b = (line.get_xdata() for line in display.lines_)
    assert (a < b).all() and np.abs(a - b).max() < 0.2
    assert not display.plot(ax=Figure().subplots(), show_intervals=False).ax_.collections
    many = np.arange(50)
    assert not ClasswiseRecallDisplay.from_predictions(many, many).ax_.collections
    bare = ClasswiseRecallDisplay(
        display.recalls, classes=[0, 1], class_counts=np.array([8, 2]), names=["a", "b"]
    )
    assert not bare.plot(ax=Figure().subplots()).ax_.collections


def test_several_classifiers_lie_over_the_sizes(three, plain, offset):
    X, y = three
    display = ClasswiseRecallDisplay.from_estimator({"plain": plain, "offset": offset}, X, y)
    assert display.classes.tolist() == ["bulk", "some", "rare"]
    assert display.counted == "training samples"
    assert display.recalls.shape == (2, 3)
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["plain", "offset"]
    assert len(display.sizes_ax_.patches) == 3
    # a line for each, and both means of each
    heights = [line.get_ydata()[0] for line in display.ax_.get_lines()]
    for mean in (*display.balanced_accuracies, *display.geometric_means):
        assert mean in heights


def test_the_name_is_that_of_the_class_unless_given(three, plain):
    display = ClasswiseRecallDisplay.from_estimator(plain, *three)
    assert display.names == ["RebalancedClassifier"]
    assert ClasswiseRecallDisplay.from_estimator(plain, *three, name="mine").names == ["mine"]


def test_a_second_display_goes_on_with_other_colours():
    ax = Figure().subplots()
    first = ClasswiseRecallDisplay.from_predictions([0, 1, 1], [0, 1, 0], name="a", ax=ax)
    second = ClasswiseRecallDisplay.from_predictions([0, 1, 1], [0, 1, 1], name="b", ax=ax)
    assert first.lines_[0].get_color() != second.lines_[0].get_color()
    assert second.plot(ax=Figure().subplots(), show_sizes=False).sizes_ax_ is None


def test_settings_reach_matplotlib():
    display = ClasswiseRecallDisplay.from_predictions([0, 1], [0, 1], color="red", linewidth=7)
    assert display.lines_[0].get_color() == "red"
    assert display.lines_[0].get_linewidth() == 7


def test_a_second_classifier_in_the_same_axes_brings_no_second_bars():
    y, proposed = [0, 0, 0, 1, 1, 0], [0, 0, 1, 1, 0, 0]
    first = ClasswiseRecallDisplay.from_predictions(y, proposed)
    second = ClasswiseRecallDisplay.from_predictions(y, y, class_counts=[40, 10], ax=first.ax_)
    assert first.sizes_ax_ is not None and second.sizes_ax_ is None
    assert len(first.figure_.axes) == 2
