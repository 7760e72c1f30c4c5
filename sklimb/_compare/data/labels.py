"""Class labels keep the spelling that they have in the file, and a second table's are matched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from sklimb._compare.data.spelling import MISSING, is_boolean, is_plain_number, truth
from sklimb._compare.errors import InputError
from sklimb.feature_extraction._spelling import folded, plain_text, visible

_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}", re.A)
# Texts that pandas takes for missing, and that somebody has written as a class.
_WORDS = MISSING - {"", "?"}
# A float tells numbers of so many digits apart.
_DIGITS = 15
_LEADING_ZERO = re.compile(r"[+-]?0\d+|\+.*")
# As pandas reads them.
_TRUTHS = [frozenset(pair) for pair in [("True", "False"), ("TRUE", "FALSE"), ("true", "false")]]


@dataclass(frozen=True)
class Labels:
    """The target column of a file.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Whole numbers where every label is written as one, truth values, numbers that are no
        classes (which is told later), else text; None where a cell is empty.
    notes : list of str
    as_text : bool, default=False
        Whether pandas, left to itself, would take them for numbers or truth values.
    strip : bool, default=False
        Whether pandas would leave spaces around them.
    words : bool, default=False
        Whether pandas would take some of them for missing.
    """

    y: np.ndarray
    notes: list[str]
    as_text: bool = False
    strip: bool = False
    words: bool = False


def read_labels(cells: pd.Series, may_miss: bool = False) -> Labels:
    """Take the target column of a file.

    Parameters
    ----------
    cells : Series of str
        As written, an empty text where there is nothing.
    may_miss : bool, default=False
        Whether labels may be missing: then words for missing values beside numbers are no error.

    Returns
    -------
    labels : Labels

    Raises
    ------
    InputError
        If the target holds numbers, and words for missing values beside them.
    """
    raw = cells.fillna("").astype(object)
    stripped = raw.map({text: text.strip() for text in raw.unique()}).astype(object)
    missing = stripped.isin(["", "?"]).to_numpy()
    present = stripped[~missing]
    labels = list(present.unique())
    notes = _space_notes(raw[~missing], present)
    words = sorted(_WORDS.intersection(labels))
    if words and may_miss and _numbers_beside(labels, words):
        return read_labels(raw.where(~stripped.isin(words), ""))
    if words:
        notes += _word_notes(stripped, labels, words)
    if not labels:
        return Labels(np.full(len(raw), None, dtype=object), notes)
    if all(map(_WHOLE.fullmatch, labels)):
        kind: Any = float if missing.any() else "int64"
        return Labels(stripped.where(~missing, np.nan).astype(kind).to_numpy(), notes)
    if not missing.any() and any(truths.issuperset(labels) for truths in _TRUTHS):
        return Labels(stripped.str.lower().eq("true").to_numpy(dtype=bool), notes)
    plain = all(map(is_plain_number, labels))
    if plain and not any(map(_LEADING_ZERO.fullmatch, labels)):
        numbers = stripped.where(~missing).astype(float)
        long = max(labels, key=_n_digits)
        if numbers.nunique() == len(labels) and _n_digits(long) <= _DIGITS:
            return Labels(numbers.to_numpy(), notes)
        if _n_digits(long) > _DIGITS:
            notes.append(f"labels with more digits than a number has ({long!r}) are taken as text")
    notes += case_notes(labels)
    y = stripped.where(~missing, None).to_numpy(dtype=object)
    return Labels(
        y,
        notes,
        # In a file of decimal commas the printed code has pandas read 1,5 as a number.
        as_text=all(is_plain_number(label.replace(",", ".")) for label in labels)
        or is_boolean(labels),
        strip=bool(raw.ne(stripped).any()),
        words=bool(words),
    )


def _space_notes(raw: pd.Series, stripped: pd.Series) -> list[str]:
    if raw.nunique() == stripped.nunique():
        return []
    odd = raw[raw.ne(stripped)]
    return [
        f"labels that differ only in the spaces around them are one class ({odd.iloc[0]!r} and "
        f"{odd.iloc[0].strip()!r}, {len(odd):,} rows)"
    ]


def _word_notes(cells: pd.Series, labels: list[str], words: list[str]) -> list[str]:
    hit = cells.isin(words).to_numpy()
    first = int(np.flatnonzero(hit)[0])
    shown = " and ".join(map(repr, words))
    if _numbers_beside(labels, words):
        raise InputError(
            f"the target holds numbers, and {shown} in {hit.sum():,} rows (the first: row "
            f"{first + 1}), which says missing: leave these rows out (--drop-unlabelled), or give "
            "them a class of another name"
        )
    return [
        f"the target's {shown} ({hit.sum():,} rows, the first: row {first + 1}) is a class like the"
        " others; if it says that the label is missing, leave these rows out"
    ]


def kept_words(cells: pd.Series) -> list[str]:
    """Say that words such as ``NA`` in a column of labels of a spreadsheet are classes.

    Parameters
    ----------
    cells : Series of shape (n_samples,)
        As they are in the file.

    Returns
    -------
    notes : list of str
        Empty where there are none, or where they stand beside numbers and so say missing.
    """
    texts = cells.map(plain_text, na_action="ignore").astype(object).str.strip()
    labels = [text for text in texts.dropna().unique() if text not in ("", "?")]
    words = sorted(_WORDS.intersection(labels))
    if not words or _numbers_beside(labels, words):
        return []
    return _word_notes(texts, labels, words)


def are_numbers(values: Iterable[Any]) -> bool:
    """Return whether cells of a spreadsheet are numbers, some of them kept as text.

    Texts with a leading zero, or with more digits than a number has, are codes.

    Parameters
    ----------
    values : iterable
        None of them missing.

    Returns
    -------
    answer : bool

    Examples
    --------
    >>> are_numbers(["1", 2]), are_numbers(["01", 2]), are_numbers([1, 2])
    (True, False, False)
    """
    different = {(type(value), value) for value in values}
    texts = [value.strip() for kind, value in different if kind is str]
    others = [kind for kind, _ in different if kind is not str]
    return (
        bool(texts)
        and all(kind is not bool and issubclass(kind, (int, float)) for kind in others)
        and all(map(is_plain_number, texts))
        and not any(_LEADING_ZERO.fullmatch(t) or _n_digits(t) > _DIGITS for t in texts)
    )


def _numbers_beside(labels: list[str], words: list[str]) -> bool:
    others = [label for label in labels if label not in words]
    return bool(others) and all(map(is_plain_number, others))


def _n_digits(label: str) -> int:
    return sum(map(str.isdigit, label))


def _one_number(labels: list[str], stay: str) -> list[str]:
    by_value: dict[Decimal, str] = {}
    for label in filter(is_plain_number, labels):
        if _LEADING_ZERO.fullmatch(label):  # a code
            continue
        value = Decimal(label)
        if value in by_value:
            return [
                f"{by_value[value]!r} and {label!r} are one number in two spellings, and {stay}"
            ]
        by_value[value] = label
    return []


def _two_words(labels: list[str], stay: str) -> list[str]:
    """Say where labels are true and false, each in several words, as 1 and yes."""
    truths = {label: truth(label) for label in labels}
    if None in truths.values() or all(len(label) == 1 and label.isalpha() for label in labels):
        return []  # single letters name many things
    # Of labels that differ in case only, and of 1 and 1.0, another note is made.
    words = {folded(label).strip().removesuffix(".0"): label for label in labels}
    sides = [[label for label in words.values() if truths[label] is side] for side in (True, False)]
    if not all(sides) or len(words) == 2:
        return []
    said = [
        f"{' and '.join(map(repr, side))} {'mean' if len(side) > 1 else 'means'} {name}"
        for side, name in zip(sides, ("true", "false"), strict=True)
    ]
    return [f"{', '.join(said)}, and {stay}: write true in one way and false in one way"]


def case_notes(
    labels: Iterable[Any], what: str = "labels", stay: str = "stay different classes"
) -> list[str]:
    """Say which labels differ only in what is easily overlooked.

    That is capital letters, how an accent is stored, spaces within, characters without a width,
    letters of another alphabet, how a number is written, and which words say true and false.

    Parameters
    ----------
    labels : iterable
    what, stay : str
        What they are, and what becomes of them.

    Returns
    -------
    notes : list of str
        One for each kind of difference.
    """
    labels = sorted({str(label) for label in labels})
    by_key: dict[str, list[str]] = {}
    for label in labels:
        by_key.setdefault(folded(label), []).append(label)
    kinds: dict[str, list[str]] = {}
    for found in by_key.values():
        if len(found) > 1:
            kind, show = _difference(found)
            kinds.setdefault(kind, []).append(" and ".join(map(show, found)))
    notes = [
        f"{what} {', '.join(same[:3])} differ only in {kind}, and {stay}"
        for kind, same in kinds.items()
    ]
    more = _one_number(labels, stay) + _two_words(labels, stay)
    return notes + [f"{what} {same}" for same in more]


def _difference(labels: list[str]) -> tuple[str, Callable[[str], str]]:
    """Return what tells labels apart, and how to show them so that it is seen."""
    if len({_unseen(label) for label in labels}) > 1:
        return "spaces or characters that are not seen", repr
    if len({unicodedata.normalize("NFC", label) for label in labels}) < len(labels):
        return "how an accent is stored", ascii
    if len({unicodedata.normalize("NFKC", label).casefold() for label in labels}) > 1:
        return "letters of another alphabet that look alike", ascii
    return "case", repr


def _unseen(label: str) -> str:
    return "".join(c for c in label if c.isspace() or unicodedata.category(c) == "Cf")


def strip_labels(y: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Join text labels that differ only in the spaces around them.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)

    Returns
    -------
    y : ndarray of shape (n_samples,)
        The same array where no two do.
    notes : list of str
    """
    if y.dtype.kind != "U":
        return y, []
    labels = np.unique(y)
    if len({label.strip() for label in labels.tolist()}) == len(labels):
        return y, []
    odd = next(label for label in labels.tolist() if label != label.strip())
    return np.char.strip(y), [
        f"labels that differ only in the spaces around them are one class ({odd!r} and "
        f"{odd.strip()!r}): y = np.char.strip(y)"
    ]


