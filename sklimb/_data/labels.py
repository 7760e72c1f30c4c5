"""Labels as people bring them, made an array that loses none of them in silence.

NumPy makes text of a list of text and gaps or numbers, so that a missing label becomes the class
``'nan'``, and what scikit-learn says of a gap in an array of objects ("Unknown label type") or in a
pandas column ("boolean value of NA is ambiguous") names nothing. Here all of that is one error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

from sklimb._data.by_class import plain_label
from sklimb._data.from_tensors import without_tensors


def label_array(y: Any, name: str = "y") -> Any:
    """Return labels as an array of their own type, with gaps still in it as gaps.

    Parameters
    ----------
    y : object
        Labels in any container. pandas' nullable types become plain ones (``Int64`` int64, without
        a way through floats, which tell no whole numbers above 2**53 apart), torch tensors arrays,
        masked entries gaps, and lists of text beside other things arrays of objects, not of text,
        members of an enumeration of texts (``class Status(str, Enum)``) these texts. Numbers come
        in the byte order of the machine, for pandas takes no other.
    name : str, default="y"
        The argument, for errors.

    Returns
    -------
    object
        An array; y itself, where it is none: a frame, or rows of several lengths.

    Raises
    ------
    TypeError
        If y is a sparse matrix or a tensor that no array can be made of.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklimb._data.labels import label_array
    >>> label_array(["a", float("nan")]), label_array(pd.Series([2, 1], dtype="Int64"))
    (array(['a', nan], dtype=object), array([2, 1]))
    """
    y = without_tensors(y, name)
    if scipy.sparse.issparse(y):
        raise TypeError(f"{name} is sparse, but labels are dense. Pass {name}.toarray().ravel().")
    if isinstance(y, np.ma.MaskedArray):
        if not np.ma.is_masked(y):
            return y.data
        array = y.data.astype(object)
        array[np.ma.getmaskarray(y)] = None
        return array
    if isinstance(y, np.ndarray):
        return _without_enums(_native(y))
    if isinstance(y, (list, tuple)):
        y = _without_enums(y)
        try:
            array = np.asarray(y)
        except ValueError:
            return y
        changed = array.ndim == 1 and _joins_labels(array, y)
        return np.array(y, dtype=object) if changed else array
    if isinstance(y, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return _without_enums(_native(np.asarray(y)))
    return y


def _joins_labels(array: np.ndarray, labels: Any) -> bool:
    """Return whether NumPy made one label of several: of a gap and its name, or as below."""
    if array.dtype.kind in "US":
        # it drops a NUL at the end of a text
        return not all(isinstance(v, (str, bytes)) and v[-1:] not in ("\0", b"\0") for v in labels)
    # floats, of whole numbers beside one that is a float, tell no two above 2**53 apart
    return array.dtype.kind == "f" and any(isinstance(v, int) and abs(v) > 2**53 for v in labels)


def _without_enums(labels: Any) -> Any:
    """Return labels, where there are members of an enumeration of texts among them these texts."""
    if isinstance(labels, np.ndarray) and (labels.dtype != object or labels.ndim != 1):
        return labels
    if not any(isinstance(label, Enum) for label in labels):
        return labels
    plain = [plain_label(label) for label in labels]
    return np.array(plain, dtype=object) if isinstance(labels, np.ndarray) else plain


def _native(array: np.ndarray) -> np.ndarray:
    """Return an array in the byte order of the machine, itself where it has that."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def check_labels_given(y: Any, name: str = "y") -> Any:
    """Return `label_array` of labels, of which none may be missing.

    Parameters
    ----------
    y : object
    name : str, default="y"
        The argument, for errors.

    Returns
    -------
    object
        As of `label_array`.

    Raises
    ------
    ValueError
        If a label is None, NaN, NaT, ``pd.NA`` or masked.

    Examples
    --------
    >>> from sklimb._data.labels import check_labels_given
    >>> check_labels_given(["a", None])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: Input y contains NaN: 1 of 2 labels is missing, the first that of sample 1 (None)...
    """
    labels = label_array(y, name)
    array = labels if isinstance(labels, np.ndarray) else getattr(labels, "values", None)
    if callable(getattr(labels, "to_numpy", None)) and not isinstance(labels, pd.DataFrame):
        array = labels.to_numpy()  # a polars Series
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "OfMm":
        return labels
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        return labels
    missing = pd.isna(array)
    if missing.any():
        n, first = int(missing.sum()), int(missing.argmax())
        raise ValueError(
            f"Input {name} contains NaN: {n} of {len(array)} labels {'is' if n == 1 else 'are'} "
            f"missing, the first that of sample {first} ({array[first]}). Leave such samples out, "
            "or give them a label of their own."
        )
    return labels


