"""Names of classes that are likely other names misspelt: yess beside yes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from sklimb._compare.phrases import counted
from sklimb.feature_extraction._spelling import folded

# What is misspelt is rare beside what is not: in so many rows at most for each of the right name.
_RARE = 0.1
_VERY_RARE = 0.005
# And beside the rarest of all other names, for in a long tail rare ones are nothing unusual.
_OF_RAREST = 0.5
# Shorter names differ in a letter and mean something else: cat and car, Iran and Iraq. A letter
# doubled is a slip in shorter words already than one missing, and that than another letter.
_SHORTEST = 3
_SHORTEST_WITHOUT_A_LETTER = 4
_SHORTEST_WITH_ANOTHER_LETTER = 6
_SHORTEST_OF_TWO_SLIPS = 8
# Words that differ by little and are opposites.
_OPPOSITES = [("macro", "micro"), ("hyper", "hypo"), ("inter", "intra"), ("over", "under")]
_ROMAN = re.compile(r"[ivxlc]+")
_WORDS = re.compile(r"[^\W\d_]+")
# Classes of which all pairs are still looked at.
_MOST_CLASSES = 1000


def misspelt(labels: Sequence[str], counts: Sequence[int]) -> dict[str, str]:
    """Return which labels are likely another one, misspelt or in another spelling.

    Parameters
    ----------
    labels : sequence of str
        Different ones.
    counts : sequence of int
        Samples of each.

    Returns
    -------
    right : dict of str to str
        From each such label to the more frequent one that was likely meant.
    """
    if len(labels) > _MOST_CLASSES:
        return {}
    order = np.argsort(-np.asarray(counts), kind="stable").tolist()
    rows = {labels[place]: counts[place] for place in order}
    plain = {label: _plain(label) for label in rows}
    sure: dict[str, str] = {}
    likely: dict[str, str] = {}
    frequent: list[str] = []
    for label, count in rows.items():
        same = next((other for other in frequent if _are_one(plain[label], plain[other])), None)
        if same is not None:
            sure[label] = same
            continue
        slips = (o for o in frequent if _is_slip(plain[label], plain[o], count / rows[o]))
        right = next(slips, None)
        if right is None:
            frequent.append(label)
        else:
            likely[label] = right
    rarest = min((rows[label] for label in frequent), default=0)
    return sure | {k: v for k, v in likely.items() if rows[k] <= _OF_RAREST * rarest}


def spelling_notes(labels: Sequence[str], counts: Sequence[int]) -> list[str]:
    """Say which labels are likely others misspelt.

    Those that differ only in what is easily overlooked, such as case, are left to
    `sklimb._compare.data.labels.case_notes`.

    Parameters
    ----------
    labels : sequence of str
    counts : sequence of int

    Returns
    -------
    notes : list of str
        One for each.
    """
    rows = dict(zip(labels, counts, strict=True))
    return [
        f"class {wrong!r} ({counted(rows[wrong], 'sample')}) is likely {right!r} "
        f"({rows[right]:,}) in another spelling; it stays a class of its own, so correct it in the "
        "data if it is none"
        for wrong, right in misspelt(labels, counts).items()
        if folded(wrong) != folded(right)
    ]


def _plain(label: str) -> str:
    """Return a label in lower case, without accents, its words joined by single spaces."""
    letters = unicodedata.normalize("NFD", folded(label))
    bare = "".join(c for c in letters if not unicodedata.combining(c))
    # Between letters alone: 1-2 is not 12, and A- is not A.
    return re.sub(r"(?<=[^\W\d_])[\s_-]+(?=[^\W\d_])", " ", bare)


def _are_one(label: str, other: str) -> bool:
    return label.replace(" ", "") == other.replace(" ", "") and bool(_WORDS.search(label))


def _is_slip(label: str, other: str, share: float) -> bool:
    """Return whether a label is likely the other one, of which it has such a share of samples."""
    if share > _RARE or re.sub(_WORDS, "x", label) != re.sub(_WORDS, "x", other):
        return False  # they differ in digits, signs or the number of words
    words = zip(_WORDS.findall(label), _WORDS.findall(other), strict=True)
    different = [pair for pair in words if pair[0] != pair[1]]
    return len(different) == 1 and _is_slip_of_word(*different[0], share)


def _is_slip_of_word(word: str, other: str, share: float) -> bool:
    # Hardly anyone mistypes the first letter, and many words differ in it alone.
    if word[0] != other[0] or abs(len(word) - len(other)) > 2 or _are_opposites(word, other):
        return False
    if _ROMAN.fullmatch(word) and _ROMAN.fullmatch(other):
        return False
    shorter, slips = min(len(word), len(other)), _distance(word, other)
    if slips == 2:
        return share <= _VERY_RARE and shorter >= _SHORTEST_OF_TWO_SLIPS
    if slips != 1:
        return False
    if len(word) == len(other) and sorted(word) != sorted(other):
        return shorter >= _SHORTEST_WITH_ANOTHER_LETTER
    once = [re.sub(r"(.)\1+", r"\1", text) for text in (word, other)]
    return shorter >= (_SHORTEST if once[0] == once[1] else _SHORTEST_WITHOUT_A_LETTER)


def _are_opposites(word: str, other: str) -> bool:
    return any(
        word.startswith(one) and other.startswith(two)
        for pair in _OPPOSITES
        for one, two in (pair, pair[::-1])
    )


def _distance(one: str, other: str) -> int:
    """Return how many letters are missing, too much, another, or changed with the next."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            costs = [rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b)]
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                costs.append(rows[-2][j - 2] + 1)
            row.append(min(costs))
        rows.append(row)
    return rows[-1][-1]
