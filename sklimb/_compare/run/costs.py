"""The decision of the least cost, chosen on some samples and judged on others.

With two classes it is a threshold. With more it is a power of the class shares that probabilities
are multiplied by before costs are expected: 1 turns those of a method that was trained on balanced
classes into those of the data, 0 leaves them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sklimb.classifiers.costs import expected_costs

if TYPE_CHECKING:
    from sklimb._compare.run.running import Outcome
    from sklimb._compare.run.scores import Scoring
    from sklimb._compare.run.splits import Split

_POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)
# A scored part is cut into so many, each of which is decided by what the others have chosen.
N_PARTS = 5

Choose = Callable[[np.ndarray], Any]
Apply = Callable[[Any], np.ndarray]


def by_score(scores: np.ndarray, positive: np.ndarray):
    """Return distinct scores from the highest, and what is found and called from each on.

    The first threshold is infinity: nothing is called positive there.

    Parameters
    ----------
    scores : ndarray of shape (n,)
    positive : ndarray of bool of shape (n,)

    Returns
    -------
    values, found, called : ndarray of shape (n_values + 1,)
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    found = np.append(0, np.cumsum(positive[order])[last])
    return np.append(np.inf, ordered[last]), found, np.append(0, last + 1)


def between(values: np.ndarray, place: int) -> float:
    """Return a threshold that lets in `values` up to a place, in the middle where it can be."""
    if place == len(values) - 1:
        return float(values[place])
    above, below = float(values[place]), float(values[place + 1])
    if not np.isfinite(above):
        return float(np.nextafter(below, np.inf))
    middle = (above + below) / 2
    return middle if below < middle else above


def cheapest_threshold(
    scores: np.ndarray, positive: np.ndarray, costs: np.ndarray, k: int
) -> float:
    """Return from which score on calling a sample positive costs least, for two classes.

    Parameters
    ----------
    scores : ndarray of shape (n,)
    positive : ndarray of bool of shape (n,)
    costs : ndarray of shape (2, 2)
        Truth by row.
    k : int
        Position of the positive class.

    Returns
    -------
    threshold : float
    """
    values, found, called = by_score(scores, positive)
    total = found[-1]
    cost = (
        costs[k, k] * found
        + costs[k, 1 - k] * (total - found)
        + costs[1 - k, k] * (called - found)
        + costs[1 - k, 1 - k] * (len(scores) - total - (called - found))
    )
    return between(values, int(np.argmin(cost)))


def cheapest(
    truth: np.ndarray, proba: np.ndarray, costs: np.ndarray, k: int, prior: np.ndarray
) -> tuple[Choose, Apply]:
    """Return how the decision of the least cost is chosen on some samples, and made of all.

    Parameters
    ----------
    truth : ndarray of int of shape (n,)
        Classes by position.
    proba : ndarray of shape (n, n_classes)
        Probabilities; with two classes whatever ranks.
    costs : ndarray of shape (n_classes, n_classes)
        Truth by row.
    k : int
        Position of the positive one of two classes.
    prior : ndarray of shape (n_classes,)
        Class shares of the samples that were learnt from.

    Returns
    -------
    choose : callable
        From a mask of samples to what is chosen by them: a threshold or a power.
    apply : callable
        From that to the class, by position, of each of all samples.
    """
    if len(costs) == 2:
        scores, positive = proba[:, k], truth == k
        return (
            lambda rows: cheapest_threshold(scores[rows], positive[rows], costs, k),
            lambda threshold: np.where(scores >= threshold, k, 1 - k),
        )
    called = {
        power: expected_costs(proba * prior**power, costs).argmin(axis=1) for power in _POWERS
    }

    def best(rows: np.ndarray) -> float:
        spent = {p: costs[truth[rows], own[rows]].sum() for p, own in called.items()}
        return min(spent, key=spent.get)

    return best, called.__getitem__


def cross_fitted(
    pairs: Iterable[tuple[np.ndarray, np.ndarray]],
    choose: Choose,
    apply: Apply,
    decided: np.ndarray,
) -> np.ndarray:
    """Decide parts of the samples, each by what was chosen on others.

    Parameters
    ----------
    pairs : iterable of (own, others)
        Masks of the samples of a part, and of those that it is decided by.
    choose, apply : callable
        As `cheapest` returns them.
    decided : ndarray of int of shape (n,)
        Classes by position, for samples that are in no part; it is written to.

    Returns
    -------
    decided : ndarray of int of shape (n,)
    """
    for own, others in pairs:
        decided[own] = apply(choose(others))[own]
    return decided


