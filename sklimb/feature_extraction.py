"""Numbers from words in their surroundings."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.validation import check_is_fitted

__all__ = ["WordWindowVectorizer"]

_UNKNOWN, _BEYOND = "UUUNKKK", "</s>"  # as the file of word vectors of Gimpel et al. calls them


class WordWindowVectorizer(TransformerMixin, BaseEstimator):
    """Words and their neighbours as numbers: which words, of which letters.

    Each column of words gets features of its own, so that a word to the left says something else
    than the same word to the right: one for each word, and one for each sequence of characters
    (n-gram) in a word, its ends counting as a blank. Both are 0 or 1, and rare ones are left out.
    With word vectors these come last; alone they are the features of Kim, Jeong & Shin [1]_.

    Parameters
    ----------
    words : bool, default=True
        Whether to have a feature for each word.
    ngram_range : tuple of (int, int) or None, default=(1, 3)
        Shortest and longest sequence of characters; None for none. Prefixes and endings say much
        of what a word is that has not been seen, and tweets are full of such.
    min_df : int or float, default=2
        Rows that a feature needs at least, or their share: one that occurs once cannot repeat.
    vectors : path-like, mapping of str to array or None, default=None
        Word vectors: a text file with one word a line, then a blank or tab and its numbers (also
        ``.gz``), as :func:`sklimb.datasets.find_twitter_vectors` finds it, or a mapping. A word
        without a vector gets that of ``UUUNKKK``, and what is beyond the ends that of ``</s>``, or
        zeros where these are missing.

    Attributes
    ----------
    vectorizers_ : list of CountVectorizer
        One a column; empty if neither words nor n-grams are asked for.
    vectors_ : dict of str to ndarray
        The vectors; empty without `vectors`.
    n_features_in_ : int
        Columns of words.
    feature_names_in_ : ndarray of str
        Their names, if X was a frame whose names are all strings.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020, section 4.3.
    .. [2] K. Gimpel et al., "Part-of-Speech Tagging for Twitter: Annotation, Features, and
       Experiments", ACL 2011.

    Examples
    --------
    >>> from sklimb.feature_extraction import WordWindowVectorizer
    >>> X = [["", "i", "run"], ["i", "run", "home"], ["run", "home", ""]]
    >>> vectorizer = WordWindowVectorizer(ngram_range=None, min_df=1)
    >>> vectorizer.fit_transform(X).toarray().astype(int)
    array([[0, 0, 0, 1, 0, 0, 1],
           [1, 0, 0, 0, 1, 1, 0],
           [0, 1, 1, 0, 0, 0, 0]])
    >>> [str(name) for name in vectorizer.get_feature_names_out()]
    ['x0=i', 'x0=run', 'x1=home', 'x1=i', 'x1=run', 'x2=home', 'x2=run']
    """

    def __init__(
        self,
        *,
        words: bool = True,
        ngram_range: tuple[int, int] | None = (1, 3),
        min_df: int | float = 2,
        vectors: str | os.PathLike | Mapping[str, ArrayLike] | None = None,
    ):
        self.words = words
        self.ngram_range = ngram_range
        self.min_df = min_df
        self.vectors = vectors

    def fit(self, X: Any, y: Any = None) -> WordWindowVectorizer:
        """Learn which words and sequences of characters there are.

        Parameters
        ----------
        X : array-like or frame of str, of shape (n_samples, n_columns)
            Words; the empty string where there is none.
        y : None
            Not used.

        Returns
        -------
        self : WordWindowVectorizer
            Fitted.

        Raises
        ------
        ValueError
            If X holds no words, or a parameter cannot be used.
        """
        has_grams = self.ngram_range is not None
        if not (self.words or has_grams or self.vectors is not None):
            raise ValueError(
                "Without words, n-grams and vectors there are no features: set words, ngram_range "
                "or vectors."
            )
        if has_grams:
            low, high = self.ngram_range
            if not 1 <= low <= high:
                raise ValueError(
                    f"ngram_range must be (shortest, longest) with 1 <= shortest <= longest, or "
                    f"None, got {self.ngram_range!r}."
                )
        table = _table(X)
        self.n_features_in_ = table.shape[1]
        names = getattr(X, "columns", None)
        if names is not None and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.array(list(names), dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.vectors_ = _load(self.vectors)
        self.vectorizers_ = []
        if self.words or has_grams:
            for column in table.T:
                one = CountVectorizer(
                    analyzer=_Analyzer(self.words, self.ngram_range),
                    min_df=self.min_df,
                    binary=True,
                    dtype=np.float32,
                )
                self.vectorizers_.append(one.fit(column))
        return self

    def transform(self, X: Any) -> sparse.csr_matrix | np.ndarray:
        """Turn words into numbers.

        Parameters
        ----------
        X : array-like or frame of str, of shape (n_samples, n_columns)
            Words, in as many columns as in `fit`.

        Returns
        -------
        features : csr_matrix or ndarray of float32, of shape (n_samples, n_features_out)
            Dense where vectors alone are asked for.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self, "vectorizers_")
        table = _table(X)
        if table.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {table.shape[1]} columns of words, but {type(self).__name__} was fitted "
                f"with {self.n_features_in_}."
            )
        # None, if vectors alone are asked for.
        parts = [
            one.transform(column) for one, column in zip(self.vectorizers_, table.T, strict=False)
        ]
        if not self.vectors_:
            return sparse.hstack(parts, format="csr")
        dense = self._dense(table)
        return sparse.hstack([*parts, dense], format="csr") if parts else dense

    def _dense(self, table: np.ndarray) -> np.ndarray:
        blank = np.zeros(self._width(), dtype=np.float32)
        unknown = self.vectors_.get(_UNKNOWN, blank)
        beyond = self.vectors_.get(_BEYOND, blank)
        rows = [
            self.vectors_.get(word, unknown) if word else beyond for word in table.ravel().tolist()
        ]
        return np.asarray(rows, dtype=np.float32).reshape(len(table), -1)

    def _width(self) -> int:
        return len(next(iter(self.vectors_.values())))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns; None takes those of `fit`, or x0, x1 and so on.

        Returns
        -------
        names : ndarray of str
            ``word=run`` for a word, ``word~ ru`` for an n-gram (blanks are ends of a word) and
            ``word[3]`` for a number of a vector.
        """
        check_is_fitted(self, "vectorizers_")
        if input_features is None:
            input_features = getattr(
                self, "feature_names_in_", [f"x{k}" for k in range(self.n_features_in_)]
            )
        if len(input_features) != self.n_features_in_:
            raise ValueError(
                f"input_features must name {self.n_features_in_} columns, got "
                f"{len(input_features)}."
            )
        names = [
            f"{column}{feature}"
            for column, one in zip(input_features, self.vectorizers_, strict=False)
            for feature in one.get_feature_names_out()
        ]
        if self.vectors_:
            names += [f"{column}[{k}]" for column in input_features for k in range(self._width())]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        """Say that what comes in are strings."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = True
        tags.no_validation = True
        return tags


