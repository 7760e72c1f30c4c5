"""Labels made wrong on purpose, to see what a method makes of wrong labels."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import floor
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklimb._constraints import Number
from sklimb._data.by_class import by_label, for_classes
from sklimb.datasets._imbalance import _check_y, _take, generator_of

__all__ = ["flip_labels"]


def flip_labels(
    y: Any,
    *,
    rate: float | Mapping[Hashable, float],
    becomes: Mapping[Hashable, Hashable] | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Any:
    """Labels of which a share is wrong.

    With one rate, as in the study of Hayat et al. [1]_, that share of all samples is drawn, and
    each drawn sample gets one of the other classes, each with the same probability. This noise is
    symmetric, but on imbalanced data it is not even: of what is called a rare class afterwards,
    most can be wrong. Rates of each class, or `becomes`, make noise that depends on the class [2]_.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels; anything that numpy, pandas, polars or torch index, or a list.
    rate : float, or mapping or Series of label to float
        Share of samples whose label is wrong afterwards, between 0 and 1, to the nearest sample. A
        mapping, or a Series indexed by label, gives the share of each class; a class that it lacks
        keeps its labels.
    becomes : mapping or Series of label to label, default=None
        What the wrong label of a class is. None draws among all other classes. With it, one rate
        holds for each of its classes, and classes that it lacks keep their labels. Here and in
        `rate`, labels that `y` lacks are left aside where each label that it has is named.
    random_state : int, RandomState instance or None, default=None
        Which samples, and which labels they get. One seed flips nested sets of samples: what is
        wrong at a lower rate is wrong in the same way at a higher one.

    Returns
    -------
    y : of the type given
        The labels, in the same order.

    Raises
    ------
    TypeError
        If `rate` or `becomes` is a frame, or `becomes` not by label.
    ValueError
        If a rate is out of range, a class is unknown, or there is no other class.

    References
    ----------
    .. [1] M. Hayat, S. Khan, S. W. Zamir, J. Shen and L. Shao, "Gaussian Affinity for Max-margin
       Class Imbalanced Learning", ICCV 2019, section 4.5.
    .. [2] G. Patrini, A. Rozza, A. Menon, R. Nock and L. Qu, "Making Deep Neural Networks Robust to
       Label Noise: a Loss Correction Approach", CVPR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.datasets import flip_labels
    >>> y = np.repeat(["cat", "dog", "eel"], [60, 30, 10])
    >>> int((flip_labels(y, rate=0.2, random_state=0) != y).sum())
    20
    >>> wrong = flip_labels(y, rate={"cat": 0.5}, becomes={"cat": "dog"}, random_state=0)
    >>> [str(label) for label in np.unique(wrong[:60], return_counts=True)[0]]
    ['cat', 'dog']
    """
    target = _check_y(y)
    labels, first, codes = np.unique(target, return_index=True, return_inverse=True)
    if len(labels) < 2:
        raise ValueError(f"y must have at least two classes, got {labels.tolist()}.")
    index = {label: code for code, label in enumerate(labels.tolist())}
    given = _given_becomes(becomes, index)
    rates = _rates(rate, given, index)
    partner = _partners(given, index)
    generator = generator_of(random_state)
    # Both are drawn for all samples, whatever the rates: so one seed flips nested sets.
    order = generator.permutation(len(codes))
    steps = generator.randint(1, len(labels), size=len(codes))
    wrong = np.where(partner[codes] >= 0, partner[codes], (codes + steps) % len(labels))
    if rates is None:
        rows = order[: floor(rate * len(codes) + 0.5)]
    else:
        rows = np.concatenate(
            [
                own[: floor(share * len(own) + 0.5)]
                for code, share in rates.items()
                for own in [order[codes[order] == code]]
            ]
            or [order[:0]]
        )
    new = codes.copy()
    new[rows] = wrong[rows]
    # Labels are taken from y itself, so that the result is of its type.
    found = _take(y, first[new])
    if hasattr(y, "iloc"):
        found.index = y.index
    return found


def _rates(
    rate: Any, becomes: Mapping[Hashable, Hashable] | None, index: dict[Hashable, int]
) -> dict[int, float] | None:
    """Return the rate of each class by code, or None where one rate holds for all samples."""
    given = by_label(rate, "rate")
    for value in [rate] if given is None else given.values():
        if not Number(Real, 0, 1, closed="both").is_satisfied_by(value):
            raise ValueError(f"rate must lie between 0 and 1, got {value!r}.")
    if given is None:
        return None if becomes is None else {index[label]: rate for label in becomes}
    given = _of_classes(given, index, "rate")
    lacking = [] if becomes is None else [label for label in given if label not in becomes]
    if lacking:
        raise ValueError(
            f"rate names {lacking}, which becomes lacks: say what it becomes, or leave it out of "
            "both."
        )
    return {index[label]: value for label, value in given.items()}


def _given_becomes(becomes: Any, index: dict[Hashable, int]) -> dict[Hashable, Hashable] | None:
    """Return wrong labels of classes of y."""
    if becomes is None:
        return None
    given = by_label(becomes, "becomes")
    if given is None:
        raise TypeError(
            f"becomes must be a dict {{label: wrong label}} or a Series of them, got {becomes!r}."
        )
    given = _of_classes(given, index, "becomes")
    strange = [other for other in given.values() if other not in index]
    if strange:
        raise ValueError(f"becomes names {strange}, but the classes of y are {list(index)}.")
    return given


def _partners(
    becomes: Mapping[Hashable, Hashable] | None, index: dict[Hashable, int]
) -> NDArray[np.int64]:
    """Return the code of the wrong label of each class, -1 where it is drawn."""
    partners = np.full(len(index), -1)
    for label, other in (becomes or {}).items():
        if label == other:
            raise ValueError(f"becomes gives {label!r} for {label!r}, which is not wrong.")
        partners[index[label]] = index[other]
    return partners


def _of_classes(
    given: Mapping[Hashable, Any], index: dict[Hashable, int], name: str
) -> dict[Hashable, Any]:
    """Return what is given for classes of y, after a check of the labels."""
    for_classes(given, list(index), name, default=None)
    return {label: value for label, value in given.items() if label in index}
