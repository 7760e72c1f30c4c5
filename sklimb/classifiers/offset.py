"""Softmax classifier whose offsets follow from the class centres (Kim, Hong & Kim 2021)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from os import PathLike
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from sklimb._constraints import NOT_NEGATIVE, PROBABILITY
from sklimb._data.training_data import TrainingData
from sklimb._training.inference import class_means
from sklimb._training.net import Net
from sklimb._training.objective import BatchOutput
from sklimb._training.plan import TrainPlan
from sklimb._training.recipe import Recipe, Terms
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.docstrings import describe_shared
from sklimb.classifiers.losses import (
    LOSS_CONSTRAINTS,
    Loss,
    WithPrior,
    adjusts_for_prior,
    check_loss,
    make_head,
    make_term,
)
from sklimb.heads import CosineHead, EmpiricalOffsetHead, LinearHead, OffsetHead
from sklimb.heads.members import members_of
from sklimb.heads.offset import class_weights
from sklimb.losses.offset import center_loss, estimated_offset, uniform_offset_loss

_OFFSETS = {"estimated", "empirical", "uniform_only", "zero", "learned"}


class _Center:
    """The centre loss of a step, or its mean over features, on features of bounded size.

    Where the mean square of the centres about their mean exceeds 1 a feature, features are scaled
    down to that. Smaller spreads are left alone: the loss makes the spread smaller itself, and
    divided by it would draw all features into one point.
    """

    def __init__(self, normalize: bool) -> None:
        self.normalize = normalize

    def __call__(self, step: BatchOutput) -> Tensor:
        centers = step.head.centers
        per_row = center_loss(step.features, step.y, centers, reduction="none")
        if not self.normalize:
            return per_row
        spread = (centers - centers.mean(dim=0)).square().mean()  # of buffers: no gradient
        return per_row / (centers.shape[1] * spread.clamp_min(1))


class _Uniform:
    """Eq. 5 on the head's offsets, or the same divided by its largest size, log C."""

    # it holds the offsets of the classes together, even where that harms the probabilities
    is_proper = False

    def __init__(self, normalize: bool) -> None:
        self.normalize = normalize

    def __call__(self, step: BatchOutput) -> Tensor:
        offset = step.head.offset
        loss = uniform_offset_loss(offset)
        return loss / math.log(len(offset)) if self.normalize else loss