def decided_within(
    truth: np.ndarray,
    proba: np.ndarray,
    predicted: np.ndarray,
    costs: np.ndarray,
    k: int,
    prior: np.ndarray,
) -> np.ndarray:
    """Decide one scored part by costs, no sample by a choice that has seen it.

    Parameters
    ----------
    truth, proba, costs, k, prior
        As `cheapest` takes them.
    predicted : ndarray of int of shape (n,)
        As the method predicts, which stands where the other samples lack one of two classes.

    Returns
    -------
    decided : ndarray of int of shape (n,)
    """
    part = parts_of(truth, N_PARTS)
    pairs = [(part == p, part != p) for p in np.unique(part)]
    usable = [(own, others) for own, others in pairs if len(np.unique(truth[others])) > 1]
    return cross_fitted(usable, *cheapest(truth, proba, costs, k, prior), predicted.copy())


def with_costs(
    outcomes: Sequence[Outcome], splits: Sequence[Split], y: np.ndarray, scoring: Scoring
) -> list[Outcome]:
    """Return outcomes of one method with what they cost, decided by choices on other samples.

    Over several splits each is decided by the others; one alone in parts of its own.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Measured alike.
    splits : sequence of Split
        All of the problem.
    y : ndarray of shape (n_samples,)
    scoring : Scoring

    Returns
    -------
    outcomes : list of Outcome
        As they are where nothing is ranked by costs, or one has failed.
    """
    costs = scoring.costs
    if costs is None or not outcomes or any(o.error for o in outcomes):
        return list(outcomes)
    own = own_splits(outcomes, splits)
    codes = np.searchsorted(scoring.classes, y)
    rows, part = scored_parts(own, codes, N_PARTS)
    truth, k = codes[rows], int(np.searchsorted(scoring.classes, scoring.rare))
    proba = np.concatenate([o.proba for o in outcomes])
    predicted = np.concatenate([o.predicted for o in outcomes])
    pairs = [(part == p, others(rows, part, p)) for p in np.unique(part)]
    usable = [pair for pair in pairs if len(np.unique(truth[pair[1]])) > 1]
    way = cheapest(truth, proba, costs, k, prior_of(own, codes, len(costs)))
    decided = cross_fitted(usable, *way, predicted)
    ends = np.cumsum([len(split.test) for split in own])[:-1]
    return [
        replace(
            o,
            decided=called,
            scores={**o.scores, "cost": float(costs[codes[split.test], called].mean())},
        )
        for o, split, called in zip(outcomes, own, np.split(decided, ends), strict=True)
    ]


def own_splits(outcomes: Sequence[Outcome], splits: Sequence[Split]) -> list[Split]:
    """Return the split of each outcome."""
    by_place = {(split.repeat, split.fold): split for split in splits}
    return [by_place[o.repeat, o.fold] for o in outcomes]


def prior_of(own: Sequence[Split], codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the class shares of the samples that were learnt from, a mean over splits."""
    learnt = np.mean([np.bincount(codes[s.train], minlength=n_classes) for s in own], axis=0)
    return learnt / learnt.sum()


def scored_parts(
    own: Sequence[Split], codes: np.ndarray, n_parts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scored samples of some splits, and in parts what is decided together.

    Parameters
    ----------
    own : sequence of Split
    codes : ndarray of int of shape (n_samples,)
        Classes of all samples.
    n_parts : int
        Of a test part, or of one split alone.

    Returns
    -------
    rows, part : ndarray of int of shape (n,)
        Parts are folds; where these are no parts of the data, `parts_of` it.
    """
    rows = np.concatenate([split.test for split in own])
    by_row, counts = np.unique(rows, return_counts=True)
    if len(own) > 1 and counts.max() == 1:
        return rows, np.concatenate([np.full(len(s.test), k) for k, s in enumerate(own)])
    if len({s.fold for s in own}) > 1:
        return rows, np.concatenate([np.full(len(s.test), s.fold) for s in own])
    return rows, parts_of(codes[by_row], n_parts)[np.searchsorted(by_row, rows)]


def others(rows: np.ndarray, part: np.ndarray, p: int) -> np.ndarray:
    """Return which predictions a part may choose by: of other parts, and of other samples."""
    return (part != p) & ~np.isin(rows, rows[part == p])


def parts_of(codes: np.ndarray, n_parts: int) -> np.ndarray:
    """Return a part for each sample, in turn within each class after a fixed shuffle.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Classes.
    n_parts : int

    Returns
    -------
    part : ndarray of int of shape (n,)
    """
    rng, part = np.random.default_rng(0), np.zeros(len(codes), dtype=int)
    offset = 0
    for code in np.unique(codes):
        rows = rng.permutation(np.flatnonzero(codes == code))
        part[rows] = (np.arange(len(rows)) + offset) % n_parts
        offset += len(rows)
    return part
