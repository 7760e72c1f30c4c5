"""What an epoch sees: the order of the samples (shuffled or drawn) and their weights.

Pure functions, numpy in and out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sklimb._data.by_class import by_label, for_classes

if TYPE_CHECKING:
    from sklimb._data.training_data import TrainingData
    from sklimb._random import Streams


def count_classes(
    y_encoded: np.ndarray, n_classes: int, sample_weight: np.ndarray | None = None
) -> np.ndarray:
    """Return the (weighted) number of samples of each class.

    Parameters
    ----------
    y_encoded : ndarray of int, shape (n,)
        Class indices.
    n_classes : int
        Length of the result; classes without samples get 0.
    sample_weight : ndarray, shape (n,), or None
        None counts each sample once.

    Returns
    -------
    counts : ndarray of float64, shape (n_classes,)

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._training.rebalancing import count_classes
    >>> count_classes(np.array([0, 0, 2]), 3, np.array([1.0, 0.5, 2.0]))
    array([1.5, 0. , 2. ])
    """
    return np.bincount(y_encoded, weights=sample_weight, minlength=n_classes).astype(np.float64)


def effective_number(counts: np.ndarray, beta: float) -> np.ndarray:
    r"""Return the effective number of samples of each class (Cui et al. 2019, Eq. 2).

    .. math:: E_n = (1 - \beta^n) / (1 - \beta)

    with :math:`n` a class's count and :math:`\beta \in [0, 1)`; at :math:`\beta = 0` every class
    that has rows counts once, towards 1 each sample does.
    """
    # expm1 and log1p: beta is close to 1, where 1 - beta**n loses digits.
    return -np.expm1(counts * np.log(beta)) / (1.0 - beta) if beta > 0 else 1.0 * (counts > 0)


def class_weight_vector(
    class_weight: str | Mapping[Any, float] | None,
    counts: np.ndarray,
    classes: np.ndarray,
    *,
    effective_beta: float = 0.9999,
) -> np.ndarray | None:
    """Return one weight a class, or None where all classes weigh the same.

    Parameters
    ----------
    class_weight : None, "balanced", "effective", dict or Series
        "balanced": n / (C n_c), as in scikit-learn. "effective": one over the effective number of
        samples, normalised so that the weights of the C classes sum to C (Cui et al. 2019). A dict,
        or a Series indexed by label, maps labels to weights; labels that it leaves out get 1, and
        labels that are not in `classes` are left aside if each one in it is named.
    counts : ndarray, shape (C,)
        (Weighted) class counts. A class without samples gets weight 0: nothing can be weighted.
    classes : ndarray, shape (C,)
        The labels, for weights by label.
    effective_beta : float
        Beta of "effective".

    Returns
    -------
    weights : ndarray of float64, shape (C,), or None

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._training.rebalancing import class_weight_vector
    >>> class_weight_vector("balanced", np.array([90.0, 10.0]), np.array(["no", "yes"]))
    array([0.55555556, 5.        ])
    """
    if class_weight is None:
        return None
    given = None if isinstance(class_weight, str) else by_label(class_weight, "class_weight")
    if given is not None:
        return _given_weights(given, classes)
    if not isinstance(class_weight, str) or class_weight not in ("balanced", "effective"):
        raise ValueError(
            "class_weight must be None, 'balanced', 'effective' or a dict {label: weight} (or a "
            f"Series indexed by label), got {class_weight!r}."
        )
    present = counts > 0
    mass = counts if class_weight == "balanced" else effective_number(counts, effective_beta)
    weights = np.zeros_like(counts, dtype=np.float64)
    weights[present] = 1.0 / mass[present]
    if class_weight == "balanced":
        weights *= counts.sum() / present.sum()
    else:
        weights *= present.sum() / weights.sum()
    # Equal weights change nothing, so they take the path without weights, bit for bit.
    return None if np.ptp(weights[present]) == 0 else weights


def is_cost(class_weight: Any) -> bool:
    """Return whether weights are given by label: costs of the user's, not re-balancing."""
    named = class_weight is None or isinstance(class_weight, str)
    return not named and by_label(class_weight, "class_weight") is not None


def cost_vector(class_weight: Any, classes: np.ndarray) -> np.ndarray:
    """Return the user's own weights, one a class, where `is_cost`.

    Raises
    ------
    ValueError
        If a weight is no finite number or negative, all are 0, or labels are not those of y.
    """
    return _checked_weights(by_label(class_weight, "class_weight") or {}, classes)


def _given_weights(given: Mapping[Any, float], classes: np.ndarray) -> np.ndarray | None:
    weights = _checked_weights(given, classes)
    return None if np.ptp(weights) == 0 else weights


def _checked_weights(given: Mapping[Any, float], classes: np.ndarray) -> np.ndarray:
    # also the weights of classes that y does not have: another fold may have them
    valid = all(_is_weight(weight) for weight in given.values())
    weights = for_classes(given, classes, "class_weight", default=1.0)
    if not valid or not any(weights):
        raise ValueError(
            "class_weight must hold finite weights that are not negative and, of the classes in "
            f"y, not all 0, got {dict(given)}."
        )
    return np.array(weights, dtype=np.float64)


def _is_weight(value: Any) -> bool:
    return isinstance(value, Real) and bool(np.isfinite(value)) and value >= 0


