"""Representation first, classifier after (Kang et al. 2020)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from os import PathLike
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import clone
from sklearn.metrics import recall_score
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb._constraints import COUNT, NOT_NEGATIVE, POSITIVE
from sklimb._data.tensors import as_tensor
from sklimb._data.training_data import TrainingData
from sklimb._training.inference import features_of, run
from sklimb._training.net import Net
from sklimb._training.plan import TrainPlan
from sklimb._training.rebalancing import cost_vector, is_cost
from sklimb._training.recipe import Recipe
from sklimb._warnings import warn
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.docstrings import describe_shared
from sklimb.classifiers.losses import CrossEntropy
from sklimb.classifiers.rebalanced import RebalancedClassifier
from sklimb.heads import LinearHead
from sklimb.heads.members import log_mean_probability, members_of

# Kang et al. search tau in this range.
_TAUS = np.linspace(0.0, 2.0, 21)
# So that the softmax of cosines to class means can come near 1; the order stays the same.
_COSINE_SCALE = 30.0


class DecoupledHead(nn.Module):
    """A linear head to learn the features with, and another linear map to predict with.

    Parameters
    ----------
    in_features : int
        Width d of the features.
    n_classes : int
        Number of classes C.
    """

    def __init__(self, in_features: int, n_classes: int) -> None:
        super().__init__()
        self.joint = LinearHead(in_features, n_classes)
        self.register_buffer("weight", torch.zeros(n_classes, in_features))
        self.register_buffer("bias", torch.zeros(n_classes))
        # Which scores are predicted, in a buffer so that it is saved: 0 joint, 1 linear, 2 cosine.
        self.register_buffer("kind", torch.tensor(0))
        self.n_features_out = in_features

    def embed(self, features: Tensor) -> Tensor:
        """Return the features as they are."""
        return features

    @torch.no_grad()
    def decouple(self, weight: Tensor, bias: Tensor, *, cosine: bool = False) -> None:
        """Predict with these weights from now on."""
        self.weight.copy_(weight)
        self.bias.copy_(bias)
        self.kind.fill_(2 if cosine else 1)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return scores (n, C): of the joint head in training mode, else of the other."""
        if self.training or self.kind == 0:
            return self.joint(embedded)
        if self.kind == 2:
            embedded = F.normalize(embedded, dim=-1)
        return F.linear(embedded, self.weight, self.bias)


