"""Recall of each class in order of size (Kim, Hong & Kim 2021, Figure 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklimb._data.from_tensors import without_tensors
from sklimb.inspection._classes import Counts, class_sizes, named, predictions_of
from sklimb.inspection._drawing import (
    axes_for,
    draw_sizes,
    n_labelled_lines,
    set_class_ticks,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What a recall of 0 counts as in the geometric mean, as in `sklimb.metrics.geometric_mean_score`.
_EPSILON = 0.001
# Beyond so many classes intervals would hide the recalls.
_MOST_INTERVALS = 20
# How far one classifier stands beside the next, in distances of classes.
_BESIDE = 0.06


def recalls_by_class(y_true: ArrayLike, y_pred: ArrayLike, classes: ArrayLike) -> np.ndarray:
    """Return the share of each class's samples that is found.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
    y_pred : array-like of shape (n_samples,)
    classes : array-like of shape (n_classes,)

    Returns
    -------
    ndarray of shape (n_classes,)
        NaN for a class without samples.

    Examples
    --------
    >>> from sklimb.inspection.classwise_recall import recalls_by_class
    >>> recalls_by_class(["a", "b", "b"], ["a", "a", "b"], ["b", "a", "c"]).tolist()
    [0.5, 1.0, nan]
    """
    true = np.asarray(without_tensors(y_true, "y_true")).ravel()
    right = true == np.asarray(without_tensors(y_pred, "y_pred")).ravel()
    recalls = np.full(len(np.asarray(classes)), np.nan)
    for i, label in enumerate(classes):
        of_class = true == label
        if of_class.any():
            recalls[i] = right[of_class].mean()
    return recalls


def recall_intervals(recalls: ArrayLike, supports: ArrayLike) -> np.ndarray:
    """Return the 95 % intervals of Wilson [1]_ for recalls.

    Parameters
    ----------
    recalls : array-like of shape (..., n_classes)
    supports : array-like of shape (n_classes,)
        Numbers of samples that they were counted on.

    Returns
    -------
    ndarray of shape (..., n_classes, 2)
        Low and high ends; NaN where the recall is.

    References
    ----------
    .. [1] Wilson. Probable Inference, the Law of Succession, and Statistical Inference. Journal of
       the American Statistical Association 22, 1927.

    Examples
    --------
    >>> from sklimb.inspection.classwise_recall import recall_intervals
    >>> recall_intervals([0.8, 1.0], [10, 3]).round(3).tolist()
    [[0.49, 0.943], [0.439, 1.0]]
    """
    from scipy.stats import binomtest

    recalls, supports = np.broadcast_arrays(np.asarray(recalls, dtype=float), supports)
    ends = np.full((*recalls.shape, 2), np.nan)
    for place in zip(*np.nonzero(~np.isnan(recalls)), strict=True):
        n = int(supports[place])
        hits = round(recalls[place] * n)
        ends[place] = binomtest(hits, n).proportion_ci(method="wilson")
    return ends


def mean_recalls(recalls: ArrayLike) -> tuple[float, float]:
    """Return balanced accuracy and the geometric mean of recalls, NaN left out.

    Parameters
    ----------
    recalls : array-like of shape (n_classes,)
        A recall of 0 counts as 0.001 in the geometric mean.

    Returns
    -------
    arithmetic, geometric : float

    Examples
    --------
    >>> from sklimb.inspection.classwise_recall import mean_recalls
    >>> [round(mean, 3) for mean in mean_recalls([1.0, 0.25])]
    [0.625, 0.5]
    """
    there = np.asarray(recalls, dtype=float)
    there = there[~np.isnan(there)]
    geometric = np.exp(np.log(np.where(there > 0, there, _EPSILON)).mean())
    return float(there.mean()), float(geometric)


class ClasswiseRecallDisplay:
    """Recall of each class, in order of class size, of one or several classifiers.

    Behind the recalls stand the sizes of the classes as bars; lines show the balanced accuracy
    (dashed) and the geometric mean of the recalls (dotted) of each classifier: Figure 4 of [1]_.
    Of up to 20 classes each recall has its 95 % interval (Wilson's), from the number of test
    samples alone: how far another test set of that size may differ, not another training.
    Classifiers stand a little beside each other, so that equal ones are seen.
    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    recalls : ndarray of shape (n_classifiers, n_classes)
        Recalls, NaN for a class without samples.
    classes : ndarray of shape (n_classes,)
        Labels, the largest class first.
    class_counts : ndarray of shape (n_classes,)
        Sizes of the classes.
    names : list of str
        Names of the classifiers.
    counted : str, default="training samples"
        What `class_counts` counts, for the axis.
    supports : ndarray of shape (n_classes,) or None, default=None
        Numbers of test samples that the recalls were counted on; None draws no intervals.

    Attributes
    ----------
    intervals : ndarray of shape (n_classifiers, n_classes, 2) or None
        Ends of the 95 % intervals of the recalls; None without `supports`.
    balanced_accuracies : ndarray of shape (n_classifiers,)
        Mean recalls.
    geometric_means : ndarray of shape (n_classifiers,)
        Geometric means of the recalls, 0 counted as 0.001.
    ax_ : matplotlib Axes
        Axes of the recalls.
    sizes_ax_ : matplotlib Axes or None
        Axes of the bars.
    figure_ : matplotlib Figure
        The figure.
    lines_ : list of matplotlib Line2D
        A line for each classifier.

    See Also
    --------
    CumulativeFalsePositiveDisplay : Which classes the errors are called.
    sklimb.metrics.shot_accuracies : Mean recalls of many, medium and few shots as numbers.

    References
    ----------
    .. [1] Kim, Hong, Kim. De-biasing Neural Networks with Estimated Offset for Class Imbalanced
       Learning. ICCV Workshops 2021.

    Examples
    --------
    >>> from sklimb.inspection import ClasswiseRecallDisplay
    >>> y_true = ["ham", "ham", "ham", "spam", "spam"]
    >>> display = ClasswiseRecallDisplay.from_predictions(
    ...     y_true,
    ...     {"plain": ["ham"] * 5, "balanced": ["ham", "spam", "ham", "spam", "spam"]},
    ... )
    >>> display.classes.tolist(), display.recalls.round(2).tolist()
    (['ham', 'spam'], [[1.0, 0.0], [0.67, 1.0]])
    """

    def __init__(
        self,
        recalls: np.ndarray,
        *,
        classes: np.ndarray,
        class_counts: np.ndarray,
        names: list[str],
        counted: str = "training samples",
        supports: np.ndarray | None = None,
    ) -> None:
        self.recalls = np.atleast_2d(recalls)
        self.classes = classes
        self.class_counts = class_counts
        self.names = names
        self.counted = counted
        self.supports = supports
        self.intervals = None if supports is None else recall_intervals(self.recalls, supports)
        means = np.array([mean_recalls(row) for row in self.recalls])
        self.balanced_accuracies, self.geometric_means = means[:, 0], means[:, 1]

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        class_counts: Counts = None,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ClasswiseRecallDisplay:
        """Draw the recalls of one or several fitted classifiers.

        Parameters
        ----------
        estimator : fitted classifier, or dict of str to fitted classifier
            Of scikit-learn's API, pipelines and searches included; several of them by name.
        X : array-like, sparse matrix, images or Dataset of n_samples
            Test data.
        y : array-like of shape (n_samples,)
            Their labels.
        class_counts : mapping of label to count, or array-like of shape (n_classes,), default=None
            Sizes of the classes, an array in the order of the sorted labels. None takes the
            classifier's ``class_counts_``, or the classes' samples in `y` where there is none, or
            a sampler stands in front; the axis says which.
        name : str, default=None
            Name of the classifier; None is that of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot`` of the recalls.

        Returns
        -------
        ClasswiseRecallDisplay
            The display, drawn.
        """
        predicted, counts = predictions_of(
            estimator, X, name, sizes_are_given=class_counts is not None
        )
        return cls.from_predictions(
            y,
            predicted,
            class_counts=counts if class_counts is None else class_counts,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: Any,
        *,
        class_counts: Counts = None,
        name: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ClasswiseRecallDisplay:
        """Draw the recalls of one or several classifiers' predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels.
        y_pred : array-like of shape (n_samples,), or dict of str to array-like
            Predicted labels; those of several classifiers by name.
        class_counts : mapping of label to count, or array-like of shape (n_classes,), default=None
            Sizes of the classes, as in `from_estimator`. None counts `y_true`.
        name : str, default=None
            Name of the classifier; None is "classifier".
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot`` of the recalls.

        Returns
        -------
        ClasswiseRecallDisplay
            The display, drawn.
        """
        predictions = named(y_pred, name, "classifier")
        sizes = class_sizes(y_true, predictions, class_counts)
        display = cls(
            np.array([recalls_by_class(y_true, p, sizes.classes) for p in predictions.values()]),
            classes=sizes.classes,
            class_counts=sizes.counts,
            names=list(predictions),
            counted=sizes.of,
            supports=np.array([np.sum(np.asarray(y_true) == label) for label in sizes.classes]),
        )
        return display.plot(ax=ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        show_sizes: bool = True,
        show_intervals: bool | None = None,
        **kwargs: Any,
    ) -> ClasswiseRecallDisplay:
        """Draw the recalls.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure. On the axes of another display of the same classes
            the lines go on with other colours.
        show_sizes : bool, default=True
            Whether to draw the bars. Over another display they are not drawn again.
        show_intervals : bool or None, default=None
            Whether to draw the intervals. None draws them for up to 20 classes: of more they would
            hide the recalls.
        **kwargs : dict
            For matplotlib's ``plot`` of the recalls.

        Returns
        -------
        ClasswiseRecallDisplay
            The display itself.
        """
        self.figure_, self.ax_ = axes_for(self, ax)
        self.sizes_ax_ = None
        start = n_labelled_lines(self.ax_)
        if show_sizes and not start:  # one classifier over another: its bars are there already
            self.sizes_ax_ = draw_sizes(self.ax_, self.class_counts, self.counted)
        if show_intervals is None:
            show_intervals = len(self.classes) <= _MOST_INTERVALS
        self.lines_ = []
        middle = (len(self.names) - 1) / 2
        few = len(self.classes) <= 40
        for i, name in enumerate(self.names):
            looks = {"linewidth": 1.2, "markersize": 5 if few else 2.5, **style(start + i)}
            places = np.arange(len(self.classes)) + _BESIDE * (i - middle)
            (line,) = self.ax_.plot(places, self.recalls[i], **looks | {"label": name} | kwargs)
            self.lines_.append(line)
            if show_intervals and self.intervals is not None:
                low, high = self.intervals[i].T
                self.ax_.vlines(places, low, high, color=line.get_color(), linewidth=1, alpha=0.6)
            for mean, dashes in (
                (self.balanced_accuracies[i], (0, (6, 3))),
                (self.geometric_means[i], (0, (1, 2))),
            ):
                self.ax_.axhline(mean, color=line.get_color(), linewidth=1, linestyle=dashes)
        self.ax_.set_ylim(-0.03, 1.03)
        self.ax_.set_ylabel("recall\n(dashed: mean, dotted: geometric mean)")
        set_class_ticks(self.ax_, self.classes)
        self.ax_.legend(loc="lower left", framealpha=0.9)
        return self
