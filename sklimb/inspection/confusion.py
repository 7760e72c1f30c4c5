"""The confusion matrix with its classes in order of size, readable at a hundred of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import confusion_matrix

from sklimb.inspection._classes import Counts, class_sizes, predictions_of
from sklimb.inspection._drawing import axes_for, set_class_ticks
from sklimb.metrics import check_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Beyond so many classes a number in each cell is unreadable, and beyond so many even a share.
_MOST_COUNTS = 8
_MOST_SHARES = 20


def shares_of_rows(matrix: ArrayLike) -> np.ndarray:
    """Return a confusion matrix as shares of each true class.

    Parameters
    ----------
    matrix : array-like of shape (n_classes, n_classes)
        Counts, a row for each true class.

    Returns
    -------
    ndarray of shape (n_classes, n_classes)
        NaN in rows without samples.

    Examples
    --------
    >>> from sklimb.inspection.confusion import shares_of_rows
    >>> shares_of_rows([[3, 1], [0, 0]]).tolist()
    [[0.75, 0.25], [nan, nan]]
    """
    matrix = np.asarray(matrix, dtype=float)
    totals = matrix.sum(axis=1, keepdims=True)
    return np.divide(matrix, totals, out=np.full(matrix.shape, np.nan), where=totals > 0)


class ConfusionDisplay:
    """Confusion matrix whose classes stand in order of size, the largest first.

    Below the diagonal are samples that were called a larger class than their own, above it a
    smaller one. Colours are shares of the true class, so that a class of three samples is seen
    as well as one of thousands; their scale grows fast near 0, where single confusions are. Up to
    8 classes cells hold counts and percent, up to 20 percent, and beyond colours alone. Use
    `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    confusion_matrix : ndarray of shape (n_classes, n_classes)
        Numbers of samples, a row for each true class, a column for each predicted one.
    classes : ndarray of shape (n_classes,)
        Labels, the largest class first.
    class_counts : ndarray of shape (n_classes,)
        Sizes that the order goes by.

    Attributes
    ----------
    shares : ndarray of shape (n_classes, n_classes)
        The same as shares of each true class; NaN for a class without samples.
    ax_ : matplotlib Axes
        Axes of the matrix.
    figure_ : matplotlib Figure
        The figure.
    image_ : matplotlib AxesImage
        The matrix.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : In the order of the labels, for few classes.

    Examples
    --------
    >>> from sklimb.inspection import ConfusionDisplay
    >>> display = ConfusionDisplay.from_predictions(
    ...     ["spam", "ham", "ham", "ham"], ["spam", "ham", "spam", "ham"]
    ... )
    >>> display.classes.tolist(), display.confusion_matrix.tolist()
    (['ham', 'spam'], [[2, 1], [0, 1]])
    """

    def __init__(
        self, confusion_matrix: np.ndarray, *, classes: np.ndarray, class_counts: np.ndarray
    ) -> None:
        self.confusion_matrix = confusion_matrix
        self.classes = classes
        self.class_counts = class_counts
        self.shares = shares_of_rows(confusion_matrix)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        class_counts: Counts = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ConfusionDisplay:
        """Draw the confusions of a fitted classifier.

        Parameters
        ----------
        estimator : fitted classifier
            Of scikit-learn's API, pipelines and searches included.
        X : array-like, sparse matrix, images or Dataset of n_samples
            Test data.
        y : array-like of shape (n_samples,)
            Their labels.
        class_counts : mapping of label to count, or array-like of shape (n_classes,), default=None
            Sizes of the classes, as in `ClasswiseRecallDisplay.from_estimator`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``imshow``.

        Returns
        -------
        ConfusionDisplay
            The display, drawn.
        """
        predicted, counts = predictions_of(
            {"classifier": estimator}, X, None, sizes_are_given=class_counts is not None
        )
        return cls.from_predictions(
            y,
            predicted["classifier"],
            class_counts=counts if class_counts is None else class_counts,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        class_counts: Counts = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> ConfusionDisplay:
        """Draw the confusions of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels.
        y_pred : array-like of shape (n_samples,)
            Predicted labels.
        class_counts : mapping of label to count, or array-like of shape (n_classes,), default=None
            Sizes of the classes, as in `ClasswiseRecallDisplay.from_estimator`. None counts
            `y_true`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``imshow``.

        Returns
        -------
        ConfusionDisplay
            The display, drawn.
        """
        sizes = class_sizes(y_true, {"classifier": y_pred}, class_counts)
        codes = {label: i for i, label in enumerate(sizes.classes.tolist())}
        true, predicted = (
            [codes[label] for label in y.tolist()] for y in check_labels(y_true, y_pred)
        )
        matrix = confusion_matrix(true, predicted, labels=range(len(codes)))
        display = cls(matrix, classes=sizes.classes, class_counts=sizes.counts)
        return display.plot(ax=ax, **kwargs)

    def plot(
        self, ax: Axes | None = None, *, colorbar: bool = True, **kwargs: Any
    ) -> ConfusionDisplay:
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        colorbar : bool, default=True
            Whether to explain the colours.
        **kwargs : dict
            For matplotlib's ``imshow``.

        Returns
        -------
        ConfusionDisplay
            The display itself.
        """
        self.figure_, self.ax_ = axes_for(self, ax)
        from matplotlib.colors import PowerNorm

        looks = {"cmap": "cividis", "norm": PowerNorm(0.5, vmin=0, vmax=1)}
        self.image_ = self.ax_.imshow(self.shares, **looks | kwargs)
        if colorbar:
            bar = self.figure_.colorbar(self.image_, ax=self.ax_)
            bar.set_ticks([0, 0.01, 0.05, 0.2, 0.5, 1], labels=["0", "1", "5", "20", "50", "100"])
            bar.set_label("percent of the true class")
        set_class_ticks(self.ax_, self.classes, what="predicted")
        set_class_ticks(self.ax_, self.classes, axis="y", what="true, the largest class first")
        self._write_cells()
        return self

    def _write_cells(self) -> None:
        n = len(self.classes)
        if n > _MOST_SHARES:
            return
        size = 10 if n <= _MOST_COUNTS else 7
        for (i, j), share in np.ndenumerate(self.shares):
            count = self.confusion_matrix[i, j]
            if n > _MOST_COUNTS:
                text = "" if not count else f"{100 * share:.0f}" if share >= 0.005 else "<1"
            else:
                text = "-" if np.isnan(share) else f"{count:,}\n{100 * share:.0f} %"
            # cividis is light from its middle on
            light = np.isnan(share) or self.image_.norm(share) > 0.55
            self.ax_.text(
                j, i, text, ha="center", va="center", size=size, color="black" if light else "white"
            )
