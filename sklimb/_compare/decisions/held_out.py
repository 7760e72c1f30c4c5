"""What a method said of rows that it had not learnt from, over all splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklimb._compare.run.running import Outcome
from sklimb._compare.run.splits import Split


@dataclass(frozen=True)
class HeldOut:
    """Predictions of one method, each of a row that it had not learnt from.

    Parameters
    ----------
    rows : ndarray of int of shape (n,)
        Positions in the data; a row stands there once for each repeat that scored it.
    part : ndarray of int of shape (n,)
        What is chosen by predictions is chosen without those of the same part.
    truth, predicted : ndarray of int of shape (n,)
        Classes by position.
    proba : ndarray of shape (n, n_classes)
        Probabilities, or scores that rank within each column.
    response : {"predict_proba", "decision_function"}
        Which of the two.
    prior : ndarray of shape (n_classes,)
        Class shares of the rows that were learnt from.
    n_repeats : float
        How often a row is there, on average.
    """

    rows: np.ndarray
    part: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    proba: np.ndarray
    response: str
    prior: np.ndarray
    n_repeats: float

    def others(self, part: int) -> np.ndarray:
        """Return which predictions a part may choose by: of other parts, and of other rows."""
        return (self.part != part) & ~np.isin(self.rows, self.rows[self.part == part])


def held_out(
    outcomes: Sequence[Outcome], splits: Sequence[Split], y: np.ndarray, classes: np.ndarray
) -> HeldOut:
    """Put together the predictions of one method.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Without errors.
    splits : sequence of Split
        All of the problem.
    y : ndarray of shape (n_samples,)
    classes : ndarray of shape (n_classes,)
        Sorted.

    Returns
    -------
    found : HeldOut
        Parts are folds; where these are no parts of the data (a test part, one split alone), two
        halves of each class.
    """
    by_place = {(split.repeat, split.fold): split for split in splits}
    own = [by_place[o.repeat, o.fold] for o in outcomes]
    rows = np.concatenate([split.test for split in own])
    codes = np.searchsorted(classes, y)
    by_row, counts = np.unique(rows, return_counts=True)
    if len(own) > 1 and counts.max() == 1:
        part = np.concatenate([np.full(len(s.test), k) for k, s in enumerate(own)])
    elif len({s.fold for s in own}) > 1:
        part = np.concatenate([np.full(len(s.test), s.fold) for s in own])
    else:
        part = _halves(codes[by_row])[np.searchsorted(by_row, rows)]
    learnt = np.mean([np.bincount(codes[s.train], minlength=len(classes)) for s in own], axis=0)
    return HeldOut(
        rows,
        part,
        codes[rows],
        np.concatenate([o.predicted for o in outcomes]),
        np.concatenate([o.proba for o in outcomes]),
        outcomes[0].response,
        learnt / learnt.sum(),
        len(rows) / len(by_row),
    )


def _halves(codes: np.ndarray) -> np.ndarray:
    """Return 0 or 1 for each row, alternating within each class after a fixed shuffle."""
    rng, half = np.random.default_rng(0), np.zeros(len(codes), dtype=int)
    offset = 0
    for code in np.unique(codes):
        rows = rng.permutation(np.flatnonzero(codes == code))
        half[rows] = (np.arange(len(rows)) + offset) % 2
        offset += len(rows)
    return half
