"""Translation of a table's rows: from X's units to those of the steps, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sklimb._data.tensors import has_float64
from sklimb.classifiers.sources import ClassScores
from sklimb.over_sampling._rows import TableRows
from sklimb.transforms._rescaled import Rescaled
from sklimb.transforms.m2m import (
    frozen,
    keep_largest_changes,
    start_noise,
    target_confidence,
    translate,
)

# A chunk of rows that is translated at once holds at most this many values, and this many rows.
_VALUES_AT_ONCE = 2**21
_ROWS_AT_ONCE = 4096
# Entries of a translated row that may differ from its seed's, over those of the seed.
_CHANGES_PER_ENTRY = 4


def chunk_size(n_columns: int) -> int:
    """Return how many rows make a chunk."""
    return int(np.clip(_VALUES_AT_ONCE // max(1, n_columns), 1, _ROWS_AT_ONCE))


class TableTranslation:
    """Translate seeds of a table with two fitted networks, and say how sure g is of the result.

    Parameters
    ----------
    rows : TableRows
        The table; new rows stay within the range of its columns.
    g, f : ClassScores
        f may be None where `lam` is 0.
    unit : {"spread", "raw"}
    lam, step_size, n_steps, max_nnz
        As in `M2mSampler`.
    device : str
    generator : torch.Generator
        Of the start noise, on the CPU.
    """

    def __init__(
        self,
        rows: TableRows,
        g: ClassScores,
        f: ClassScores | None,
        *,
        unit: str,
        lam: float,
        step_size: float,
        n_steps: int,
        max_nnz: int | None,
        device: str,
        generator: torch.Generator,
    ) -> None:
        self.rows = rows
        self.g = g
        self.lam, self.step_size, self.n_steps = lam, step_size, n_steps
        self.max_nnz = max_nnz
        self.device = device
        self.generator = generator
        spread, *self.limits = rows.spread_and_limits()
        if unit == "raw":
            spread = np.ones_like(spread)
        self.scale = self._tensor(spread)
        self.bounds = tuple(self._tensor(limit / spread) for limit in self.limits)
        self.g_scaled = Rescaled(g, self.scale)
        self.f_scaled = self.g_scaled if f is None else Rescaled(f, self.scale)

    def __call__(
        self, seeds: np.ndarray, origin: np.ndarray, target: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return translated seeds and g's confidence in their target classes.

        Parameters
        ----------
        seeds : ndarray of float64, shape (n, d)
            In the units of X.
        origin, target : ndarray of int, shape (n,)
            Class indices.

        Returns
        -------
        moved : ndarray of float64, shape (n, d)
            In the units of X, columns of integers rounded.
        confidence : ndarray of float64, shape (n,)
            Of these rows, as they are returned.
        """
        raw, wanted = self._tensor(seeds), self._tensor(target)
        start = raw / self.scale
        moved = translate(
            start,
            self._tensor(origin),
            wanted,
            self.g_scaled,
            self.f_scaled,
            self.lam,
            self.step_size,
            self.n_steps,
            self.bounds,
            noise=start_noise(start, self.generator),
        )
        moved = keep_largest_changes(moved, start, self._allowed(seeds))
        # an entry that did not move is the seed's to the bit, which a quotient times its divisor
        # is not
        moved = torch.where(moved == start, raw, moved * self.scale).cpu().double().numpy()
        moved = self.rows.rounded(np.clip(moved, *self.limits))
        confidence = target_confidence(self._tensor(moved), wanted, self.g)
        return moved, confidence.cpu().double().numpy()

    @torch.no_grad()
    def recognised(self, y_encoded: np.ndarray, among: np.ndarray) -> set[int]:
        """Return which of some classes g predicts for at least one of their own rows.

        Parameters
        ----------
        y_encoded : ndarray of int, shape (n,)
            Class indices of all rows.
        among : ndarray of int
            The classes to look at.
        """
        known: set[int] = set()
        asked = np.flatnonzero(np.isin(y_encoded, among))
        size = chunk_size(self.rows.n_columns)
        with frozen(self.g):
            for first in range(0, len(asked), size):
                part = asked[first : first + size]
                predicted = self.g(self._tensor(self.rows.dense(part))).argmax(1).cpu().numpy()
                known.update(predicted[predicted == y_encoded[part]].tolist())
        return known

    def _allowed(self, seeds: np.ndarray) -> Tensor:
        entries = np.maximum((seeds != 0).sum(1), 1)
        most = _CHANGES_PER_ENTRY * entries if self.max_nnz is None else self.max_nnz + 0 * entries
        return self._tensor(np.minimum(most, seeds.shape[1]))

    def _tensor(self, array: np.ndarray) -> Tensor:
        if array.dtype == np.float64 and not has_float64(self.device):
            array = array.astype(np.float32)
        return torch.as_tensor(array, device=self.device)
