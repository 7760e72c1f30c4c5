"""Plain training and every re-balanced baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb._docstrings import describe_shared
from sklimb._engine import Step
from sklimb._estimator import BaseNetClassifier, Terms, check_option
from sklimb.heads import LinearHead

_LOSSES: dict[str, Callable[[Step], Tensor]] = {}


def _cross_entropy(step: Step) -> Tensor:
    # without weights torch's own mean is quicker than a value a row and then a mean
    return F.cross_entropy(
        step.scores, step.y, reduction="mean" if step.weight is None else "none"
    )


_LOSSES["cross_entropy"] = _cross_entropy


@describe_shared
class RebalancedClassifier(BaseNetClassifier):
    r"""Neural network with a softmax head, plain or with class weights, balanced draws, deferral.

    .. math:: L = -\log \frac{\exp(w_{y} \cdot f + b_{y})}{\sum_k \exp(w_k \cdot f + b_k)}

    with :math:`f` the features of the backbone and :math:`w_k, b_k` the weights and the bias of
    class k; averaged over a batch by sample weight times class weight. The defaults are a plain
    network, to compare with.

    Parameters
    ----------
    loss : {"cross_entropy"}, default="cross_entropy"
        The classification loss.
    <<shared parameters>>

    Attributes
    ----------
    <<shared attributes>>

    See Also
    --------
    AffinityClassifier : Similarity to class prototypes instead of a softmax.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import RebalancedClassifier
    >>> X, y = make_classification(n_samples=300, weights=[0.9], random_state=0)
    >>> model = RebalancedClassifier(class_weight="balanced", max_epochs=20, random_state=0)
    >>> model.fit(X, y).predict(X[:3]).shape
    (3,)
    """

    def __init__(
        self,
        *,
        loss: str = "cross_entropy",
        module: type | nn.Module | None = None,
        class_weight: str | Mapping[Any, float] | None = None,
        effective_beta: float = 0.9999,
        sampling: str | None = None,
        rebalance_from: float = 0.0,
        max_epochs: int = 50,
        batch_size: int | str = "auto",
        lr: float = 1e-3,
        lr_schedule: str | None = None,
        warmup_epochs: int = 0,
        lr_milestones: Sequence[float] = (0.8, 0.9),
        lr_decay: float = 0.01,
        optimizer: type = torch.optim.AdamW,
        dtype: str = "float32",
        device: str = "cpu",
        random_state: Any = None,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        scoring: str | Callable[..., float] | None = None,
        verbose: int = 0,
        callbacks: list[Any] | None = None,
        **nested: Any,
    ) -> None:
        self._store(locals())

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_option("loss", self.loss, tuple(_LOSSES))

    def _make_head(self, n_features: int, n_classes: int) -> nn.Module:
        return LinearHead(n_features, n_classes)

    def _make_terms(self) -> Terms:
        return {"classification": (1, _LOSSES[self.loss])}
