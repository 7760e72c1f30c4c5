"""Whether a word of a text, or the name of a class in it, says the class."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from sklimb._compare.data.one_class import PURE, Classes, away_note

# A word that says the class is in so many texts of it, and in so few of others.
_COVERS = 0.5
_PURE_NAME = 0.9
# In a class that most texts are of, many words are of it by chance.
_UNUSUAL = 0.3
# Texts about something have several words of their own: of Reuters' topics the best word is less
# than twice as good as the next in all; a word that was added stands out.
_STANDS_OUT = 0.5
_LEAST_SHARE = 0.25
# Of many topics some small one has a word of its own by nature.
_LEAST_OF_MANY_CLASSES = 20
# Words that stand in the same texts of a class are one.
_TOGETHER = 0.8
_SHORTEST_NAME = 3
# Texts and classes that are looked at.
_MOST_TEXTS, _MOST_OF_CLASS, _MOST_CLASSES = 5_000, 500, 60
_LEAST_WORDS = 2
_REMEDY = "if it is written when the class is known, take it out of the texts"


def has_words(values: pd.Series) -> bool:
    """Return whether a column holds texts of several words each, as a rule."""
    different = values.dropna().unique()[:200]
    if not len(different) or not all(isinstance(value, str) for value in different):
        return False
    return bool(np.mean([len(value.split()) for value in different]) >= _LEAST_WORDS)


def word_note(what: str, texts: pd.Series, classes: Classes, noun: str = "row") -> str:
    """Say that a word gives a class away.

    It is one (or two beside each other) that nearly only a rare class has, and half of its texts,
    or the name of any class in half of its texts and hardly in others. Texts that have more such
    words are about something.

    Parameters
    ----------
    what : str
        Whose texts these are, and the verb.
    texts : Series of shape (n_samples,)
        Missing ones have no words.
    classes : Classes
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    note : str
        Empty where no word does.
    """
    if len(classes.sizes) > _MOST_CLASSES:
        return ""
    texts = texts.astype(object).where(texts.notna(), "").reset_index(drop=True)
    rows = _looked_at(classes)
    found = _Words(texts.iloc[rows], classes.codes[rows], classes).tell()
    if found is None:
        return ""
    word, code = found
    has = _has(texts, word)
    return away_note(f"{what} {word!r}", code, has, classes, _REMEDY, noun)


def _looked_at(classes: Classes) -> np.ndarray:
    """Return rows of each class: its share, or what a rare one needs."""
    rng, parts = np.random.default_rng(0), []
    for code, size in enumerate(classes.sizes):
        own = np.flatnonzero(classes.codes == code)
        n = max(_MOST_OF_CLASS, round(size * _MOST_TEXTS / len(classes.codes)))
        parts.append(rng.choice(own, min(size, n), replace=False))
    return np.sort(np.concatenate(parts))


def _has(texts: pd.Series, words: str) -> np.ndarray:
    """Return which texts have some words beside each other, but for single letters."""
    between = r"(?:[\W_]+\w)*[\W_]+"
    pattern = r"\b" + between.join(map(re.escape, words.split())) + r"\b"
    first = words.split()[0]
    has = np.array([first in text.lower() for text in texts], dtype=bool)  # which is quick
    has[has] = texts[has].str.contains(pattern, case=False, regex=True)
    return has


class _Words:
    """Words of texts that are looked at, and how many texts of each class have each."""

    def __init__(self, texts: pd.Series, codes: np.ndarray, classes: Classes):
        self.classes, self.codes = classes, codes
        self.least = classes.least_hits if len(classes.sizes) == 2 else _LEAST_OF_MANY_CLASSES
        sizes = np.bincount(codes, minlength=len(classes.sizes))
        self.each = classes.sizes / np.maximum(sizes, 1)  # texts that one stands for
        self.names = self._names(texts)
        able = [c for c in range(len(sizes)) if sizes[c] >= self.least]
        words = [self._frequent(texts[codes == code]) for code in able]
        self.words = sorted(set().union(*words) - set(self.names))
        parts = [sparse.csc_matrix(has[:, None]) for has in self.names.values()]
        if self.words:
            counter = CountVectorizer(ngram_range=(1, 2), vocabulary=self.words, binary=True)
            parts.append(sparse.csc_matrix(counter.transform(texts)))
        self.words = [*self.names, *self.words]
        self.table = sparse.hstack(parts, format="csc").astype(float) if parts else None

    def _names(self, texts: pd.Series) -> dict[str, np.ndarray]:
        """Return which texts have the name of each class."""
        found = {}
        for label in map(str, self.classes.labels):
            name = " ".join(re.findall(r"[^\W_]+", label.lower()))
            if len(name) >= _SHORTEST_NAME and not name.isdecimal():
                found[name] = _has(texts, name)
        return found

    @staticmethod
    def _frequent(texts: pd.Series) -> set[str]:
        counter = CountVectorizer(ngram_range=(1, 2), min_df=_LEAST_SHARE, binary=True)
        try:
            return set(counter.fit(texts).get_feature_names_out())
        except ValueError:  # there are none
            return set()

    def tell(self) -> tuple[str, int] | None:
        """Return a word that says a class, and the class."""
        if self.table is None:
            return None
        classes = self.classes
        hits = np.stack(
            [
                np.asarray(self.table[self.codes == code].sum(axis=0)).ravel() * each
                for code, each in enumerate(self.each)
            ],
            axis=1,
        )
        total = hits.sum(axis=1)
        is_name = np.arange(len(self.words)) < len(self.names)
        for code, size in enumerate(classes.sizes):
            own = hits[:, code]
            pure = own >= np.where(is_name, _PURE_NAME, PURE) * total
            tells = pure & (own >= max(self.least, _COVERS * size))
            tells &= own > (size / classes.sizes.sum() + _UNUSUAL) * total
            if not classes.rare[code]:
                tells &= is_name
            if not tells.any():
                continue
            # F1 of each word, above that of a word that all texts have.
            share = size / classes.sizes.sum()
            alike = 2 * share / (1 + share)
            scores = (2 * own / (total + size) - alike) / (1 - alike)
            # Of words that are as good, the longest says most.
            best = max(
                np.flatnonzero(tells), key=lambda i: (round(scores[i], 6), len(self.words[i]))
            )
            if scores[~self._with(best, code)].max(initial=0) <= _STANDS_OUT * scores[best]:
                return self.words[best], code
        return None

    def _with(self, best: int, code: int) -> np.ndarray:
        """Return which words stand in the same texts of a class as one, or beside it."""
        own = self.table[self.codes == code]
        both = np.asarray(own.T @ own[:, [best]].toarray()).ravel()
        counts = np.asarray(own.sum(axis=0)).ravel()
        together = both >= _TOGETHER * (counts + counts[best] - both)
        places = {word: place for place, word in enumerate(self.words)}
        parts = set(self.words[best].split())
        for place, other in enumerate(self.words):
            if not parts <= set(other.split()):
                continue
            together[place] = True  # the word with the one beside it
            for beside in set(other.split()) - parts:
                if beside in places and counts[place] >= _TOGETHER * counts[places[beside]]:
                    together[places[beside]] = True
        return together