class _Scale(nn.Module):
    """One factor for each class: all that LWS learns."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(n_classes))
        self.n_features_out = n_classes

    def embed(self, features: Tensor) -> Tensor:
        return features

    def forward(self, embedded: Tensor) -> Tensor:
        return self.factor * embedded


class _ScaleClassifier(RebalancedClassifier):
    """Rescales the scores of another classifier."""

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        return replace(super()._recipe(plan, data), head=partial(_scale, len(self.classes_)))


def _scale(n_classes: int, n_features: int) -> _Scale:
    """Return the head: as many features come in as classes are scored."""
    return _Scale(n_classes)


@describe_shared
class DecoupledClassifier(BaseNetClassifier):
    r"""Neural network whose classifier is made anew once the features are learnt.

    What to set first:

    - `method`: how the classifier is made anew; "crt" first, "tau_norm" takes no second training;
    - `classifier_epochs`: of "crt" and "lws", more where rare classes are still missed;
    - `tau`: power of "tau_norm"; a number saves the search for it;
    - `max_epochs`: a number, where "auto" is too short or too long for your data;
    - `random_state`: an int, for the same result each time.

    Features learnt on the data as it is are good even for rare classes; what leans towards the
    frequent ones is the classifier [1]_. So a plain network is trained first, and then

    - "crt" trains a new linear classifier on the fixed features, with balanced draws;
    - "lws" learns one factor a class for the old one, with balanced draws;
    - "tau_norm" divides each class's weights by a power of their length,
      :math:`w_k / \lVert w_k \rVert^\tau`, and leaves the bias out;
    - "ncm" takes the cosine to the mean feature vector of each class.

    Parameters
    ----------
    method : {"crt", "lws", "tau_norm", "ncm"}, default="crt"
        How the classifier is made.
    tau : float or None, default=None
        Power of "tau_norm". None chooses it from 0, 0.1, ..., 2 by balanced accuracy: a first
        network is trained without a share `validation_fraction` of the samples and scored on it,
        which takes twice the time. In `partial_fit` None is 1.
    classifier_epochs : int, default=10
        Epochs of "crt" and "lws", as in the paper.
    classifier_lr : float, default=1e-2
        Learning rate of "crt" and "lws", falling along a cosine as in the paper.
    <<shared parameters>>

    Attributes
    ----------
    tau_ : float
        The power used, for "tau_norm".
    <<shared attributes>>

    See Also
    --------
    RebalancedClassifier : Re-balancing while the features are learnt.

    Notes
    -----
    `class_weight`, `sampling` and `rebalance_from` are about the first stage, where the paper has
    none of them. Weights by label are costs, which a classifier made anew must not forget: their
    logs are added to its scores (not in "tau_norm", which keeps the old classifier's directions).

    With `partial_fit` the first stage goes on, and the classifier is made anew from the samples of
    that call. A class without samples keeps the weights of the first stage.

    References
    ----------
    .. [1] Kang, Xie, Rohrbach, Yan, Gordo, Feng, Kalantidis. Decoupling Representation and
       Classifier for Long-Tailed Recognition. ICLR 2020.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import DecoupledClassifier
    >>> X, y = make_classification(n_samples=300, weights=[0.9], random_state=0)
    >>> model = DecoupledClassifier(max_epochs=20, random_state=0).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseNetClassifier._parameter_constraints,
        "method": [StrOptions({"crt", "lws", "tau_norm", "ncm"})],
        "tau": [*NOT_NEGATIVE, None],
        "classifier_epochs": COUNT,
        "classifier_lr": POSITIVE,
    }

    _corrects_by_itself = True
    _starts_at = "classifier_epochs"

    def __init__(
        self,
        *,
        method: str = "crt",
        tau: float | None = None,
        classifier_epochs: int = 10,
        classifier_lr: float = 1e-2,
        module: type | nn.Module | None = None,
        n_members: int | None = None,
        cross_fit: bool | str = "auto",
        class_weight: str | Mapping[Any, float] | None = None,
        effective_beta: float = 0.9999,
        weight_average: str = "batch",
        sampling: str | None = None,
        rebalance_from: float | str = 0.0,
        max_epochs: int | str = "auto",
        batch_size: int | str = "auto",
        lr: float = 3e-3,
        lr_schedule: str | None = "cosine",
        warmup_epochs: int = 0,
        lr_milestones: Sequence[float] = (0.8, 0.9),
        lr_decay: float = 0.01,
        optimizer: type = torch.optim.AdamW,
        dtype: str = "float32",
        device: str = "cpu",
        random_state: Any = None,
        warm_start: bool = False,
        keep_training_state: bool = False,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: int | str = 1,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        scoring: str | Callable[..., float] | None = None,
        verbose: int = 0,
        callbacks: list[Any] | None = None,
        **nested: Any,
    ) -> None:
        self._store(locals())

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        return Recipe(
            head=partial(DecoupledHead, n_classes=len(self.classes_)),
            terms={"classification": (1, CrossEntropy())},
            around=partial(self._decoupling, plan),
            # the classifier is made anew after each training
            reads_anew=frozenset({"method", "tau", "classifier_epochs", "classifier_lr"}),
        )

    @contextmanager
    def _decoupling(self, plan: TrainPlan, net: Net, data: TrainingData) -> Iterator[None]:
        yield
        if self.method == "tau_norm":
            choose = self.tau is None and not plan.more_may_come
            self.tau_ = (
                self._choose_tau(data) if choose else (1.0 if self.tau is None else self.tau)
            )
        heads = members_of(self.net_.module_.head)
        features = torch.from_numpy(self._features(data))
        for head, own in zip(heads, features.chunk(len(heads), dim=1), strict=True):
            weight, bias, cosine = getattr(self, f"_{self.method}")(own, data, *_joint(head))
            if self.method != "tau_norm" and is_cost(self.class_weight):
                bias = bias + self._log_costs().to(bias)
            head.decouple(weight, bias, cosine=cosine)

    def _log_costs(self) -> Tensor:
        """Return the logs of the user's own class weights, which the second stage does not see."""
        held = torch.finfo(torch.float32)
        costs = torch.from_numpy(cost_vector(self.class_weight, self.classes_))
        return costs.clamp(held.tiny, held.max).float().log()

    def _features(self, data: TrainingData) -> np.ndarray:
        return run(self.net_, data, features_of).numpy()

    def _second_stage(self, cls: type, inputs: Tensor, data: TrainingData) -> Any:
        """Return a classifier of our own, fitted to fixed inputs with balanced draws."""
        return cls(
            module=nn.Identity(),
            sampling="balanced",
            max_epochs=self.classifier_epochs,
            lr=self.classifier_lr,
            lr_schedule="cosine",
            batch_size=self.net_.batch_size,
            optimizer__weight_decay=0.0,
            dtype=self.dtype,
            device=str(self.net_.device),
            random_state=self.net_.streams.seed("source", self.net_.finished_epochs),
        ).fit(inputs.numpy(), data.y_encoded, sample_weight=data.weight)

    def _crt(
        self, features: Tensor, data: TrainingData, weight: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor, bool]:
        if len(np.unique(data.y_encoded)) > 1:
            new = self._second_stage(RebalancedClassifier, features, data)
            weight[new.classes_] = new.module_.head.weight.detach().cpu()
            bias[new.classes_] = new.module_.head.bias.detach().cpu()
        return weight, bias, False

    def _lws(
        self, features: Tensor, data: TrainingData, weight: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor, bool]:
        present = np.unique(data.y_encoded)
        if len(present) > 1:
            scores = (features @ weight.T + bias)[:, present]
            new = self._second_stage(_ScaleClassifier, scores, data)
            factor = new.module_.head.factor.detach().cpu()
            weight[present] *= factor[:, None]
            bias[present] *= factor
        return weight, bias, False

    def _tau_norm(
        self, features: Tensor, data: TrainingData, weight: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor, bool]:
        normalized = _tau_normalized(weight, self.tau_)
        if not normalized.isfinite().all():
            raise ValueError(
                f"tau={self.tau_:g} takes the weights of the classes out of the range of floats. "
                "Its paper looks between 0 and 2."
            )
        return normalized, torch.zeros_like(bias), False

    def _ncm(
        self, features: Tensor, data: TrainingData, weight: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor, bool]:
        mass = torch.ones(len(features)) if data.weight is None else as_tensor(data.weight)
        for code in np.unique(data.y_encoded):
            rows = torch.from_numpy(data.y_encoded == code)
            share = (mass[rows] / mass[rows].sum()).to(features.dtype)
            weight[code] = share @ features[rows]
        return _COSINE_SCALE * F.normalize(weight, dim=-1), torch.zeros_like(bias), True

    def _choose_tau(self, data: TrainingData) -> float:
        try:
            learnt, held = data.hold_back(self.validation_fraction, self.net_.streams)
        except ValueError:
            warn(f"{len(data)} samples are too few to hold some back, so tau is 1.0. Set tau.")
            return 1.0
        probe = clone(self).set_params(
            tau=1.0, early_stopping=False, warm_start=False, callbacks=None, verbose=0,
            checkpoint=None,
            device=str(self.net_.device), random_state=self.net_.streams.seed("source"),
        )  # fmt: skip
        probe.fit(learnt.whole(), learnt.y_encoded, sample_weight=learnt.weight)
        features = torch.from_numpy(probe.transform(held.whole())).to(torch.float64)
        y = held.y_encoded
        heads = members_of(probe.module_.head)
        joints = [head.joint.weight.detach().cpu().double() for head in heads]
        features = features.chunk(len(heads), dim=1)
        scores = []
        for tau in _TAUS:
            of_members = [
                own @ _tau_normalized(joint, tau).T
                for own, joint in zip(features, joints, strict=True)
            ]
            found = of_members[0]
            if len(heads) > 1:
                found = log_mean_probability(torch.stack(of_members, dim=1))
            predicted = probe.classes_[found.argmax(1).numpy()]
            recalls = recall_score(
                y, predicted, labels=np.unique(y), average="macro", sample_weight=held.weight
            )
            scores.append(recalls)
        # several neighbouring powers may be best: the middle one of these
        best = np.flatnonzero(np.isclose(scores, max(scores)))
        return float(_TAUS[best[len(best) // 2]])


def _joint(head: DecoupledHead) -> tuple[Tensor, Tensor]:
    """Return copies of the first stage's class weights and bias."""
    joint = head.joint
    return joint.weight.detach().cpu().clone(), joint.bias.detach().cpu().clone()


def _tau_normalized(weight: Tensor, tau: float) -> Tensor:
    """Return each class's weights over their length to the power tau (Kang et al. 2020, Eq. 4)."""
    length = weight.norm(dim=1, keepdim=True)
    return weight / length.clamp_min(torch.finfo(weight.dtype).tiny).pow(tau)
