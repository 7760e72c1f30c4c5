"""What probabilities are worth: ranks, calibration, decisions after a correction for the prior."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score

from sklimb.metrics import geometric_mean_score

SMALLEST = 1e-15


def corrected(proba: np.ndarray, prior: np.ndarray, tau: float = 1.0) -> np.ndarray:
    """Return probabilities for classes of one size (Saerens et al. 2002)."""
    scores = np.log(np.maximum(proba, SMALLEST)) - tau * np.log(prior)
    scores -= scores.max(1, keepdims=True)
    odds = np.exp(scores)
    return odds / odds.sum(1, keepdims=True)


def log_loss(y: np.ndarray, proba: np.ndarray) -> float:
    """Return the mean of minus the log of the true class's probability."""
    return float(-np.log(np.maximum(proba[np.arange(len(y)), y], SMALLEST)).mean())


def balanced_log_loss(y: np.ndarray, proba: np.ndarray) -> float:
    """Return the same as a mean over classes."""
    losses = -np.log(np.maximum(proba[np.arange(len(y)), y], SMALLEST))
    return float(np.mean([losses[y == k].mean() for k in np.unique(y)]))


def average_precision(y: np.ndarray, proba: np.ndarray) -> float:
    """Return the average precision of the rare class, or the mean over more than two."""
    if proba.shape[1] == 2:
        return float(average_precision_score(y == 1, proba[:, 1]))
    return float(np.mean([average_precision_score(y == k, proba[:, k]) for k in np.unique(y)]))


def calibration_error(y: np.ndarray, proba: np.ndarray, n_bins: int = 10) -> float:
    """Return the expected calibration error of the predicted class, in bins of one width."""
    top = proba.max(1)
    hit = proba.argmax(1) == y
    bins = np.minimum((top * n_bins).astype(int), n_bins - 1)
    size = np.bincount(bins, minlength=n_bins)
    gap = np.bincount(bins, hit, n_bins) - np.bincount(bins, top, n_bins)
    return float(np.abs(gap).sum() / size.sum())


def scores_of_decisions(y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return scores of labels."""
    return {
        "balanced_accuracy": balanced_accuracy_score(y, predicted),
        "geometric_mean": geometric_mean_score(y, predicted),
        "macro_f1": f1_score(y, predicted, average="macro", zero_division=0),
    }


def scores_of(
    y: np.ndarray, proba: np.ndarray, prior: np.ndarray, *, balanced: np.ndarray | None = None
) -> dict[str, float]:
    """Return all scores of probabilities for the data's own class shares.

    ``balanced`` are probabilities for classes of one size; None corrects for the prior.
    """
    balanced = corrected(proba, prior) if balanced is None else balanced
    return scores_of_decisions(y, balanced.argmax(1)) | {
        "average_precision": average_precision(y, proba),
        "log_loss": log_loss(y, proba),
        "balanced_log_loss": balanced_log_loss(y, balanced),
        "calibration_error": calibration_error(y, proba),
    }
