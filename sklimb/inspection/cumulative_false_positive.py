"""False positives summed over the classes, the largest first (M2m, Figure 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklimb.inspection._classes import Counts, class_sizes, named, predictions_of
from sklimb.inspection._drawing import axes_for, n_labelled_lines, set_class_ticks, style
from sklimb.metrics import cumulative_false_positives

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CumulativeFalsePositiveDisplay:
    """False positives, summed over classes from the largest to the smallest.

    On a test part with equal classes the errors of an unbiased classifier are spread evenly, and
    its curve follows the dotted straight line; a curve above it on the left means that rare classes
    are mistaken for frequent ones, one below it that frequent ones are called rare. The curve ends
    at the number of all errors: Figure 5 of [1]_ and of [2]_. Use `from_estimator` or
    `from_predictions` to make one.

    Parameters
    ----------
    false_positives : ndarray of shape (n_classifiers, n_classes)
        Sums of false positives up to each class.
    classes : ndarray of shape (n_classes,)
        Labels, the largest class first.
    names : list of str
        Names of the classifiers.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the curves.
    figure_ : matplotlib Figure
        The figure.
    lines_ : list of matplotlib Line2D
        A line for each classifier.

    See Also
    --------
    ClasswiseRecallDisplay : Which classes are found.
    sklimb.metrics.cumulative_false_positives : The numbers.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020.
    .. [2] B. Kim, H. G. Hong and J. Kim, "De-biasing Neural Networks with Estimated Offset for
       Class Imbalanced Learning", ICCV Workshops 2021.

    Examples
    --------
    >>> from sklimb.inspection import CumulativeFalsePositiveDisplay
    >>> display = CumulativeFalsePositiveDisplay.from_predictions(
    ...     ["cat", "cat", "dog", "dog", "emu", "emu"],
    ...     ["cat", "cat", "dog", "cat", "cat", "dog"],
    ...     class_counts={"emu": 19, "cat": 500, "dog": 100},
    ... )
    >>> display.false_positives.tolist()
    [[2, 3, 3]]
    """

    def __init__(
        self, false_positives: np.ndarray, *, classes: np.ndarray, names: list[str]
    ) -> None:
        self.false_positives = np.atleast_2d(false_positives)
        self.classes = classes
        self.names = names

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
    ) -> CumulativeFalsePositiveDisplay:
        """Draw the false positives of one or several fitted classifiers.

        Parameters
        ----------
        estimator : fitted classifier, or dict of str to fitted classifier
            Of scikit-learn's API, pipelines and searches included; several of them by name.
        X : array-like, sparse matrix, images or Dataset of n_samples
            Test data, best with classes of equal size.
        y : array-like of shape (n_samples,)
            Their labels.
        class_counts : mapping of label to count, or array-like of shape (n_classes,), default=None
            Sizes of the classes, as in `ClasswiseRecallDisplay.from_estimator`.
        name : str, default=None
            Name of the classifier; None is that of its class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        CumulativeFalsePositiveDisplay
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
    ) -> CumulativeFalsePositiveDisplay:
        """Draw the false positives of one or several classifiers' predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels.
        y_pred : array-like of shape (n_samples,), or dict of str to array-like
            Predicted labels; those of several classifiers by name.
        class_counts : mapping of label to count, or array-like of shape (n_classes,), default=None
            Sizes of the classes, as in `ClasswiseRecallDisplay.from_estimator`. None counts
            `y_true`.
        name : str, default=None
            Name of the classifier; None is "classifier".
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        CumulativeFalsePositiveDisplay
            The display, drawn.
        """
        predictions = named(y_pred, name, "classifier")
        sizes = class_sizes(y_true, predictions, class_counts)
        by_label = dict(zip(sizes.classes.tolist(), sizes.counts.tolist(), strict=True))
        sums = [cumulative_false_positives(y_true, p, by_label) for p in predictions.values()]
        display = cls(np.array(sums), classes=sizes.classes, names=list(predictions))
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> CumulativeFalsePositiveDisplay:
        """Draw the sums.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure. On the axes of another display of the same classes
            the curves go on with other colours.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        CumulativeFalsePositiveDisplay
            The display itself.
        """
        self.figure_, self.ax_ = axes_for(self, ax)
        start, n = n_labelled_lines(self.ax_), len(self.classes)
        places, self.lines_ = np.arange(n), []
        for i, (name, sums) in enumerate(zip(self.names, self.false_positives, strict=True)):
            looks = {"linewidth": 1.5, "markersize": 5, "markevery": max(1, n // 12)}
            looks |= {"label": f"{name} ({sums[-1]:,} errors)", **style(start + i)}
            (line,) = self.ax_.plot(places, sums, **looks | kwargs)
            self.lines_.append(line)
            even = sums[-1] * (places + 1) / n
            self.ax_.plot(places, even, color=line.get_color(), linewidth=1, linestyle=":")
        self.ax_.set_ylim(bottom=0)
        self.ax_.set_ylabel("false positives, summed (dotted: evenly spread)")
        set_class_ticks(self.ax_, self.classes)
        self.ax_.legend(loc="lower right")
        return self
