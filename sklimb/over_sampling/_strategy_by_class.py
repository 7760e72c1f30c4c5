"""``sampling_strategy`` as any mapping or Series of labels to sizes, for all samplers here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from torch.utils.data import DataLoader, Dataset

from sklimb._constraints import Number, check_takes
from sklimb._data.by_class import by_label, for_classes
from sklimb._data.from_tensors import without_tensors
from sklimb._data.labels import check_labels_given, check_ordered, label_array
from sklimb._data.remedies import check_container, odd_column, overflow_named
from sklimb._data.sparse_form import check_sparse
from sklimb._warnings import warn
from sklimb.over_sampling._rows import is_polars, polars_followed_by


class ByClassOverSampler(BaseOverSampler):
    """An over-sampler whose ``sampling_strategy`` is read by `sklimb._data.by_class`.

    imbalanced-learn knows dicts alone, and takes no label that y lacks.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "sampling_strategy": [
            Number(Real, 0, 1, closed="right"),
            StrOptions({"auto", "all", "minority", "not majority", "not minority"}),
            Mapping,
            callable,
        ],
    }

    def fit(self, X: Any, y: Any, **params: Any) -> ByClassOverSampler:
        """Check X, y and the strategy, as `fit_resample` does; samples are made there alone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers.
        y : array-like of shape (n_samples,)
            Labels.
        **params : dict
            Metadata, as imbalanced-learn has it.

        Returns
        -------
        ByClassOverSampler
            The sampler itself.
        """
        X, y = without_tensors(X, "X"), without_tensors(y, "y")
        _check_containers(X, y)
        X, y = _without_polars(X), _without_polars(y)
        with self._as_dict(y), overflow_named(), _text_named(X):
            return super().fit(X, y, **params)

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Return X and y with new samples behind them.

        Parameters
        ----------
        X : array-like, pandas or polars frame or sparse matrix of shape (n_samples, n_features)
            Numbers.
        y : array-like of shape (n_samples,)
            Labels; a series of pandas or polars, too.
        **params : dict
            Metadata, as imbalanced-learn has it.

        Returns
        -------
        X_resampled : as X, of shape (n_new, n_features)
            The old samples and the new ones.
        y_resampled : as y, of shape (n_new,)
            Their labels.
        """
        X, y = without_tensors(X, "X"), without_tensors(y, "y")
        _check_containers(X, y)
        plain_X, plain_y = _without_polars(X), _without_polars(y)
        with self._as_dict(plain_y), overflow_named(), _text_named(X):
            X_new, y_new = super().fit_resample(plain_X, plain_y, **params)
        if is_polars(X):
            self.feature_names_in_ = np.array(X.columns, dtype=object)
            X_new = polars_followed_by(X, X_new[len(X) :])
        if is_polars(y):
            # Labels that it has, so that they keep their type.
            labels, first = np.unique(plain_y, return_index=True)
            of_class = first[np.searchsorted(labels, y_new[len(y) :])]
            y_new = y[np.append(np.arange(len(y)), of_class)]
        return X_new, y_new

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple[Any, Any, bool]:
        check_sparse(X)
        X = without_tensors(X, "X")
        if isinstance(X, np.ma.MaskedArray):  # else what stands behind the mask is drawn from
            X = X.astype(np.float64).filled(np.nan)
        return super()._check_X_y(X, label_array(y), accept_sparse)

    @contextmanager
    def _as_dict(self, y: Any) -> Iterator[None]:
        """Let the strategy be the dict that imbalanced-learn wants, for as long as it looks."""
        strategy = self.sampling_strategy
        given = by_label(strategy, "sampling_strategy")
        if given is None and not callable(strategy):
            yield
            return
        target = column_or_1d(check_target_type(label_array(y), indicate_one_vs_all=True)[0])
        if given is None:
            given = _sizes_by_function(strategy, target)
        self.sampling_strategy = sizes_of_classes(given, np.unique(target))
        try:
            yield
        finally:
            self.sampling_strategy = strategy


def _without_polars(data: Any) -> Any:
    # imbalanced-learn takes every frame for one of pandas
    return data.to_numpy() if is_polars(data) else data


@contextmanager
def _text_named(X: Any) -> Iterator[None]:
    """Add to an error about text in a frame which columns hold it."""
    try:
        yield
    except ValueError as error:
        if "could not convert string" not in str(error) or not hasattr(X, "columns"):
            raise
        names = [name for place, name in enumerate(X.columns) if _holds_text(X, place)]
        raise ValueError(
            f"{error}. Samplers take numbers only, and columns {names[:10]} hold text: encode them "
            "first, with OneHotEncoder for example."
        ) from error


def _holds_text(X: Any, place: int) -> bool:
    column = pd.Series(X[X.columns[place]].to_list() if is_polars(X) else X.iloc[:, place])
    return bool((pd.to_numeric(column, errors="coerce").isna() & column.notna()).any())


def _check_containers(X: Any, y: Any) -> None:
    """Refuse what is no rows of numbers by its name, and labels that are missing."""
    check_container(X)
    if isinstance(X, (Dataset, DataLoader)):
        raise TypeError(
            f"X is a {type(X).__name__} of torch, but samplers make rows of numbers: pass an "
            "array, a frame or a sparse matrix."
        )
    if odd := odd_column(X, dates=True):
        raise ValueError(f"Samplers take numbers only. {odd}")
    check_ordered(check_labels_given(y))


def _sizes_by_function(strategy: Callable[[np.ndarray], Any], y: np.ndarray) -> dict[Any, Any]:
    check_takes(strategy, "sampling_strategy", "y")
    sizes = strategy(y)
    given = by_label(sizes, "sampling_strategy")
    if given is None:
        raise TypeError(
            f"sampling_strategy={strategy!r} as a function must return a dict {{label: number of "
            f"samples}}, got {sizes!r}."
        )
    return given


def sizes_of_classes(given: Mapping[Any, Any], labels: np.ndarray) -> dict[Any, int]:
    """Return how many samples the classes of y that are named are to have.

    Labels that y lacks, as a fold may, are left aside as long as y has one that is named: the class
    that has rows enough is no part of a strategy, so scikit-learn's rule for weights, which asks
    that each label of y be named, would let no fold lack a class.

    Raises
    ------
    ValueError
        If no label is one of y, or a size is not a whole number.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.over_sampling._strategy_by_class import sizes_of_classes
    >>> sizes_of_classes({"a": 50.0, "b": 50, "c": 50}, np.array(["a", "b"]))
    {'a': 50, 'b': 50}
    >>> sizes_of_classes({"b": 70, "c": 90}, np.array(["a", "b"]))
    {'b': 70}
    """
    for_classes(given, labels, "sampling_strategy", default=None, one_is_enough=True)
    there = set(labels.tolist())
    for label, size in given.items():
        if not isinstance(size, Real) or size != np.round(size):
            raise ValueError(
                f"sampling_strategy must give whole numbers of samples, got {size!r} for {label!r}."
            )
    known = {label: int(size) for label, size in given.items() if label in there}
    strange = [label for label in given if label not in there]
    without = sorted(there - set(known), key=str)
    if strange and len(without) > 1:  # one is the class that has samples enough
        warn(
            f"sampling_strategy names {strange}, which y does not have, and says nothing of "
            f"{without}, which stay as they are. Is one of them misspelt?"
        )
    return known
