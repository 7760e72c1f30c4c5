"""Scored samples that are nearly the same as one that was learnt from, as changed copies are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

# Rows that are the same but for one column: so many of those that are scored. Where columns have
# few values such rows are natural, and are so whichever column is left out.
_SHARE = 0.05
_NEXT = 0.3
# So many equal rows for each, if columns had nothing to do with each other; more where most rows
# have such a copy.
_BY_CHANCE = 1e-6
_MOST_ROWS, _BY_CHANCE_OF_MOST = 0.3, 3e-3
_LEAST_COLUMNS = 3
_MOST_CELLS = 20_000_000
# A copy of which all numbers were moved a little is much nearer than the twentieth neighbour is.
# Of 180 real tables such rows are a third at most, but for measurements a moment apart.
_NEIGHBOUR, _NEARER, _SHARE_NEARER = 20, 0.1, 0.4
# Of MNIST's and CIFAR's images 0 to 0.5 % look so much like another.
_NEARER_IMAGE, _SHARE_OF_IMAGES, _SIDE = 0.25, 0.02, 8
_MOST_SCORED, _MOST_LEARNT, _LEAST_SCORED = 500, 10_000, 20


def near_notes(
    X: Any,
    y: np.ndarray,
    pair: tuple[np.ndarray, np.ndarray],
    left_out: Collection[Any] = (),
    noun: str = "row",
) -> list[str]:
    """Say how many scored samples are nearly the same as one that was learnt from.

    Rows are that where all columns but one are equal, or where all numbers are nearly equal; images
    where they are so once they are small, grey and of one brightness, or mirrored. Samples that are
    equal are not counted.

    Parameters
    ----------
    X : frame, or array of rows of numbers or of images, of n_samples
        Of anything else nothing is said.
    y : ndarray of shape (n_samples,)
    pair : (train, test)
        Positions.
    left_out : collection, default=()
        Columns of a frame that are not learnt from.
    noun : str, default="row"
        What a sample is called.

    Returns
    -------
    notes : list of str
        At most one.
    """
    train, test = pair
    if sparse.issparse(X) or len(test) < _LEAST_SCORED:
        return []
    if np.ndim(X) == 4:
        return _image_notes(np.asarray(X), y, train, test, noun)
    if hasattr(X, "iloc"):
        frame = X[[name for name in X.columns if name not in left_out]]
    elif np.ndim(X) == 2 and np.asarray(X).dtype.kind in "iuf":
        frame = pd.DataFrame(X)
    else:
        return []
    if frame.shape[1] < _LEAST_COLUMNS:
        return []
    return _but_for_one(frame, y, train, test) or _moved(frame, y, train, test)


def _but_for_one(
    frame: pd.DataFrame, y: np.ndarray, train: np.ndarray, test: np.ndarray
) -> list[str]:
    """Say that rows are the same in all columns but one."""
    if frame.size > _MOST_CELLS:
        train = np.random.default_rng(0).permutation(train)[: _MOST_CELLS // frame.shape[1]]
    hashes, alike = zip(*(_hashed(frame[name]) for name in frame.columns), strict=True)
    whole = np.sum(hashes, axis=0, dtype=np.uint64)
    again = _among(whole[test], whole[train])
    expected = len(train) * np.exp(np.sum(np.log(alike)) - np.log(alike))
    hits = [_among((whole - own)[test], (whole - own)[train]) & ~again for own in hashes]
    shares = np.array([hit.mean() for hit in hits])
    next_one, best = np.argsort(shares)[-2:]
    share = shares[best]
    by_chance = _BY_CHANCE_OF_MOST if share >= _MOST_ROWS else _BY_CHANCE
    if share < _SHARE or shares[next_one] > _NEXT * share or expected[best] > by_chance:
        return []
    keys = whole - hashes[best]
    own = pd.util.hash_array(np.unique(y, return_inverse=True)[1]) + keys
    same = (hits[best] & _among(own[test], own[train])).sum() / hits[best].sum()
    return [
        f"{share:.0%} of the scored rows are the same as one that was learnt from in every column "
        f"but {frame.columns[best]}, {_of_them(same)} with its class: {_REMEDY}"
    ]


_REMEDY = (
    "if they are one case again, the figures flatter; give all rows of a case one group (--groups)"
)


def _of_them(share: float) -> str:
    return "all of them" if share == 1 else f"{share:.0%} of them"


def _hashed(values: pd.Series) -> tuple[np.ndarray, float]:
    """Return a number for each value, and how likely two rows have the same."""
    codes, different = pd.factorize(values, use_na_sentinel=False)
    counts = np.bincount(codes, minlength=len(different))
    name = pd.util.hash_array(np.array([str(values.name)], dtype=object))[0]
    keys = pd.util.hash_array(np.arange(len(different)) ^ np.int64(name >> np.uint64(1)))
    return keys[codes], float(((counts / len(values)) ** 2).sum())


def _among(keys: np.ndarray, known: np.ndarray) -> np.ndarray:
    return pd.Series(keys).isin(known).to_numpy()


def _moved(frame: pd.DataFrame, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> list[str]:
    """Say that all numbers of rows are nearly the same."""
    train, test = _drawn(train, test)
    numbers = frame.select_dtypes("number")
    if numbers.shape[1] < _LEAST_COLUMNS:
        return []
    table = numbers.iloc[np.r_[train, test]].to_numpy(dtype=float, na_value=np.nan)
    table = table[:, ~np.isnan(table).all(axis=0)]
    table = np.where(np.isnan(table), np.nanmedian(table, axis=0), table)
    spread = table.std(axis=0)
    table = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1)
    known, new = table[: len(train)], table[len(train) :]
    hit, distance, nearest = _much_nearer(known, new, _NEARER)
    hit &= distance > 1e-9 * np.sqrt(table.shape[1])  # the same ones are told of as such
    if hit.mean() < _SHARE_NEARER:
        return []
    same = (y[train][nearest] == y[test])[hit].mean()
    return [
        f"about {hit.mean():.0%} of the scored rows lie ten times nearer to one that was learnt "
        f"from than to others, {_of_them(same)} with its class, as rows do that were measured a "
        f"moment apart or copied with noise: {_REMEDY}"
    ]


def _drawn(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.permutation(train)[:_MOST_LEARNT], rng.permutation(test)[:_MOST_SCORED]


def _much_nearer(
    known: np.ndarray, new: np.ndarray, nearer: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which rows have a neighbour that is much nearer than others, how near, and which."""
    n = _NEIGHBOUR
    if len(known) < 5 * n:
        none = np.zeros(len(new))
        return none.astype(bool), none, none.astype(np.intp)
    rough = (known**2).sum(axis=1) - 2 * new @ known.T
    places = np.argpartition(rough, n, axis=1)[:, :n]
    # Anew, as differences of large squares say nothing of small distances.
    distances = np.sqrt(((new[:, None] - known[places]) ** 2).sum(axis=2))
    nearest = distances.argmin(axis=1)
    least, largest = distances.min(axis=1), distances.max(axis=1)
    return least < nearer * largest, least, places[np.arange(len(new)), nearest]


