"""Labels that are likely none: marks for missing ones, several classes in a cell, quantities."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from sklimb._compare.data.sentinels import of_nines
from sklimb._compare.data.spelling import BLANKS, MISSING
from sklimb._compare.phrases import first_few

# Words for a label that nobody knows, in lower case. "unknown", "none" and "empty" are classes as
# often.
_NOTHING = frozenset(
    [
        *("na", "nan", "n/a", "n.a.", "n. a.", "n.a", "n/d", "n.d.", "null", "<na>", "#n/a"),
        *("not available", "not applicable", "no answer", "no data", "undefined", "tbd"),
        *("missing", "#missing", "(missing)", "(blank)", "(empty)", "k.a.", "k. a."),
        *("keine angabe", "sans objet", "s/o", "#value!", "#ref!", "#div/0!", "#name?", "#num!"),
        *("n.b.", "#wert!", "#bezug!", "#nv"),
    ]
)
_BETWEEN = re.compile(r"\s*[|;,/+&]\s*")
# From so many different whole numbers on, of which most occur once, they are a quantity.
_MANY_NUMBERS = 20


def missing_notes(labels: np.ndarray, counts: np.ndarray) -> list[str]:
    """Say which classes look like a mark for a missing label.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,)
        Different ones, text or numbers.
    counts : ndarray of shape (n_classes,)
        Samples of each.

    Returns
    -------
    notes : list of str
        At most one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._compare.data.odd_labels import missing_notes
    >>> missing_notes(np.array(["-", "ok", "bad"]), np.array([40, 500, 60]))[0][:54]
    "class '-' (40 samples) looks like a mark for a missing"
    """
    marks = _text_marks(labels) if labels.dtype.kind == "U" else _number_marks(labels)
    if not marks.any() or marks.sum() > len(labels) - 2:
        return []
    shown = first_few(
        (
            f"{label!r} ({n:,} samples)"
            for label, n in zip(labels[marks].tolist(), counts[marks].tolist(), strict=True)
        ),
        n=3,
    )
    one = marks.sum() == 1
    return [
        f"class{'' if one else 'es'} {shown} look{'s' if one else ''} like a mark for a missing "
        "label, and is learnt as a class: if nobody knows the class there, empty these cells and "
        "leave the rows out (--drop-unlabelled, drop_unlabelled=True)"
    ]


def _text_marks(labels: np.ndarray) -> np.ndarray:
    stripped = [label.strip() for label in labels.tolist()]
    signs = [text == "?" or (text in BLANKS and not _has_letters(text)) for text in stripped]
    # + beside - and * beside ** name something.
    signs = [hit and not _is_one_of_signs(stripped) for hit in signs]
    # Of those that pandas takes for missing the reader of files has said so.
    words = [text.lower() in _NOTHING and text not in MISSING for text in stripped]
    numbers = _number_marks(_as_numbers(stripped))
    return np.array(signs) | np.array(words) | numbers


def _has_letters(text: str) -> bool:
    return any(c.isalpha() for c in text)


def _is_one_of_signs(labels: Sequence[str]) -> bool:
    """Return whether labels are all signs, as + and - are."""
    return "+" in labels or not any(c.isalnum() for label in labels for c in label)


def _as_numbers(labels: Sequence[str]) -> np.ndarray:
    """Return labels as numbers, NaN where they are none; -999 is a mark among words too."""
    numbers = []
    for label in labels:
        try:
            numbers.append(float(label))
        except ValueError:
            numbers.append(np.nan)
    return np.array(numbers)


def _number_marks(labels: np.ndarray) -> np.ndarray:
    """Return which numbers of nines alone are far from all the others, or among no numbers."""
    marks = np.zeros(len(labels), dtype=bool)
    if labels.dtype.kind not in "iuf":
        return marks
    numbers = labels.astype(float)
    nines = np.array([of_nines(number) for number in numbers]) & np.isfinite(numbers)
    others = numbers[~nines & np.isfinite(numbers)]
    if not nines.any():
        return marks
    if not len(others):
        return nines & (numbers < 0)
    least, largest = others.min(), others.max()
    gap = np.where(numbers < least, least - numbers, numbers - largest)
    return nines & (gap > max(largest - least, 10))


def several_notes(labels: Sequence[str]) -> list[str]:
    """Say that labels are several classes in a cell, as ``a|b`` beside ``a`` and ``b``.

    Parameters
    ----------
    labels : sequence of str
        Different ones.

    Returns
    -------
    notes : list of str
        At most one.

    Examples
    --------
    >>> from sklimb._compare.data.odd_labels import several_notes
    >>> several_notes(["a", "b", "a|b"])[0][:50]
    "labels such as 'a|b' are several classes in a cell"
    """
    parts = {label: [p for p in _BETWEEN.split(label) if p] for label in labels}
    several = [label for label, found in parts.items() if len(found) > 1]
    if not several:
        return []
    times: dict[str, int] = {}
    for found in parts.values():
        for part in dict.fromkeys(found):
            times[part] = times.get(part, 0) + 1
    again = [label for label in several if all(times[part] > 1 for part in parts[label])]
    if not again or len(again) < 0.5 * len(several) or len(times) >= len(labels):
        return []
    return [
        f"labels such as {again[0]!r} are several classes in a cell, and each such combination is "
        f"learnt as a class of its own ({len(labels):,} of {len(times):,} parts): to learn them "
        "apart, make a column of yes and no of each part and compare for one of them at a time"
    ]


def is_quantity(labels: np.ndarray, counts: np.ndarray) -> bool:
    """Return whether labels are whole numbers that count or measure something.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,)
        Different ones.
    counts : ndarray of shape (n_classes,)
        Samples of each.

    Returns
    -------
    answer : bool
        Whether they are many numbers of which most occur once.
    """
    if labels.dtype.kind not in "iuf" or len(labels) <= _MANY_NUMBERS:
        return False
    return bool((counts == 1).sum() > len(labels) / 2)


def without_decimals(y: np.ndarray) -> Any:
    """Return labels that are `decimal.Decimal` as numbers, whole ones where all are.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Of objects, none of them missing.

    Returns
    -------
    y : ndarray of shape (n_samples,)
        Unchanged where they are something else.
    """
    if not all(type(value).__name__ == "Decimal" for value in y):
        return y
    whole = all(value == value.to_integral_value() for value in y)
    return np.array([int(value) if whole else float(value) for value in y])
