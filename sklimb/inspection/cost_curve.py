"""Precision, recall and cost over the threshold, with what was chosen."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, column_or_1d

from sklimb._data.labels import check_labels_given
from sklimb.classifiers.costs import cost_matrix_of
from sklimb.inspection._drawing import COLOURS, axes_for
from sklimb.inspection._thresholds import (
    cost_curve,
    decides_by_decision,
    own_threshold,
    positive_label,
    scores_of,
)
from sklimb.metrics import check_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CostCurveDisplay:
    """Precision, recall and mean cost of two classes over the threshold, with the one chosen.

    A sample is called positive where its score is the threshold or more. Use `from_estimator` or
    `from_predictions` to make one, on samples that the classifier has not seen: on its training
    samples every threshold looks better than it is.

    Parameters
    ----------
    thresholds : ndarray of shape (n_thresholds,)
        Thresholds, from the lowest.
    precision : ndarray of shape (n_thresholds,)
        Share of the samples called positive that are; NaN where none is called so.
    recall : ndarray of shape (n_thresholds,)
        Share of the positive samples that are called so.
    cost : ndarray of shape (n_thresholds,) or None
        Mean cost of a sample.
    pos_label : label
        The positive class.
    chosen : float or None, default=None
        The threshold to be marked.
    chosen_by : str, default="chosen"
        Why it is.
    response : str, default="probability"
        What the scores are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of precision and recall.
    cost_ax_ : matplotlib Axes or None
        Axes of the cost.
    figure_ : matplotlib Figure
        The figure.

    See Also
    --------
    sklimb.PriorCorrectedClassifier : Decides by costs with ``cost_matrix=``.
    sklearn.model_selection.TunedThresholdClassifierCV : Chooses a threshold by a score.

    Examples
    --------
    >>> from sklimb.inspection import CostCurveDisplay
    >>> display = CostCurveDisplay.from_predictions(
    ...     ["ok", "ok", "ok", "fraud"],
    ...     [0.1, 0.2, 0.6, 0.5],
    ...     cost_matrix={"fraud": 50, "ok": 1},
    ... )
    >>> display.pos_label, float(display.chosen), float(display.cost.min())
    ('fraud', 0.5, 0.25)
    """

    def __init__(
        self,
        thresholds: np.ndarray,
        precision: np.ndarray,
        recall: np.ndarray,
        cost: np.ndarray | None,
        *,
        pos_label: Any,
        chosen: float | None = None,
        chosen_by: str = "chosen",
        response: str = "probability",
    ) -> None:
        self.thresholds = thresholds
        self.precision = precision
        self.recall = recall
        self.cost = cost
        self.pos_label = pos_label
        self.chosen = chosen
        self.chosen_by = chosen_by
        self.response = response

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        cost_matrix: Any = None,
        threshold: float | None = None,
        pos_label: Any = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> CostCurveDisplay:
        """Draw what each threshold on a fitted classifier's scores gives.

        Parameters
        ----------
        estimator : fitted binary classifier
            With ``predict_proba`` or ``decision_function``. One with a threshold of its own
            (``best_threshold_``, as `TunedThresholdClassifierCV` has it) or with a `cost_matrix`
            (as `PriorCorrectedClassifier`) lends these, unless others are given; such a threshold
            goes with what it was chosen on, probabilities or the decision function.
        X : array-like, sparse matrix, images or Dataset of n_samples
            Samples that were not trained on.
        y : array-like of shape (n_samples,)
            Their labels.
        cost_matrix : array-like, DataFrame, dict or Series, default=None
            What errors cost, in all forms of `PriorCorrectedClassifier`: ``{"fraud": 50, "ok": 1}``
            is what any error on each class costs. None draws no cost.
        threshold : float, default=None
            The threshold to be marked. None takes the classifier's own, else that of the least
            cost, and none without costs.
        pos_label : label, default=None
            The positive class; None is the rarer one in `y`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        CostCurveDisplay
            The display, drawn.
        """
        true = column_or_1d(check_labels_given(y))
        label = positive_label(true, pos_label)
        lends = threshold is None and hasattr(estimator, "best_threshold_")
        by_decision = lends and decides_by_decision(estimator)
        scores, response = scores_of(estimator, X, label, by_decision=by_decision)
        by = "given"
        if cost_matrix is None:
            cost_matrix = getattr(estimator, "cost_matrix", None)
        if lends:
            threshold = own_threshold(estimator, X, scores, response, label)
            by = "the classifier's own"
        return cls._drawn(true, scores, label, cost_matrix, threshold, by, response, ax, kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_score: ArrayLike,
        *,
        cost_matrix: Any = None,
        threshold: float | None = None,
        pos_label: Any = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> CostCurveDisplay:
        """Draw what each threshold on scores gives.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels of two classes.
        y_score : array-like of shape (n_samples,)
            Probabilities or other scores of the positive class.
        cost_matrix : array-like, DataFrame, dict or Series, default=None
            What errors cost, as in `from_estimator`.
        threshold : float, default=None
            The threshold to be marked. None takes that of the least cost.
        pos_label : label, default=None
            The positive class; None is the rarer one in `y_true`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        CostCurveDisplay
            The display, drawn.
        """
        true = column_or_1d(check_labels_given(y_true, "y_true"))
        scores = check_numbers(y_score, "y_score")
        label = positive_label(true, pos_label)
        return cls._drawn(
            true, scores, label, cost_matrix, threshold, "given", "probability", ax, kwargs
        )

    @classmethod
    def _drawn(
        cls,
        true: np.ndarray,
        scores: np.ndarray,
        label: Any,
        cost_matrix: Any,
        threshold: float | None,
        by: str,
        response: str,
        ax: Axes | None,
        kwargs: dict[str, Any],
    ) -> CostCurveDisplay:
        check_consistent_length(true, scores)
        if threshold is not None and not (isinstance(threshold, Real) and np.isfinite(threshold)):
            raise ValueError(f"threshold must be a finite number or None, got {threshold!r}.")
        if not np.isfinite(scores).all():
            raise ValueError("Scores must be finite numbers; NaN or infinity is among them.")
        costs = None
        if cost_matrix is not None:
            costs = cost_matrix_of(cost_matrix, np.unique(true))
            if label == np.unique(true)[0]:  # the positive class comes second
                costs = costs[::-1, ::-1]
        curve = cost_curve(true == label, scores, costs)
        if threshold is None and curve.cost is not None:
            threshold, by = float(curve.thresholds[curve.cost.argmin()]), "least cost"
        return cls(*curve, pos_label=label, chosen=threshold, chosen_by=by, response=response).plot(
            ax=ax, **kwargs
        )

    def at(self, threshold: float) -> dict[str, float]:
        """Return what a threshold gives.

        Parameters
        ----------
        threshold : float
            Samples of this score or a higher one are called positive.

        Returns
        -------
        dict of str to float
            "precision", "recall" and, where costs are known, "cost".
        """
        place = min(np.searchsorted(self.thresholds, threshold), len(self.thresholds) - 1)
        given = {"precision": float(self.precision[place]), "recall": float(self.recall[place])}
        return given if self.cost is None else given | {"cost": float(self.cost[place])}

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> CostCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        CostCurveDisplay
            The display itself.
        """
        self.figure_, self.ax_ = axes_for(self, ax)
        self.cost_ax_, name = None, repr(self.pos_label)
        drawn = [
            (self.ax_, self.recall, f"recall of {name}", "-"),
            (self.ax_, self.precision, f"precision of {name}", (0, (6, 2))),
        ]
        if self.cost is not None:
            self.cost_ax_ = self.ax_.twinx()
            self.cost_ax_.set_ylabel("mean cost of a sample")
            drawn.append((self.cost_ax_, self.cost, "mean cost (right scale)", (0, (1, 1.5))))
        lines = []
        for i, (axes, values, label, dashes) in enumerate(drawn):
            looks = {"drawstyle": "steps-pre", "color": COLOURS[i], "linestyle": dashes}
            looks |= {"label": label, "linewidth": 1.8}
            lines += axes.plot(self.thresholds, values, **looks | kwargs)
        if self.cost_ax_ is not None:
            self.cost_ax_.set_ylim(bottom=0)
        self.ax_.set_ylim(-0.03, 1.03)
        self.ax_.set_xlabel(
            f"{'threshold on the probability' if self.response == 'probability' else self.response}"
            f" of {name}"
        )
        self.ax_.set_ylabel("precision, recall")
        if self.chosen is not None:
            lines.append(self._mark())
        self.ax_.legend(
            handles=lines, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2
        )
        return self

    def _mark(self) -> Any:
        """Mark the chosen threshold, and say what it gives."""
        gives = self.at(self.chosen)
        words = f"{self.chosen_by}: {self.chosen:.3g} (recall {100 * gives['recall']:.0f} %"
        if not np.isnan(gives["precision"]):
            words += f", precision {100 * gives['precision']:.0f} %"
        if "cost" in gives:
            words += f", cost {gives['cost']:.3g}"
        line = self.ax_.axvline(self.chosen, color="0.2", linewidth=1.2)
        line.set_label(words + ")")
        return line
