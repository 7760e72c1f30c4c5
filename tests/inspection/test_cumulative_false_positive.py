from __future__ import annotations

import numpy as np

from sklimb.inspection import CumulativeFalsePositiveDisplay
from sklimb.metrics import cumulative_false_positives

TRUE = ["a", "a", "b", "b", "c", "c"]
ALL_A = ["a"] * 6


def test_sums_are_those_of_the_metric():
    counts = {"b": 50, "a": 9, "c": 1}
    display = CumulativeFalsePositiveDisplay.from_predictions(TRUE, ALL_A, class_counts=counts)
    assert display.classes.tolist() == ["b", "a", "c"]
    assert display.false_positives.tolist() == [
        cumulative_false_positives(TRUE, ALL_A, counts).tolist()
    ]
    assert display.false_positives[0, -1] == 4


def test_curves_end_at_all_errors_beside_a_straight_line():
    both = {"all a": ALL_A, "right": TRUE}
    display = CumulativeFalsePositiveDisplay.from_predictions(TRUE, both)
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["all a (4 errors)", "right (0 errors)"]
    even = display.ax_.get_lines()[1].get_ydata()
    assert np.allclose(np.diff(even), even[0])
    assert even[-1] == 4


def test_of_estimators(three, plain):
    X, y = three
    display = CumulativeFalsePositiveDisplay.from_estimator(plain, X, y)
    assert display.classes.tolist() == ["bulk", "some", "rare"]
    assert display.false_positives[0, -1] == np.sum(plain.predict(X) != y)
