"""Settings by class: a mapping or a pandas Series of labels to values, in the order of the classes.

All follow scikit-learn's rule for ``class_weight`` (since 1.1), as a fold or a bootstrap may lack a
class of the whole data. Labels that y lacks are ignored if every label of y is named. A label of y
that is not named takes the default, if the setting has one, provided that every name is a label of
y. Both at once are taken for a mistake and refused. For settings that name only some of the classes
in any case, such as the sizes of a sampler, one label that y has is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

# At most this many labels are listed in an error.
_SHOWN = 10
_NO_DEFAULT = object()


def by_label(setting: Any, name: str, *, or_position: Sequence[Any] = ()) -> dict[Any, Any] | None:
    """Return a setting as {label: value}, or None where it is not one by label.

    Parameters
    ----------
    setting : object
        A mapping, or a pandas Series whose index holds the labels, as ``y.value_counts()`` has it.
    name : str
        The parameter, for errors.
    or_position : sequence, default=()
        The labels of y, for a setting that may also be given by position. A Series whose index just
        counts 0, 1, ... up to their number, while none of them is such a number, is by position.

    Returns
    -------
    dict or None
        Labels as Python has them, not numpy. None stands for anything else, and for a Series by
        position.

    Raises
    ------
    TypeError
        If it is a frame.
    ValueError
        If a label comes twice in an index.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklimb._data.by_class import by_label
    >>> by_label(pd.Series(["yes", "no", "no"]).value_counts(), "counts")
    {'no': 2, 'yes': 1}
    >>> by_label([1, 2], "counts"), by_label(pd.Series([1, 2]), "counts", or_position=["no", "yes"])
    (None, None)
    """
    if isinstance(setting, Mapping):
        return {plain_label(label): value for label, value in setting.items()}
    if hasattr(setting, "columns"):
        raise TypeError(
            f"{name} is a {type(setting).__name__} with the columns "
            f"{[str(column) for column in setting.columns][:_SHOWN]}, which does not say what is a "
            f"label and what its value. Pass a dict {{label: value}}: of a pandas frame "
            "frame['column'].to_dict(), of what value_counts of polars gives "
            "dict(counts.iter_rows())."
        )
    if not hasattr(setting, "iloc"):
        return None
    labels = _index_of(setting)
    if _is_default_index(setting, labels, or_position):
        return None
    if len(set(labels)) < len(labels):
        twice = list(dict.fromkeys(label for label in labels if labels.count(label) > 1))
        raise ValueError(f"{name} is a Series that has {_some(twice)} more than once in its index.")
    return dict(zip(labels, setting.tolist(), strict=True))


def for_classes(
    given: Mapping[Any, Any],
    classes: Sequence[Any],
    name: str,
    *,
    default: Any = _NO_DEFAULT,
    one_is_enough: bool = False,
) -> list[Any]:
    """Return one value for each class, by scikit-learn's rule.

    Parameters
    ----------
    given : mapping
        Label to value, from `by_label`.
    classes : sequence or ndarray
        The labels of y. 1, 1.0, True and numpy's kinds of them are one label, as in a dict.
    name : str
        The parameter, for errors.
    default : object, optional
        For a class that is not named. Without one each class must be named.
    one_is_enough : bool, default=False
        Whether labels that y lacks are ignored as soon as one label of y is named, not all.

    Returns
    -------
    list
        In the order of `classes`.

    Raises
    ------
    ValueError
        If a class is not named that has to be.

    Examples
    --------
    >>> from sklimb._data.by_class import for_classes
    >>> for_classes({"b": 5.0}, ["a", "b"], "class_weight", default=1.0)
    [1.0, 5.0]
    >>> for_classes({"a": 2.0, "b": 5.0, "c": 9.0}, ["a", "b"], "class_weight", default=1.0)
    [2.0, 5.0]
    >>> for_classes({"b": 5, "c": 9}, ["a", "b"], "sizes", default=None, one_is_enough=True)
    [None, 5]
    """
    labels = [plain_label(label) for label in classes]
    missing = [label for label in labels if label not in given]
    known = set(labels)
    strange = [label for label in given if label not in known]
    if missing and strange and not (one_is_enough and len(strange) < len(given)):
        enough = "one" if one_is_enough else "each"
        raise ValueError(
            f"{name} names labels that y does not have: {_some(strange)}. The labels are "
            f"{_some(labels)}, and it has nothing for {_some(missing)}. Others are left aside only "
            f"where {enough} label of y is named.{_hint(strange, labels)}"
        )
    if missing and default is _NO_DEFAULT:
        raise ValueError(
            f"{name} has nothing for {_some(missing)}, but y has the labels {_some(labels)}. Name "
            f"each of them. {name} is {_shown(given)}."
        )
    return [given.get(label, default) for label in labels]


def plain_label(label: Any) -> Any:
    """Return a label as Python has it: no scalar of NumPy, and of an enumeration of texts the text.

    NumPy makes text of such a member by ``str``, which is its name, cut to the length of its value;
    as keys two of them are not what they equal.

    Parameters
    ----------
    label : object

    Examples
    --------
    >>> import enum
    >>> import numpy as np
    >>> from sklimb._data.by_class import plain_label
    >>> class Status(str, enum.Enum):
    ...     PAID = "paid"
    >>> plain_label(np.int64(3)), plain_label(Status.PAID)
    (3, 'paid')
    """
    if isinstance(label, Enum) and isinstance(label, (str, bytes)):
        return label.value
    return label.item() if isinstance(label, np.generic) else label


def _index_of(series: Any) -> list[Any]:
    index = series.index
    # A frame of one column counts into an index of tuples of one.
    plain = index.get_level_values(0) if index.nlevels == 1 else index
    return [plain_label(label) for label in plain.tolist()]


def _is_default_index(series: Any, index: list[Any], labels: Sequence[Any]) -> bool:
    """Return whether an index is pandas' default one, and none of its numbers is a label."""
    counting = type(series.index).__name__ == "RangeIndex" and index == list(range(len(labels)))
    return counting and not {plain_label(label) for label in labels} & set(index)


def _shown(given: Mapping[Any, Any]) -> str:
    return "{" + _some([*given])[1:-1] + "}" if given else "{}"


def _some(labels: Sequence[Any]) -> str:
    shown = ", ".join(repr(label) for label in labels[:_SHOWN])
    return f"[{shown}{', ...' if len(labels) > _SHOWN else ''}]"


def _hint(strange: list[Any], labels: list[Any]) -> str:
    """Say why labels may not be those of y, where that can be seen."""
    kinds = {type(label).__name__ for label in strange}, {type(label).__name__ for label in labels}
    if {str(label) for label in strange} & {str(label) for label in labels}:
        return f" Those named are {_either(kinds[0])}, those of y {_either(kinds[1])}."
    if labels == list(range(len(labels))):
        return (
            " If those are your labels: VotingClassifier, BaggingClassifier, OneVsRestClassifier "
            "and the like hand on 0, 1, ... in their place; name these."
        )
    return ""


def _either(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))
