"""Values of the batches of an epoch, kept in one tensor."""

from __future__ import annotations

from torch import Tensor

# Values that there is room for at first; then twice as many each time.
_AT_FIRST = 1024


class Gathered:
    """Rows that batches add, in one tensor on their device.

    A small tensor kept from each batch would lie between what the steps give back, and memory would
    grow with their number.

    Examples
    --------
    >>> import torch
    >>> from sklimb.transforms._gathered import Gathered
    >>> gathered = Gathered()
    >>> gathered.add(torch.tensor([1.0, 2.0]))
    >>> gathered.add(torch.tensor([3.0]))
    >>> gathered.rows()
    tensor([1., 2., 3.])
    """

    def __init__(self) -> None:
        self._room: Tensor | None = None
        self._n = 0

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self._n

    def add(self, rows: Tensor) -> None:
        """Add some rows (m, ...), all of one shape and type; they are copied."""
        end = self._n + len(rows)
        if self._room is None or end > len(self._room):
            room = rows.new_empty((max(_AT_FIRST, 2 * end), *rows.shape[1:]))
            if self._room is not None:
                room[: self._n] = self.rows()
            self._room = room
        self._room[self._n : end] = rows
        self._n = end

    def rows(self) -> Tensor:
        """Return all rows (n, ...) in the order that they came."""
        return self._room[: self._n]
