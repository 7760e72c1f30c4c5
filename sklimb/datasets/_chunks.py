"""Tables larger than memory, as chunks (X, y) of CSV or Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["iter_csv", "iter_parquet"]

CSV_ENDINGS = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip", ".tsv", ".txt")
PARQUET_ENDINGS = (".parquet", ".parq", ".pq")


def iter_csv(
    path: str | os.PathLike[str],
    *,
    target: str,
    features: Sequence[str] | None = None,
    chunk_size: int = 50_000,
    shuffle: bool = False,
    random_state: int | None = None,
    **read_csv: Any,
) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Yield a CSV file, or the CSV files of a folder, in chunks.

    Parameters
    ----------
    path : str or path-like
        A file, or a folder of files, which are read in the order of their names. All have a header
        with the same names.
    target : str
        Name of the column of labels.
    features : sequence of str or None, default=None
        Names of the columns to learn from; None takes all others.
    chunk_size : int, default=50_000
        Samples of a chunk. What is left at the end, if it is less than half a chunk, joins the
        last.
    shuffle : bool, default=False
        Read the files of a folder in random order. The rows of a file keep theirs: write them in
        random order where they are sorted.
    random_state : int or None, default=None
        Of the order; None draws one anew.
    **read_csv : dict
        Further arguments of `pandas.read_csv`: ``sep``, ``dtype``, ``na_values`` and the like.

    Returns
    -------
    iterator of (DataFrame, ndarray)
        X of shape (n_samples, n_features) and y of shape (n_samples,) of each chunk, as pandas
        reads them: columns of text and missing values are yours to deal with.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or a folder without any.
    TypeError
        If `features` is a single name.
    ValueError
        If a column is not there, the target is there twice or one of `features`, or files differ in
        their columns.

    See Also
    --------
    scan_chunks : What a classifier is told of all chunks before it gets the first.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, pandas as pd
    >>> from sklimb import RebalancedClassifier
    >>> from sklimb.datasets import iter_csv, scan_chunks
    >>> X = np.random.default_rng(0).normal(size=(600, 3))
    >>> table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=X[:, 0] > 1)
    >>> model = RebalancedClassifier(class_weight="balanced", max_epochs=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "table.csv"
    ...     table.to_csv(path, index=False)
    ...     scan = scan_chunks(iter_csv(path, target="y", chunk_size=200))
    ...     for epoch in range(model.max_epochs):
    ...         for X_chunk, y_chunk in iter_csv(path, target="y", chunk_size=200):
    ...             model = model.partial_fit(X_chunk, y_chunk, scan=scan)
    >>> model.class_counts_.sum(), model.n_iter_
    (np.float64(600.0), 6)
    """
    _check_chunk_size(chunk_size)
    _check_features(features, target)
    files = files_of(path, CSV_ENDINGS)
    if shuffle:
        np.random.default_rng(random_state).shuffle(files)
    if features is not None:
        read_csv = {"usecols": [*features, target], **read_csv}
    return _chunks(_frames_of_csv(files, chunk_size, read_csv), target, features, chunk_size)


