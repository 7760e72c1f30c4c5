"""How sure a share is that was counted."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

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
