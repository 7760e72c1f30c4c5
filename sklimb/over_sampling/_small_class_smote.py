"""SMOTE that also works where a class has fewer samples than neighbours are asked for."""

from __future__ import annotations

from numbers import Integral
from typing import ClassVar

import numpy as np
from imblearn.over_sampling import SMOTE
from scipy import sparse

from sklimb._constraints import COUNT, Number
from sklimb.over_sampling._strategy_by_class import ByClassOverSampler


class SmallClassSMOTE(ByClassOverSampler):
    """SMOTE whose number of neighbours shrinks with the class.

    :class:`imblearn.over_sampling.SMOTE` stops with an error as soon as one class has no more
    samples than ``k_neighbors``, which is common in the folds of a long-tailed data set. Here each
    class is interpolated with ``min(k_neighbors, n_samples_of_the_class - 1)`` neighbours. A class
    of a single sample, which has no neighbour, is repeated (random over-sampling). Where every
    class has more than ``k_neighbors`` samples the result is bit for bit that of imbalanced-learn's
    SMOTE with the same ``random_state``.

    Parameters
    ----------
    sampling_strategy : float, str, dict, Series or callable, default="auto"
        Which classes are brought to how many samples, as in imbalanced-learn. "auto" brings each
        class to the size of the largest one. Sizes by label come in a dict or in a Series indexed
        by label. They may name labels that y lacks (as a fold may) if y has at least one of those
        named; if y also has several classes without a size, a warning names both.
    k_neighbors : int, default=5
        At most so many neighbours; a new sample lies between a sample and one of them. 5 is the
        value of the paper.
    random_state : int, RandomState instance or None, default=None
        Decides which neighbours and which points between them are taken.

    Attributes
    ----------
    sampling_strategy_ : dict
        For each class that gets new samples, how many.
    k_neighbors_ : dict
        For each of these classes, the number of neighbours used; 0 means that its one sample was
        repeated.
    n_features_in_ : int
        Number of columns seen.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, where ``X`` was a frame whose columns are all named by strings.

    See Also
    --------
    imblearn.over_sampling.SMOTE : One number of neighbours for all classes.

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall and W. P. Kegelmeyer, "SMOTE: Synthetic Minority
    Over-sampling Technique", Journal of Artificial Intelligence Research 16, 2002, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.over_sampling import SmallClassSMOTE
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> y = np.array([0] * 6 + [1] * 3 + [2])
    >>> sampler = SmallClassSMOTE(random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> np.bincount(y_new)
    array([6, 6, 6])
    >>> sampler.k_neighbors_
    {1: 2, 2: 0}
    """

    _parameter_constraints: ClassVar[dict] = {
        **ByClassOverSampler._parameter_constraints,
        "k_neighbors": COUNT,
        "random_state": [
            Number(Integral, 0, 2**32 - 1, closed="both"),
            np.random.RandomState,
            None,
        ],
    }

    def __init__(self, *, sampling_strategy="auto", k_neighbors=5, random_state=None):
        super().__init__(sampling_strategy=sampling_strategy)
        self.k_neighbors = k_neighbors
        self.random_state = random_state

    def _fit_resample(self, X, y):
        if X.dtype.kind == "b":
            raise ValueError(
                "X holds truth values alone, and nothing lies between these: pass "
                "X.astype(float) for samples between them, or take RandomOverSampler."
            )
        self.k_neighbors_ = {}
        seed = self.random_state
        if seed is None:  # one of its own, not NumPy's global generator
            seed = int(np.random.RandomState().randint(2**31))
        X_parts, y_parts = [X.copy()], [y.copy()]
        for label, n_new in self.sampling_strategy_.items():
            if n_new == 0:
                continue
            rows = np.flatnonzero(y == label)
            key = label.item() if isinstance(label, np.generic) else label
            self.k_neighbors_[key] = k = min(self.k_neighbors, len(rows) - 1)
            if k == 0:
                X_parts.append(X[np.repeat(rows, n_new)])
            else:
                X_parts.append(self._interpolate(X, y, label, len(rows) + n_new, k, seed))
            y_parts.append(np.full(n_new, label, dtype=y.dtype))
        if sparse.issparse(X):
            return sparse.vstack(X_parts, format=X.format), np.hstack(y_parts)
        return np.vstack(X_parts), np.hstack(y_parts)

    def _interpolate(self, X, y, label, n_rows, k, seed):
        """Return the samples that SMOTE with `k` neighbours adds to class `label`."""
        # The same random_state for every class is what imbalanced-learn's own SMOTE does.
        smote = SMOTE(sampling_strategy={label: n_rows}, k_neighbors=k, random_state=seed)
        resampled, _ = smote.fit_resample(X, y)
        return resampled[X.shape[0] :]
