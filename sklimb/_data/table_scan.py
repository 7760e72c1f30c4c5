"""Statistics from a first pass over the chunks of a table: all that a fit needs of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.utils import check_array
from sklearn.utils.validation import _get_feature_names, check_consistent_length, column_or_1d

from sklimb._data.columns import ColumnScaling, column_quantiles
from sklimb._data.from_tensors import without_tensors
from sklimb._data.tensors import from_scipy
from sklimb._warnings import warn

__all__ = ["TableScan", "scan_chunks"]

# Quantiles are estimated from so many samples, or fewer where they have many columns.
_MOST_SAMPLES, _LEAST_SAMPLES, _VALUES_OF_SAMPLES = 100_000, 1_000, 2**23
# In random order a class with so many samples a chunk on average is in every chunk: the chance that
# one lacks it is exp(-10).
_EXPECTED = 10


@dataclass(frozen=True, eq=False)
class TableScan:
    """What `scan_chunks` found in a table, for `partial_fit` of the classifiers.

    Parameters
    ----------
    n_samples : int
        Samples in all.
    n_chunks : int
        Chunks that they came in: so many calls of `partial_fit` are an epoch.
    classes : ndarray of shape (n_classes,)
        Labels, sorted.
    class_counts : ndarray of shape (n_classes,)
        How many samples each class has.
    feature_names : ndarray of shape (n_features,) or None
        Names of the columns, where chunks had names.
    mean, scale : ndarray of shape (n_features,)
        What a network subtracts from each column and divides it by, exactly as in `fit`.
    norm : float
        Root mean square of the norm of a sample that is scaled so, for networks that ask for it.
    sample : {ndarray, CSR array} of shape (n_sampled, n_features)
        Samples drawn from all, 100,000 at most, whose quantiles stand for those of the table.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.datasets import scan_chunks
    >>> scan = scan_chunks([(np.array([[0.0], [4.0]]), ["a", "b"])])
    >>> scan.classes.tolist(), scan.mean, scan.scale, scan.quantiles([0.0, 0.5])
    (['a', 'b'], array([2.]), array([2.]), array([[0., 2.]]))
    """

    n_samples: int
    n_chunks: int
    classes: np.ndarray
    class_counts: np.ndarray
    feature_names: np.ndarray | None
    mean: np.ndarray
    scale: np.ndarray
    norm: float
    sample: np.ndarray | scipy.sparse.csr_array

    def quantiles(self, shares: np.ndarray) -> np.ndarray:
        """Return quantiles of the columns.

        Parameters
        ----------
        shares : ndarray of shape (q,)
            In [0, 1].

        Returns
        -------
        ndarray of shape (n_features, q)
            Those of `sample`.
        """
        sample = self.sample
        return column_quantiles(
            from_scipy(sample) if scipy.sparse.issparse(sample) else sample, None, shares
        )


def scan_chunks(chunks: Iterable[tuple[Any, Any]], *, random_state: int = 0) -> TableScan:
    """Take the class counts and column statistics of a table that comes in chunks.

    ``partial_fit(X, y, scan=scan)`` over the same chunks then trains as `fit` would on all of them
    at once: with the counts, the scaling, the sizes and the schedule of the whole table.

    Parameters
    ----------
    chunks : iterable of (X, y)
        As `iter_csv` and `iter_parquet` yield them, or your own. X is an array, a frame of numbers
        or a sparse matrix of shape (n_samples, n_features).
    random_state : int, default=0
        Draws the samples whose quantiles are taken.

    Returns
    -------
    TableScan
        Counts, moments and a sample.

    Raises
    ------
    ValueError
        If there is no chunk, chunks differ in their columns, a value is missing or no number, or
        labels are numbers in one chunk and text in another.

    Warns
    -----
    UserWarning
        Where classes lie together, as in a table sorted by class: steps on a chunk would unlearn
        what the chunk does not have.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb.datasets import scan_chunks
    >>> rng = np.random.default_rng(0)
    >>> chunks = [(rng.normal(size=(50, 2)), np.arange(50) % 5 == 0) for _ in range(4)]
    >>> scan = scan_chunks(chunks)
    >>> scan.n_samples, scan.n_chunks, scan.class_counts.tolist()
    (200, 4, [160, 40])
    """
    scaling, labels, rows = ColumnScaling(), _Labels(), _RowSample(random_state)
    names, width = None, None
    for number, chunk in enumerate(chunks):
        X, y = _pair(chunk, number)
        own = _get_feature_names(X)
        X = _numbers(X, own, number)
        check_consistent_length(X, y)
        if width is None:
            names, width = own, X.shape[1]
        _check_columns(X.shape[1], width, own, names, number)
        labels.update(y, number)
        scaling.update(X.astype(np.float64, copy=False), None)
        rows.update(X)
    if width is None:
        raise ValueError("There are no chunks: an iterator can be gone through once only.")
    classes, counts = labels.result()
    mean, scale = scaling.result()
    return TableScan(
        n_samples=int(counts.sum()),
        n_chunks=labels.n_chunks,
        classes=classes,
        class_counts=counts,
        feature_names=names,
        mean=mean,
        scale=scale,
        norm=scaling.norm(),
        sample=rows.rows,
    )


def check_scan(scan: TableScan, X: Any, classes: Any, sample_weight: Any) -> None:
    """Raise an error where a scan is none, or not one of the data that it comes with.

    Parameters
    ----------
    scan : TableScan
    X : array-like
        A chunk.
    classes : array-like or None
    sample_weight : array-like or None
    """
    if not isinstance(scan, TableScan):
        raise TypeError(
            f"scan must be what sklimb.datasets.scan_chunks returns, got {type(scan).__name__}."
        )
    if classes is not None and not np.array_equal(np.unique(classes), scan.classes):
        raise ValueError(
            f"classes={np.unique(classes).tolist()} differ from those of scan, "
            f"{scan.classes.tolist()}."
        )
    if sample_weight is not None:
        raise ValueError(
            "sample_weight and scan: a scan counts samples, and knows no weights. Leave scan out, "
            "or weigh the classes by class_weight."
        )
    width = getattr(X, "shape", (0, len(scan.mean)))[1]
    if width != len(scan.mean):
        raise ValueError(f"X has {width} features, but scan has {len(scan.mean)}.")
    names = _get_feature_names(X) if hasattr(X, "columns") else None
    if names is not None and scan.feature_names is not None:
        _check_columns(width, width, names, scan.feature_names, "X")


def _pair(chunk: Any, number: int) -> tuple[Any, np.ndarray]:
    if not isinstance(chunk, (tuple, list)) or len(chunk) != 2:
        raise ValueError(f"Chunk {number} is no pair (X, y): {type(chunk).__name__}.")
    X, y = chunk
    y = column_or_1d(without_tensors(y, f"y of chunk {number}"), warn=True)
    return without_tensors(X, f"X of chunk {number}"), y


def _numbers(X: Any, names: np.ndarray | None, number: int) -> np.ndarray | scipy.sparse.csr_array:
    """Return a chunk as floats, all of them finite."""
    advice = (
        "Pass chunks through a fitted transformer, "
        "((prepare.transform(X), y) for X, y in chunks), or name other features."
    )
    try:
        X = check_array(
            X, accept_sparse="csr", dtype=[np.float64, np.float32], ensure_all_finite=False
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"Chunk {number} is no matrix of numbers: {error}\n{advice}") from None
    values = X.data if scipy.sparse.issparse(X) else X
    if not np.isfinite(values).all():
        bad = ~np.isfinite(X.toarray() if scipy.sparse.issparse(X) else X)
        columns = np.flatnonzero(bad.any(axis=0))[:10]
        said = columns.tolist() if names is None else names[columns].tolist()
        raise ValueError(
            f"Columns {said} hold missing values or infinity, the first in sample "
            f"{int(np.flatnonzero(bad.any(axis=1))[0])} of chunk {number}. {advice}"
        )
    return X


def _check_columns(
    width: int,
    expected: int,
    own: np.ndarray | None,
    names: np.ndarray | None,
    number: int | str,
) -> None:
    chunk = number if isinstance(number, str) else f"Chunk {number}"
    if width != expected:
        raise ValueError(f"{chunk} has {width} columns, those before it have {expected}.")
    if own is not None and names is not None and not np.array_equal(own, names):
        other = [name for name in own if name not in set(names)]
        what = f"columns {other[:10]}" if other else "its columns in another order"
        raise ValueError(f"{chunk} has {what}; the first chunk has {names.tolist()[:10]}.")


class _Labels:
    """Labels of chunks, counted in each."""

    def __init__(self) -> None:
        self._by_chunk: list[tuple[np.ndarray, np.ndarray]] = []
        self._kinds: dict[bool, int] = {}

    @property
    def n_chunks(self) -> int:
        return len(self._by_chunk)

    def update(self, y: np.ndarray, number: int) -> None:
        """Take the labels of a chunk."""
        missing = pd.isna(y)
        if missing.any():
            raise ValueError(
                f"y has {int(missing.sum())} missing labels in chunk {number}, the first that of "
                f"sample {int(np.flatnonzero(missing)[0])}. Leave these samples out."
            )
        found, counts = np.unique(y, return_counts=True)
        is_text = any(isinstance(label, str) for label in found.tolist())
        self._kinds.setdefault(is_text, number)
        if len(self._kinds) == 2:
            raise ValueError(
                f"Labels are text in chunk {self._kinds[True]} and numbers in chunk "
                f"{self._kinds[False]}. Read them as one type: iter_csv(..., "
                "dtype={'the target': str})."
            )
        self._by_chunk.append((found, counts))

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Return classes and their counts, and warn where they lie together."""
        classes = np.unique(np.concatenate([found for found, _ in self._by_chunk]))
        table = np.zeros((self.n_chunks, len(classes)), dtype=np.int64)
        for row, (found, counts) in zip(table, self._by_chunk, strict=True):
            row[np.searchsorted(classes, found)] = counts
        counts = table.sum(axis=0)
        expected = table.sum(axis=1)[:, None] * (counts / counts.sum())
        lacks = ((table == 0) & (expected > _EXPECTED)).sum(axis=0)
        if lacks.any():
            worst = int(lacks.argmax())
            label = classes[worst : worst + 1].tolist()[0]
            warn(
                f"{int(lacks[worst])} of {self.n_chunks} chunks have no sample of class {label!r}, "
                f"though it has {int(counts[worst]):,} of {int(counts.sum()):,}: the table is "
                "sorted, as it seems. Training on such chunks unlearns what they lack. Write the "
                "rows in random order first."
            )
        return classes, counts


