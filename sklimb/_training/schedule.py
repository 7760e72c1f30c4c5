"""Learning rate by epoch: one pure function, so that the papers' protocols are settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral

SCHEDULES = (None, "cosine", "step")


def learning_rate_factor(
    schedule: str | None,
    epoch: int,
    max_epochs: int,
    *,
    warmup_epochs: int = 0,
    milestones: Sequence[float] = (0.8, 0.9),
    decay: float = 0.01,
) -> float:
    """Return what the learning rate is multiplied by in an epoch.

    Parameters
    ----------
    schedule : None, "cosine" or "step"
        None keeps the rate; "cosine" goes from 1 towards 0 along half a cosine; "step" multiplies
        by `decay` at each milestone.
    epoch : int
        Finished epochs; from `max_epochs` on, the last epoch's factor.
    max_epochs : int
        Length of the schedule.
    warmup_epochs : int
        In the first `warmup_epochs` the factor is also multiplied by (epoch + 1) / warmup_epochs.
    milestones : sequence
        Epochs (int) or shares of `max_epochs` (float), for "step".
    decay : float
        Factor at a milestone, for "step".

    Examples
    --------
    >>> from sklimb._training.schedule import learning_rate_factor
    >>> [learning_rate_factor("step", e, 200, warmup_epochs=5) for e in (0, 4, 100, 160)]
    [0.2, 1.0, 1.0, 0.01]
    """
    epoch = min(epoch, max_epochs - 1)
    factor = 1.0
    if schedule == "cosine":
        factor = 0.5 * (1.0 + math.cos(math.pi * epoch / max_epochs))
    elif schedule == "step":
        starts = [int(m) if isinstance(m, Integral) else round(m * max_epochs) for m in milestones]
        factor = decay ** sum(epoch >= start for start in starts)
    if epoch < warmup_epochs:
        factor *= (epoch + 1) / warmup_epochs
    return factor
