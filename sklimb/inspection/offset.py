"""Offsets of the classes beside their sizes (Kim, Hong & Kim 2021, Figures 1 and 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from sklimb._data.labels import check_labels_given
from sklimb._data.validation import encode_labels
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.heads.members import members_of
from sklimb.heads.offset import class_weights
from sklimb.heads.softmax import CosineHead
from sklimb.inspection._classes import last_step
from sklimb.inspection._drawing import axes_for, draw_sizes, set_class_ticks, style
from sklimb.losses import estimated_offset

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WORDS = {
    "trained": "trained offset (bias)",
    "empirical": "empirical offset ½ mean · weight",
    "estimated": "estimated offset ½ centre · weight",
}


def class_means(features: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the mean features of each class.

    Parameters
    ----------
    features : ndarray of shape (n_samples, d)
    codes : ndarray of int, shape (n_samples,)
        Class indices.
    n_classes : int

    Returns
    -------
    ndarray of shape (n_classes, d)
        NaN for a class without samples.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.inspection.offset import class_means
    >>> class_means(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1]), 2).tolist()
    [[2.0], [5.0]]
    """
    sums = np.zeros((n_classes, features.shape[1]))
    np.add.at(sums, codes, features)
    sizes = np.bincount(codes, minlength=n_classes)[:, None]
    return np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0)


