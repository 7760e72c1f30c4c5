"""How long the next round will take: from what has been measured, and roughly before that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sklimb._compare.run.levels import N_DECIDING_FITS
from sklimb._compare.run.method import Method
from sklimb._compare.run.running import Outcome, Task

# Seconds of a plain net on one core: for a fit of any size, and for each row, of this many columns.
_FIT, _ROW, _COLUMNS = 0.5, 2e-3, 50
# Seconds until new processes have imported torch.
_START = 5.0
# A fit takes longer with more rows, but less than in proportion: few rows get more epochs.
_POWER = 0.8
# Bounds of the estimated speed of a machine.
_PACE = (0.1, 10.0)


def task_seconds(
    task: Task,
    method: Method,
    n_columns: int,
    n_classes: int,
    done: Sequence[Outcome],
    pace: float = 1.0,
) -> float:
    """Return about how long a task takes on one core.

    Parameters
    ----------
    task : Task
    method : Method
        That of the task.
    n_columns, n_classes : int
    done : sequence of Outcome
        Of all methods; those of this one are relied on.
    pace : float, default=1.0
        As `pace_of` says it, for a method that is not among them.

    Returns
    -------
    seconds : float
    """
    fits = _fits(task)
    own = [o for o in done if o.method == method.name and o.fit_seconds == o.fit_seconds]
    if not own:
        rough = fits * _rough(method, len(task.split.train), n_columns, n_classes)
        return rough * pace
    # The one with the most similar number of rows is the best guide.
    nearest = min(own, key=lambda o: abs(np.log(o.n_rows / len(task.split.train))))
    if nearest.setting == task.setting:
        return nearest.seconds
    grown = max(1.0, len(task.split.train) / nearest.n_rows) ** _POWER
    return fits * nearest.fit_seconds * grown


def last_seconds(
    own: Sequence[Outcome], n_samples: int, n_workers: int, *, refit: bool, deciding: bool
) -> float:
    """Return about how long the last fits of a method take, those to all samples.

    Parameters
    ----------
    own : sequence of Outcome
        Of this method. The slowest of those from most samples is relied on, in proportion to the
        samples: what comes last cannot be cut short.
    n_samples : int
        All to learn from.
    n_workers : int
    refit : bool
        Whether there is one for the model.
    deciding : bool
        Whether there are those that choose what it decides by.

    Returns
    -------
    seconds : float
        0 where nothing is known.
    """
    known = [o for o in own if o.fit_seconds == o.fit_seconds]
    if not known:
        return 0.0
    # Parts of classes that keep a least number of samples differ by a few.
    most = max(o.n_rows for o in known)
    one = max(
        o.fit_seconds * max(1.0, n_samples / o.n_rows) for o in known if o.n_rows > 0.9 * most
    )
    return one * (refit + deciding * -(-N_DECIDING_FITS // n_workers))


def pace_of(
    done: Iterable[Outcome], methods: Mapping[str, Method], n_columns: int, n_classes: int
) -> float:
    """Return how long fits took on this machine beside what was roughly expected of them.

    Parameters
    ----------
    done : iterable of Outcome
    methods : mapping
        By name.
    n_columns, n_classes : int

    Returns
    -------
    pace : float
        1 where nothing is known.
    """
    known = [o for o in done if o.method in methods and o.fit_seconds == o.fit_seconds]
    # Sums, so that long tasks count most: their times are to be predicted.
    expected = sum(_rough(methods[o.method], o.n_rows, n_columns, n_classes) for o in known)
    if not expected:
        return 1.0
    return float(np.clip(sum(o.fit_seconds for o in known) / expected, *_PACE))


def round_seconds(seconds: Iterable[float], n_workers: int, *, fresh: bool) -> float:
    """Return about how long tasks take side by side.

    Parameters
    ----------
    seconds : iterable of float
        Of each task on one core.
    n_workers : int
    fresh : bool
        Whether the processes have to be started first.

    Returns
    -------
    seconds : float
    """
    seconds = list(seconds)
    if not seconds:
        return 0.0
    # While the last tasks run, some processes have no work.
    together = max(sum(seconds) / n_workers + max(seconds) * (1 - 1 / n_workers) / 2, max(seconds))
    return together + (_START if fresh and n_workers > 1 else 0.0)


def _fits(task: Task) -> float:
    """Return how many fits on the whole training part a task is worth."""
    if len(task.candidates) == 1 or not task.split.inner:
        return 1.0
    share = np.mean([len(train) for train, _ in task.split.inner]) / len(task.split.train)
    return 1.0 + len(task.candidates) * len(task.split.inner) * float(share)


def _rough(method: Method, n_rows: int, n_columns: int, n_classes: int) -> float:
    by_class = max(1.0, n_classes / 2) if method.by_class else 1.0
    net = _FIT + _ROW * n_rows * (0.5 + 0.5 * min(n_columns, 2_000) / _COLUMNS)
    return method.cost * by_class * net
