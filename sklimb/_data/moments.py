"""What is subtracted from each column of X and what it is divided by, from pieces of the rows."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from sklearn.preprocessing import StandardScaler

# A column with fewer values than this that are not 0 is a set of rare events, not a measurement.
_MOSTLY_ZERO = 0.1
# Rare columns whose typical values differ by more than this have different units.
_OTHER_UNIT = 10.0


def as_columns(rows: np.ndarray) -> np.ndarray:
    """Return rows (n, d) as they are; of images (n, C, H, W) each pixel as a row of channels."""
    return np.moveaxis(rows, 1, -1).reshape(-1, rows.shape[1]) if rows.ndim > 2 else rows


class ColumnScaling:
    """Gather the (weighted) moments of columns over pieces of rows, dense or sparse alike.

    A column is centred and divided by its standard deviation. One that is 0 nearly everywhere (a
    rare word, a rare category, the border of an image) is left where it is and divided by a root
    mean square of the values that are not 0: its standard deviation would blow these up, by
    1 / sqrt(share of rows), and centring would fill a sparse matrix. Such columns share one scale,
    so that what a vectoriser has weighted stays weighted (on Reuters TF-IDF a scale a word costs
    four points of balanced accuracy), except those in another unit: more than ten times off the
    typical one. The rule looks at the numbers alone, so a sparse matrix and the same one dense are
    scaled alike.
    """

    def __init__(self) -> None:
        # with_mean=False is what StandardScaler asks of sparse input; it keeps mean_ all the same
        self._scaler = StandardScaler(with_mean=False)
        self._total = 0.0
        self._of_values = 0.0
        self._of_squares = 0.0

    def update(self, rows: np.ndarray | scipy.sparse.csr_array, weight: np.ndarray | None) -> None:
        """Take some rows or images in float64, with weights (n,) or None."""
        if not scipy.sparse.issparse(rows):
            n = len(rows)
            rows = as_columns(rows)
            weight = None if weight is None else weight.repeat(len(rows) // n)
        with np.errstate(over="ignore", invalid="ignore"):
            self._scaler.partial_fit(rows, sample_weight=weight)
            weight = np.ones(rows.shape[0]) if weight is None else weight
            if scipy.sparse.issparse(rows):
                of_value = np.repeat(weight, np.diff(rows.indptr))
                parts = (of_value * (rows.data != 0), of_value * rows.data**2)
                values, squares = (np.bincount(rows.indices, p, rows.shape[1]) for p in parts)
            else:
                values, squares = weight @ (rows != 0), weight @ np.square(rows)
        self._total += weight.sum()
        self._of_values = self._of_values + values
        self._of_squares = self._of_squares + squares

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Return shift and scale, (d,) each.

        Raises
        ------
        ValueError
            If a column has none that are finite.
        """
        shift, scale = self._scaler.mean_.copy(), self._scaler.scale_.copy()
        rare = (self._of_values > 0) & (self._of_values < _MOSTLY_ZERO * self._total)
        shift[rare] = 0.0
        scale[rare] = self._scale_of_rare(self._of_values[rare], self._of_squares[rare])
        # scikit-learn takes a column of infinite variance for a constant one, of scale 1
        finite = np.isfinite(self._scaler.var_) & np.isfinite(scale) & np.isfinite(shift)
        bad = np.flatnonzero(~finite)
        if len(bad):
            raise ValueError(
                f"Columns {bad.tolist()[:10]} of X cannot be scaled: they hold NaN, or values so "
                "large that their squares overflow. Divide them, or take their logarithm."
            )
        return shift, scale

    @staticmethod
    def _scale_of_rare(values: np.ndarray, squares: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            own = np.sqrt(squares / values)
            typical = np.median(own) if len(own) else 1.0
            alike = (own > typical / _OTHER_UNIT) & (own < typical * _OTHER_UNIT)
        shared = np.sqrt(squares[alike].sum() / values[alike].sum()) if alike.any() else 1.0
        return np.where(alike, shared, own)
