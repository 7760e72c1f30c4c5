"""All data of the benchmarks: what is read, what is made, and how it is split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_blobs, make_circles, make_classification, make_gaussian_quantiles
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklimb.datasets import fetch_reuters36, fetch_tabular, make_long_tailed

DATA_HOME = Path(__file__).resolve().parents[3] / "shared" / "data"
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
    """Return X and y: numbers, or of adult a frame of numbers and categories.

    "ecoli-large" is ecoli without its two classes of 2 rows. The patch number is left out of
    oil-spill: it says where a row was in the file.
    """
    if name in MADE:
        X, y = MADE[name]()
        return X, np.asarray(y)
    table = fetch_tabular(
        name.removesuffix("-large"), data_home=data_home, as_frame=name == "adult", return_X_y=True
    )
    X, y = table
    if name == "adult":
        return X, np.asarray(y)
    X, y = np.asarray(X, dtype=float), np.asarray(y)
    if name == "oil-spill":
        X = X[:, 1:]
    if name == "ecoli-large":
        labels, counts = np.unique(y, return_counts=True)
        kept = np.isin(y, labels[counts >= 5])
        X, y = X[kept], y[kept]
    return X, y


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
