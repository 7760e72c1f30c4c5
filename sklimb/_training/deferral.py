"""What starts in the course of a training: re-balancing, generation, translation.

A method says after how many epochs. Where a training ends by itself, a deferred part starts earlier
if training without it no longer improves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklimb._training.net import Net


def next_start(net: Net, epochs: int) -> int | None:
    """Return after how many finished epochs something starts that has not yet.

    Parameters
    ----------
    net : Net
    epochs : int
        At most; what starts later never does.

    Returns
    -------
    int or None
        None if nothing is to come.
    """
    starts = [net.rebalancer.from_epoch] if net.rebalancer.rebalances else []
    if net.has_transform:
        starts.append(net.transform_.begins)
    to_come = [start for start in starts if net.finished_epochs < start < epochs]
    return min(to_come, default=None)


def start_now(net: Net, epochs: int) -> None:
    """Start from the coming epoch on whatever would start later, within `epochs`."""
    now = net.finished_epochs
    if net.rebalancer.from_epoch < epochs:
        net.rebalancer = replace(net.rebalancer, from_epoch=min(net.rebalancer.from_epoch, now))
    if net.has_transform and net.transform_.begins < epochs:
        net.transform_.begin_by(now)
