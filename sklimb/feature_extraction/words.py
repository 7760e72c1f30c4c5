"""Numbers from words in their surroundings."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils._param_validation import InvalidParameterError, RealNotInt
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from sklimb._constraints import COUNT, Number

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
        Samples that a feature needs at least, or their share: one that occurs once cannot repeat.
    vectors : path-like, mapping of str to array or None, default=None
        Word vectors: a text file with one word a line, then a blank or tab and its numbers (also
        ``.gz``), as :func:`sklimb.datasets.find_twitter_vectors` finds it, or a mapping. Blank
        lines and word2vec's first line, of two counts, are passed over. A word without a vector
        gets that of ``UUUNKKK``, and what is beyond the ends that of ``</s>``, or zeros where these
        are missing.

    Attributes
    ----------
    vectorizers_ : list of CountVectorizer or None
        One a column, None for a column without words; empty if neither words nor n-grams are asked
        for.
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

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "words": ["boolean"],
        "ngram_range": [list, tuple, np.ndarray, None],
        "min_df": [*COUNT, Number(RealNotInt, 0, 1, closed="both")],
        "vectors": [str, os.PathLike, Mapping, None],
    }

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
            If X holds no words or none that is frequent enough, or a parameter cannot be used.
        """
        self._validate_params()
        has_grams = self.ngram_range is not None
        if not (self.words or has_grams or self.vectors is not None):
            raise ValueError(
                "Without words, n-grams and vectors there are no features: set words, ngram_range "
                "or vectors."
            )
        if has_grams:
            _check_ngram_range(self.ngram_range)
        table = _table(X)
        validate_data(self, X, skip_check_array=True)  # the number and the names of the columns
        self.vectors_ = _load(self.vectors)
        self.vectorizers_ = []
        if self.words or has_grams:
            names = _check_feature_names_in(self)
            self.vectorizers_ = [
                self._fit_column(name, column) for name, column in zip(names, table.T, strict=True)
            ]
            if not self.vectors_ and not any(self.vectorizers_):
                raise ValueError(
                    "No column of X has a word (or an n-gram of the lengths in ngram_range), so "
                    "there are no features."
                )
        return self

    def _fit_column(self, name: str, column: np.ndarray) -> CountVectorizer | None:
        analyzer = _Analyzer(self.words, self.ngram_range)
        if not any(analyzer(word) for word in column):
            return None  # CountVectorizer refuses to have no features
        one = CountVectorizer(analyzer=analyzer, min_df=self.min_df, binary=True, dtype=np.float32)
        try:
            return one.fit(column)
        except InvalidParameterError:
            raise
        except ValueError as error:  # it speaks of stop words and max_df, which are not ours
            raise ValueError(
                f"Column {name!r} has no feature in at least min_df={self.min_df} of its "
                f"{len(column)} samples; lower min_df."
            ) from error

    def transform(self, X: Any) -> sparse.csr_matrix | np.ndarray:
        """Turn words into numbers.

        Parameters
        ----------
        X : array-like or frame of str, of shape (n_samples, n_columns)
            Words, in the columns of `fit`; a frame's names must be the same, in the same order.

        Returns
        -------
        features : csr_matrix or ndarray of float32, of shape (n_samples, n_features_out)
            Dense where vectors alone are asked for.

        Raises
        ------
        ValueError
            If X has other columns than in `fit`.
        """
        check_is_fitted(self, "vectorizers_")
        table = _table(X)
        validate_data(self, X, skip_check_array=True, reset=False)
        if not self.vectorizers_:  # vectors alone are asked for
            return self._dense(table)
        parts = [
            one.transform(column)
            for one, column in zip(self.vectorizers_, table.T, strict=True)
            if one is not None
        ]
        if self.vectors_:
            parts.append(sparse.csr_matrix(self._dense(table)))
        return sparse.hstack(parts, format="csr")

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
            Names of the columns: those of `fit`, if they had names. None takes these, or x0, x1 and
            so on.

        Returns
        -------
        names : ndarray of str
            ``word=run`` for a word, ``word~ ru`` for an n-gram (blanks are ends of a word) and
            ``word[3]`` for a number of a vector.

        Raises
        ------
        ValueError
            If `input_features` are other names than in `fit`, or too many or too few.
        """
        check_is_fitted(self, "vectorizers_")
        input_features = _check_feature_names_in(self, input_features)
        names = [
            f"{column}{feature}"
            # No vectorizers, if vectors alone are asked for.
            for column, one in zip(input_features, self.vectorizers_, strict=False)
            if one is not None
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


def _check_ngram_range(ngram_range: Any) -> None:
    whole = len(ngram_range) == 2 and all(COUNT[0].is_satisfied_by(n) for n in ngram_range)
    if not (whole and ngram_range[0] <= ngram_range[1]):
        raise ValueError(
            "ngram_range must be (shortest, longest) with 1 <= shortest <= longest, or None, got "
            f"{ngram_range!r}."
        )


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
        try:
            found = _read(Path(vectors))
        except OSError as error:
            reason = error.strerror or str(error)
            if isinstance(error, IsADirectoryError):
                raise ValueError(
                    f"vectors={str(vectors)!r} is a folder; it must be the file of word vectors."
                ) from None
            raise type(error)(error.errno, f"vectors: {reason}", str(vectors)) from None
    widths = {vector.shape for vector in found.values()}
    if len(widths) != 1 or len(next(iter(widths))) != 1 or (0,) in widths:
        shown = sorted(widths)[:3]
        raise ValueError(
            f"vectors must be one vector a word, all of one length; the shapes found: {shown}."
        )
    return found


def _read(path: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    width, counted = 0, None  # numbers in the first line of a word, and what a header says of them
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            word, *numbers = line.split()
            try:
                vector = np.array(numbers, dtype=np.float32)
            except ValueError:
                raise ValueError(
                    f"{path}, line {number}: after the word {word!r} come other things than "
                    "numbers."
                ) from None
            if not found:
                width = len(vector)
                if width == 1 and word.isdecimal() and numbers[0].isdecimal():
                    counted = int(numbers[0])
            elif len(found) == 1 and counted == len(vector) != width:
                # "words numbers": only now it is known not to be a word and its one number
                found.clear()
                width = len(vector)
            if len(vector) != width:
                raise ValueError(
                    f"{path}, line {number}: the word {word!r} has {len(vector)} numbers, the "
                    f"first one {width}."
                )
            found[word] = vector
    if not found:
        raise ValueError(f"{path} holds no word vectors: it has no line with something in it.")
    return found
