"""Who is trained on which samples and scored on which.

All methods see the same splits, inner ones included: they are made here, once, before any training.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from sklimb._compare.errors import InputError
from sklimb._compare.phrases import counted, listed

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Split:
    """One outer split with the inner splits of its training part.

    Parameters
    ----------
    repeat, fold : int
        Its place, counted from 0.
    train, test : ndarray of int
        Samples to learn from and samples to be scored on.
    inner : list of (ndarray, ndarray)
        Positions within `train` on which the grid search fits and validates.
    seed : int
        For everything random in fits on this split, whatever the method.
    """

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray
    inner: list[Pair] = field(repr=False)
    seed: int


def seed_from(*numbers: int) -> int:
    """Return a seed below 2**31 that depends on all of the numbers.

    Parameters
    ----------
    *numbers : int
        Not negative.

    Returns
    -------
    seed : int
    """
    return int(np.random.SeedSequence(numbers).generate_state(1)[0] >> 1)


def stratified_pairs(y, folds: int, seed: int) -> list[Pair]:
    """Split samples into `folds` parts, class by class; a lone sample is never held out.

    Unlike StratifiedKFold it takes classes with fewer samples than folds: each class stays in every
    training part, so that all candidates of a search have learnt all classes.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    folds : int
    seed : int

    Returns
    -------
    pairs : list of (train, validation)
        Positions; parts in which nothing would be validated are left out.
    """
    rng = np.random.default_rng(seed)
    fold = np.full(len(y), -1)
    offset = 0
    for label in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == label))
        if len(rows) > 1:
            fold[rows] = (offset + np.arange(len(rows))) % folds
            offset += len(rows)
    pairs = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
    return [(train, held) for train, held in pairs if len(held)]


def ordered_pairs(time, folds: int) -> list[Pair]:
    """Split samples in order of `time`: fold k is learnt from all that came before it.

    The samples are cut into ``folds + 1`` blocks of about equal size; those of the same time stay
    in one block.

    Parameters
    ----------
    time : ndarray of shape (n_samples,)
        Anything that sorts.
    folds : int

    Returns
    -------
    pairs : list of (train, test)
        Positions; empty blocks are left out.
    """
    order = np.argsort(time, kind="stable")
    _, first, rank = np.unique(time[order], return_index=True, return_inverse=True)
    starts = np.append(first, len(order))
    cuts = [len(order) * k // (folds + 1) for k in range(1, folds + 1)]
    # A cut inside samples of one time moves to their end.
    cuts = sorted({int(c if starts[rank[c]] == c else starts[rank[c] + 1]) for c in cuts})
    ends = [*cuts[1:], len(order)]
    return [(order[:a], order[a:b]) for a, b in zip(cuts, ends, strict=True) if 0 < a < b]


def group_pairs(y, groups, folds: int, seed: int) -> list[Pair]:
    """Split so that no group is on both sides, with class shares as even as that allows.

    Parameters
    ----------
    y, groups : ndarray of shape (n_samples,)
    folds : int
    seed : int

    Returns
    -------
    pairs : list of (train, test)
    """
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # "The least populated class has only n members": said in our own words, once.
        warnings.simplefilter("ignore", UserWarning)
        pairs = list(splitter.split(np.zeros(len(y)), y, groups))
    return [(train, test) for train, test in pairs if len(train) and len(test)]


def inner_pairs(y, folds: int, seed: int, groups=None, time=None) -> list[Pair]:
    """Split a training part for the grid search in the same manner as the outer split.

    Where groups or order leave no part with two classes to learn from, plain stratified parts
    are used.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Labels of the training part.
    folds : int
    seed : int
    groups, time : ndarray of shape (n_samples,) or None

    Returns
    -------
    pairs : list of (train, validation)
        Positions within the training part.
    """
    pairs = []
    if groups is not None:
        most = min(folds, len(np.unique(groups)), int(np.unique(y, return_counts=True)[1].max()))
        pairs = group_pairs(y, groups, most, seed) if most > 1 else []
    elif time is not None:
        pairs = ordered_pairs(time, folds)
    usable = [(train, held) for train, held in pairs if len(np.unique(y[train])) > 1]
    return usable or stratified_pairs(y, folds, seed)


def outer_splits(
    y,
    *,
    folds: int,
    repeats: int,
    inner_folds: int,
    seed: int,
    groups=None,
    time=None,
    noun: str = "row",
) -> tuple[list[Split], list[str]]:
    """Return repeated cross-validation splits, and what there is to say about them.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Every class has at least two samples.
    folds, repeats, inner_folds : int
    seed : int
    groups : ndarray of shape (n_samples,) or None
        Samples of one group stay together.
    time : ndarray of shape (n_samples,) or None
        Training samples come before scored ones. Each repeat has the same splits and another seed.
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    splits : list of Split
        Repeat by repeat, so that an interrupted run has whole repeats.
    notes : list of str

    Raises
    ------
    InputError
        If no split can be made.
    """
    labels, counts = np.unique(y, return_counts=True)
    notes = []
    if time is not None:
        if len(np.unique(time)) < 2:
            raise InputError("the time column has one value: there is no order to split by")
        made = [ordered_pairs(time, folds)] * repeats
    elif groups is not None:
        homes = [len(np.unique(groups[y == label])) for label in labels]
        if len(np.unique(groups)) < 2:
            raise InputError("the groups column has one value: at least 2 groups are needed")
        # A class in one group cannot be learnt and scored, whatever the folds: see gaps().
        shared = [(n, label) for n, label in zip(homes, labels, strict=True) if n > 1]
        most, label = min(shared, key=lambda pair: pair[0], default=(len(np.unique(groups)), None))
        if most < folds:
            what = "there are" if label is None else f"class {label!s} lives in"
            notes.append(f"{what} {most} groups: {most} folds instead of {folds}")
            folds = most
        made = [group_pairs(y, groups, folds, seed_from(seed, r)) for r in range(repeats)]
    else:
        if counts.min() < folds:
            notes.append(
                f"class {labels[counts.argmin()]!s} has {counts.min()} {noun}s: "
                f"{counts.min()} folds instead of {folds}"
            )
            folds = int(counts.min())
        made = [
            list(
                StratifiedKFold(folds, shuffle=True, random_state=seed_from(seed, r)).split(
                    np.zeros(len(y)), y
                )
            )
            for r in range(repeats)
        ]
    splits, dropped = [], 0
    for repeat, pairs in enumerate(made):
        for fold, (train, test) in enumerate(pairs):
            if len(np.unique(y[train])) < 2:
                dropped += 1
                continue
            splits.append(make_split(repeat, fold, train, test, y, inner_folds, seed, groups, time))
    if dropped:
        notes.append(
            f"{counted(dropped, 'split')} left out: only one class in the {noun}s to learn from"
        )
    if not splits:
        raise InputError(
            "no split has two classes to learn from: with this order or these groups one class "
            "comes alone; leave out the option, or use fewer folds"
        )
    return splits, notes + gaps(y, splits, noun)


def make_split(repeat, fold, train, test, y, inner_folds, seed, groups=None, time=None) -> Split:
    """Return one outer split with its inner splits and its seed.

    Parameters
    ----------
    repeat, fold : int
    train, test : ndarray of int
    y : ndarray of shape (n_samples,)
        Labels of all samples.
    inner_folds : int
    seed : int
        Of the whole comparison.
    groups, time : ndarray of shape (n_samples,) or None

    Returns
    -------
    split : Split
    """
    own = seed_from(seed, repeat, fold)
    inner = inner_pairs(
        y[train],
        inner_folds,
        own,
        None if groups is None else groups[train],
        None if time is None else time[train],
    )
    return Split(repeat, fold, train, test, inner, own)


def gaps(y, splits: list[Split], noun: str = "row") -> list[str]:
    """Say which classes are missing from the training or the scored part of some splits.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    splits : list of Split
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    notes : list of str
        At most two.
    """
    classes = np.unique(y)
    unlearnt, unscored, n_unlearnt, n_unscored = set(), set(), 0, 0
    for split in splits:
        learnt, scored = np.unique(y[split.train]), np.unique(y[split.test])
        strange, absent = np.setdiff1d(scored, learnt), np.setdiff1d(classes, scored)
        unlearnt.update(map(str, strange))
        unscored.update(map(str, absent))
        n_unlearnt += len(strange) > 0
        n_unscored += len(absent) > 0
    notes = []
    if unlearnt:
        notes.append(
            f"{counted(n_unlearnt, 'split')} of {len(splits)}: {listed(unlearnt)} not among the "
            f"{noun}s to learn from, so recall 0 there for every method"
        )
    if unscored:
        notes.append(
            f"{counted(n_unscored, 'split')} of {len(splits)}: {listed(unscored)} not among the "
            f"scored {noun}s, so left out of the averages there"
        )
    return notes


def smallest_part(y, splits: list[Split]) -> tuple[object, int]:
    """Return the class with the fewest samples in any part that is learnt from, and how many.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    splits : list of Split

    Returns
    -------
    label : scalar
    n_samples : int
        At least 1: a class that a part lacks altogether is not counted.
    """
    found = []
    for split in splits:
        own = y[split.train]
        for rows in [slice(None), *(train for train, _ in split.inner)]:
            labels, counts = np.unique(own[rows], return_counts=True)
            found.append((int(counts.min()), labels[counts.argmin()]))
    n_samples, label = min(found, key=lambda pair: pair[0])
    return label, n_samples
