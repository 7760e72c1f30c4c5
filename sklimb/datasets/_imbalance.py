"""Imbalanced subsets of a data set, by the papers' recipes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import floor
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from skorch.helper import SliceDataset
from torch.utils.data import Dataset, Subset

from sklimb._constraints import Number
from sklimb._data.from_tensors import without_tensors
from sklimb._data.labels import check_sortable
from sklimb._data.sparse_form import check_sparse

__all__ = ["class_counts", "imbalance_ratio", "make_long_tailed", "make_step_imbalanced"]


def class_counts(y: ArrayLike) -> dict[Hashable, int]:
    """Return the number of samples of each class.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels.

    Returns
    -------
    dict
        Label to count, sorted by label.

    Raises
    ------
    ValueError
        If `y` does not hold one class label per sample.

    Examples
    --------
    >>> from sklimb.datasets import class_counts
    >>> class_counts(["dog", "cat", "dog"])
    {'cat': 1, 'dog': 2}
    """
    labels, counts = np.unique(_check_y(y), return_counts=True)
    return dict(zip(labels.tolist(), counts.tolist(), strict=True))


def imbalance_ratio(y: ArrayLike) -> float:
    """Return the size of the most frequent class over that of the least frequent one.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels.

    Returns
    -------
    float
        The ratio, at least 1.

    Raises
    ------
    ValueError
        If `y` is empty or does not hold one class label per sample.

    Examples
    --------
    >>> from sklimb.datasets import imbalance_ratio
    >>> imbalance_ratio(["dog", "cat", "dog", "dog"])
    3.0
    """
    counts = class_counts(y).values()
    if not counts:
        raise ValueError("y is empty: it has no classes to compare.")
    return max(counts) / min(counts)


def make_long_tailed(
    X: Any,
    y: Any,
    *,
    ratio: float,
    order: Literal["frequency", "label"] | ArrayLike = "frequency",
    n_max: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[Any, Any]:
    r"""Subset with class sizes that fall exponentially, as in CIFAR-LT.

    .. math:: N_k = \lfloor N_0 \, \rho^{-k / (C - 1)} \rfloor, \qquad k = 0, \dots, C - 1

    with :math:`C` classes from the head (k = 0) to the tail and the imbalance ratio
    :math:`\rho`; never less than one sample.

    Parameters
    ----------
    X : array, sparse matrix, frame, tensor, Dataset or sequence of length n_samples
        The data; anything that numpy, scipy.sparse, pandas, polars or torch index by row, or a
        sequence such as a list, of texts for instance. Of a torch Dataset a ``Subset`` is made.
    y : array-like of shape (n_samples,)
        Class labels.
    ratio : float
        Samples of the largest class over samples of the smallest, :math:`\rho`, at least 1.
    order : {"frequency", "label"} or array-like of labels, default="frequency"
        Which class comes first. "frequency": the most frequent, equals by label, which asks the
        least of each class, and on balanced data is the papers' order. "label": the sorted labels.
        Or all labels, head first; those that `y` lacks are left out.
    n_max : int, default=None
        Samples of the first class, :math:`N_0`. None takes the most for which every class has
        enough samples: all of them where `X` is balanced, as in the papers.
    random_state : int, RandomState instance or None, default=None
        Which samples are kept. One seed keeps nested subsets: those of a larger `ratio` are also
        kept at a smaller one with the same `n_max`.

    Returns
    -------
    X, y : of the types given
        The samples kept, in their original order. A sequence that is no list and no tuple becomes a
        list.

    Raises
    ------
    TypeError
        If the samples of `X` or `y` cannot be taken.
    ValueError
        If a parameter is out of range, `y` has fewer than two classes or not one label per sample,
        or a class has fewer samples than `n_max` asks of it.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020, section 3.2.
    .. [2] Y. Cui, M. Jia, T.-Y. Lin, Y. Song and S. Belongie, "Class-Balanced Loss Based on
       Effective Number of Samples", CVPR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.datasets import class_counts, make_long_tailed
    >>> y = np.arange(5).repeat(100)
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> X_tail, y_tail = make_long_tailed(X, y, ratio=50, random_state=0)
    >>> class_counts(y_tail)
    {0: 100, 1: 37, 2: 14, 3: 5, 4: 2}
    """
    _check_ratio(ratio)
    n_classes = len(_check_data(X, y))
    shares = float(ratio) ** (-np.arange(n_classes) / (n_classes - 1))
    return _subset(X, y, shares, order, n_max, random_state)


def make_step_imbalanced(
    X: Any,
    y: Any,
    *,
    ratio: float,
    minority_share: float = 0.5,
    order: Literal["frequency", "label"] | ArrayLike = "frequency",
    n_max: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[Any, Any]:
    r"""Subset with large classes of one size and small classes of another.

    Of :math:`C` classes the last :math:`\lfloor \mu C + 1/2 \rfloor` (at least one, at most
    :math:`C - 1`) keep :math:`\lfloor N_0 / \rho \rfloor` samples, never less than one; the others
    keep :math:`N_0`.

    Parameters
    ----------
    X : array, sparse matrix, frame, tensor, Dataset or sequence of length n_samples
        The data, as in `make_long_tailed`.
    y : array-like of shape (n_samples,)
        Class labels.
    ratio : float
        Samples of a large class over samples of a small one, :math:`\rho`, at least 1.
    minority_share : float, default=0.5
        Share of small classes among the classes, :math:`\mu`, between 0 and 1. The papers use one
        half.
    order : {"frequency", "label"} or array-like of labels, default="frequency"
        Which classes are large: the first ones, as in `make_long_tailed`.
    n_max : int, default=None
        Samples of each large class, :math:`N_0`. None takes the most for which every class has
        enough samples: all of them where `X` is balanced, as in the papers.
    random_state : int, RandomState instance or None, default=None
        Which samples are kept.

    Returns
    -------
    X, y : of the types given
        The samples kept, in their original order. A sequence that is no list and no tuple becomes a
        list.

    Raises
    ------
    TypeError
        If the samples of `X` or `y` cannot be taken.
    ValueError
        If a parameter is out of range, `y` has fewer than two classes or not one label per sample,
        or a class has fewer samples than `n_max` asks of it.

    References
    ----------
    .. [1] M. Buda, A. Maki and M. A. Mazurowski, "A systematic study of the class imbalance
       problem in convolutional neural networks", Neural Networks 106, 2018.
    .. [2] J. Wang, T. Lukasiewicz, X. Hu, J. Cai and Z. Xu, "RSG: A Simple but Effective Module
       for Learning Imbalanced Datasets", CVPR 2021, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.datasets import class_counts, make_step_imbalanced
    >>> y = np.arange(5).repeat(100)
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> X_step, y_step = make_step_imbalanced(X, y, ratio=50, random_state=0)
    >>> class_counts(y_step)
    {0: 100, 1: 100, 2: 2, 3: 2, 4: 2}
    """
    _check_ratio(ratio)
    if not Number(Real, 0, 1, closed="neither").is_satisfied_by(minority_share):
        raise ValueError(
            f"minority_share must lie between 0 and 1, both excluded, got {minority_share!r}."
        )
    n_classes = len(_check_data(X, y))
    n_small = min(max(floor(minority_share * n_classes + 0.5), 1), n_classes - 1)
    shares = np.ones(n_classes)
    shares[n_classes - n_small :] = 1.0 / float(ratio)
    return _subset(X, y, shares, order, n_max, random_state)


def _check_y(y: ArrayLike) -> NDArray[Any]:
    y = without_tensors(y, "y")
    check_sortable(y, "y")
    with np.errstate(invalid="ignore"):  # it casts NaN to an integer before refusing it
        check_classification_targets(y)
    target = column_or_1d(y)
    check_sortable(target, "y")
    return target


def generator_of(random_state: Any) -> np.random.RandomState:
    """Return a generator; where None is given one of its own, not NumPy's global one.

    Raises
    ------
    ValueError
        If it is no seed.
    """
    if random_state is None:
        return np.random.RandomState()
    try:
        return check_random_state(random_state)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            "random_state must be an int from 0 to 2**32 - 1, a numpy.random.RandomState or None, "
            f"got {random_state!r}."
        ) from None


def _check_data(X: Any, y: ArrayLike) -> dict[Hashable, int]:
    """Class sizes of data that can be made imbalanced."""
    counts = class_counts(y)
    try:
        check_consistent_length(X, y)
    except RuntimeError as error:  # of a nested tensor
        raise TypeError(f"X, a {type(X).__name__}, has no number of samples: {error}") from None
    if len(counts) < 2:
        raise ValueError(f"y must have at least two classes, got {list(counts)}.")
    return counts


def _check_ratio(ratio: float) -> None:
    if not Number(Real, 1, None, closed="left").is_satisfied_by(ratio):
        raise ValueError(
            f"ratio must be a finite number of at least 1 (largest over smallest class), "
            f"got {ratio!r}."
        )


def _ordered(counts: dict[Hashable, int], order: Any) -> list[Hashable]:
    """Labels, head first."""
    if isinstance(order, str):
        if order == "label":
            return list(counts)
        if order == "frequency":
            return sorted(counts, key=counts.__getitem__, reverse=True)  # keeps equals in order
        raise ValueError(f"order must be 'frequency', 'label' or all labels, got {order!r}.")
    if _is_by_class(order, counts):
        raise ValueError(
            "order must name each class of y once, head first, but has something of each class: "
            f"{dict(order)}. Pass the labels alone, list(order.keys())."
        )
    order = without_tensors(order, "order")
    if np.ndim(order) != 1:
        raise ValueError(f"order must be 'frequency', 'label' or all labels, got {order!r}.")
    named = column_or_1d(order).tolist()
    labels = [label for label in named if label in counts]
    if len(labels) != len(counts) or set(labels) != set(counts):
        raise ValueError(
            f"order must name each class of y once, head first: got {named} for {list(counts)}."
        )
    return labels


def _is_by_class(order: Any, counts: Mapping[Hashable, int]) -> bool:
    """Return whether labels are given as those of values, such as sizes, and not as the values."""
    if isinstance(order, Mapping):
        return True
    if not hasattr(order, "iloc") or type(order.index).__name__ == "RangeIndex":
        return False
    labels = order.index.tolist()
    return set(labels) >= set(counts) and labels != order.tolist()


def _sizes(n_max: int, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    # The tiny excess lifts 9.999999999999998, a rounded 10, over the floor.
    return np.maximum(np.floor(n_max * shares * (1 + 1e-12)).astype(np.int64), 1)


def _subset(
    X: Any, y: Any, shares: NDArray[np.float64], order: Any, n_max: int | None, random_state: Any
) -> tuple[Any, Any]:
    """Return samples such that the k-th class in `order` has ``n_max * shares[k]`` of them."""
    target = _check_y(y)
    counts = class_counts(target)
    labels = _ordered(counts, order)
    available = np.array([counts[label] for label in labels])
    largest = int(np.min((available + 1) / shares))
    while (_sizes(largest, shares) > available).any():  # at most a step or two, for the rounding
        largest -= 1
    if n_max is None:
        n_max = largest
    elif not Number(Integral, 1, None, closed="left").is_satisfied_by(n_max):
        raise ValueError(f"n_max must be an int of at least 1 or None, got {n_max!r}.")
    sizes = _sizes(n_max, shares)
    short = np.flatnonzero(sizes > available)
    if short.size:
        missing = ", ".join(f"{labels[k]!r} has {available[k]} of {sizes[k]}" for k in short)
        raise ValueError(
            f"n_max={n_max} asks for more samples than there are: class {missing}. With this ratio "
            f"and order n_max can be at most {largest}; None takes that."
        )
    wanted = dict(zip(labels, sizes.tolist(), strict=True))
    generator = generator_of(random_state)
    # Whole permutations in the order of labels: so the draws do not depend on the sizes.
    rows = np.concatenate(
        [
            generator.permutation(np.flatnonzero(target == label))[: wanted[label]]
            for label in counts
        ]
    )
    rows.sort()
    return _take(X, rows), _take(y, rows)


def _take(data: Any, rows: NDArray[np.int64]) -> Any:
    """Return those samples of any container, in a container of that kind."""
    if isinstance(data, SliceDataset):
        return data[rows]
    if isinstance(data, Dataset):  # one of tensors would make a tuple of its columns
        return Subset(data, rows.tolist())
    if isinstance(data, (list, tuple)):
        return type(data)([data[row] for row in rows])
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    if sparse.issparse(data):  # not every format can be indexed
        check_sparse(data)
        return data.tocsr()[rows].asformat(data.format)
    if isinstance(data, Sequence):  # a range for instance, which cannot hold just any samples
        return [data[row] for row in rows]
    try:
        return data[rows]
    except (TypeError, KeyError, RuntimeError) as error:
        raise TypeError(
            f"Samples cannot be taken from a {type(data).__name__}: give an array, a sparse "
            "matrix, a frame, a tensor or a list."
        ) from error
