"""Labels and side columns go by position: a pandas index that says otherwise is no detail."""

from __future__ import annotations

from typing import Any

from sklimb._compare.errors import InputError


def check_order(X: Any, values: Any, name: str, of: str = "X") -> None:
    """Refuse values whose index is that of the rows, in another order.

    Parameters
    ----------
    X : object
        A frame or series of pandas has an index; for anything else there is nothing to check.
    values : object
        What goes with the rows of `X`, one each.
    name : str
        What `values` is called, for the message.
    of : str, default="X"
        What `X` is called.

    Raises
    ------
    InputError
        If both have the same index but for the order.
    """
    if not (hasattr(X, "iloc") and hasattr(values, "iloc")):
        return
    one, other = X.index, values.index
    if len(one) != len(other) or one.equals(other):
        return
    if (
        not one.value_counts()
        .sort_index(key=_as_text)
        .equals(other.value_counts().sort_index(key=_as_text))
    ):
        return
    remedy = f"{name}.loc[{of}.index]" if one.is_unique else f"{name} in the order of {of}"
    raise InputError(
        f"{name} has the index of {of}, but in another order: pass {remedy}, or "
        f"{name}.to_numpy() if its order is right as it is"
    )


def _as_text(index: Any) -> Any:
    # Labels of several types do not sort.
    return index.map(repr)
