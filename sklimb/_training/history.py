"""What a history says of a training: its curves, which epoch was kept, what began when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sklimb._training.rebalancing import Rebalancer

# What stands in a history beside losses and scores.
_NO_CURVES = ("batches", "dur", "epoch", "event_lr")
LOSSES = {
    "train_loss": "training loss",
    "valid_loss": "loss on held-back samples",
    "out_of_fold_loss": "loss on left-out folds",
}
# Columns that are scores, not losses.
SCORES = {"valid_score": "score on held-back samples"}
# Whether an epoch became the best so far, by what early stopping or cross-fitting looks at.
_KEPT_BY = ("valid_score_best", "out_of_fold_loss_best")


def history_frame(history: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the history of a training as a frame with a row an epoch.

    Parameters
    ----------
    history : skorch History or list of dict
        A row an epoch; batches are left out.

    Returns
    -------
    DataFrame
        Numbers alone, indexed by epoch from 1 on.

    Examples
    --------
    >>> from sklimb._training.history import history_frame
    >>> history_frame([{"epoch": 1, "train_loss": 0.7, "batches": []}])["train_loss"].tolist()
    [0.7]
    """
    kept = [
        {
            name: value
            for name, value in dict(row).items()
            if name not in _NO_CURVES
            and not name.endswith(("_best", "_batch_count"))
            and isinstance(value, (int, float, np.number))
            and not isinstance(value, bool)
        }
        for row in history
    ]
    return pd.DataFrame(kept, index=pd.RangeIndex(1, len(kept) + 1, name="epoch"), dtype=float)


def losses_of(history: pd.DataFrame) -> list[str]:
    """Return the columns that are losses: the sum, its terms, and those on samples set aside."""
    return [
        name
        for name in history
        if name in LOSSES or (name.startswith("train_") and history[name].notna().any())
    ]


def scores_of(history: pd.DataFrame) -> list[str]:
    """Return the columns that are scores."""
    return [name for name in SCORES if name in history]


def words_for(column: str) -> str:
    """Return what a reader calls a column.

    Examples
    --------
    >>> from sklimb._training.history import words_for
    >>> words_for("train_loss"), words_for("train_center")
    ('training loss', 'term: center')
    """
    term = column.removeprefix("train_").replace("_", " ")
    return {**LOSSES, **SCORES}.get(column, f"term: {term}")


def kept_epoch(history: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the epoch whose weights were kept, where early stopping or cross-fitting chose one.

    Parameters
    ----------
    history : skorch History or list of dict

    Returns
    -------
    int or None
        From 1 on. None where no epoch was chosen, as in a fit without early stopping, or where
        training went on afterwards.
    """
    rows = [dict(row) for row in history]
    for name in _KEPT_BY:
        if rows and name in rows[-1]:
            best = [epoch for epoch, row in enumerate(rows, start=1) if row.get(name)]
            return best[-1] if best else None
    return None


def far_apart(values: np.ndarray) -> bool:
    """Return whether losses lie orders of magnitude apart, so that logarithms show more of them."""
    finite = values[np.isfinite(values)]
    # a margin loss may be 0
    return bool(len(finite) and finite.min() > 0 and finite.max() > 50 * finite.min())


def starts_of(rebalancer: Rebalancer, history: pd.DataFrame) -> dict[str, int]:
    """Return with which epoch the deferred parts of a training began.

    Parameters
    ----------
    rebalancer : Rebalancer
        Of the trained net.
    history : DataFrame
        Of `history_frame`.

    Returns
    -------
    dict of str to int
        Words to the epoch, from 1 on. What began with the first epoch, or never, is left out.
    """
    starts = {}
    kinds = [
        word
        for word, setting in (
            ("class weights", rebalancer.class_weight),
            ("balanced draws", rebalancer.sampling),
        )
        if setting is not None
    ]
    if kinds:
        starts[" and ".join(kinds)] = rebalancer.from_epoch + 1
    for word, name in (("generation", "n_generated"), ("translation", "n_to_translate")):
        if name in history:
            started = np.flatnonzero(history[name].to_numpy() > 0)
            if len(started):
                starts[word] = int(started[0]) + 1
    return {word: epoch for word, epoch in starts.items() if 1 < epoch <= len(history)}
