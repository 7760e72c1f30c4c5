"""What a method said of rows that it had not learnt from, over all splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklimb._compare.run.costs import N_PARTS, others, own_splits, prior_of, scored_parts
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.scores import COST
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
        return others(self.rows, self.part, part)


def held_out(
    outcomes: Sequence[Outcome],
    splits: Sequence[Split],
    y: np.ndarray,
    classes: np.ndarray,
    metric: str = "",
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
    metric : str, default=""
        What methods are ranked by.

    Returns
    -------
    found : HeldOut
        Parts are folds; where these are no parts of the data (a test part, one split alone), two
        halves of each class, or as many as costs are ranked with.
    """
    own = own_splits(outcomes, splits)
    codes = np.searchsorted(classes, y)
    rows, part = scored_parts(own, codes, N_PARTS if metric == COST else 2)
    return HeldOut(
        rows,
        part,
        codes[rows],
        np.concatenate([o.predicted for o in outcomes]),
        np.concatenate([o.proba for o in outcomes]),
        outcomes[0].response,
        prior_of(own, codes, len(classes)),
        len(rows) / len(np.unique(rows)),
    )