@describe_shared
class OffsetDebiasedClassifier(BaseNetClassifier):
    r"""Neural network with a softmax whose offset cannot favour the frequent classes.

    What to set first:

    - `lambda1`: weight of the centre loss, to be searched first (0.01 to 1);
    - `lambda2`: weight of the uniform constraint; 0 for two classes of different spread;
    - `loss`: "ldam" or "focal" in place of the cross entropy;
    - `cross_fit`: False is one network, in a fraction of the time of eight calibrated ones;
    - `random_state`: an int, for the same result each time.

    .. math::
        s_k = w_k \cdot f - o_k, \qquad o_k = \tfrac{1}{2} c_k \cdot w_k, \qquad
        L = L_{cls} + \lambda_1 \lVert f - c_y \rVert^2 - \lambda_2 H(\mathrm{softmax}(-o))

    with :math:`f` the features of a sample, :math:`w_k` and :math:`c_k` the weights and the centre
    of class k, and :math:`H` the entropy (Eq. 5, 6) [1]_. In place of a bias, which learns the
    class shares, comes the estimated offset o; where the weights are those of Gaussian classes, it
    puts the boundary between two classes half-way between their means (Eq. 4). Centres start at the
    class means, and move after each step by the rule of the centre loss [2]_.

    Parameters
    ----------
    loss : str, nn.Module or callable, default="cross_entropy"
        The classification loss :math:`L_{cls}`, as in `RebalancedClassifier`.
    focal_gamma : float, default=2.0
        Focus of "focal".
    tau : float, default=1.0
        Strength of "logit_adjusted".
    max_margin : float, default=0.5
        Margin of the rarest class for "ldam", of all classes for "am_softmax".
    scale : float, default=30.0
        What cosines are multiplied by in "ldam" and "am_softmax".
    lambda1 : float, default=0.1
        Weight of the centre loss. The search over six sets is flat from 0.03 to 0.1.
    lambda2 : float, default=1.0
        Weight of the uniform constraint; 0 is the paper's "w/o UC", which in the search is as good
        on average, and better on mammography: worth a try on two classes of different spread. From
        0.1 to 30 the mean hardly moves; a strong one (30) can overrule the classification loss
        where features cannot move.
    offset : str, default="estimated"
        - "estimated": the method;
        - "empirical": a plain network is trained, bias and all; then :math:`c_k` are the class
          means over the training samples, and the bias gives way to the offset (section 2.2). A
          checkpoint that skorch writes during the first training has no means yet: to load it
          warns, and it predicts as the plain network, as a first fit stopped by Ctrl-C does;
        - "uniform_only": the offset is constrained but not subtracted, the paper's "UC only";
        - "zero": no offset;
        - "learned": an ordinary bias, `RebalancedClassifier(cross_fit=False)` bit for bit.

        "empirical", "zero" and "learned" are plain training: `lambda1`, `lambda2`, `keep_prior`,
        `normalize_terms` and `center_rate` have no effect, nor has `centered` on the last two.
    keep_prior : bool, default=True
        Add the log class shares to the scores while training, and leave them out of predictions.
        The paper leaves them out of both (see Notes).
    centered : bool, default=True
        Measure features from the mean of the centres; `transform` returns them so. Equal offsets
        put the boundary between two classes through the origin of the features, and this puts the
        origin between the centres. False is the paper's form.
    normalize_terms : bool, default=True
        Divide the centre loss by the number of features, and by the mean square of the centres
        about their mean, a feature, where that is above 1; and the uniform constraint by its
        largest size, log(n_classes). So one `lambda1` and `lambda2` fit networks of any width,
        features of any larger scale and any number of classes. Smaller features than those of the
        default networks get less of the centre loss: it falls with the square of their scale.
        False is the paper's form.
    center_rate : float, default=0.5
        Rate of the centres, from 0 to 1; 0.5 is the choice of [2]_.
    <<shared parameters>>

    Attributes
    ----------
    class_means_ : ndarray of shape (n_classes, n_features_out)
        Weighted means of the training samples' features at the end of training, as the head scores
        them: those of `transform`, on the unit sphere where scores are cosines. NaN for a class
        without samples; `partial_fit` renews those of the classes that it is given. Part of the
        net's checkpoints, but for "zero" and "learned", whose heads are the plain ones: there the
        estimator keeps them, and ``net_.load_params`` leaves them as they are. Of several members
        with an axis for them in front, (n_members, n_classes, n_features_out / n_members), as have
        the two below.
    empirical_offset_ : ndarray of shape (n_classes,)
        Half the inner product of these means with the class weights.
    estimated_offset_ : ndarray of shape (n_classes,)
        The same with the learnt centres; not there with "empirical", "zero" and "learned".
    <<shared attributes>>

    See Also
    --------
    RebalancedClassifier : The softmax baselines.

    Notes
    -----
    The Gaussian classifier that the offset is derived from has :math:`w_{k0} = \log \pi_k -
    \frac{1}{2} \mu_k^T \Sigma^{-1} \mu_k` (Eq. 2). The paper drops :math:`\log \pi_k` in training
    too. But what fits imbalanced data best contains it, and the network finds it a place. Weights
    take it up where nothing is constrained: adding one vector v to all of them leaves a softmax as
    it is and changes the offsets by :math:`\frac{1}{2} c_k \cdot v`. The uniform constraint closes
    that way: on fixed features, centred, the boundary is then as near the middle without the prior
    as with it. Where features are learnt, they move instead, and the boundary leans without the
    prior, with the constraint too. And equal offsets put boundaries through the zero of the
    features, wherever that is. All this is in ``benchmarks/results/papers/offset_toy.csv``. So
    `centered` puts that zero between the classes, and `keep_prior` puts
    :math:`\log \pi_k` where Eq. 2 has it, and predictions leave it out. Shares are those that the
    loss sees: by sample weights, after balanced draws and ``class_weight="balanced"`` or
    "effective", from the epoch on that these start. Weights by label are costs and do not count.
    "logit_adjusted" (but with ``tau=0``) and "balanced_softmax" add the shares themselves, and it
    is not done twice.

    Most of what the method gains over the plain network comes from the prior in training, which is
    logit adjustment, and from the centre loss. Offset and uniform constraint, the paper's own part,
    add little on real sets: in ``benchmarks/results/papers/offset.csv`` "prior + centre loss" is
    level with "ours" on digits and MNIST and a little behind on Reuters, where logit adjustment by
    itself is ahead of both; and on MNIST "empirical" is the best of all.

    The paper's bare method is ``OffsetDebiasedClassifier(lambda1=1, lambda2=1, keep_prior=False,
    centered=False, normalize_terms=False)``; its centre loss is for features of another scale, and
    on small sets collapses them. The other defaults come from
    ``benchmarks/tuning/defaults_offset.py``.

    With "ldam" and "am_softmax" scores are cosines times `scale`; then f and w are taken on the
    unit sphere, w times `scale`, and the rest is as above.

    Sample and class weights count in the rule of the centres as in the loss, a weight of 2 as two
    samples; the 1 beside their sum in that rule is why, other than with the other classifiers, a
    sample of weight 2 equals that sample twice only up to the damping of the centres.

    References
    ----------
    .. [1] Kim, Hong, Kim. De-biasing Neural Networks with Estimated Offset for Class Imbalanced
       Learning. ICCV Workshops 2021.
    .. [2] Wen, Zhang, Li, Qiao. A Discriminative Feature Learning Approach for Deep Face
       Recognition. ECCV 2016.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import OffsetDebiasedClassifier
    >>> X, y = make_classification(n_samples=300, weights=[0.9], random_state=0)
    >>> model = OffsetDebiasedClassifier(max_epochs=20, random_state=0).fit(X, y)
    >>> model.predict_proba(X[:3]).shape, model.estimated_offset_.shape
    ((3, 2), (2,))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseNetClassifier._parameter_constraints,
        **LOSS_CONSTRAINTS,
        "lambda1": NOT_NEGATIVE,
        "lambda2": NOT_NEGATIVE,
        "offset": [StrOptions(_OFFSETS)],
        "keep_prior": ["boolean"],
        "centered": ["boolean"],
        "normalize_terms": ["boolean"],
        # above 1 a centre would jump past its class
        "center_rate": PROBABILITY,
    }
    _cross_fits_if_open = True
    _corrects_by_offset = True

    def __init__(
        self,
        *,
        loss: Loss = "cross_entropy",
        focal_gamma: float = 2.0,
        tau: float = 1.0,
        max_margin: float = 0.5,
        scale: float = 30.0,
        lambda1: float = 0.1,
        lambda2: float = 1.0,
        offset: str = "estimated",
        keep_prior: bool = True,
        centered: bool = True,
        normalize_terms: bool = True,
        center_rate: float = 0.5,
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

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_loss(self)
        if self.cross_fit is True and self.offset == "empirical":
            raise ValueError(
                'offset="empirical" is set after the training, from all samples, so members have '
                "left none out of it: cross_fit=True cannot be. Set cross_fit=False."
            )

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        return Recipe(self._head(), self._terms(), around=self._with_means)

    def _head(self) -> Callable[[int], nn.Module]:
        """Return (n_features) -> the head of this `offset`."""
        n_classes = len(self.classes_)
        if self.offset == "learned":
            return make_head(self, n_classes)
        scale = self.scale if self.loss in ("ldam", "am_softmax") else None
        if self.offset == "zero":
            if scale is not None:
                return partial(CosineHead, n_classes=n_classes, scale=scale)
            return partial(LinearHead, n_classes=n_classes, bias=False)
        settings = {"n_classes": n_classes, "centered": self.centered, "scale": scale}
        if self.offset == "empirical":
            return partial(EmpiricalOffsetHead, **settings)
        subtract = self.offset == "estimated"
        return partial(OffsetHead, subtract=subtract, rate=self.center_rate, **settings)

    def _terms(self) -> Terms:
        term = make_term(self)
        if self.offset not in ("estimated", "uniform_only"):
            return {"classification": (1, term)}
        if self.keep_prior and not adjusts_for_prior(self):
            term = WithPrior(term)
        return {
            "classification": (1, term),
            "center": (self.lambda1, _Center(self.normalize_terms)),
            "uniform": (self.lambda2, _Uniform(self.normalize_terms)),
        }

    @contextmanager
    def _with_means(self, net: Net, data: TrainingData) -> Iterator[None]:
        """Run the training without class means, and set those of this training afterwards."""
        heads = members_of(net.module_.head)
        empirical = [head for head in heads if isinstance(head, EmpiricalOffsetHead)]
        if not net.finished_epochs:
            vars(self).pop("_raw_means", None)
        for head in empirical:
            head.use_means(False)
        try:
            yield
        finally:
            for head in empirical:
                head.use_means()
        means, present = class_means(net, data, len(self.classes_))
        if isinstance(heads[0], OffsetHead):
            for head, own in zip(heads, means, strict=True):
                head.set_means(own, present)
        else:  # the plain net's heads have no buffer for them
            known = vars(self).get("_raw_means", torch.full_like(means, torch.nan))
            self._raw_means = torch.where(present.unsqueeze(1), means, known)

    @property
    def class_means_(self) -> np.ndarray:
        """Means of the classes' training samples, in the space that the head scores."""
        heads = self._heads_for("class_means_")
        if isinstance(heads[0], OffsetHead):
            means = torch.stack([head.class_means.cpu().double() for head in heads])
        else:
            means = vars(self).get("_raw_means")
        if means is None or bool(means.isnan().all()):
            raise AttributeError(
                f"{type(self).__name__} has no 'class_means_': they are computed at the end of a "
                "training, and this one was stopped, or its net saved, before. Train on with "
                "partial_fit, or fit anew."
            )
        return _without_axis_of_one(means.numpy().copy())

    @property
    def empirical_offset_(self) -> np.ndarray:
        """Half the inner product of each class's mean with its weights."""
        heads = self._heads_for("empirical_offset_")
        means = self.class_means_.reshape(len(heads), len(self.classes_), -1)
        own = [
            _offset(class_weights(h), torch.from_numpy(m))
            for h, m in zip(heads, means, strict=True)
        ]
        return _without_axis_of_one(np.stack(own))

    @property
    def estimated_offset_(self) -> np.ndarray:
        """Half the inner product of each class's learnt centre with its weights."""
        heads = self._heads_for("estimated_offset_")
        if not isinstance(heads[0], OffsetHead) or isinstance(heads[0], EmpiricalOffsetHead):
            raise AttributeError(
                f"With offset={self.offset!r} no centres are learnt, so there is no "
                "'estimated_offset_'; 'empirical_offset_' is there."
            )
        return _without_axis_of_one(np.stack([_offset(h.weight, h.centers) for h in heads]))

    def _heads_for(self, name: str) -> list[nn.Module]:
        if "net_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no {name!r} before fit.")
        return members_of(self.net_.module_.head)


def _offset(weight: Tensor, centers: Tensor) -> np.ndarray:
    return estimated_offset(weight.detach().cpu().double(), centers.cpu().double()).numpy()


def _without_axis_of_one(values: np.ndarray) -> np.ndarray:
    """Return values (k, ...) of k members; of a single one without the axis."""
    return values[0] if len(values) == 1 else values