def resolve_epoch(start: float, max_epochs: int, name: str = "rebalance_from") -> int:
    """Return after how many finished epochs something starts.

    An int counts epochs; a float in [0, 1] is a share of `max_epochs`, rounded. A share below 1
    leaves the last epoch at least: 0.8 of the 2 epochs that "auto" may come to would be never.

    Examples
    --------
    >>> from sklimb._training.rebalancing import resolve_epoch
    >>> resolve_epoch(160, 200), resolve_epoch(0.8, 200), resolve_epoch(1, 200)
    (160, 160, 1)
    >>> resolve_epoch(0.8, 2), resolve_epoch(1.0, 2)
    (1, 2)
    """
    if isinstance(start, Integral) and not isinstance(start, (bool, np.bool_)):
        if start < 0:
            raise ValueError(f"{name} must not be negative, got {start}.")
        return int(start)
    if isinstance(start, Real) and not isinstance(start, (bool, np.bool_)):
        if not 0.0 <= start <= 1.0:
            raise ValueError(
                f"{name} as a float is a share of max_epochs and must lie in [0, 1], got {start}. "
                "Pass an int to count epochs."
            )
        begins = round(float(start) * max_epochs)
        return begins if start == 1.0 else max(0, min(begins, max_epochs - 1))
    raise TypeError(
        f"{name} must be an int (epochs) or a float (share of max_epochs), got {start!r}."
    )


def draw_balanced(
    y_encoded: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
    sample_weight: np.ndarray | None = None,
) -> np.ndarray:
    """Return sample indices drawn with replacement, every class equally often in expectation.

    A class is drawn uniformly among the classes that have samples, then one of its samples:
    uniformly, or in proportion to `sample_weight`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklimb._training.rebalancing import draw_balanced
    >>> y_encoded = np.array([0] * 99 + [1])
    >>> draws = draw_balanced(y_encoded, 10_000, np.random.default_rng(0))
    >>> bool(abs(np.mean(y_encoded[draws]) - 0.5) < 0.02)
    True
    """
    by_class = np.argsort(y_encoded, kind="stable")
    size = np.bincount(y_encoded)
    first = np.cumsum(size) - size
    first, size = first[size > 0], size[size > 0]
    drawn = rng.integers(len(size), size=n_draws)
    where = rng.random(n_draws)
    if sample_weight is None:
        where *= size[drawn]  # in place: all of these are as long as the data
        position = where.astype(np.int64)
        position += first[drawn]
        return by_class[position]
    mass = np.concatenate([[0.0], np.cumsum(sample_weight[by_class], dtype=np.float64)])
    start, end = mass[first], mass[first + size]
    position = np.searchsorted(mass, start[drawn] + where * (end - start)[drawn], side="right") - 1
    # Rounding at a class's edge must not fall into its neighbour.
    return by_class[np.clip(position, first[drawn], (first + size - 1)[drawn])]


class EpochOrder(NamedTuple):
    """What an epoch sees of the data.

    Attributes
    ----------
    order : ndarray of int or None
        Positions of the samples, in the order of the epoch; None takes them as they are.
    weight : ndarray, shape (n,), or None
        A weight for each sample of the data; None weighs all alike.
    seen_counts : ndarray, shape (C,)
        How often the loss sees each class, up to a factor.
    """

    order: np.ndarray | None
    weight: np.ndarray | None
    seen_counts: np.ndarray


@dataclass(frozen=True, eq=False)
class Rebalancer:
    """Class weights and balanced draws, from an epoch on.

    Parameters
    ----------
    class_labels : ndarray, shape (C,)
        For weights by label.
    class_weight, effective_beta, sampling
        As in the classifiers.
    from_epoch : int
        Finished epochs before these start.
    """

    class_labels: np.ndarray
    class_weight: Any = None
    effective_beta: float = 0.9999
    sampling: str | None = None
    from_epoch: int = 0

    @property
    def rebalances(self) -> bool:
        """Whether weights or draws are set."""
        return self.class_weight is not None or self.sampling is not None

    def epoch(
        self,
        epoch: int,
        data: TrainingData,
        counts: np.ndarray,
        streams: Streams,
        *,
        shuffle: bool = True,
        balanced_draws: bool = False,
    ) -> EpochOrder:
        """Return order, weights and seen counts of an epoch; nothing is kept from one to the next.

        Parameters
        ----------
        epoch : int
            Finished epochs.
        data : TrainingData
        counts : ndarray, shape (C,)
            (Weighted) class counts of all data so far.
        streams : Streams
        shuffle : bool, default=True
            False keeps the samples in their order, where none are drawn.
        balanced_draws : bool, default=False
            Draw every class equally often whatever `sampling` says, as a transform may ask.
        """
        started = epoch >= self.from_epoch
        order, weight, seen = None, data.weight, counts
        if balanced_draws or (started and self.sampling == "balanced"):
            rng = streams.generator("draws", epoch)
            order = draw_balanced(data.y_encoded, len(data), rng, data.weight)
            weight, seen = None, np.ones_like(counts)  # the draw has used the samples' weights
        elif shuffle:
            order = streams.generator("shuffling", epoch).permutation(len(data))
        of_class = self._weights(counts) if started else None
        if of_class is not None:
            weight = of_class[data.y_encoded] * (1.0 if weight is None else weight)
            if not is_cost(self.class_weight):
                seen = seen * of_class
        return EpochOrder(order, weight, seen)

    def _weights(self, counts: np.ndarray) -> np.ndarray | None:
        return class_weight_vector(
            self.class_weight, counts, self.class_labels, effective_beta=self.effective_beta
        )