def _image_notes(
    images: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray, noun: str
) -> list[str]:
    train, test = _drawn(train, test)
    known, new = _small(images[train]), _small(images[test])
    mirrored = new.reshape(len(new), new.shape[1], -1)[:, :, ::-1]
    flat = [part.reshape(len(part), -1) for part in (known, new, mirrored)]
    hit, _, nearest = _much_nearer(flat[0], flat[1], _NEARER_IMAGE)
    turned, _, other = _much_nearer(flat[0], flat[2], _NEARER_IMAGE)
    equal = {image.tobytes() for image in images[train]}
    again = np.array([image.tobytes() in equal for image in images[test]])
    nearest, hit = np.where(hit, nearest, other), (hit | turned) & ~again
    if hit.sum() < 3 or hit.mean() < _SHARE_OF_IMAGES:
        return []
    same = (y[train][nearest] == y[test])[hit].mean()
    return [
        f"about {hit.mean():.0%} of the scored {noun}s look the same as one that was learnt from "
        f"though they are not equal, {_of_them(same)} with its class, as copies do that were made "
        "smaller, brighter or a mirror image: if so, the figures flatter; leave copies out, or "
        f"give all {noun}s of a case one group (--groups)"
    ]


def _small(images: np.ndarray) -> np.ndarray:
    """Return images as few grey pixels of mean 0 and spread 1."""
    grey = images.mean(axis=1, dtype=float)
    for axis in (1, 2):
        size = grey.shape[axis]
        starts = np.linspace(0, size, min(_SIDE, size), endpoint=False).astype(int)
        widths = np.diff(np.r_[starts, size])
        sums = np.add.reduceat(grey, starts, axis=axis)
        grey = sums / np.expand_dims(widths, (0, 3 - axis))
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    spread = grey.std(axis=(1, 2), keepdims=True)
    return grey / np.where(spread > 0, spread, 1)
