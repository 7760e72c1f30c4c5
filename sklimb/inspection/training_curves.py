"""How a training went: its losses by term, its score, and when deferred parts began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklimb._training.history import (
    far_apart,
    history_frame,
    kept_epoch,
    losses_of,
    scores_of,
    starts_of,
    words_for,
)
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.inspection._classes import last_step
from sklimb.inspection._drawing import COLOURS, MARKERS, figure_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

# Words stay readable where curves or lines run behind them.
_ON_CURVES = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


class TrainingCurvesDisplay:
    """Losses and scores of a training over its epochs.

    Above stand the losses: the sum, each of its terms, and that on samples that are held back or
    left out. Below stands the score on held-back samples, where early stopping takes one. Vertical
    lines say when deferred class weights or draws, RSG's generation and M2m's translation began,
    and a dotted one which epoch's weights were kept. Use `from_estimator` to make one.

    Parameters
    ----------
    history : DataFrame
        A row an epoch, from 1 on: columns ``train_loss``, ``train_*`` for its terms,
        ``valid_loss``, ``out_of_fold_loss`` and ``valid_score``, those that there are.
    starts : dict of str to int, default=None
        What began with which epoch.
    best_epoch : int, default=None
        The epoch whose weights were kept, where one was chosen.

    Attributes
    ----------
    losses : list of str
        Columns that are drawn as losses.
    scores : list of str
        Columns that are drawn as scores.
    best_epoch : int or None
        The epoch whose weights were kept; None where none was chosen.
    axes_ : ndarray of matplotlib Axes
        Axes of losses and, if there are some, of scores.
    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import RebalancedClassifier
    >>> from sklimb.inspection import TrainingCurvesDisplay
    >>> X, y = make_classification(n_samples=200, weights=[0.8], random_state=0)
    >>> model = RebalancedClassifier(
    ...     class_weight="balanced", rebalance_from=0.8, max_epochs=5, random_state=0
    ... ).fit(X, y)
    >>> display = TrainingCurvesDisplay.from_estimator(model)
    >>> display.starts, display.losses
    ({'class weights': 5}, ['train_loss'])
    """

    def __init__(
        self,
        history: pd.DataFrame,
        *,
        starts: Mapping[str, int] | None = None,
        best_epoch: int | None = None,
    ) -> None:
        self.history = history
        self.starts = dict(starts or {})
        self.best_epoch = best_epoch
        self.losses, self.scores = losses_of(history), scores_of(history)
        if not self.losses:
            raise ValueError(
                f"The history has no losses, only {list(history)}: was anything trained?"
            )

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Axes | None = None, **kwargs: Any
    ) -> TrainingCurvesDisplay:
        """Draw the training of a fitted classifier.

        Parameters
        ----------
        estimator : fitted classifier of sklimb
            Or a pipeline or search that ends in one.
        ax : matplotlib Axes, default=None
            Where to draw; its place is divided. None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        TrainingCurvesDisplay
            The display, drawn.
        """
        check_is_fitted(estimator)
        network = last_step(estimator, behind_samplers=True)
        if not isinstance(network, BaseNetClassifier):
            raise TypeError(
                f"{type(network).__name__} has no history of a training. Give a fitted network of "
                "sklimb, such as RebalancedClassifier."
            )
        history = history_frame(network.history_)
        return cls(
            history,
            starts=starts_of(network.net_.rebalancer, history),
            best_epoch=kept_epoch(network.history_),
        ).plot(ax=ax, **kwargs)

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> TrainingCurvesDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; its place is divided. None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        TrainingCurvesDisplay
            The display itself.
        """
        n_axes = 1 + bool(self.scores)
        self.figure_, place, _ = figure_for(self, ax, (6.4, 3.4 + 1.6 * (n_axes - 1)))
        grid = place.subgridspec(n_axes, 1, height_ratios=[2, 1][:n_axes])
        self.axes_ = np.atleast_1d(grid.subplots(sharex=True))
        for axes, names in zip(self.axes_, (self.losses, self.scores), strict=False):
            self._draw(axes, names, kwargs)
            self._draw_events(axes)
        losses = self.axes_[0]
        if far_apart(self.history[self.losses].to_numpy()):
            losses.set_yscale("log")
        losses.set_ylabel("loss")
        # of many curves one would be behind their names
        beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if len(self.losses) > 3 else {}
        losses.legend(fontsize=8, framealpha=0.9, **beside)
        if self.scores:
            self.axes_[1].set_ylabel("score")
            self.axes_[1].legend(fontsize=8, framealpha=0.9)
        self.axes_[-1].set_xlabel("epoch")
        self.axes_[-1].xaxis.get_major_locator().set_params(integer=True)
        return self

    def _draw(self, axes: Axes, names: list[str], kwargs: dict[str, Any]) -> None:
        for i, name in enumerate(names):
            looks: dict[str, Any] = {"color": COLOURS[i % len(COLOURS)], "label": words_for(name)}
            looks |= {"linewidth": 2.2 if name == "train_loss" else 1.4, "marker": MARKERS[i % 9]}
            there = self.history[name].dropna()  # not every epoch is looked at
            looks |= {"markevery": max(1, len(there) // 10), "markersize": 4}
            axes.plot(there.index, there, **looks | kwargs)

    def _draw_events(self, axes: Axes) -> None:
        for i, (word, epoch) in enumerate(self.starts.items()):
            # between the last epoch without and the first with
            axes.axvline(epoch - 0.5, color="0.3", linewidth=1, linestyle=(0, (6, 3)))
            if axes is self.axes_[0]:
                axes.annotate(
                    f"{word} from epoch {epoch}",
                    (epoch - 0.5, 0.98 - 0.08 * i),
                    (-4 if epoch > len(self.history) / 2 else 4, 0),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    ha="right" if epoch > len(self.history) / 2 else "left",
                    va="top",
                    fontsize=8,
                    color="0.2",
                    bbox=_ON_CURVES,
                )
        if self.best_epoch is not None:
            axes.axvline(self.best_epoch, color="0.3", linewidth=1, linestyle=":")
            if axes is self.axes_[-1]:
                axes.annotate(
                    f"kept: epoch {self.best_epoch}",
                    (self.best_epoch, 0.03),
                    (-4 if self.best_epoch > len(self.history) / 2 else 4, 0),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    ha="right" if self.best_epoch > len(self.history) / 2 else "left",
                    fontsize=8,
                    color="0.2",
                    bbox=_ON_CURVES,
                )