class _Analyzer:
    """Features of a word: itself, marked by ``=``, and its n-grams, marked by ``~``.

    A class and not a function inside `fit`, so that the fitted vectoriser can be pickled.
    """

    def __init__(self, words: bool, ngram_range: tuple[int, int] | None):
        self.words, self.ngram_range = words, ngram_range

    def __call__(self, word: str) -> list[str]:
        if not word:
            return []
        found = [f"={word}"] if self.words else []
        if self.ngram_range is not None:
            low, high = self.ngram_range
            padded = f" {word} "
            found += [
                f"~{padded[i : i + n]}"
                for n in range(low, high + 1)
                for i in range(len(padded) - n + 1)
                if padded[i : i + n] != " "
            ]
        return found


def _table(X: Any) -> np.ndarray:
    """Return words as an object array of two dimensions."""
    table = np.asarray(X, dtype=object)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(
            "X must hold words in rows and columns, such as fetch_twitter_pos gives; its shape is "
            f"{table.shape}."
        )
    for value in table.flat:
        if not isinstance(value, str):
            raise ValueError(
                f"X must hold words (str), got {value!r} of type {type(value).__name__}."
            )
    return table


def _load(vectors: Any) -> dict[str, np.ndarray]:
    if vectors is None:
        return {}
    if isinstance(vectors, Mapping):
        found = {word: np.asarray(vector, dtype=np.float32) for word, vector in vectors.items()}
    else:
        path, found = Path(vectors), {}
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                word, *numbers = line.split()
                try:
                    found[word] = np.array(numbers, dtype=np.float32)
                except ValueError:
                    raise ValueError(
                        f"{path}, line {number}: after the word {word!r} come other things than "
                        "numbers."
                    ) from None
    widths = {vector.shape for vector in found.values()}
    if len(widths) != 1 or len(next(iter(widths))) != 1 or (0,) in widths:
        shown = sorted(widths)[:3]
        raise ValueError(
            f"vectors must be one vector a word, all of one length; the shapes found: {shown}."
        )
    return found
