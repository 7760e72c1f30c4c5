"""Who is clearly behind: paired differences of two methods on the splits that both have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from sklimb._compare.run.running import Outcome
from sklimb._compare.run.scores import COST, Scoring, direction
from sklimb._compare.run.splits import Split, seed_from

# Bootstrap draws; fewer for average precision, which sorts in each.
_DRAWS, _FEW_DRAWS = 100, 20
# A method is clearly behind if it is by more than this many standard errors.
CLEARLY = 2.0


def standings(
    outcomes: dict[str, Sequence[Outcome]], splits: Sequence[Split], y: np.ndarray, scoring: Scoring
) -> list[tuple[str, float, float]]:
    """Return how far each method is behind the best, and the standard error of that.

    Parameters
    ----------
    outcomes : dict of str to sequence of Outcome
        Of each method one for each of `splits`, in their order, none with an error.
    splits : sequence of Split
    y : ndarray of shape (n_samples,)
    scoring : Scoring

    Returns
    -------
    standings : list of (name, behind, error)
        The best first, with 0 and 0. The error is the larger of two: that of drawing the scored
        rows anew, the same for both methods (a bootstrap within classes, and `unseen`), and that
        of the differences between splits, where there are three or more.
    """
    sign = direction(scoring.metric)
    means = {
        name: sign * float(np.nanmean([o.scores[scoring.metric] for o in own]))
        for name, own in outcomes.items()
    }
    order = sorted(means, key=lambda name: -np.nan_to_num(means[name], nan=-np.inf))
    if not order:
        return []
    # Class indices, for labels may be texts, which take long to compare.
    truth = [np.searchsorted(scoring.classes, y[split.test]) for split in splits]
    rare = int(np.searchsorted(scoring.classes, scoring.rare))
    coded = replace(scoring, classes=np.arange(len(scoring.classes)), rare=rare)
    draws = [_draws(true, coded, k) for k, true in enumerate(truth)]
    drawn = {
        name: np.array([
            _drawn_scores(o, true, rows, coded)
            for o, true, rows in zip(own, truth, draws, strict=True)
        ])
        for name, own in outcomes.items()
    }  # fmt: skip
    # Splits that score the same rows, as a test part does, are no independent draws of them.
    rows = np.unique(np.concatenate([split.test for split in splits]))
    repeated = sum(len(split.test) for split in splits) / len(rows)
    least = unseen(np.searchsorted(scoring.classes, y[rows]), coded)
    found = [(order[0], 0.0, 0.0)]
    for name in order[1:]:
        gaps = drawn[order[0]] - drawn[name]
        of_rows = np.sqrt(np.sum(np.nanvar(gaps, axis=1)) * repeated) / len(splits)
        by_split = np.array([
            sign * (a.scores[scoring.metric] - b.scores[scoring.metric])
            for a, b in zip(outcomes[order[0]], outcomes[name], strict=True)
        ])  # fmt: skip
        of_splits = np.nanstd(by_split, ddof=1) / np.sqrt(len(splits)) if len(splits) > 2 else 0.0
        of_rows = np.hypot(of_rows, least)
        found.append((name, means[order[0]] - means[name], float(max(of_rows, of_splits))))
    return found


def unseen(codes: np.ndarray, scoring: Scoring) -> float:
    """Return the standard error of a difference that few samples cannot show.

    Two methods that agree on all of a class's five samples would differ on others. A bootstrap of
    these five does not know; so each class counts as if two more had been scored, on one of which
    the two differ, half to either side (Agresti & Min 2005). To the variance of a mean over n
    samples that adds :math:`1 / (n + 2)^2`.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        Classes of the scored samples by position, each sample once.
    scoring : Scoring
        Of classes by position. A sample's share of the score is that of its class's recall in a
        mean over classes; of average precision on two classes it is the rare one's; of costs its
        dearest mistake's.

    Returns
    -------
    error : float

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._compare.run.leads import unseen
    >>> from sklimb._compare.run.scores import Scoring
    >>> scoring = Scoring("balanced_accuracy", np.array([0, 1]), 1)
    >>> round(unseen(np.repeat([0, 1], [998, 8]), scoring), 3)
    0.05
    """
    counts = np.bincount(codes, minlength=len(scoring.classes))
    if scoring.metric == COST:
        dearest = np.max(scoring.costs, axis=1)
        return float(np.linalg.norm(dearest) / (counts.sum() + 2 * len(counts)))
    if scoring.metric == "average_precision" and len(counts) == 2:
        counts = counts[[scoring.rare]]
    scored = counts[counts > 0]
    return float(np.linalg.norm(1 / (scored + 2)) / len(scored))


def beyond_luck(n_methods: int) -> float:
    """Return by how many standard errors the luckiest of some equal methods is seldom ahead.

    Parameters
    ----------
    n_methods : int
        How many are looked at beside the one that they are held against.

    Returns
    -------
    errors : float
        More happens in 2.5 % of comparisons at most (Bonferroni's bound, normal errors).

    Examples
    --------
    >>> from sklimb._compare.run.leads import beyond_luck
    >>> [round(beyond_luck(n), 2) for n in (1, 12, 26)]
    [1.96, 2.87, 3.1]
    """
    return NormalDist().inv_cdf(1 - 0.025 / max(n_methods, 1))


def not_clearly_behind(
    standings: Sequence[tuple[str, float, float]], errors: float = CLEARLY
) -> list[str]:
    """Return the names of the methods that may still be the best.

    Parameters
    ----------
    standings : sequence of (name, behind, error)
        As `standings` returns them.
    errors : float, default=2
        More standard errors than these are clearly behind.

    Returns
    -------
    names : list of str
        The best first, in the order of `standings`.
    """
    return [name for name, behind, error in standings if behind <= errors * error]


def _draws(y_test: np.ndarray, scoring: Scoring, k: int) -> list[np.ndarray]:
    ranked = scoring.metric == "average_precision"
    rng = np.random.default_rng(seed_from(len(y_test), k))
    by_class = [np.flatnonzero(y_test == label) for label in np.unique(y_test)]
    return [
        np.concatenate([rng.choice(rows, len(rows)) for rows in by_class])
        for _ in range(_FEW_DRAWS if ranked else _DRAWS)
    ]


def _drawn_scores(
    outcome: Outcome, truth: np.ndarray, draws: list[np.ndarray], scoring: Scoring
) -> list[float]:
    called = outcome.decided if scoring.metric == COST else outcome.predicted
    return [scoring.of(truth[rows], called[rows], outcome.proba[rows]) for rows in draws]
