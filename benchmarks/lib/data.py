"""All data of the benchmarks: what is read, what is made, and how it is split."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import (
    load_digits,
    make_blobs,
    make_circles,
    make_classification,
    make_gaussian_quantiles,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklimb.datasets import fetch_cifar10, fetch_reuters36, fetch_tabular, make_long_tailed

DATA_HOME = Path(__file__).resolve().parents[3] / "shared" / "data"
# Tables ----------------------------------------------------------------------------------------

REAL = ("mammography", "phoneme", "oil-spill", "glass", "ecoli", "adult")


def _long_tailed(X: np.ndarray, y: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    return make_long_tailed(X, y, ratio=ratio, random_state=0)


def _redundant() -> tuple[np.ndarray, np.ndarray]:
    """Two classes of 49 to 1; 20 columns, of which 6 say something, and 1 % of labels are wrong."""
    return make_classification(
        6000, 20, n_informative=6, n_redundant=4, weights=[0.98], flip_y=0.01, random_state=0
    )


def _clusters() -> tuple[np.ndarray, np.ndarray]:
    """Five classes from 1,200 rows down to 40, each of three clusters in 10 columns."""
    X, y = make_classification(
        6000, 10, n_informative=8, n_redundant=0, n_classes=5, n_clusters_per_class=3,
        class_sep=1.2, random_state=1,
    )  # fmt: skip
    return _long_tailed(X, y, 30)


def _quantiles() -> tuple[np.ndarray, np.ndarray]:
    """Four shells of a Gaussian in 6 columns, 1,000 rows in the innermost, 20 in the outermost."""
    X, y = make_gaussian_quantiles(n_samples=4000, n_features=6, n_classes=4, random_state=2)
    return _long_tailed(X, y, 50)


def _circles() -> tuple[np.ndarray, np.ndarray]:
    """A ring in a ring, 20 to 1, with eight columns of noise of other scales beside them."""
    X, y = make_circles(6000, noise=0.15, factor=0.5, random_state=3)
    rng = np.random.default_rng(3)
    noise = rng.lognormal(sigma=1.5, size=(len(X), 8))
    return _long_tailed(np.hstack([X, noise]), y, 20)


def _blobs() -> tuple[np.ndarray, np.ndarray]:
    """Ten overlapping blobs in 5 columns, 400 rows down to 8, the columns then skewed by exp."""
    X, y = make_blobs(4000, 5, centers=10, cluster_std=2.5, random_state=4)
    return _long_tailed(np.exp(X / 5), y, 50)


MADE = {
    "made-redundant": _redundant,
    "made-clusters": _clusters,
    "made-quantiles": _quantiles,
    "made-circles": _circles,
    "made-blobs": _blobs,
}
SETS = (*REAL, "ecoli-large", *MADE)


def load(name: str, data_home: Path = DATA_HOME) -> tuple[object, np.ndarray]:
    """Return X and y of a table: numbers, or of adult a frame of numbers and categories.

    "ecoli-large" is ecoli without its two classes of 2 rows. The patch number is left out of
    oil-spill: it says where a row was in the file.
    """
    if name in MADE:
        X, y = MADE[name]()
        return X, np.asarray(y)
    if name == "adult":
        X, y = fetch_tabular(name, data_home=data_home, as_frame=True, return_X_y=True)
        return X, np.asarray(y)
    X, y = all_columns(name.removesuffix("-large"), data_home)
    if name == "oil-spill":
        X = X[:, 1:]
    return without_rare_classes(X, y, fewest=5) if name == "ecoli-large" else (X, y)


def all_columns(name: str, data_home: Path = DATA_HOME) -> tuple[np.ndarray, np.ndarray]:
    """Return X and y of a table of numbers with every column that the file has."""
    X, y = fetch_tabular(name, data_home=data_home, return_X_y=True)
    return np.asarray(X, dtype=np.float64), np.asarray(y)


def without_rare_classes(
    X: np.ndarray, y: np.ndarray, *, fewest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the classes that have so many rows at the least."""
    labels, counts = np.unique(y, return_counts=True)
    kept = np.isin(y, labels[counts >= fewest])
    return X[kept], y[kept]


def preparation(X: object) -> object:
    """Return an unfitted transformer to scaled numbers, categories as columns; for all methods.

    The networks would scale by themselves: to them it makes no difference.
    """
    if not hasattr(X, "select_dtypes"):
        return StandardScaler()
    categories = X.select_dtypes(exclude="number").columns.tolist()
    numbers = [name for name in X.columns if name not in categories]
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=5, sparse_output=False
    )
    return make_column_transformer((StandardScaler(), numbers), (one_hot, categories))


