"""Misclassification costs: the user's, as a matrix by class, and expected costs.

Shape
-----
Costs (C, C): the row is the truth, the column what is predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sklimb._data.by_class import by_label, for_classes, plain_label
from sklimb._data.from_tensors import without_tensors
from sklimb._warnings import warn

_FORMS = (
    "Give an array with a row for each true class and a column for each predicted one, a pandas "
    "DataFrame with the labels as index (true) and columns (predicted), a dict {(true, predicted): "
    "cost}, or {true: cost} where each error on a class costs the same."
)


def cost_matrix_of(costs: Any, classes: np.ndarray) -> np.ndarray:
    """Return the user's costs as a checked matrix.

    Parameters
    ----------
    costs : array-like of shape (C, C), DataFrame, dict or Series
        An array goes by position in `classes`, truth by row. A DataFrame goes by its labels. A dict
        {(true, predicted): cost} names each pair of two labels; what is right costs 0 unless named.
        A dict or Series {true: cost} holds what any error on a class costs. Labels that `classes`
        lacks are left aside if all others are there.
    classes : ndarray, shape (C,)

    Returns
    -------
    ndarray of float, shape (C, C)

    Raises
    ------
    ValueError
        If costs do not fit the classes, are negative or not finite, or do not depend on the
        prediction.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.classifiers.costs import cost_matrix_of
    >>> cost_matrix_of({("fraud", "ok"): 50, ("ok", "fraud"): 1}, np.array(["fraud", "ok"]))
    array([[ 0., 50.],
           [ 1.,  0.]])
    >>> cost_matrix_of({"fraud": 50, "ok": 1}, np.array(["fraud", "ok"]))
    array([[ 0., 50.],
           [ 1.,  0.]])
    """
    labels = classes.tolist()
    given = without_tensors(_by_position(costs, labels), "cost_matrix")
    try:
        matrix = np.asarray(given, dtype=np.float64)
    except (OverflowError, TypeError, ValueError):  # names, None, lists of several lengths
        raise ValueError(f"cost_matrix must hold numbers, got {costs!r}. {_FORMS}") from None
    if matrix.shape != (len(labels), len(labels)):
        got = repr(costs) if matrix.ndim == 0 else matrix.shape
        if isinstance(costs, range):  # which says nothing by its shape
            got = costs
        raise ValueError(
            f"cost_matrix must have the shape ({len(labels)}, {len(labels)}) for the classes "
            f"{labels}, got {got}. {_FORMS} Where a part of the data may lack a class, name the "
            "labels."
        )
    _check(matrix, labels)
    return matrix


def expected_costs(proba: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Return the expected cost of each prediction.

    Parameters
    ----------
    proba : ndarray, shape (n, C)
        Probabilities of the truth.
    costs : ndarray, shape (C, C)

    Returns
    -------
    ndarray, shape (n, C)
        By predicted class.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.classifiers.costs import expected_costs
    >>> expected_costs(np.array([[0.9, 0.1]]), np.array([[0.0, 1.0], [50.0, 0.0]]))
    array([[5. , 0.9]])
    """
    return np.asarray(proba, dtype=np.float64) @ costs


def _by_position(costs: Any, labels: list[Any]) -> Any:
    """Return costs in the order of the labels, where they are given by label."""
    if hasattr(costs, "columns") and hasattr(costs, "index"):
        return _of_frame(costs, labels)
    if isinstance(costs, Mapping) and any(isinstance(key, tuple) for key in costs):
        return _of_pairs(costs, labels)
    if hasattr(costs, "index") and getattr(costs.index, "nlevels", 1) == 2:
        return _of_pairs(costs.to_dict(), labels)
    by_truth = by_label(costs, "cost_matrix")
    if by_truth is None:
        return costs
    of_errors = np.asarray(for_classes(by_truth, labels, "cost_matrix"), dtype=object)
    return np.where(np.eye(len(labels), dtype=bool), 0.0, of_errors[:, None])


def _of_pairs(costs: Mapping[Any, Any], labels: list[Any]) -> list[list[Any]]:
    odd = [key for key in costs if not (isinstance(key, tuple) and len(key) == 2)]
    if odd:
        raise ValueError(f"cost_matrix names pairs (true, predicted), but also {odd[:5]}. {_FORMS}")
    plain = {
        (plain_label(true), plain_label(predicted)): cost
        for (true, predicted), cost in costs.items()
    }
    missing = [(a, b) for a in labels for b in labels if a != b and (a, b) not in plain]
    if missing:
        strange = sorted({str(label) for pair in plain for label in pair if label not in labels})
        hint = f" It names the labels {strange}, which y does not have." if strange else ""
        raise ValueError(
            f"cost_matrix has no cost for (true, predicted) = {missing[:5]}, but y has the labels "
            f"{labels}.{hint} Name each pair of two labels; what is right costs 0 unless named."
        )
    return [[plain.get((true, predicted), 0.0) for predicted in labels] for true in labels]


def _of_frame(costs: Any, labels: list[Any]) -> Any:
    for side, names in (("index (true)", costs.index), ("columns (predicted)", costs.columns)):
        missing = [label for label in labels if label not in names]
        if missing or not names.is_unique:
            raise ValueError(
                f"cost_matrix is a DataFrame whose {side} are {names.tolist()}, but each of the "
                f"labels {labels} must be there once. Without labels pass costs.to_numpy()."
            )
    return costs.loc[labels, labels].to_numpy()


def _check(matrix: np.ndarray, labels: list[Any]) -> None:
    for bad, what, remedy in (
        (~np.isfinite(matrix), "not finite", "A cost must be a finite number."),
        (matrix < 0, "negative",
         "Add a number to the whole row: only differences within a row matter."),
    ):  # fmt: skip
        if bad.any():
            i, j = np.argwhere(bad)[0]
            raise ValueError(
                f"cost_matrix has a cost that is {what}, {matrix[i, j]}, for predicting "
                f"{labels[j]!r} where the truth is {labels[i]!r}. {remedy}"
            )
    if len(labels) > 1 and np.all(matrix == matrix[:, :1]):
        raise ValueError(
            f"cost_matrix costs the same whatever is predicted, {matrix.tolist()}, so nothing can "
            f"be decided by it. {_FORMS}"
        )
    right = np.diag(matrix)
    of_errors = np.where(np.eye(len(labels), dtype=bool), np.inf, matrix)
    cheaper = np.flatnonzero(right > of_errors.min(axis=1))
    if len(cheaper):
        i = int(cheaper[0])
        warn(
            f"cost_matrix makes it cheaper to predict {labels[int(of_errors[i].argmin())]!r} where "
            f"the truth is {labels[i]!r} ({of_errors[i].min():g}) than to be right "
            f"({right[i]:g}). Costs are least where the prediction is right, most often 0 on the "
            "diagonal; of gains take the difference to the highest of their row."
        )