class _RowSample:
    """A uniform sample of all rows, of a fixed size: the rows with the least random keys."""

    def __init__(self, random_state: int) -> None:
        self._rng = np.random.default_rng(random_state)
        self._keys = np.empty(0)
        self._most = 0
        self.rows: Any = None

    def update(self, X: np.ndarray | scipy.sparse.csr_array) -> None:
        """Take the rows of a chunk."""
        sparse = scipy.sparse.issparse(X)
        if not self._most:
            values = max(1, X.nnz // X.shape[0] if sparse else X.shape[1])
            wanted = np.clip(_VALUES_OF_SAMPLES // values, _LEAST_SAMPLES, _MOST_SAMPLES)
            self._most = int(wanted)
        most = self._most
        keys = self._rng.random(X.shape[0])
        if len(self._keys) >= most:  # few of a chunk are taken, once many have gone by
            mine = np.flatnonzero(keys < self._keys.max())
            X, keys = X[mine], keys[mine]
        if not len(keys):
            return
        both = (self.rows, X) if self.rows is not None else (X,)
        rows = scipy.sparse.vstack(both, format="csr") if sparse else np.concatenate(both)
        keys = np.concatenate([self._keys, keys])
        if len(keys) > most:
            kept = np.sort(np.argpartition(keys, most)[:most])
            rows, keys = rows[kept], keys[kept]
        self.rows, self._keys = rows, keys
