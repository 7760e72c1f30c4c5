"""Where the numbers of a scatter plot's points stand, so that each can be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_REACHES = (9, 14, 19, 25, 31, 38, 46, 55, 65, 76, 88, 101)
# To the right and above first, which is where a reader looks; then all round the point.
_ANGLES = np.deg2rad([45, 0, 90, 135, -45, 180, -90, -135, *np.setdiff1d(range(0, 360, 9), [0])])
_ROUND = np.column_stack([np.cos(_ANGLES), -np.sin(_ANGLES)])
_ROUND /= np.abs(_ROUND).max(axis=1, keepdims=True)  # on a square: labels have corners


def placed(
    points: np.ndarray, sizes: np.ndarray, bounds: Sequence[float], radius: float
) -> np.ndarray:
    """Return where the middle of each label stands: at its point, or as near as there is room.

    Labels are placed in their order, each at the nearest of a few places round its point that is on
    no point, no label and no line from a label to its point. Where there is none, it stands where
    it is on the fewest of them.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        In the units of the drawing.
    sizes : ndarray of shape (n, 2)
        Widths and heights of the labels.
    bounds : sequence of 4 floats
        Left, top, right and bottom of where labels may be.
    radius : float
        Of the points.

    Returns
    -------
    middles : ndarray of shape (n, 2)

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._compare.report.labels import placed
    >>> points = np.array([[50.0, 50.0], [52.0, 50.0]])
    >>> places = placed(points, np.full((2, 2), [7.0, 9.0]), (0, 0, 100, 100), 3.5)
    >>> bool(abs(places[0] - places[1]).max() > 7)  # the one is not on the other
    True
    """
    points, sizes = np.asarray(points, dtype=float), np.asarray(sizes, dtype=float)
    # Everything that is drawn, as boxes: middles and halves of their sizes.
    at, halves = points, np.full_like(points, radius)
    middles = np.empty_like(points)
    for i, (point, half) in enumerate(zip(points, sizes / 2, strict=True)):
        least = np.inf
        for middle in _around(point, half, bounds):
            line = _line(point, middle)  # may cross points, which are drawn over it
            hit = 100 * _hits(middle[None], half + 0.5, at, halves)
            hit += _hits(line, 0.5, at[len(points) :], halves[len(points) :])
            if hit < least:
                least, middles[i] = hit, middle
            if not hit:
                break
        line = _line(point, middles[i])
        at = np.concatenate([at, middles[i : i + 1], line])
        halves = np.concatenate([halves, half[None], np.ones_like(line)])
    return middles


def _around(point: np.ndarray, half: np.ndarray, bounds: Sequence[float]) -> list[np.ndarray]:
    """Return the places for a label, the best first."""
    low, high = np.array(bounds[:2]) + half, np.array(bounds[2:]) - half
    reached = [
        # a wide label stands further to the side than above
        point + (reach + half - half.min()) * direction
        for reach in _REACHES
        for direction in _ROUND
    ]
    inside = [middle for middle in reached if ((low <= middle) & (middle <= high)).all()]
    return inside or [np.clip(point, low, high)]


def _line(point: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return places along the line from a point to its label; none where they are side by side."""
    length = float(np.hypot(*(middle - point)))
    along = np.arange(5, length - 6, 2)[:, None] if length >= _REACHES[1] else np.empty((0, 1))
    return point + along / max(length, 1) * (middle - point)


def _hits(places: np.ndarray, half: np.ndarray | float, at: np.ndarray, halves: np.ndarray) -> int:
    """Return how many pairs of a box at `places` and a drawn one share a part."""
    near = np.abs(places[:, None] - at) < halves + half
    return int(near.all(axis=2).sum())
