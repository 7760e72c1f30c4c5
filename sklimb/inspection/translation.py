"""Seeds, what translation changes in them, and what comes out (M2m, Figure 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import check_is_fitted

from sklimb._data.labels import check_labels_given
from sklimb.classifiers.m2m import M2mClassifier
from sklimb.inspection._classes import last_step
from sklimb.inspection._drawing import COLOURS, figure_for, shortened
from sklimb.inspection._translated import as_rows, column_spread, draw_seeds, largest_changes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# So many translations are tried for the few that are drawn.
_TRIED = 64


class TranslationDisplay:
    """Samples of larger classes that M2m translates into a smaller one: seed, change and result.

    Images stand in a row each, with the change in the middle: Figure 6 of [1]_. Of table rows the
    columns that change most are drawn, in standard deviations, with the seed's value and the
    result's. Use `from_estimator` for a fitted `M2mClassifier`, or `from_sampler` for what an
    `M2mSampler` has made.

    Parameters
    ----------
    seeds : ndarray of shape (n_samples, n_features) or (n_samples, channels, height, width)
        Samples before translation.
    results : ndarray of the shape of `seeds`
        Samples after translation.
    seed_classes : ndarray of shape (n_samples,)
        Labels of the seeds.
    target_classes : ndarray of shape (n_samples,)
        Labels that the results are given.
    confidence : ndarray of shape (n_samples,)
        Confidence of g, the network that is translated against, in the target class.
    gamma : float, default=0.0
        Least confidence that is accepted; what has less is drawn as rejected.
    spread : ndarray of shape (n_features,) or None, default=None
        Standard deviations of the columns; None takes 1.
    feature_names : sequence of str or None, default=None
        Names of the columns.

    Attributes
    ----------
    changes : ndarray of the shape of `seeds`
        Results minus seeds.
    axes_ : ndarray of matplotlib Axes
        (n_samples, 3) for images, (n_samples, 1) for rows.
    figure_ : matplotlib Figure
        The figure.

    See Also
    --------
    sklimb.M2mClassifier : The method.
    sklimb.transforms.translate : The formula.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import M2mSampler
    >>> from sklimb.inspection import TranslationDisplay
    >>> X, y = make_classification(n_samples=200, weights=[0.9], random_state=0)
    >>> sampler = M2mSampler(random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> display = TranslationDisplay.from_sampler(sampler, X, X_new, y_new, n_samples=2)
    >>> display.seeds.shape, display.seed_classes.tolist(), display.target_classes.tolist()
    ((2, 20), [0, 0], [1, 1])
    """

    def __init__(
        self,
        seeds: np.ndarray,
        results: np.ndarray,
        *,
        seed_classes: np.ndarray,
        target_classes: np.ndarray,
        confidence: np.ndarray,
        gamma: float = 0.0,
        spread: np.ndarray | None = None,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        self.seeds = seeds
        self.results = results
        self.seed_classes = seed_classes
        self.target_classes = target_classes
        self.confidence = confidence
        self.gamma = gamma
        self.spread = spread
        self.feature_names = feature_names
        self.changes = results - seeds

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        target: Any = None,
        n_samples: int = 3,
        random_state: Any = 0,
        ax: Axes | None = None,
    ) -> TranslationDisplay:
        """Translate samples by a fitted `M2mClassifier`, with its networks and settings.

        Parameters
        ----------
        estimator : M2mClassifier
            Fitted with ``keep_training_state=True``, which keeps g.
        X : array-like, sparse matrix or images of n_samples
            Samples to translate from, such as the training data.
        y : array-like of shape (n_samples,)
            Their labels.
        target : label, default=None
            The class to translate into; None is the smallest.
        n_samples : int, default=3
            How many translations are drawn. Of some dozens that are tried, their seeds drawn as in
            training (Eq. 5), those that g accepts come first.
        random_state : int, RandomState or None, default=0
            Which seeds are drawn.
        ax : matplotlib Axes, default=None
            Where to draw; its place is divided. None makes a figure.

        Returns
        -------
        TranslationDisplay
            The display, drawn. It says which translations g rejects.

        Raises
        ------
        TypeError
            If the estimator is no `M2mClassifier`.
        ValueError
            If it has not kept g, or no class is larger than the target.
        """
        check_is_fitted(estimator)
        if not isinstance(estimator, M2mClassifier):
            inner = type(last_step(estimator, behind_samplers=True)).__name__
            raise TypeError(
                f"Translations are those of a fitted M2mClassifier, got {inner}. In a pipeline, "
                "pass its last step, with X as that step gets it."
            )
        net, labels = estimator.net_, estimator.classes_
        if not net.has_transform or net.transform_.source is None:
            raise ValueError(
                "This M2mClassifier has not kept g, the network that is translated against. Fit it "
                "with keep_training_state=True (and translate_from below max_epochs)."
            )
        y = column_or_1d(check_labels_given(y))
        counts = np.asarray(estimator.class_counts_, dtype=float)
        codes = {label: i for i, label in enumerate(labels.tolist())}
        code = int(counts.argmin()) if target is None else codes.get(target)
        if code is None:
            raise ValueError(f"target={target!r} is none of the classes {labels.tolist()}.")
        rng = check_random_state(random_state)
        known = np.array([codes[label] for label in y.tolist()])
        chosen = draw_seeds(known, counts, code, estimator, rng, max(n_samples, _TRIED))
        seeds = as_rows(X)[chosen]
        seeds = seeds.toarray() if sparse.issparse(seeds) else seeds
        start = torch.as_tensor(seeds, device=net.device)
        of_seed = torch.tensor([codes[label] for label in y[chosen].tolist()], device=net.device)
        into = torch.full_like(of_seed, code)
        noise = torch.Generator().manual_seed(int(rng.randint(2**31 - 1)))
        moved, confidence = net.transform_.translated(start, of_seed, into, noise)
        confidence = confidence.cpu().double().numpy()
        first = np.argsort(confidence < estimator.gamma, kind="stable")[:n_samples]
        scale = net.transform_.scale
        names = getattr(estimator, "feature_names_in_", None)
        display = cls(
            seeds[first].astype(float),
            moved.cpu().double().numpy()[first],
            seed_classes=y[chosen[first]],
            target_classes=labels[into.cpu().numpy()[first]],
            confidence=confidence[first],
            gamma=estimator.gamma,
            spread=None
            if scale is None or seeds.ndim > 2
            else scale.cpu().double().numpy().ravel(),
            feature_names=None if names is None else list(names),
        )
        return display.plot(ax=ax)

    @classmethod
    def from_sampler(
        cls,
        sampler: Any,
        X: Any,
        X_resampled: Any,
        y_resampled: ArrayLike,
        *,
        target: Any = None,
        n_samples: int = 3,
        random_state: Any = 0,
        ax: Axes | None = None,
    ) -> TranslationDisplay:
        """Draw some of the samples that an `M2mSampler` has made.

        Parameters
        ----------
        sampler : M2mSampler
            After `fit_resample`.
        X : array-like or sparse matrix of shape (n_samples, n_features)
            What it was given.
        X_resampled : array-like or sparse matrix
            What it gave back.
        y_resampled : array-like
            The labels that it gave back.
        target : label, default=None
            Only translations into this class; None is those into any.
        n_samples : int, default=3
            How many translations are drawn.
        random_state : int, RandomState or None, default=0
            Which are drawn.
        ax : matplotlib Axes, default=None
            Where to draw; its place is divided. None makes a figure.

        Returns
        -------
        TranslationDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the sampler has translated nothing, or nothing into the target, or the arrays are not
            those of its last `fit_resample`.
        """
        check_is_fitted(sampler, "translated_")
        names = getattr(X, "columns", None)
        before, after = (as_rows(part) for part in (X, X_resampled))
        labels = column_or_1d(check_labels_given(y_resampled, "y_resampled"))
        new = np.arange(len(labels) - len(sampler.translated_), len(labels))
        if len(new) + before.shape[0] != after.shape[0]:
            raise ValueError(
                f"X has {before.shape[0]} samples and X_resampled {after.shape[0]}, but the last "
                f"fit_resample of this sampler made {len(new)}: pass what it was given and gave."
            )
        fine = (
            sampler.translated_
            if target is None
            else (sampler.translated_ & (labels[new] == target))
        )
        there = np.flatnonzero(fine)
        if not len(there):
            into = "" if target is None else f" into {target!r}"
            raise ValueError(
                f"The sampler has translated no sample{into}: those of small classes were "
                "repeated. Raise step_size or n_steps, or lower gamma or beta."
            )
        rng = check_random_state(random_state)
        chosen = np.sort(rng.permutation(there)[:n_samples])
        dense = [
            np.asarray(part.toarray() if sparse.issparse(part) else part, dtype=float)
            for part in (before[sampler.seed_indices_[chosen]], after[new[chosen]])
        ]
        display = cls(
            *dense,
            seed_classes=sampler.seed_classes_[chosen],
            target_classes=labels[new[chosen]],
            confidence=sampler.confidence_[chosen],
            spread=column_spread(before),
            feature_names=None if names is None else [str(name) for name in names],
        )
        return display.plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> TranslationDisplay:
        """Draw the translations.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; its place is divided. None makes a figure.

        Returns
        -------
        TranslationDisplay
            The display itself.
        """
        n, images = len(self.seeds), self.seeds.ndim == 4
        size = (6.4, 2.1 * n + 0.4) if images else (min(3.4 * n + 0.6, 14), 4.2)
        self.figure_, place, _ = figure_for(self, ax, size)
        shape = (n, 3) if images else (1, n)
        axes = place.subgridspec(*shape).subplots(squeeze=False)
        self.axes_ = axes if images else axes.T
        for i in range(n):
            if images:
                self._draw_images(i)
            else:
                self._draw_row(i, self.axes_[i, 0])
        return self

    def _title(self, i: int) -> str:
        rejected = ", rejected" if self.confidence[i] < self.gamma else ""
        return (
            f"{shortened(self.seed_classes[i], 14)} → {shortened(self.target_classes[i], 14)}\n"
            f"confidence {100 * self.confidence[i]:.0f} %{rejected}"
        )

    def _draw_images(self, i: int) -> None:
        seed, change, result = (
            np.moveaxis(part[i], 0, -1) for part in (self.seeds, self.changes, self.results)
        )
        low, high = self.seeds.min(), max(self.seeds.max(), self.seeds.min() + 1e-12)
        largest = np.abs(change).max() or 1.0
        words = (
            f"seed: {shortened(self.seed_classes[i], 14)}",
            f"change (largest {largest:.2g})",
            self._title(i),
        )
        for axes, image, title in zip(self.axes_[i], (seed, change, result), words, strict=True):
            if axes is self.axes_[i, 1]:
                # blue for less, red for more: told apart by everyone
                flat = image[..., np.abs(image).max(axis=(0, 1)).argmax()]
                axes.imshow(flat, cmap="RdBu_r", vmin=-largest, vmax=largest)
            else:
                grey = image.shape[-1] not in (3, 4)
                shown = (image - low) / (high - low)
                axes.imshow(
                    shown[..., 0] if grey else shown.clip(0, 1), cmap="gray", vmin=0, vmax=1
                )
            axes.set_title(title, fontsize=9)
            axes.set_xticks([])
            axes.set_yticks([])

    def _draw_row(self, i: int, axes: Axes) -> None:
        seed, result = self.seeds[i], self.results[i]
        spread = np.ones(len(seed)) if self.spread is None else self.spread
        spread = np.where(spread > 0, spread, 1)
        columns = largest_changes(seed, result, spread)
        change = (result - seed)[columns] / spread[columns]
        places = np.arange(len(columns))[::-1]
        axes.axvline(0, color="0.6", linewidth=1)
        axes.barh(
            places, change, height=0.62, color=[COLOURS[0] if c < 0 else COLOURS[1] for c in change]
        )
        names = [
            f"x{k}" if self.feature_names is None else shortened(self.feature_names[k], 16)
            for k in columns
        ]
        axes.set_yticks(places, names)
        for place, k, moved in zip(places, columns, change, strict=True):
            axes.annotate(
                f"{seed[k]:.3g} → {result[k]:.3g}",
                (max(moved, 0), place),
                (3, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
            )
        axes.margins(x=0.45)
        axes.set_xlabel("change" if self.spread is None else "change in standard deviations")
        axes.set_title(self._title(i), fontsize=9)