def match_labels(y: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the labels of a test part as those of the training part, where their text is the same.

    Parameters
    ----------
    y : ndarray of shape (n_test,)
    known : ndarray of shape (n_samples,)
        Labels of the training part.

    Returns
    -------
    y : ndarray of shape (n_test,)
        Of the training part's type if every label is found there, else unchanged.
    notes : list of str
    """
    labels, classes = np.unique(y), np.unique(known)
    same_kind = y.dtype.kind == known.dtype.kind or (
        y.dtype.kind in "iuf" and known.dtype.kind in "iuf"
    )
    if same_kind and not len(np.setdiff1d(labels, classes)):
        return y, []
    by_text = {plain_text(label): label for label in classes}
    by_key: dict[str, Any] = {}
    for text, label in by_text.items():
        key = _key(text)
        by_key[key] = None if key in by_key else label
    found = {
        label: by_text.get(plain_text(label), by_key.get(_key(plain_text(label))))
        for label in labels.tolist()
    }
    if any(match is None for match in found.values()):
        return y, []
    matched = np.array([found[label] for label in y.tolist()], dtype=known.dtype)
    changed = [
        f"{_shown(label)} as {plain_text(match)!r}"
        for label, match in found.items()
        if plain_text(label) != plain_text(match)
    ]
    if not changed:
        return matched, []
    return matched, [
        f"labels of the test part are written otherwise than in the training part: taken "
        f"{', '.join(changed[:3])}"
    ]


def _shown(label: Any) -> str:
    """Return a label such that letters of another alphabet in it are seen."""
    text = repr(label)
    return text if text == visible(text) or not isinstance(label, str) else ascii(label)


def _key(text: str) -> str:
    """Return a label without what two programs write differently: 1.0 and 01, TRUE and true."""
    if is_plain_number(text):
        return repr(float(text))
    single = visible(text)
    return single.lower() if single.lower() in ("true", "false") else single
