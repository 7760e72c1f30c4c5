"""Rare-class samples generated inside the network while training (Wang et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from numbers import Real
from os import PathLike
from typing import Any, ClassVar

import torch
from torch import nn

from sklimb._constraints import COUNT, EPOCH, NOT_NEGATIVE, Number
from sklimb._data.training_data import TrainingData
from sklimb._training.early_stopping import warn_if_stopped_before
from sklimb._training.generator import build_generator
from sklimb._training.net import Net
from sklimb._training.plan import TrainPlan
from sklimb._training.recipe import Recipe
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.docstrings import describe_shared
from sklimb.classifiers.losses import (
    LOSS_CONSTRAINTS,
    Loss,
    adjusts_for_prior,
    check_loss,
    classification_recipe,
)
from sklimb.transforms.base import MemberTransforms


@describe_shared
class RSGClassifier(BaseNetClassifier):
    r"""Neural network that makes rare-class samples from what varies in frequent classes.

    What to set first:

    - `generate_from`: when generation starts; earlier in short trainings (0.5);
    - `alpha`: the share of classes that are frequent, 0.5 where half of them are large;
    - `stage`: where in your own backbone samples are made;
    - `loss`: "ldam" with ``class_weight="effective", rebalance_from=0.8`` is the paper's best;
    - `random_state`: an int, for the same result each time.

    .. math::
        x_{new}^{l'} = T(x_{freq}^l - C_K^l) + x_{rare}^{l'}, \qquad
        L = L_{cls} + \lambda_1 L_{CESC} + \lambda_2 L_{MV}

    with x the feature maps at a stage of the backbone, :math:`C_K^l` the center of class l that is
    nearest to :math:`x_{freq}^l`, and T a linear map (Eq. 3, 4) [1]_. :math:`L_{CESC}` learns the
    centers, and a module that tells whether two maps are of one class (Eq. 5); :math:`L_{MV}` turns
    T's output towards the displacement of the rare sample, at the length it had, and lets it look
    like another class (Eq. 6). The new samples go through the rest of the network with the batch.
    All this exists while training only: the fitted predictor is the plain network.

    Parameters
    ----------
    loss : str, nn.Module or callable, default="logit_adjusted"
        The classification loss, as in `RebalancedClassifier`. "cross_entropy" corrects for no class
        sizes: few samples are called rare then, for new ones even out batches only in part.
    alpha : float, default=0.2
        Share of the classes that count as frequent: the round(alpha * n_classes) largest, at least
        one and not all. The paper takes 0.2 for long tails, 0.5 for step imbalance.
    beta : float, default=1.0
        Transfer strength, in (0, 1]: a batch with s_freq samples of frequent and s_rare of rare
        classes gets max(floor(beta s_freq / s_rare), 1) s_rare new samples (see Notes). The paper
        takes 1 for long tails, 0.01 for step imbalance.
    n_centers : int, default=15
        Centers per class.
    lambda1 : float, default=0.1
        Weight of the center estimation with sample contrastive loss.
    lambda2 : float, default=0.01
        Weight of the maximized vector loss.
    generate_from : int or float, default=0.8
        The epoch from which samples are generated, T_th: an int counts finished epochs, a float in
        [0, 1] is a share of `max_epochs`. With a share below 1 the last epoch at least generates.
        The paper starts where it first lowers the learning rate, at 160 of 200.
    stage : str or None, default=None
        The submodule of the backbone behind which samples are generated, by its name (see
        ``named_modules``); its output must be vectors (n, D) or maps (n, D, W, H). None takes the
        backbone's ``default_stage``: for images the place before the second-to-last down-sampling,
        for tabular data the hidden layer before the last.
    contrast_channels : int, default=256
        Width of the contrastive module, the paper's. On maps it is most of what RSG costs.
    end_to_end : bool, default=False
        Let the classification loss of new samples reach the layers below the stage, through the
        rare samples that they are made of. The authors' code does not; the paper leaves it open. On
        tables under a plain loss many more samples are then called rare (see Notes).
    count_by_weight : bool, default=True
        Count s_freq / s_rare by sample weights, where that makes fewer new samples (see Notes).
        False counts samples, as the paper does.
    focal_gamma : float, default=2.0
        Focus of "focal".
    tau : float, default=1.0
        Strength of "logit_adjusted".
    max_margin : float, default=0.5
        Margin of the rarest class for "ldam", of all classes for "am_softmax".
    scale : float, default=30.0
        What cosines are multiplied by in "ldam" and "am_softmax".
    <<shared parameters>>

    Attributes
    ----------
    frequent_classes_ : ndarray
        Labels of the classes that counted as frequent, sorted.
    <<shared attributes>>

    See Also
    --------
    RebalancedClassifier : The same network, losses and re-balancing without generated samples.
    sklimb.transforms.RareSampleGenerator : The generator, for a training loop of your own.

    Notes
    -----
    The paper's LDAM-DRW-RSG is ``loss="ldam", class_weight="effective", rebalance_from=0.8``;
    LDAM-DRS-RSG has ``sampling="balanced"`` in place of the class weight.

    New samples even out a batch. Class weights, and a loss that corrects for class sizes, do so
    too; both at once correct twice, and on two classes of very unequal size LDAM-DRW would call
    every sample rare. So s_freq / s_rare counts samples by their weights where that is less,
    whatever the weights are for, and under "logit_adjusted" and "balanced_softmax" as if all
    classes had one size. ``count_by_weight=False`` follows the paper to the letter; on its long
    tails that makes between one in 30 (ratio 50) and one in five (ratio 100) more new samples.

    ``history_`` has for each epoch the losses ``train_cesc_center``, ``train_cesc_contrast``
    (before generation) and ``train_mv`` (from then on), ``contrast_accuracy`` (chance is 0.5),
    ``mv_cosine`` (mean cosine between transformed and rare displacements) and ``n_generated``; what
    an epoch does not have is NaN.

    Early stopping may end the training before generation starts, which warns: lower `generate_from`
    or raise `n_iter_no_change`.

    For vectors, as of tabular data, T and the contrastive module's layers are linear, and a sum
    over one position leaves the two losses little weight: T's output hardly turns towards the rare
    displacements there. On tables RSG changed less than seeds do
    (``benchmarks/tables/rsg_rows.py``), but for mammography under a plain loss: worse by default
    (balanced accuracy 79.9 to 77.5), much better with ``end_to_end=True``, at three times as many
    samples called rare as there are.

    ``lambda1=0, lambda2=0`` with a `generate_from` of `max_epochs` gives the plain network bit for
    bit.

    References
    ----------
    .. [1] Wang, Lukasiewicz, Hu, Cai, Xu. RSG: A Simple but Effective Module for Learning
       Imbalanced Datasets. CVPR 2021.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import RSGClassifier
    >>> X, y = make_classification(n_samples=300, weights=[0.9], random_state=0)
    >>> model = RSGClassifier(max_epochs=20, random_state=0).fit(X, y)
    >>> model.frequent_classes_, model.history_[-1, "n_generated"] > 0
    (array([0]), True)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseNetClassifier._parameter_constraints,
        **LOSS_CONSTRAINTS,
        "alpha": [Number(Real, 0, 1, closed="right")],
        "beta": [Number(Real, 0, 1, closed="right")],
        "n_centers": COUNT,
        "lambda1": NOT_NEGATIVE,
        "lambda2": NOT_NEGATIVE,
        "generate_from": EPOCH,
        "stage": [str, None],
        "contrast_channels": COUNT,
        "end_to_end": ["boolean"],
        "count_by_weight": ["boolean"],
    }
    _cross_fits_if_open = True

    def __init__(
        self,
        *,
        loss: Loss = "logit_adjusted",
        alpha: float = 0.2,
        beta: float = 1.0,
        n_centers: int = 15,
        lambda1: float = 0.1,
        lambda2: float = 0.01,
        generate_from: float = 0.8,
        stage: str | None = None,
        contrast_channels: int = 256,
        end_to_end: bool = False,
        count_by_weight: bool = True,
        focal_gamma: float = 2.0,
        tau: float = 1.0,
        max_margin: float = 0.5,
        scale: float = 30.0,
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

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        return classification_recipe(
            self,
            len(self.classes_),
            transform=partial(
                build_generator,
                stage=self.stage,
                n_centers=self.n_centers,
                alpha=self.alpha,
                beta=self.beta,
                lambda1=self.lambda1,
                lambda2=self.lambda2,
                generate_from=plan.epoch_of(self.generate_from, "generate_from"),
                contrast_channels=self.contrast_channels,
                end_to_end=self.end_to_end,
                balanced_loss=adjusts_for_prior(self),
                count_by_weight=self.count_by_weight,
            ),
            around=partial(self._generating, plan),
        )

    @contextmanager
    def _generating(self, plan: TrainPlan, net: Net, data: TrainingData) -> Iterator[None]:
        # The generator has the alpha that it was built with, whatever was set since.
        transform = net.transform_
        # one generator for each copy of the backbone; all see the same classes
        one = transform.members[0] if isinstance(transform, MemberTransforms) else transform
        self.frequent_classes_ = self.classes_[one.is_frequent.cpu().numpy()]
        yield
        warn_if_stopped_before(
            net, plan, "generate_from", self.generate_from, "generation", "n_generated"
        )
