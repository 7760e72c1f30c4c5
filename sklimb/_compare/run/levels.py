"""How precisely methods are measured: on how many rows and splits, with a search or without."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklimb._compare.phrases import counted
from sklimb._compare.run.splits import Split, seed_from

# The first level learns from about this many cells, with rows within these bounds. Six methods then
# take some twenty seconds of one core with two classes.
_FIRST_CELLS = 200_000
_FIRST_ROWS = (1_000, 4_000)
# A class keeps at least this many rows: from fewer the first level would tell nothing.
_LEAST_OF_A_CLASS = 50
_STEP = 4
# Fits to all samples by which a decision is chosen if the last round was on a part of them: as many
# as the first round with a spread has.
N_DECIDING_FITS = 3


@dataclass(frozen=True)
class Level:
    """One way of measuring, the same for all methods that come to it.

    Parameters
    ----------
    n_splits : int
        The first so many splits.
    tuned : bool
        Whether a grid search is made on the inner splits; else the defaults are taken.
    rows : int or None, default=None
        At most so many rows are learnt from; None means all.
    """

    n_splits: int
    tuned: bool
    rows: int | None = None

    @property
    def setting(self) -> str:
        """What is the same for all splits of it, in words."""
        words = "tuned" if self.tuned else "untuned"
        return words if self.rows is None else f"{words}, from {self.rows:,} samples"

    @property
    def words(self) -> str:
        """All of it in words."""
        return f"{counted(self.n_splits, 'split')}, {self.setting}"


def exhaustive(splits: list[Split]) -> list[Level]:
    """Return the one level of a comparison without a budget.

    Parameters
    ----------
    splits : list of Split

    Returns
    -------
    levels : list of Level
    """
    return [Level(len(splits), tuned=True)]


def ladder(splits: list[Split], n_columns: int, n_classes: int) -> list[Level]:
    """Return the levels of a comparison with a budget, from a first look to all that can be done.

    Parameters
    ----------
    splits : list of Split
    n_columns, n_classes : int

    Returns
    -------
    levels : list of Level
        Untuned: one split, then three; a large file starts with a small sample of its rows, four
        times as many each time. Then more splits, then a search on three, on five, on all.
    """
    whole = max(len(split.train) for split in splits)
    rows: list[int | None] = [first_rows(n_columns, n_classes)]
    while rows[-1] * _STEP < whole:
        rows.append(rows[-1] * _STEP)
    # The last of them is all rows: twice nearly the same would be a round for nothing.
    rows = [most for most in rows if most * 1.5 < whole] + [None]
    few, more, n = min(3, len(splits)), min(5, len(splits)), len(splits)
    levels = [Level(1, False, rows[0])]
    levels += [Level(few, False, most) for most in rows]
    levels += [Level(more, False), Level(few, True), Level(more, True), Level(n, True)]
    return list(dict.fromkeys(levels))


def first_rows(n_columns: int, n_classes: int) -> int:
    """Return how many rows a first look learns from at most.

    Parameters
    ----------
    n_columns, n_classes : int
        Boosting grows trees for each class, so that many classes make it as much slower.

    Returns
    -------
    n_rows : int
    """
    cells = _FIRST_CELLS / max(1.0, n_classes / 4)
    return int(np.clip(cells / max(n_columns, 1), *_FIRST_ROWS))


def thinned(split: Split, y: np.ndarray, rows: int | None) -> Split:
    """Return a split that learns from at most `rows`, a stratified part of its training part.

    Parameters
    ----------
    split : Split
    y : ndarray of shape (n_samples,)
    rows : int or None

    Returns
    -------
    split : Split
        Each class keeps its share of the rows, but not less than 50 of them where it has so many.
        Rows stay in their order. It cannot be searched in, for it has no inner splits.
    """
    if rows is None or rows >= len(split.train):
        return split
    rng = np.random.default_rng(seed_from(split.seed, rows))
    own, kept = y[split.train], []
    for label in np.unique(own):
        places = np.flatnonzero(own == label)
        share = round(rows * len(places) / len(own))
        n = min(len(places), max(share, _LEAST_OF_A_CLASS))
        kept.append(rng.choice(places, n, replace=False))
    return replace(split, train=split.train[np.sort(np.concatenate(kept))], inner=[])
