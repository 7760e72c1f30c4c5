"""Features in the plane, prototypes and regions (Hayat et al. 2019, Fig. 2; M2m, Fig. 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.validation import check_is_fitted

from sklimb._data.from_tensors import without_tensors
from sklimb._data.labels import check_labels_given
from sklimb.inspection._classes import last_step
from sklimb.inspection._drawing import COLOURS, MARKERS, axes_for, shortened
from sklimb.inspection._heads import decisions, only_head, prototypes_of
from sklimb.inspection._projection import balanced_subset, project

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Points to a side of the grid that regions are drawn from.
_RESOLUTION = 200
# More names than this are no legend any more: the largest classes stand there.
_MOST_NAMES = 12
_AXES = {"none": "feature", "pca": "principal component", "tsne": "t-SNE"}


class FeatureSpaceDisplay:
    """What a network makes of samples: its features in the plane, by class.

    Two features are drawn as they are, with the regions that the head decides for and the class
    prototypes: Figure 2 of [1]_. Wider ones are brought into the plane by their principal
    components or by t-SNE (Figure 4 of [2]_), without regions, for a wide head does not decide in a
    plane. The prototypes of `OffsetDebiasedClassifier` are the means of its classes.
    Use `from_estimator` or `from_features` to make one. A network with two features is
    ``module__hidden=(64, 2)``, or ``embedding_dim=2, normalize=False`` of `AffinityClassifier`.

    Parameters
    ----------
    points : ndarray of shape (n_samples, 2)
        Samples in the plane.
    y : ndarray of shape (n_samples,)
        Their labels.
    method : {"none", "pca", "tsne"}
        How they came there.
    prototypes : ndarray of shape (n_prototypes, 2) or None, default=None
        Prototypes, or centres, in the plane.
    prototype_classes : ndarray of shape (n_prototypes,) or None, default=None
        Their classes.
    decide : callable or None, default=None
        Points (n, 2) -> labels (n,), for the regions.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Labels of `y`, those of most samples first.
    explained_variance : float or None
        Share of the variance that two principal components hold.
    ax_ : matplotlib Axes
        Axes of the picture.
    figure_ : matplotlib Figure
        The figure.

    References
    ----------
    .. [1] M. Hayat et al., "Gaussian Affinity for Max-margin Class Imbalanced Learning", ICCV 2019.
    .. [2] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import AffinityClassifier
    >>> from sklimb.inspection import FeatureSpaceDisplay
    >>> X, y = make_classification(n_samples=200, weights=[0.8], random_state=0)
    >>> model = AffinityClassifier(
    ...     embedding_dim=2, normalize=False, max_epochs=5, random_state=0
    ... ).fit(X, y)
    >>> display = FeatureSpaceDisplay.from_estimator(model, X, y)
    >>> display.method, display.points.shape, display.prototypes.shape
    ('none', (200, 2), (2, 2))
    """

    def __init__(
        self,
        points: np.ndarray,
        y: np.ndarray,
        *,
        method: str = "none",
        prototypes: np.ndarray | None = None,
        prototype_classes: np.ndarray | None = None,
        decide: Any = None,
    ) -> None:
        self.points = points
        self.y = y
        self.method = method
        self.prototypes = prototypes
        self.prototype_classes = prototype_classes
        self.decide = decide
        labels, counts = np.unique(y, return_counts=True)
        self.classes = labels[np.argsort(-counts, kind="stable")]
        self.explained_variance: float | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        method: str = "auto",
        max_samples: int = 1000,
        random_state: Any = 0,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> FeatureSpaceDisplay:
        """Draw the features of a fitted classifier.

        Parameters
        ----------
        estimator : fitted estimator
            With ``transform``: a classifier of sklimb, or a pipeline that ends in one. Of several
            members the features stand side by side, and neither prototypes nor regions are drawn.
        X : array-like, sparse matrix, images or Dataset of n_samples
            Samples.
        y : array-like of shape (n_samples,)
            Their labels.
        method : {"auto", "pca", "tsne"}, default="auto"
            "auto" draws two features as they are and the principal components of more.
        max_samples : int, default=1000
            At most so many samples are drawn, of each class as many if it has them.
        random_state : int, RandomState or None, default=0
            Of the samples that are drawn, and of t-SNE.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``scatter``.

        Returns
        -------
        FeatureSpaceDisplay
            The display, drawn.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "transform"):
            raise TypeError(
                f"{type(estimator).__name__} has no transform, so it has no features to show. Give "
                "a classifier of sklimb, or FeatureSpaceDisplay.from_features features of your own."
            )
        features = np.asarray(estimator.transform(X))
        network = last_step(estimator, behind_samplers=True)
        head = only_head(network)
        marks = None if head is None else prototypes_of(network)
        return cls.from_features(
            features,
            y,
            prototypes=None if marks is None else marks.reshape(-1, features.shape[1]),
            prototype_classes=(
                None
                if marks is None
                else np.repeat(network.classes_, marks.size // features.shape[1] // len(marks))
            ),
            decide=None if head is None else decisions(head, network.classes_),
            method=method,
            max_samples=max_samples,
            random_state=random_state,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_features(
        cls,
        features: ArrayLike,
        y: ArrayLike,
        *,
        prototypes: ArrayLike | None = None,
        prototype_classes: ArrayLike | None = None,
        decide: Any = None,
        method: str = "auto",
        max_samples: int = 1000,
        random_state: Any = 0,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> FeatureSpaceDisplay:
        """Draw features that are there already.

        Parameters
        ----------
        features : array-like of shape (n_samples, d)
            Features.
        y : array-like of shape (n_samples,)
            Labels.
        prototypes : array-like of shape (n_prototypes, d), default=None
            Points to be marked.
        prototype_classes : array-like of shape (n_prototypes,), default=None
            Their classes.
        decide : callable, default=None
            Features (n, 2) -> labels (n,), for regions behind two features.
        method : {"auto", "pca", "tsne"}, default="auto"
            As in `from_estimator`.
        max_samples : int, default=1000
            As in `from_estimator`.
        random_state : int, RandomState or None, default=0
            As in `from_estimator`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For matplotlib's ``scatter``.

        Returns
        -------
        FeatureSpaceDisplay
            The display, drawn.
        """
        features = np.asarray(without_tensors(features, "features"), dtype=float)
        y = column_or_1d(check_labels_given(y))
        check_consistent_length(features, y)
        if features.ndim != 2:
            raise ValueError(f"features must be (n_samples, d), got the shape {features.shape}.")
        shown = balanced_subset(y, max_samples, check_random_state(random_state))
        marks = np.empty((0, features.shape[1])) if prototypes is None else np.asarray(prototypes)
        points, marked, done = project(features[shown], marks, method, random_state)
        display = cls(
            points,
            y[shown],
            method=done,
            prototypes=None if prototypes is None else marked,
            prototype_classes=None if prototype_classes is None else np.asarray(prototype_classes),
            decide=decide if done == "none" and features.shape[1] == 2 else None,
        )
        if done == "pca":
            total = features[shown].var(axis=0).sum()
            display.explained_variance = float(points.var(axis=0).sum() / total) if total else None
        return display.plot(ax=ax, **kwargs)

    def plot(
        self, ax: Axes | None = None, *, show_regions: bool = True, **kwargs: Any
    ) -> FeatureSpaceDisplay:
        """Draw the samples.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        show_regions : bool, default=True
            Whether to draw the regions of the classes, where they are known.
        **kwargs : dict
            For matplotlib's ``scatter`` of the samples.

        Returns
        -------
        FeatureSpaceDisplay
            The display itself.
        """
        self.figure_, self.ax_ = axes_for(self, ax)
        for i, label in enumerate(self.classes):
            # the largest classes first, so that rare ones lie on top
            looks = {"s": 14, "linewidths": 0.3, "edgecolors": "white", "zorder": 2 + i / 1e3}
            looks |= {"color": _colour(i), "marker": _marker(i)}
            if i < _MOST_NAMES:
                looks["label"] = shortened(label)
            own = self.points[self.y == label]
            self.ax_.scatter(own[:, 0], own[:, 1], **looks | kwargs)
        self._draw_prototypes()
        if show_regions and self.decide is not None:
            self._draw_regions()
        self._write_axes()
        return self

    def _draw_prototypes(self) -> None:
        if self.prototypes is None:
            return
        place = {label: i for i, label in enumerate(self.classes.tolist())}
        labels = [None] * len(self.prototypes)
        if self.prototype_classes is not None:
            labels = self.prototype_classes.tolist()
        known = [_colour(place[label]) if label in place else "white" for label in labels]
        self.ax_.scatter(
            self.prototypes[:, 0],
            self.prototypes[:, 1],
            s=150,
            marker="*",
            c=known,
            edgecolors="black",
            linewidths=1,
            zorder=4,
            label="prototypes",
        )

    def _draw_regions(self) -> None:
        from matplotlib.colors import ListedColormap

        (x0, x1), (y0, y1) = self.ax_.get_xlim(), self.ax_.get_ylim()
        xs, ys = np.linspace(x0, x1, _RESOLUTION), np.linspace(y0, y1, _RESOLUTION)
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        decided = np.asarray(self.decide(grid))
        place = {label: i for i, label in enumerate(self.classes.tolist())}
        codes = np.array([place.get(label, len(place)) for label in decided.tolist()])
        codes = codes.reshape(_RESOLUTION, _RESOLUTION)
        colours = ListedColormap([*(_colour(i) for i in range(len(place))), "white"])
        self.ax_.imshow(
            codes,
            extent=(x0, x1, y0, y1),
            origin="lower",
            cmap=colours,
            vmin=-0.5,
            vmax=len(place) + 0.5,
            alpha=0.2,
            aspect="auto",
            interpolation="nearest",
            zorder=0,
        )
        for code in np.unique(codes)[1:]:
            self.ax_.contour(xs, ys, codes >= code, [0.5], colors="0.4", linewidths=0.6, zorder=1)

    def _write_axes(self) -> None:
        kind = _AXES[self.method]
        self.ax_.set_xlabel(f"{kind} 1")
        self.ax_.set_ylabel(f"{kind} 2")
        if self.explained_variance is not None:
            share = f"{100 * self.explained_variance:.0f} %"
            self.ax_.set_title(f"two principal components: {share} of the variance", fontsize=9)
        if self.method == "tsne":
            # its distances mean nothing beyond neighbours
            self.ax_.set_xticks([])
            self.ax_.set_yticks([])
        more = len(self.classes) - _MOST_NAMES
        self.ax_.legend(
            title=None if more <= 0 else f"largest classes\n({more} more)",
            fontsize=8,
            framealpha=0.9,
            loc="upper left",
            bbox_to_anchor=(1.01, 1),
            borderaxespad=0,
        )


def _colour(i: int) -> str:
    return COLOURS[i % len(COLOURS)]


def _marker(i: int) -> str:
    # another marker for each class, and in each round of the colours others beside them
    return MARKERS[(i + i // len(COLOURS)) % len(MARKERS)]
