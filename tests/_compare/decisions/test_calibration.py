from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from sklimb._compare.decisions.calibration import calibration
from sklimb._compare.decisions.held_out import HeldOut

PRIOR = np.array([0.9, 0.1])


def _held(change, response="predict_proba"):
    rng = np.random.default_rng(0)
    n = 4000
    truth = rng.choice(2, n, p=PRIOR)
    logit = 2 * (rng.normal(size=n) + 2 * truth) - 2 + np.log(PRIOR[1] / PRIOR[0])
    p = 1 / (1 + np.exp(-change(logit)))
    proba = np.column_stack([1 - p, p])
    part = np.arange(n) % 5
    return HeldOut(np.arange(n), part, truth, proba.argmax(1), proba, response, PRIOR, 1.0)


def test_what_is_calibrated_stays_so():
    table = calibration(_held(lambda z: z), 1)
    assert list(table.index) == ["before", "after"]
    assert table.loc["after", "log_loss"] == pytest.approx(
        table.loc["before", "log_loss"], rel=0.02
    )
    assert (table["calibration_error"] < 0.02).all()


@pytest.mark.parametrize(
    "change",
    [lambda z: 3 * z, lambda z: z - np.log(PRIOR[1] / PRIOR[0])],
    ids=["too certain", "trained on balanced classes"],
)
def test_what_is_not_is_mended(change):
    right, table = calibration(_held(lambda z: z), 1), calibration(_held(change), 1)
    assert table.loc["before", "log_loss"] > 1.1 * right.loc["before", "log_loss"]
    for name in ("log_loss", "brier"):
        assert table.loc["after", name] == pytest.approx(right.loc["before", name], rel=0.03)
    assert (table.loc["after"] < table.loc["before"]).all()
    assert list(table.columns) == ["log_loss", "brier", "calibration_error"]


def test_the_figures_are_those_of_scikit_learn():
    held = _held(lambda z: z)
    table = calibration(held, 1)
    assert table.loc["before", "log_loss"] == pytest.approx(log_loss(held.truth, held.proba))


def test_scores_that_are_no_probabilities_have_none():
    assert calibration(_held(lambda z: z, "decision_function"), 1) is None