class OffsetDisplay:
    r"""Offsets of the classes, in order of class size.

    A plain network's trained offset (its bias) follows the class sizes, and so does its empirical
    offset :math:`\tfrac{1}{2} \mu_k \cdot w_k`, of the classes' mean features and their weights:
    Figure 1 of [1]_. Those of `OffsetDebiasedClassifier` are to be level, and the estimated offset
    :math:`\tfrac{1}{2} c_k \cdot w_k`, of the learnt centres, goes with the empirical one
    (Figure 3). Only differences between classes matter: a number added to all changes no decision.
    The bias is added to the scores, the other two are subtracted. Use `from_estimator` to make one.

    Parameters
    ----------
    offsets : dict of str to ndarray of shape (n_classes,)
        Offsets by kind: "trained", "empirical", "estimated", or names of your own.
    classes : ndarray of shape (n_classes,)
        Labels, the largest class first.
    class_counts : ndarray of shape (n_classes,)
        Sizes of the classes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the offsets.
    sizes_ax_ : matplotlib Axes
        Axes of the class sizes.
    figure_ : matplotlib Figure
        The figure.
    lines_ : list of matplotlib Line2D
        A line for each kind.

    See Also
    --------
    sklimb.OffsetDebiasedClassifier : The method.
    sklimb.losses.estimated_offset : The formula.

    References
    ----------
    .. [1] Kim, Hong, Kim. De-biasing Neural Networks with Estimated Offset for Class Imbalanced
       Learning. ICCV Workshops 2021.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import OffsetDebiasedClassifier
    >>> from sklimb.inspection import OffsetDisplay
    >>> X, y = make_classification(n_samples=200, weights=[0.8], random_state=0)
    >>> model = OffsetDebiasedClassifier(max_epochs=3, random_state=0).fit(X, y)
    >>> display = OffsetDisplay.from_estimator(model)
    >>> sorted(display.offsets), display.classes.tolist()
    (['empirical', 'estimated'], [0, 1])
    """

    def __init__(
        self, offsets: dict[str, np.ndarray], *, classes: np.ndarray, class_counts: np.ndarray
    ) -> None:
        self.offsets = offsets
        self.classes = classes
        self.class_counts = class_counts

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: ArrayLike | None = None,
        *,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> OffsetDisplay:
        """Draw the offsets of a fitted network.

        Parameters
        ----------
        estimator : fitted classifier
            A network of sklimb whose scores are inner products with class weights, or a pipeline or
            search that ends in one. `OffsetDebiasedClassifier` knows all its offsets; of another
            network the bias is drawn, and with `X` and `y` the empirical offset. Of several members
            it is their mean.
        X : array-like, sparse matrix, images or Dataset of n_samples, default=None
            Training data, for the empirical offset of a network that does not keep it.
        y : array-like of shape (n_samples,), default=None
            Their labels.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        OffsetDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the classifier is no network of sklimb, or scores otherwise, as
            `AffinityClassifier` does.
        ValueError
            If one of `X` and `y` is given alone, or there is no offset to draw.
        """
        check_is_fitted(estimator)
        network = last_step(estimator, behind_samplers=True)
        heads = _linear_heads(network)
        if (X is None) != (y is None):
            raise ValueError("Give X and y, the training data, or neither of them.")
        found = _known(network, heads)
        if X is not None:
            codes = encode_labels(np.asarray(check_labels_given(y)), network.classes_)
            features = np.asarray(estimator.transform(X), dtype=float)
            found["empirical"] = _empirical(heads, features, codes, len(network.classes_))
        if not found:
            raise ValueError(
                f"{type(network).__name__} has neither a bias nor offsets that it keeps. Give the "
                "training data, X and y, for its empirical offset."
            )
        counts = np.asarray(network.class_counts_, dtype=float)
        order = np.argsort(-counts, kind="stable")
        display = cls(
            {kind: values[order] for kind, values in found.items()},
            classes=network.classes_[order],
            class_counts=counts[order],
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> OffsetDisplay:
        """Draw the offsets.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``plot``.

        Returns
        -------
        OffsetDisplay
            The display itself.
        """
        self.figure_, self.ax_ = axes_for(self, ax)
        self.sizes_ax_ = draw_sizes(self.ax_, self.class_counts, "training samples")
        self.lines_ = []
        for i, (kind, values) in enumerate(self.offsets.items()):
            looks = {"linewidth": 1.2, "markersize": 5 if len(values) <= 40 else 2.5, **style(i)}
            looks["label"] = _WORDS.get(kind, kind)
            self.lines_ += self.ax_.plot(np.arange(len(values)), values, **looks | kwargs)
        # Level offsets are to look level: a scale that ends a little beyond them would not say so.
        low, high = self.ax_.get_ylim()
        spread = max(1.0, high - low)
        middle = (low + high) / 2
        self.ax_.set_ylim(middle - 0.6 * spread, middle + 0.6 * spread)
        self.ax_.set_ylabel("offset")
        set_class_ticks(self.ax_, self.classes)
        self.ax_.legend(framealpha=0.9)
        return self


def _linear_heads(network: Any) -> list[torch.nn.Module]:
    """Return the heads of the members, each with weights of the classes."""
    if not isinstance(network, BaseNetClassifier):
        raise TypeError(
            f"Offsets are those of a network of sklimb, got {type(network).__name__}. Give, for "
            "instance, a fitted OffsetDebiasedClassifier or RebalancedClassifier."
        )
    heads = members_of(network.module_.head)
    if not all(hasattr(head, "weight") for head in heads):
        raise TypeError(
            f"{type(network).__name__} scores by {type(heads[0]).__name__}, not by inner products "
            "with class weights, so it has no offsets."
        )
    return heads


def _known(network: Any, heads: list[torch.nn.Module]) -> dict[str, np.ndarray]:
    """Return the offsets that a network keeps, by kind."""
    found = {}
    biases = [getattr(head, "bias", None) for head in heads]
    if all(bias is not None for bias in biases):
        found["trained"] = np.mean([_numbers(bias) for bias in biases], axis=0)
    for kind in ("empirical", "estimated"):
        try:
            values = np.asarray(getattr(network, f"{kind}_offset_"), dtype=float)
        except AttributeError:
            continue
        found[kind] = values.mean(axis=0) if values.ndim == 2 else values
    return found


def _empirical(
    heads: list[torch.nn.Module], features: np.ndarray, codes: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return the mean of the members' empirical offsets over some samples."""
    own = np.split(features, len(heads), axis=1)
    offsets = []
    for head, part in zip(heads, own, strict=True):
        if isinstance(head, CosineHead):
            part = normalize(part)
        means = torch.from_numpy(class_means(part, codes, n_classes))
        weights = torch.from_numpy(_numbers(class_weights(head)))
        offsets.append(estimated_offset(weights, means).numpy())
    return np.mean(offsets, axis=0)


def _numbers(values: torch.Tensor) -> np.ndarray:
    return values.detach().cpu().double().numpy()
