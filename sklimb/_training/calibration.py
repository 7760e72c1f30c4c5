r"""Temperature scaling: how far the confidence of a classifier is to be trusted.

.. math:: p_k(T) \propto p_k^{1/T}

with one number T for all samples and classes, chosen by the log loss of samples that the classifier
has not been trained on (Guo, Pleiss, Sun & Weinberger, On Calibration of Modern Neural Networks,
ICML 2017). Above 1 it makes probabilities less certain, below 1 more.

scikit-learn has it as ``CalibratedClassifierCV(method="temperature")`` from 1.8 on, which Python
3.10 does not get; it has no bounds that keep a small table from ruin, and refuses classes of fewer
samples than folds.

Shape
-----
Probabilities (n, C), class indices (n,), weights (n,).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import log_softmax, softmax

# A temperature is sought between these: on a table of few rare samples one that is not bounded can
# be anything, and ruin it.
LOWEST, HIGHEST = 0.5, 5.0
# With this many samples of the rarest class the logarithm of the fitted temperature is halved.
HALF_WAY = 20.0
# Smaller probabilities count as this one (scikit-learn's bound): a forest's 0 for the true class
# would otherwise outweigh all other samples at any temperature.
LEAST_PROBABILITY = float(np.finfo(np.float64).eps)


def log_with_temperature(proba: np.ndarray, temperature: float) -> np.ndarray:
    """Return log probabilities over the temperature, up to a constant for each sample.

    A probability below `LEAST_PROBABILITY` counts as that.

    Parameters
    ----------
    proba : ndarray, shape (n, C)
    temperature : float
        Above 0.

    Returns
    -------
    ndarray, shape (n, C)

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._training.calibration import log_with_temperature
    >>> log_with_temperature(np.array([[0.1, 0.9]]), 2.0).round(3)
    array([[-1.151, -0.053]])
    """
    return np.log(np.maximum(proba, LEAST_PROBABILITY)) / temperature


def with_temperature(proba: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities at a temperature; each row sums to 1.

    Parameters
    ----------
    proba : ndarray, shape (n, C)
    temperature : float
        Above 0; 1 changes nothing.

    Returns
    -------
    ndarray, shape (n, C)

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._training.calibration import with_temperature
    >>> with_temperature(np.array([[0.1, 0.9]]), 2.0)
    array([[0.25, 0.75]])
    """
    return softmax(log_with_temperature(proba, temperature), axis=1)


def fit_temperature(
    proba: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
) -> float:
    """Return the temperature with the least (weighted) log loss, between two bounds.

    Parameters
    ----------
    proba : ndarray, shape (n, C)
        Probabilities of samples that the classifier was not trained on.
    y : ndarray of int, shape (n_samples,)
        Their classes, as columns of `proba`.
    weight : ndarray, shape (n_samples,), or None
        Weights of the samples.
    lowest, highest : float, default=LOWEST, HIGHEST
        The bounds.

    Returns
    -------
    float
        1 where the temperature makes no difference.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._training.calibration import fit_temperature
    >>> certain = np.tile([0.1, 0.9], (4, 1))  # nine to one, and right three times of four
    >>> round(fit_temperature(certain, np.array([0, 1, 1, 1])), 6)
    2.0
    """
    logs = log_with_temperature(np.asarray(proba, dtype=np.float64), 1.0)
    weight = np.ones(len(logs)) if weight is None else np.asarray(weight, dtype=np.float64)
    of_truth = np.average(logs[np.arange(len(logs)), y], weights=weight)

    def slope(inverse: float) -> float:
        """Return the derivative of the log loss, which rises, by the inverse of the temperature."""
        expected = (softmax(inverse * logs, axis=1) * logs).sum(axis=1)
        return float(np.average(expected, weights=weight) - of_truth)

    if abs(slope(1.0)) <= 1e-12 * np.abs(logs).max():
        return 1.0
    if slope(1 / highest) >= 0:
        return highest
    if slope(1 / lowest) <= 0:
        return lowest
    return 1 / float(brentq(slope, 1 / highest, 1 / lowest, xtol=1e-13))


