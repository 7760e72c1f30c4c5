"""Whether probabilities mean what they say, before and after two numbers have mended them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_softmax

from sklimb._compare.decisions.held_out import HeldOut

_LEAST = 1e-12
_BINS = 10


def calibration(held: HeldOut, positive: int) -> pd.DataFrame | None:
    """Return how well calibrated a method is, as it is and mended.

    Mended is ``p^a * share^b``, normalised: a power of the probabilities and one of the class
    shares, which takes back what training on balanced classes does. Both are fitted by log loss,
    for each part by the predictions of the other parts.

    Parameters
    ----------
    held : HeldOut
    positive : int
        The class whose calibration error is shown.

    Returns
    -------
    table : DataFrame or None
        Rows ``before`` and ``after``; columns ``log_loss``, ``brier`` (mean squared distance over
        classes), ``calibration_error`` (mean distance between what is said of the class and what
        happens, in ten bins of equally many rows). Less is better. None where there are no
        probabilities.
    """
    if held.response != "predict_proba":
        return None
    logs = np.log(np.maximum(held.proba, _LEAST))
    shares = np.log(np.maximum(held.prior, _LEAST))
    mended = np.empty_like(logs)
    for part in np.unique(held.part):
        own, others = held.part == part, held.others(part)
        rows = others if others.any() else np.ones(len(own), dtype=bool)
        a, b = _fitted(logs[rows], shares, held.truth[rows])
        mended[own] = log_softmax(a * logs[own] + b * shares, axis=1)
    said = {"before": log_softmax(logs, axis=1), "after": mended}
    return pd.DataFrame(
        {name: _quality(found, held.truth, positive) for name, found in said.items()}
    ).T


def _fitted(logs: np.ndarray, shares: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    rows = np.arange(len(truth))

    def loss(powers):
        scores = log_softmax(powers[0] * logs + powers[1] * shares, axis=1)
        # A little towards what is there already, so that perfect predictions have an answer.
        return -scores[rows, truth].mean() + 1e-4 * ((powers[0] - 1) ** 2 + powers[1] ** 2)

    found = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-6})
    return float(found.x[0]), float(found.x[1])


def _quality(logs: np.ndarray, truth: np.ndarray, positive: int) -> dict[str, float]:
    proba, rows = np.exp(logs), np.arange(len(truth))
    happened = np.zeros_like(proba)
    happened[rows, truth] = 1.0
    order = np.argsort(proba[:, positive], kind="stable")
    bins = [b for b in np.array_split(order, _BINS) if len(b)]
    gaps = [abs(proba[b, positive].mean() - happened[b, positive].mean()) * len(b) for b in bins]
    return {
        "log_loss": float(-logs[rows, truth].mean()),
        "brier": float(((proba - happened) ** 2).sum(axis=1).mean()),
        "calibration_error": float(sum(gaps) / len(truth)),
    }