def subsample(X: object, y: np.ndarray, n: int, seed: int = 0) -> tuple[object, np.ndarray]:
    """Return at most n rows, by class as far as each goes, always the same ones."""
    if len(y) <= n:
        return X, y
    rng = np.random.default_rng(seed)
    kept = []
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        kept.append(rng.permutation(rows)[: max(5, round(n * len(rows) / len(y)))])
    kept = np.sort(np.concatenate(kept))
    return (X.iloc[kept] if hasattr(X, "iloc") else X[kept]), y[kept]


# Rows to tune on: four fifths of each set, the rest is never looked at --------------------------

# Sets that the defaults for rows are chosen on, and how many of their rows are used, small first.
TUNING_SETS = {"glass": None, "ecoli-large": None, "oil-spill": None, "phoneme": 2500,
               "mammography": 5000, "made-redundant": None, "made-clusters": None,
               "adult": 3000}  # fmt: skip
# Further ones, for who names them.
MORE_TUNING_SETS = ("made-blobs", "made-quantiles", "made-circles")


def tuning_part(X: object, y: np.ndarray) -> tuple[object, np.ndarray]:
    """Return the four fifths of the rows, by class, that defaults may be chosen on."""
    X, _, y, _ = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
    return X, y


def tuning_parts(data_home: Path = DATA_HOME) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the rows to tune on of five tables (ecoli: "ecoli-large") and long-tailed digits."""
    sets = {
        name: load("ecoli-large" if name == "ecoli" else name, data_home)
        for name in ("mammography", "oil-spill", "phoneme", "glass", "ecoli")
    }
    sets["digits-lt"] = _long_tailed(*load_digits(return_X_y=True), 20)
    return {name: tuning_part(X, y) for name, (X, y) in sets.items()}


def tuning_fold(name: str, split: int, data_home: Path = DATA_HOME) -> tuple[np.ndarray, ...]:
    """Return rows to train on, their labels, rows to validate on, theirs.

    Splits go on for ever: three folds, then three of the rows in another order, and so on.
    """
    X, y = tuning_part(*load(name, data_home))
    if TUNING_SETS.get(name):
        X, y = subsample(X, y, TUNING_SETS[name])
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=split // 3 + 1, random_state=0)
    train, valid = list(folds.split(X, y))[split]
    rows = X.iloc if hasattr(X, "iloc") else X
    prepare = preparation(X) if hasattr(X, "iloc") else FunctionTransformer()
    learnt = prepare.fit_transform(rows[train])
    return learnt, y[train], prepare.transform(rows[valid]), y[valid]


# Texts ------------------------------------------------------------------------------------------


def reuters36(data_home: Path = DATA_HOME) -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    """R52 without the topics of fewer than 5 test documents (Kim, Jeong & Shin, section 4.3).

    Returns
    -------
    texts_train, y_train, texts_test, y_test
        6,436 and 2,530 documents of 36 topics.
    """
    texts, y = fetch_reuters36(data_home=data_home, return_X_y=True)
    texts_test, y_test = fetch_reuters36(subset="test", data_home=data_home, return_X_y=True)
    return texts, y, texts_test, y_test


def word_bag() -> CountVectorizer:
    """Return the M2m paper's features: which of the 1,000 most frequent words a text has."""
    return CountVectorizer(max_features=1000, stop_words="english", binary=True, dtype=np.float32)


def reuters36_words(data_home: Path = DATA_HOME) -> tuple[np.ndarray, ...]:
    """Return X_train, y_train, X_test, y_test: `reuters36` as the M2m paper has it, dense."""
    texts, y, texts_test, y_test = reuters36(data_home)
    bag = word_bag()
    X = bag.fit_transform(texts).toarray()
    return X, y, bag.transform(texts_test).toarray(), y_test


# Images -----------------------------------------------------------------------------------------


def mnist(data_home: Path = DATA_HOME) -> tuple[np.ndarray, ...]:
    """Return X_train, y_train, X_test, y_test; images as rows of 784 pixels from 0 to 255."""
    with np.load(data_home / "images" / "mnist.npz") as file:
        X, y, X_test, y_test = (file[k] for k in ("X_train", "y_train", "X_test", "y_test"))
    X, X_test = (images.reshape(len(images), -1).astype(np.float32) for images in (X, X_test))
    return X, y, X_test, y_test


def digits() -> tuple[np.ndarray, ...]:
    """Return X_train, y_train, X_test, y_test of scikit-learn's digits, two fifths to test on."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
    return X, y, X_test, y_test


@cache
def cifar10(data_home: Path = DATA_HOME) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return images and labels to train on and to test on, decoded once."""
    return tuple(
        fetch_cifar10(subset=subset, data_home=data_home, return_X_y=True)
        for subset in ("train", "test")
    )