def iter_parquet(
    path: str | os.PathLike[str],
    *,
    target: str,
    features: Sequence[str] | None = None,
    chunk_size: int = 50_000,
    shuffle: bool = False,
    random_state: int | None = None,
) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Yield a Parquet file, or the Parquet files of a folder, in chunks; needs pyarrow.

    Parameters
    ----------
    path : str or path-like
        A file, or a folder of files with the same columns.
    target : str
        Name of the column of labels.
    features : sequence of str or None, default=None
        Names of the columns to learn from; None takes all others. No other is read.
    chunk_size : int, default=50_000
        Samples of a chunk. What is left at the end, if it is less than half a chunk, joins the
        last.
    shuffle : bool, default=False
        Read the row groups of all files in random order. The rows of a group keep theirs.
    random_state : int or None, default=None
        Of the order; None draws one anew.

    Returns
    -------
    iterator of (DataFrame, ndarray)
        X of shape (n_samples, n_features) and y of shape (n_samples,) of each chunk, as the
        file has them.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    FileNotFoundError
        If there is no such file, or a folder without any.
    TypeError
        If `features` is a single name.
    ValueError
        If a column is not there, the target is there twice or one of `features`, or files differ in
        their columns.

    See Also
    --------
    iter_csv : The same of CSV files, with an example of training.

    Examples
    --------
    >>> from sklimb.datasets import iter_parquet
    >>> chunks = iter_parquet("flights/", target="late", chunk_size=100_000)  # doctest: +SKIP
    """
    _check_chunk_size(chunk_size)
    _check_features(features, target)
    parquet = pyarrow_parquet()
    files = files_of(path, PARQUET_ENDINGS)
    n_groups = [parquet.read_metadata(file).num_row_groups for file in files]
    groups = [(file, k) for file, n in zip(files, n_groups, strict=True) for k in range(n)]
    if shuffle:
        np.random.default_rng(random_state).shuffle(groups)
    columns = None if features is None else [*features, target]
    frames = _frames_of_parquet(parquet, groups, chunk_size, columns)
    return _chunks(frames, target, features, chunk_size)


def _check_chunk_size(chunk_size: int) -> None:
    whole = isinstance(chunk_size, Integral) and not isinstance(chunk_size, bool)
    if not whole or chunk_size < 1:
        raise ValueError(f"chunk_size must be a whole number above 0, got {chunk_size!r}.")


def files_of(path: str | os.PathLike[str], endings: Sequence[str]) -> list[Path]:
    """Return the file, or those of a folder, in order."""
    path = Path(path)
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.name[0] not in "._")
        files = [file for file in inside if file.name.lower().endswith(tuple(endings))]
        if not files:
            raise FileNotFoundError(
                f"The folder {path} has no file that ends in {', '.join(endings)}."
            )
        return files
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    return [path]


def _frames_of_csv(
    files: Sequence[Path], chunk_size: int, read_csv: dict[str, Any]
) -> Iterator[tuple[Path, pd.DataFrame]]:
    for file in files:
        with pd.read_csv(file, chunksize=chunk_size, **read_csv) as reader:
            yield from ((file, frame) for frame in reader)


def _frames_of_parquet(
    parquet: Any,
    groups: Sequence[tuple[Path, int]],
    chunk_size: int,
    columns: list[str] | None,
) -> Iterator[tuple[Path, pd.DataFrame]]:
    for path, group in groups:
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            batches = file.iter_batches(chunk_size, row_groups=[group], columns=columns)
            for batch in batches:
                yield path, frame_of(batch)


def frame_of(batch: Any) -> pd.DataFrame:
    """Return a batch of pyarrow as a frame, without the index that pandas saved without a name."""
    frame = batch.to_pandas(ignore_metadata=True)
    return frame.drop(columns=[c for c in frame.columns if c.startswith("__index_level_")])


def pyarrow_parquet() -> Any:
    """Return `pyarrow.parquet`, or say what to install."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise ImportError(
            "to read Parquet files pyarrow is needed: pip install sklimb[files]"
        ) from None
    return parquet


def _chunks(
    frames: Iterator[tuple[Path, pd.DataFrame]],
    target: str,
    features: Sequence[str] | None,
    chunk_size: int,
) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Yield pairs of one size, whatever the sizes of the pieces that are read."""
    for frame in _of_one_size(_checked(frames, target, features), chunk_size):
        yield frame.drop(columns=target), frame[target].to_numpy()


def _checked(
    frames: Iterator[tuple[Path, pd.DataFrame]], target: str, features: Sequence[str] | None
) -> Iterator[pd.DataFrame]:
    """Yield frames whose columns are the first one's, in one order, the target last."""
    wanted: list[str] | None = None
    for file, frame in frames:
        there = list(frame.columns)
        if wanted is None:
            _check_target(file, there, target, features)
            asked = [c for c in there if c != target] if features is None else list(features)
            wanted = [*asked, target]
        lacking = [name for name in wanted if name not in there]
        more = [name for name in there if name not in wanted] if features is None else []
        if lacking or more:
            what = f"lacks the columns {lacking}" if lacking else f"has columns {more} beside"
            raise ValueError(f"{file} {what}; there are {there[:20]}, {wanted[:20]} were expected.")
        yield frame[wanted]


def _check_target(
    file: Path, there: list[str], target: str, features: Sequence[str] | None
) -> None:
    """Complain about a target that is not there, or is there twice."""
    if target not in there:
        near = [name for name in there if str(name).strip() == str(target).strip()]
        hint = f": did you mean {near[0]!r}?" if near else f", there are {there[:20]}"
        if len(there) == 1:
            hint += "; what separates the columns, sep=';'?"
        raise ValueError(f"{file} has no column {target!r}, the target{hint}")
    again = f"{target}.1"
    if again in there and features is None:
        raise ValueError(
            f"{file} has a column {again!r}, as pandas calls a second {target!r}: it would "
            "give the class away. Name the columns to learn from: features=[...]."
        )


def _check_features(features: Sequence[str] | None, target: str) -> None:
    if isinstance(features, str):
        raise TypeError(f"features must be a list of names, got {features!r}: pass [{features!r}].")
    if features is not None and target in features:
        raise ValueError(f"features name {target!r}, which is the target.")


def _of_one_size(frames: Iterator[pd.DataFrame], size: int) -> Iterator[pd.DataFrame]:
    """Yield frames of `size` rows; a rest of less than half joins the last."""
    held: list[pd.DataFrame] = []
    n_held = 0
    for frame in frames:
        held.append(frame)
        n_held += len(frame)
        while n_held >= size + -(-size // 2):  # what stays is a chunk of its own, or part of one
            whole = _joined(held)
            yield whole.iloc[:size]
            held, n_held = [whole.iloc[size:]], n_held - size
    if n_held:
        yield _joined(held)


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
