"""The data sets that ``sklimb compare --dataset`` knows by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer

from sklimb._compare.errors import InputError
from sklimb._compare.phrases import nearest
from sklimb._compare.snippet import literal

# Evened out, 36 topics, the largest of 2,840 texts, are a hundred thousand rows of 11,643 columns
# to learn from, fourteen times a method; and translated rows are dense.
_SLOW_ON_TEXTS = ("smote", "oversample", "m2m", "m2m_sampler")
_WITHOUT_SLOW = (
    "samplers (smote, oversample, m2m_sampler) make a hundred thousand rows of these texts, and "
    "m2m translates rows of all their words; either takes an hour or more, so they run only where "
    "asked for by name"
)
# The largest class of mnist-lt: the ten thousand rows of a whole long-tailed MNIST would take
# hours, and what imbalance does is seen on fewer.
_MNIST_LARGEST = 1000
_MNIST_RATIO = 100


@dataclass
class NamedSet:
    """A data set as `compare` takes it.

    Parameters
    ----------
    X, y, X_test, y_test
        What `compare` takes; the test part is None where there is none.
    code : str
        Python that makes all of these.
    prepare : transformer or None
        The first step of every pipeline; None chooses it by the types of the columns.
    repeats : int or None
        How often, if not asked for. Large sets with a test part of their own run once, because a
        comparison of all methods takes hours.
    notes : list of str
    left_out : tuple of str
        Methods that are not run unless asked for by name.
    name : str
        A key of `SETS`.
    """

    X: Any
    y: np.ndarray
    X_test: Any
    y_test: np.ndarray | None
    code: str
    prepare: BaseEstimator | None = None
    repeats: int | None = None
    notes: list[str] = field(default_factory=list)
    left_out: tuple[str, ...] = ()
    name: str = ""

    def methods(self) -> list[str] | None:
        """Return the methods that run unless others are asked for, None for all."""
        if not self.left_out:
            return None
        from sklimb._compare.run.methods import METHODS

        return [name for name in METHODS if name not in self.left_out]


def load_set(name: str, *, data_home: str | None, seed: int) -> NamedSet:
    """Load a data set by name.

    Parameters
    ----------
    name : str
        One of `SETS`; underscores count as hyphens.
    data_home : str or None
        As the ``fetch_`` functions take it.
    seed : int
        For sets that are made imbalanced by drawing samples.

    Returns
    -------
    found : NamedSet

    Raises
    ------
    InputError
        If there is no such set, or it cannot be had; the message is one line.
    """
    key = name.strip().lower().replace("_", "-")
    if key not in SETS:
        raise InputError(f"there is no data set {name!r}: {nearest(name, SETS)}")
    try:
        found = SETS[key](_Fetcher(data_home), seed)
    except (OSError, ImportError) as error:
        raise InputError(f"--dataset {key}: {' '.join(str(error).split())}") from None
    found.name = key
    return found


class _Fetcher:
    """Calls a function of `sklimb.datasets`, and writes the call down."""

    def __init__(self, data_home: str | None):
        self.data_home = data_home
        self.options = {} if data_home is None else {"data_home": data_home}
        self.lines: list[str] = []
        self.names: list[str] = []

    def __call__(self, variables: str, function: str, *arguments: str, **options: Any) -> Any:
        from sklimb import datasets

        if function not in self.names:
            self.names.append(function)
        given = {**options, "return_X_y": True, **self.options}
        shown = [literal(argument) for argument in arguments]
        shown += [f"{key}={literal(value)}" for key, value in given.items()]
        line = f"{variables} = {function}({', '.join(shown)})"
        if len(line) > 88:
            line = f"{variables} = {function}(\n    {', '.join(shown)}\n)"
        self.lines.append(line)
        return getattr(datasets, function)(*arguments, **given, verbose=True)

    @property
    def code(self) -> str:
        imports = f"from sklimb.datasets import {', '.join(sorted(self.names))}\n\n"
        return imports + "\n".join(self.lines) + "\n"


def _reuters(function: str, fetch: _Fetcher, seed: int) -> NamedSet:
    X, y = fetch("X, y", function, subset="train")
    X_test, y_test = fetch("X_test, y_test", function, subset="test")
    # 11,643 words of the 36 topics.
    prepare = TfidfVectorizer(min_df=2, stop_words="english", sublinear_tf=True)
    return NamedSet(
        X,
        y,
        X_test,
        y_test,
        fetch.code,
        prepare,
        repeats=1,
        notes=[_WITHOUT_SLOW],
        left_out=_SLOW_ON_TEXTS,
    )


def _twitter(fetch: _Fetcher, seed: int) -> NamedSet:
    from sklimb.datasets import find_twitter_vectors
    from sklimb.feature_extraction import WordWindowVectorizer

    X, y = fetch("X, y", "fetch_twitter_pos", subset="train")
    X_test, y_test = fetch("X_test, y_test", "fetch_twitter_pos", subset="test")
    vectors = find_twitter_vectors(fetch.data_home)
    if vectors is None:
        prepare = WordWindowVectorizer()
        note = (
            "features are words and their character n-grams; with embeddings-twitter.txt in the "
            "folder text of the data home they are the paper's word vectors"
        )
    else:
        prepare = WordWindowVectorizer(words=False, ngram_range=None, vectors=str(vectors))
        note = f"features are the word vectors of {vectors}"
    return NamedSet(X, y, X_test, y_test, fetch.code, prepare, 1, [note])


def _mnist(fetch: _Fetcher, seed: int) -> NamedSet:
    from sklimb.datasets import make_long_tailed

    X, y = fetch("X, y", "fetch_mnist", subset="train")
    X_test, y_test = fetch("X_test, y_test", "fetch_mnist", subset="test")
    options = {"ratio": _MNIST_RATIO, "n_max": _MNIST_LARGEST, "order": "label"}
    X, y = make_long_tailed(X, y, **options, random_state=seed)
    fetch.names.append("make_long_tailed")
    fetch.lines.append(
        f"X, y = make_long_tailed(\n    X, y, ratio={_MNIST_RATIO}, n_max={_MNIST_LARGEST}, "
        f'order="label", random_state={seed}\n)'
    )
    note = f"MNIST, long-tailed with {_MNIST_LARGEST:,} zeros down to a hundredth as many nines"
    return NamedSet(X, y, X_test, y_test, fetch.code, repeats=1, notes=[note])


def _table(name: str, fetch: _Fetcher, seed: int) -> NamedSet:
    X, y = fetch("X, y", "fetch_tabular", name, as_frame=True)
    if name == "oil-spill":
        X = X.drop(columns="patch")
        fetch.lines.append('X = X.drop(columns="patch")  # a number, no measure')
    return NamedSet(X, y.to_numpy(), None, None, fetch.code)


def _adult(fetch: _Fetcher, seed: int) -> NamedSet:
    X, y = fetch("X, y", "fetch_tabular", "adult", subset="train", as_frame=True)
    X_test, y_test = fetch("X_test, y_test", "fetch_tabular", "adult", subset="test", as_frame=True)
    return NamedSet(X, y.to_numpy(), X_test, y_test.to_numpy(), fetch.code, repeats=1)


SETS: dict[str, Callable[[_Fetcher, int], NamedSet]] = {
    "reuters36": partial(_reuters, "fetch_reuters36"),
    "reuters52": partial(_reuters, "fetch_reuters52"),
    "twitter-pos": _twitter,
    "mnist-lt": _mnist,
    **{
        name: partial(_table, name)
        for name in ("mammography", "oil-spill", "phoneme", "glass", "ecoli")
    },
    "adult": _adult,
}
