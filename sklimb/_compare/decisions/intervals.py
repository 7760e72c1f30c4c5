"""How sure a share is that was counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from sklimb._compare.run.costs import own_splits
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.splits import Split

# Draws of an interval that sorts: so many, but no more than this many cells together.
_DRAWS, _FEW_DRAWS, _CELLS = 200, 50, 20_000_000
_Z = NormalDist().inv_cdf(0.975)


def wilson(hits: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of Wilson for a share.

    Parameters
    ----------
    hits, n : float
        Counts; means over repeats need not be whole.

    Returns
    -------
    low, high : float
        0 and 1 where nothing was counted.

    Examples
    --------
    >>> from sklimb._compare.decisions.intervals import wilson
    >>> [round(end, 3) for end in wilson(8, 10)]
    [0.49, 0.943]
    """
    if n <= 0:
        return 0.0, 1.0
    share = hits / n
    middle = share + _Z**2 / (2 * n)
    reach = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    scale = 1 + _Z**2 / n
    return float(max((middle - reach) / scale, 0.0)), float(min((middle + reach) / scale, 1.0))


def bootstrap_mean(values: np.ndarray, n_draws: int = 1000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean.

    Parameters
    ----------
    values : ndarray of shape (n,)
    n_draws : int, default=1000

    Returns
    -------
    low, high : float
    """
    # Few distinct values, as costs are: counts of them drawn at once.
    different, counts = np.unique(values, return_counts=True)
    drawn = np.random.default_rng(0).multinomial(len(values), counts / len(values), size=n_draws)
    low, high = np.quantile(drawn @ different / len(values), [0.025, 0.975])
    return float(low), float(high)


def average_precision_interval(
    outcomes: Sequence[Outcome],
    splits: Sequence[Split],
    y: np.ndarray,
    classes: np.ndarray,
    rare: object,
) -> tuple[float, float]:
    """Return the 95 % interval of the mean over splits of a method's average precision.

    Scored samples are drawn anew within each class (a bootstrap); one that several splits score is
    drawn for all of them. The interval is that of a normal distribution.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of one method, without errors.
    splits : sequence of Split
        All of the problem.
    y : ndarray of shape (n_samples,)
    classes : ndarray of shape (n_classes,)
        Sorted.
    rare : scalar
        The one that it is of where there are two; of more it is the mean over classes.

    Returns
    -------
    low, high : float
        NaN where there is nothing to rank.
    """
    own = own_splits(outcomes, splits)
    codes = np.searchsorted(classes, y)
    rows = np.unique(np.concatenate([split.test for split in own]))
    wanted = range(len(classes)) if len(classes) > 2 else [int(np.searchsorted(classes, rare))]
    measures = []
    for outcome, split in zip(outcomes, own, strict=True):
        truth, places = codes[split.test], np.searchsorted(rows, split.test)
        present = np.unique(truth)
        each = [
            _weighted_average_precision(outcome.proba[:, k], truth == k, places)
            for k in wanted
            if k in present and len(present) > 1
        ]
        if each:
            measures.append(each)
    if not measures:
        return float("nan"), float("nan")
    rng, drawn = np.random.default_rng(0), []
    by_class = [np.flatnonzero(codes[rows] == code) for code in np.unique(codes[rows])]
    n_draws = int(np.clip(_CELLS / (len(rows) * len(wanted)), _FEW_DRAWS, _DRAWS))
    for _ in range(n_draws):
        times = np.zeros(len(rows))
        for places in by_class:
            times[places] = np.bincount(
                rng.integers(len(places), size=len(places)), minlength=len(places)
            )
        drawn.append(_mean_of(measures, times))
    middle = _mean_of(measures, np.ones(len(rows)))
    reach = _Z * np.std([value for value in drawn if value == value], ddof=1)
    return float(max(middle - reach, 0.0)), float(min(middle + reach, 1.0))


def _mean_of(measures: list[list[Callable]], times: np.ndarray) -> float:
    """Return the mean over splits of the mean over classes, without what cannot be told."""
    means = []
    for each in measures:
        values = [value for one in each if (value := one(times)) == value]
        if values:
            means.append(np.mean(values))
    return float(np.mean(means)) if means else float("nan")


def _weighted_average_precision(
    scores: np.ndarray, positive: np.ndarray, places: np.ndarray
) -> Callable[[np.ndarray], float]:
    """Return scikit-learn's average precision as a function of how often each sample is there.

    It is asked for hundreds of times with the same scores, so they are sorted once.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits, places = positive[order], places[order]

    def of(times: np.ndarray) -> float:
        own = times[places]
        found = np.cumsum(own * hits)[ends]
        if not found[-1]:  # of a class in few samples none may be drawn here
            return float("nan")
        called = np.maximum(np.cumsum(own)[ends], 1.0)
        return float((np.diff(found, prepend=0.0) * found / called).sum() / found[-1])

    return of
