"""Translation of samples of frequent classes into rare ones while training (Kim et al. 2020)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from os import PathLike
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils._param_validation import StrOptions
from skorch import NeuralNet
from torch import nn

from sklimb._constraints import COUNT, EPOCH, NOT_NEGATIVE
from sklimb._data.columns import ColumnSpread
from sklimb._data.tensors import has_float64, to_dense
from sklimb._data.training_data import TrainingData
from sklimb._training.early_stopping import warn_if_stopped_before
from sklimb._training.net import Net
from sklimb._training.plan import Mode, TrainPlan
from sklimb._training.recipe import Recipe
from sklimb._training.training import iter_chunks
from sklimb._warnings import warn
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.docstrings import describe_shared
from sklimb.classifiers.fitting import train_aside
from sklimb.classifiers.losses import (
    LOSS_CONSTRAINTS,
    Loss,
    check_loss,
    classification_recipe,
)
from sklimb.classifiers.sources import (
    TRANSLATION_CONSTRAINTS,
    check_source,
    fit_source,
    is_fitted_source,
    plain_source,
    score_network,
    unrecognised_classes,
)
from sklimb.transforms.major_to_minor import build_translation

# With fewer trials none may succeed by chance: where y does not depend on X, 1 in 15 to 60 does.
_TRIES_THAT_SAY_SOMETHING = 200


@describe_shared
class M2mClassifier(BaseNetClassifier):
    r"""Neural network that learns rare classes from samples translated out of frequent ones.

    What to set first:

    - `step_size`: how far a sample may go, `n_steps` times; more, where few are translated;
    - `translate_from`: when translation starts; 0.8 leaves it the last fifth of the epochs;
    - `gamma`: how sure the other network has to be; less, where few are accepted;
    - `loss`: "ldam" is the paper's best, in place of "logit_adjusted";
    - `random_state`: an int, for the same result each time.

    .. math:: x^* = \arg\min_{x = x_0 + \delta} L(g; x, k) + \lambda f_{k_0}(x)

    (Eq. 2 of [1]_): :math:`x_0` is a sample of a larger class :math:`k_0`, g a plain network that
    is trained first, f the network in training. From `translate_from` on batches are drawn with
    every class equally often, and a sample of class k is replaced, with probability
    :math:`1 - N_k / N_1`, by such an :math:`x^*` made from a sample of the same batch, whose class
    is drawn by Eq. 5. It must have g's confidence `gamma` in k, and is kept with the probability of
    Eq. 3; otherwise the sample of class k stays. The fitted predictor is the plain network.

    Parameters
    ----------
    loss : str, nn.Module or callable, default="logit_adjusted"
        The classification loss of f, as in `RebalancedClassifier`. "cross_entropy" is the paper's
        M2m, "ldam" its LDAM-M2m. Losses that correct for class sizes do so until batches are
        balanced, see Notes.
    lam : float, default=0.1
        :math:`\lambda`: how much f's raw score of the seed's class counts. The paper's candidates
        are 0.01, 0.1 and 0.5.
    beta : float, default=0.9
        A translation from a class that has s samples more than the target's is kept with
        probability :math:`1 - \beta^s`. Of the paper's candidates 0.9, 0.99 and 0.999 only 0.9
        lets sets of a hundred samples have translations at all.
    gamma : float, default=0.9
        Least confidence of g in the target class; the paper's candidates are 0.9 and 0.99.
    step_size : float, default=0.3
        :math:`\eta`, in the units of `unit`. The paper's 0.1 is a length in pixels from 0 to 1,
        as images come before they are standardised. In a search over six sets
        (``benchmarks/tuning/defaults_m2m.py``) 0.1 to 1 differ by less than a point, and 2 is
        worse; so do the candidates of `lam`, `beta` and `gamma`.
    n_steps : int, default=10
        Number of steps, :math:`T`.
    translate_from : int or float, default=0.8
        The epoch from which batches are balanced, whatever `sampling` says, and translated: an int
        counts finished epochs, a float in [0, 1] is a share of `max_epochs`. With a share below 1
        the last epoch at least translates. 0 is the ablation "from scratch" (M2m-RS); the paper's
        CIFAR runs start at 160 of 200. Early stopping may end the training before, with a warning.
    unit : {"spread", "raw"} or None, default=None
        "spread" measures steps in standard deviations of each column (channel of images), "raw"
        takes numbers as they are. None is "spread" for tabular data and "raw" for images.
    source_estimator : classifier, nn.Module or None, default=None
        g: a classifier of sklimb or a skorch net, cloned and fitted first; or a fitted network: an
        ``nn.Module`` whose scores are in the order of ``classes_``, or a fitted classifier of
        sklimb or skorch in ``sklearn.frozen.FrozenEstimator``. None is a plain
        `RebalancedClassifier` with the settings given here, trained for at least 300 steps, and
        without dropout if it is an `MLP`, `WideMLP` or `TabularMLP`: g has to know its training
        samples. In `partial_fit` an unfitted g learns from each call before f does; one that is
        needed in the first call already is fitted to the data of that call, and so is any skorch
        net.
    clean_seeds : bool, default=False
        Ablation (M2m-Clean): use the seed itself where its translation is accepted.
    random_label : bool, default=False
        Ablation (M2m-RS-Rand): label translations with a random class that is neither the seed's
        nor the target.
    seed_pool : int or None, default=None
        Ablation (Table 3): seeds come from so many samples of each class, drawn once before
        training, instead of from the batch.
    bounded : bool, default=True
        Keep translations within the range of each column (channel of images). The paper has no
        bounds; without them a step may leave what a column can hold, as a count below 0.
    start_noise : float, default=0.5
        Greatest L2 norm of the noise that a translation starts with, in the units of `unit`; 0 is
        none. The paper says "a small noise", its code has 0.5.
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
    source_estimator_ : classifier or nn.Module
        g, where it is kept: with `keep_training_state`, and between calls of `partial_fit`. One
        that was fitted here knows the classes by their indices in ``classes_``. Not there if no
        sample was to be translated.
    <<shared attributes>>

    See Also
    --------
    M2mSampler : Translation once, before any classifier is trained.
    RebalancedClassifier : The same network, losses and re-balancing without translation.

    Notes
    -----
    ``history_`` has for each epoch ``n_to_translate`` (samples to be replaced), ``n_translated``,
    ``acceptance_rate`` (the second over the first), ``source_confidence`` (g's mean confidence in
    the target after translation, accepted or not) and ``translated_loss`` (f's cross entropy on
    translated samples, in the step that learns from them); what an epoch does not have is NaN.

    From `translate_from` on class weights correct twice, and "logit_adjusted" adds nothing to the
    scores. On tables it is ahead of "cross_entropy", on long-tailed digits behind it.

    The ablations of Table 4 are ``lam=0``, ``clean_seeds=True``, ``translate_from=0`` and
    ``translate_from=0, random_label=True``. With `translate_from` at `max_epochs` or beyond it is
    the plain network bit for bit, and g is not trained.

    A column of integers becomes one of floats here: nothing is rounded. Sparse batches are made
    dense from `translate_from` on, one at a time: with ten thousand columns translation is nearly
    all of the time, 4 `n_steps` dense products a batch, which
    ``torch.set_float32_matmul_precision("medium")`` halves on some CPUs.

    References
    ----------
    .. [1] J. Kim, J. Jeong and J. Shin, "M2m: Imbalanced Classification via Major-to-minor
       Translation", CVPR 2020.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import M2mClassifier
    >>> X, y = make_classification(n_samples=300, weights=[0.9], random_state=0)
    >>> model = M2mClassifier(max_epochs=30, random_state=0).fit(X, y)
    >>> bool(model.history_[-1, "acceptance_rate"] > 0.1)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseNetClassifier._parameter_constraints,
        **LOSS_CONSTRAINTS,
        **TRANSLATION_CONSTRAINTS,
        "translate_from": EPOCH,
        "unit": [StrOptions({"spread", "raw"}), None],
        "clean_seeds": ["boolean"],
        "random_label": ["boolean"],
        "seed_pool": [*COUNT, None],
        "bounded": ["boolean"],
        "start_noise": NOT_NEGATIVE,
    }
    _cross_fits_if_open = True

    def __init__(
        self,
        *,
        loss: Loss = "logit_adjusted",
        lam: float = 0.1,
        beta: float = 0.9,
        gamma: float = 0.9,
        step_size: float = 0.3,
        n_steps: int = 10,
        translate_from: float = 0.8,
        unit: str | None = None,
        source_estimator: Any = None,
        clean_seeds: bool = False,
        random_label: bool = False,
        seed_pool: int | None = None,
        bounded: bool = True,
        start_noise: float = 0.5,
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
        if self.cross_fit is True and self.seed_pool is not None:
            raise ValueError(
                f"seed_pool={self.seed_pool!r} is drawn from all samples, so no member leaves any "
                "out: cross_fit=True cannot be. Set cross_fit=False."
            )
        check_source(self.source_estimator, "source_estimator")

    def _recipe(self, plan: TrainPlan, data: TrainingData) -> Recipe:
        if "net_" not in vars(self):
            vars(self).pop("source_estimator_", None)  # of an earlier fit
        if self.random_label and len(self.classes_) < 3:
            raise ValueError(
                "random_label=True needs three classes or more, for a label that is neither the "
                f"seed's nor the target; there are {self.classes_.tolist()}."
            )
        return classification_recipe(
            self,
            len(self.classes_),
            transform=partial(
                build_translation,
                lam=self.lam,
                beta=self.beta,
                gamma=self.gamma,
                step_size=self.step_size,
                n_steps=self.n_steps,
                translate_from=plan.epoch_of(self.translate_from, "translate_from"),
                clean_seeds=self.clean_seeds,
                random_label=self.random_label,
                bounded=self.bounded,
                noise=self.start_noise,
            ),
            around=partial(self._translating, plan),
            reads_anew=self._reads_anew(),
        )

    def _reads_anew(self) -> frozenset[str]:
        if "net_" in vars(self) and not self.net_.has_transform:
            return frozenset(("source_estimator", "unit", "seed_pool"))  # all are built anew
        return frozenset(["source_estimator"] * is_fitted_source(self.source_estimator))

    @contextmanager
    def _translating(self, plan: TrainPlan, net: Net, data: TrainingData) -> Iterator[None]:
        start = net.finished_epochs
        self._prepare(plan, net, data)
        yield
        if not plan.more_may_come and not self.keep_training_state:
            vars(self).pop("source_estimator_", None)
        warn_if_stopped_before(
            net, plan, "translate_from", self.translate_from, "translation", "n_to_translate"
        )
        n_tried = sum(net.history_[start:, "n_to_translate"])
        n_translated = sum(net.history_[start:, "n_translated"])
        if n_tried >= _TRIES_THAT_SAY_SOMETHING and not n_translated:
            warn(
                f"None of {n_tried} samples was translated: no translation that beta={self.beta:g} "
                f"let through reached a confidence of gamma={self.gamma:g}. Raise step_size or "
                "n_steps, or lower gamma or beta. Samples of rare classes were repeated instead."
            )

    # --- what translation needs of the data ---------------------------------------------------

    def _prepare(self, plan: TrainPlan, net: Net, data: TrainingData) -> None:
        """Give the transform g and statistics of the columns, if it will translate."""
        transform = net.transform_
        starts = net.finished_epochs + plan.epochs > transform.begins
        # partial_fit: g learns along with f, unless translation is never to start
        early = plan.more_may_come and transform.begins < plan.max_epochs
        if not (early or starts):
            return
        if not plan.more_may_come and not transform.may_translate:
            return  # equal classes, or beta of 1: g would not be asked
        if transform.low is None:
            self._set_columns(net, data)
        if is_fitted_source(self.source_estimator):
            self.source_estimator_ = self.source_estimator
            g = score_network(self.source_estimator, self.classes_, "source_estimator")
            g = copy.deepcopy(g)  # it may be moved to another device
        else:
            g = self._trained_source(plan, net, data, starts)
        if starts:
            unlearnt = unrecognised_classes(g, net, data, len(self.classes_))
            if unlearnt.any():
                warn(
                    f"g (source_estimator) recognises no training sample of the classes "
                    f"{self.classes_[unlearnt].tolist()}, so it cannot say what to translate into. "
                    "Train it longer (max_epochs, lr), or give another."
                )
        transform.set_source(g.to(net.device))

    def _set_columns(self, net: Net, data: TrainingData) -> None:
        transform = net.transform_
        columns = ColumnSpread()
        for chunk, _ in iter_chunks(net, data):
            columns.update(chunk)
        example = net.module.example
        unit = self.unit or ("spread" if example.ndim == 2 else "raw")
        spread, low, high = columns.result()
        if unit == "raw":
            spread = np.ones_like(spread)
        # a column of images is a channel
        shape = (-1, *[1] * (example.ndim - 2))
        dtype = torch.float64 if has_float64(net.device) else torch.float32
        tensor = partial(torch.as_tensor, dtype=dtype, device=net.device)
        transform.set_rows(*(tensor(v.reshape(shape)) for v in (spread, low, high)))
        if self.seed_pool is None:
            return
        rng = net.streams.generator("transform", 0, 2)
        by_class = (np.flatnonzero(data.y_encoded == k) for k in range(len(self.classes_)))
        rows = np.concatenate([rng.permutation(own)[: self.seed_pool] for own in by_class])
        batches = net.get_iterator(data)
        batches.indices = rows
        x = torch.cat([to_dense(batch[0]) for batch in batches])
        transform.set_pool(x, data.y_encoded[rows])

    def _trained_source(
        self, plan: TrainPlan, net: Net, data: TrainingData, starts: bool
    ) -> nn.Module:
        """Return g, trained as this call requires."""
        source = vars(self).get("source_estimator_")
        every_class = np.arange(len(self.classes_))
        learns_on = plan.more_may_come
        if isinstance(source, BaseNetClassifier):
            source = copy.copy(source)  # so that a call that fails leaves the earlier g
        if source is None:
            seed = net.streams.seed("source")
            if isinstance(self.source_estimator, NeuralNet):
                self.source_estimator_ = fit_source(
                    self.source_estimator, data.whole(), data.y_encoded, data.y_encoded, seed
                )
                return score_network(self.source_estimator_, every_class, "source_estimator")
            given = self.source_estimator
            source = plain_source(self, plan, len(data)) if given is None else clone(given)
            if source.random_state is None:
                source.set_params(random_state=seed)
            if self.keep_training_state:  # with optimiser state, so that g trains on as it was
                source.set_params(keep_training_state=True)
            if not plan.more_may_come or starts:
                # not `fit`: a class may have no sample of any weight
                train_aside(
                    source, data.whole(), data.y_encoded, data.weight, Mode.FIT, every_class
                )
                learns_on = False
        if learns_on and not isinstance(source, NeuralNet):
            source.partial_fit(data.whole(), data.y_encoded, every_class, sample_weight=data.weight)
        self.source_estimator_ = source
        return score_network(source, every_class, "source_estimator")