def fit_temperature_and_shift(
    scores: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    lowest: float,
    highest: float,
) -> tuple[float, np.ndarray]:
    r"""Return a temperature and a shift of each class, for scores that are no log probabilities.

    .. math:: \min_{T, c} \; \frac{(\sum_i w_i)^2}{\sum_i w_i^2} \cdot
        \frac{\sum_i w_i (-\log \mathrm{softmax}(s_i / T + c)_{y_i})}{\sum_i w_i}
        + \tfrac 1 2 \lVert c \rVert^2

    Bias-corrected temperature scaling (Alexandari, Kundaje & Shrikumar, Maximum Likelihood with
    Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation, ICML 2020). The penalty,
    which is a standard normal prior of c beside as many samples as the weights amount to (Kish),
    keeps few samples of a class from moving it far.

    Parameters
    ----------
    scores : ndarray, shape (n, C)
        Scores of samples that the classifier was not trained on.
    y : ndarray of int, shape (n,)
        Their classes, as columns of `scores`.
    weight : ndarray, shape (n,), or None
        Weights of the samples.
    lowest, highest : float
        Bounds of the temperature.

    Returns
    -------
    temperature : float
        T.
    shift : ndarray, shape (C,)
        What is added to the scores before they are divided by it, T c; its mean is 0.

    Examples
    --------
    Scores that see no difference, of samples three quarters of which are of class 1:

    >>> import numpy as np
    >>> from sklimb._training.calibration import fit_temperature_and_shift
    >>> y = np.arange(400) % 4 > 0
    >>> T, shift = fit_temperature_and_shift(np.zeros((400, 2)), y * 1, lowest=0.5, highest=2.0)
    >>> bool(abs((shift[1] - shift[0]) / T - np.log(3)) < 0.01)
    True
    """
    scores = np.asarray(scores, dtype=np.float64)
    scores = scores - scores.max(axis=1, keepdims=True)
    n, n_classes = scores.shape
    share = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    share = share / share.sum()
    n_effective = 1.0 / (share**2).sum()
    rows = np.arange(n)

    def objective(at: np.ndarray) -> tuple[float, np.ndarray]:
        inverse, shift = np.exp(-at[0]), at[1:]
        logs = log_softmax(inverse * scores + shift, axis=1)
        excess = np.exp(logs)
        excess[rows, y] -= 1.0
        excess *= (n_effective * share)[:, None]
        slope = np.concatenate([[-inverse * (excess * scores).sum()], excess.sum(axis=0) + shift])
        loss = -n_effective * float(share @ logs[rows, y]) + 0.5 * float(shift @ shift)
        return loss, slope

    bounds = [(np.log(lowest), np.log(highest)), *[(None, None)] * n_classes]
    start = np.zeros(n_classes + 1)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    temperature = float(np.exp(found[0]))
    shift = temperature * found[1:]
    return temperature, shift - shift.mean()


def shrunk_temperature(temperature: float, n_rarest: float, half_way: float = HALF_WAY) -> float:
    r"""Return a temperature shrunk to 1 by the number of samples of the rarest class.

    .. math:: \log T \cdot \frac{m}{m + m_0}

    Parameters
    ----------
    temperature : float
        As fitted.
    n_rarest : float
        m, the (weighted) number of samples of the rarest class.
    half_way : float, default=HALF_WAY
        :math:`m_0`, the number that leaves half of the logarithm.

    Returns
    -------
    float

    Examples
    --------
    >>> from sklimb._training.calibration import shrunk_temperature
    >>> shrunk_temperature(4.0, 20, half_way=20), shrunk_temperature(4.0, 0, half_way=20)
    (2.0, 1.0)
    """
    return float(np.exp(np.log(temperature) * n_rarest / (n_rarest + half_way)))


def out_of_fold_temperature(
    proba: np.ndarray,
    y: np.ndarray,
    counts: np.ndarray,
    *,
    usable: np.ndarray,
    weight: np.ndarray | None = None,
) -> float:
    """Return the temperature of some samples' probabilities, shrunk by the rarest class.

    Parameters
    ----------
    proba : ndarray, shape (n, C)
        Probabilities of samples from classifiers that were not trained on them.
    y : ndarray of int, shape (n,)
        Their classes, as columns of `proba`.
    counts : ndarray, shape (C,)
        (Weighted) number of samples of each class; classes without weight are left out.
    usable : ndarray of bool, shape (n,)
        Samples to fit it to.
    weight : ndarray, shape (n,), or None
        Weights of the samples.

    Returns
    -------
    float
        1 where no sample is usable.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._training.calibration import out_of_fold_temperature
    >>> certain, y = np.tile([0.1, 0.9], (80, 1)), np.arange(80) % 4 > 0
    >>> every = np.ones(80, dtype=bool)  # and 20 samples of the rarer class: half of the way
    >>> round(out_of_fold_temperature(certain, y * 1, np.array([20, 60]), usable=every), 6)
    1.414214
    """
    rows, counted = np.flatnonzero(usable), np.flatnonzero(counts > 0)
    if not len(rows):
        return 1.0
    best = fit_temperature(
        proba[np.ix_(rows, counted)],
        np.searchsorted(counted, y[rows]),
        None if weight is None else weight[rows],
    )
    return shrunk_temperature(best, counts[counted].min())
