"""Plain training and every re-balanced baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, ClassVar

import torch
from torch import nn

from sklimb._constraints import NOT_NEGATIVE
from sklimb._data.training_data import TrainingData
from sklimb._training.mixup import Mixup
from sklimb._training.plan import TrainPlan
from sklimb._training.recipe import Recipe
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.docstrings import describe_shared
from sklimb.classifiers.losses import LOSS_CONSTRAINTS, Loss, check_loss, classification_recipe


@describe_shared
class RebalancedClassifier(BaseNetClassifier):
    r"""Neural network with a softmax head: plain, and every re-balanced baseline.

    What to set first:

    - `loss`: "logit_adjusted" for many classes or a long tail; "cross_entropy" with `class_weight`;
    - `class_weight`: "balanced" weighs every class alike; a dict goes by label, ``{"fraud": 50}``;
    - `cross_fit`: False is one network, in a fraction of the time of eight calibrated ones;
    - `max_epochs`: a number, where "auto" is too short or too long for your data;
    - `random_state`: an int, for the same result each time.

    .. math:: L = -\log \frac{\exp(s_{y})}{\sum_k \exp(s_k)}, \qquad s_k = w_k \cdot f + b_k

    with :math:`f` the features of the backbone and :math:`w_k, b_k` the weights and the bias of
    class k; averaged over a batch by sample weight times class weight. The defaults are plain
    training, for tables of members that leave folds out (``cross_fit=False`` is one plain network,
    to compare with). Other losses, class weights, balanced draws and their deferral
    combine freely; the names that papers use are settings (see Notes).

    Parameters
    ----------
    loss : str, nn.Module or callable, default="cross_entropy"
        "cross_entropy", "focal" [1]_, "ldam" [2]_, "am_softmax" [3]_, "logit_adjusted" [4]_ or
        "balanced_softmax" [5]_ (see `sklimb.losses`); or a module or function of (scores, y) that
        returns a value for each sample. "ldam" and "am_softmax" take a cosine head without a bias.
    focal_gamma : float, default=2.0
        Focus of "focal"; 0 is the cross entropy, 2 its paper's choice.
    tau : float, default=1.0
        Strength of "logit_adjusted"; 1 is consistent for balanced accuracy.
    max_margin : float, default=0.5
        Margin of the rarest class for "ldam", of all classes for "am_softmax"; LDAM's code has 0.5.
    scale : float, default=30.0
        What cosines are multiplied by in "ldam" and "am_softmax", as in LDAM's code.
    mixup : float, default=0.0
        Alpha of mixup [6]_: samples are mixed in pairs with shares from Beta(alpha, alpha). 0 is
        off.
    remix : bool, default=False
        With mixup, give the rarer class of an uneven pair the whole label [7]_: where one class has
        3 times the samples of the other and less than half of the input.
    <<shared parameters>>

    Attributes
    ----------
    <<shared attributes>>

    See Also
    --------
    AffinityClassifier : Similarity to class prototypes instead of a softmax.

    Notes
    -----
    What the papers' tables call

    ============  ===================================================================
    RS            ``sampling="balanced"``
    RW            ``class_weight="balanced"``
    CB-RW         ``class_weight="effective"``
    DRS, DRW      the same with ``rebalance_from=0.8``
    LDAM-DRW      ``loss="ldam", class_weight="effective", rebalance_from=0.8``
    M-DRW         ``loss="am_softmax", class_weight="effective", rebalance_from=0.8``
    focal         ``loss="focal"``
    CB-focal      ``loss="focal", class_weight="effective"``
    mixup-DRW     ``mixup=1.0, class_weight="effective", rebalance_from=0.8``
    ============  ===================================================================

    "logit_adjusted" and "balanced_softmax" correct for the class sizes by themselves: class
    weights or balanced draws beside them correct twice, and warn.

    References
    ----------
    .. [1] Lin, Goyal, Girshick, He, Dollar. Focal Loss for Dense Object Detection. ICCV 2017.
    .. [2] Cao, Wei, Gaidon, Arechiga, Ma. Learning Imbalanced Datasets with
       Label-Distribution-Aware Margin Loss. NeurIPS 2019.
    .. [3] Wang, Cheng, Liu, Liu. Additive Margin Softmax for Face Verification. 2018.
    .. [4] Menon, Jayasumana, Rawat, Jain, Veit, Kumar. Long-tail Learning via Logit Adjustment.
       ICLR 2021.
    .. [5] Ren, Yu, Sheng, Ma, Zhao, Yi, Li. Balanced Meta-Softmax for Long-Tailed Visual
       Recognition. NeurIPS 2020.
    .. [6] Zhang, Cisse, Dauphin, Lopez-Paz. mixup: Beyond Empirical Risk Minimization. ICLR 2018.
    .. [7] Chou, Chang, Pan, Wei, Juan. Remix: Rebalanced Mixup. ECCV Workshops 2020.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import RebalancedClassifier
    >>> X, y = make_classification(n_samples=300, weights=[0.9], random_state=0)
    >>> model = RebalancedClassifier(class_weight="balanced", max_epochs=20, random_state=0)
    >>> model.fit(X, y).predict(X[:3]).shape
    (3,)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseNetClassifier._parameter_constraints,
        **LOSS_CONSTRAINTS,
        "mixup": NOT_NEGATIVE,
        "remix": ["boolean"],
    }
    _cross_fits_if_open = True

    def __init__(
        self,
        *,
        loss: Loss = "cross_entropy",
        focal_gamma: float = 2.0,
        tau: float = 1.0,
        max_margin: float = 0.5,
        scale: float = 30.0,
        mixup: float = 0.0,
        remix: bool = False,
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
        if self.remix and not self.mixup:
            raise ValueError("remix=True needs mixup above 0 (its paper takes 1), got mixup=0.")

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        mixup = Mixup(self.mixup, self.remix) if self.mixup else None
        return classification_recipe(self, len(self.classes_), mixup=mixup)
