from __future__ import annotations

import numpy as np
import pytest

from sklimb.inspection import ConfusionDisplay
from sklimb.inspection.confusion import shares_of_rows


def texts(display):
    return [text.get_text() for text in display.ax_.texts]


def test_shares():
    shares = shares_of_rows(np.array([[3, 1], [0, 0]]))
    assert shares[0].tolist() == [0.75, 0.25]
    assert np.isnan(shares[1]).all()


def test_order_is_that_of_the_training_sizes(three, plain):
    X, y = three
    display = ConfusionDisplay.from_estimator(plain, X, y)
    assert display.classes.tolist() == ["bulk", "some", "rare"]
    predicted = plain.predict(X)
    assert display.confusion_matrix[0, 2] == np.sum((y == "bulk") & (predicted == "rare"))
    assert display.confusion_matrix.sum() == len(y)


def test_few_classes_show_counts_more_show_shares_many_colours():
    assert "3\n100 %" in texts(ConfusionDisplay.from_predictions([0, 0, 0, 1], [0, 0, 0, 0]))
    y = np.repeat(np.arange(12), 4)
    assert set(texts(ConfusionDisplay.from_predictions(y, y))) == {"100", ""}
    y = np.repeat(np.arange(100), 2)
    display = ConfusionDisplay.from_predictions(y, y)
    assert texts(display) == []
    assert len(display.ax_.get_xticklabels()) <= 12


def test_a_class_without_samples_has_no_share():
    display = ConfusionDisplay.from_predictions([0, 0], [0, 1])
    assert np.isnan(display.shares[1]).all()
    assert texts(display)[-1] == "-"


@pytest.mark.parametrize("labels", [[True, False], [1.0, 2.0], ["1", "b"]])
def test_labels_of_any_type(labels):
    display = ConfusionDisplay.from_predictions(labels * 2, labels * 2)
    assert display.confusion_matrix.tolist() == [[2, 0], [0, 2]]


def test_without_colourbar():
    display = ConfusionDisplay.from_predictions([0, 1], [0, 1])
    assert len(display.figure_.axes) == 2
    assert len(display.plot(colorbar=False).figure_.axes) == 1