def check_classes(classes: Any) -> None:
    """Raise an error for what is no list of classes, of which NumPy makes one class, or others.

    Parameters
    ----------
    classes : object
        The argument of `partial_fit`.

    Raises
    ------
    TypeError
        If it is no list or array.
    ValueError
        If it has lists inside, or more than one dimension.

    Examples
    --------
    >>> from sklimb._data.labels import check_classes
    >>> check_classes(["fine", "ill"])
    >>> check_classes({"fine": 1, "ill": 2})
    Traceback (most recent call last):
        ...
    TypeError: classes must be a list or an array of labels, got ...
    """
    whole = isinstance(classes, (str, bytes)) or getattr(classes, "ndim", 1) == 0
    if whole or isinstance(classes, (Mapping, Set)) or not hasattr(classes, "__len__"):
        remedy = (
            "a list of labels" if whole or not isinstance(classes, Iterable) else "list(classes)"
        )
        raise TypeError(
            f"classes must be a list or an array of labels, got {classes!r:.80}. Give {remedy}."
        )
    # those within an array of objects too
    inner = any(isinstance(label, (list, tuple, np.ndarray)) for label in classes)
    if getattr(classes, "ndim", 1) != 1 or inner:
        raise ValueError(
            "classes must be labels in one dimension, as [0, 1], got "
            f"{' '.join(repr(classes).split()):.80}. Give np.unique(y) of all labels y."
        )


def plain_labels(y: Any, name: str = "y") -> Any:
    """Return labels to fit to: none missing, and all of one type that scikit-learn takes.

    Parameters
    ----------
    y : object
    name : str, default="y"
        The argument, for errors.

    Returns
    -------
    object
        As of `label_array`.

    Raises
    ------
    ValueError
        If a label is missing, or labels are of several types, or objects that are no text.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._data.labels import plain_labels
    >>> plain_labels(np.array([1, "1"], dtype=object))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: Unknown label type: y has labels of several types (int, str), which have no order...
    """
    labels = check_labels_given(y, name)
    if not isinstance(labels, np.ndarray) or labels.ndim != 1:
        return labels
    if labels.dtype.kind == "V":
        raise ValueError(
            f"Unknown label type: {name} is an array of records ({labels.dtype}). Pass one column "
            "of it, of text or whole numbers."
        )
    if labels.dtype != object:
        return labels
    kinds = {type(label) for label in labels}
    if all(issubclass(kind, (str, bytes)) for kind in kinds):
        return labels
    if len(kinds) > 1:
        raise ValueError(f"Unknown label type: {_several(kinds, name)}")
    kind = kinds.pop().__name__
    raise ValueError(
        f"Unknown label type: {name} holds objects of the type {kind}, such as {labels[0]!r}. "
        f"Labels are text, whole numbers or booleans: numpy.array({name}.tolist()) for numbers, "
        "text for anything else."
    )


def check_sortable(y: Any, name: str) -> None:
    """Raise an error for labels that have no order: missing, of several types, complex, infinite.

    Parameters
    ----------
    y : object
        What is no array of one dimension passes: others say what it is.
    name : str
        The argument, for errors.

    Examples
    --------
    >>> from sklimb._data.labels import check_sortable
    >>> check_sortable(["a", "b"], "y")
    >>> check_sortable(np.array(["a", 1], dtype=object), "y")
    Traceback (most recent call last):
        ...
    TypeError: y has labels of several types (int, str), which have no order: make them one type.
    """
    labels = check_labels_given(y, name)
    if not isinstance(labels, np.ndarray) or labels.ndim != 1:
        return
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        raise ValueError(f"{name} has infinite values, which are no labels.")
    if labels.dtype.kind == "c":
        raise ValueError(f"{name} has complex values, which have no order.")
    if labels.dtype != object:
        return
    try:
        np.unique(labels)
    except TypeError:
        raise TypeError(_several({type(label) for label in labels}, name)) from None


def check_ordered(labels: Any, name: str = "y") -> None:
    """Raise a ValueError for labels of several types that have no order, as text and numbers."""
    if isinstance(labels, np.ndarray) and labels.dtype == object and labels.ndim == 1:
        try:
            np.unique(labels)
        except TypeError:
            raise ValueError(_several({type(label) for label in labels}, name)) from None


def _several(kinds: set[type], name: str) -> str:
    told = ", ".join(sorted(kind.__name__ for kind in kinds))
    return f"{name} has labels of several types ({told}), which have no order: make them one type."
