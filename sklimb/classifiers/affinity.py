"""Max-margin learning with Gaussian affinity to class prototypes (Hayat et al. 2019)."""

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

from sklimb._constraints import COUNT, NOT_NEGATIVE, POSITIVE
from sklimb._data.training_data import TrainingData
from sklimb._training.inference import run
from sklimb._training.net import Net
from sklimb._training.objective import BatchOutput
from sklimb._training.plan import TrainPlan
from sklimb._training.recipe import Recipe
from sklimb._warnings import warn
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.docstrings import describe_shared
from sklimb.heads import AffinityHead
from sklimb.heads.members import members_of
from sklimb.losses.affinity import affinity_margin_loss, diversity

# Samples whose affinity to every prototype changes by less than this with the distance have no
# gradient to speak of. So few of them are outliers; trained networks have hardly any.
_DEAD = math.log(1e-6)
_DEAD_SHARE = 0.1
# Their share is estimated from this many training samples.
_SAMPLES_TO_LOOK_AT = 1000


class _Margin:
    """The loss of Eq. 6 for a batch; the head's scores are log affinities."""

    row_wise = True
    is_proper = False

    def __init__(self, lam: float) -> None:
        self.lam = lam

    def __call__(self, step: BatchOutput) -> Tensor:
        return affinity_margin_loss(step.scores.exp(), step.y, self.lam, reduction="none")


def _diversity(step: BatchOutput) -> Tensor:
    return diversity(step.head.prototypes)


def _closest(module: nn.Module, x: Tensor) -> Tensor:
    """Return the log affinity to the nearest prototype of any class, for each member its own."""
    return module.head(module.features(x)).amax(-1)


@describe_shared
class AffinityClassifier(BaseNetClassifier):
    r"""Neural network that compares features with class prototypes by Gaussian affinity.

    What to set first:

    - `sigma`: width of the clusters, to be searched first (0.5 to 2);
    - `n_prototypes`: more than 1 for classes that consist of several groups;
    - `lam`: the margin between the own class and the others;
    - `cross_fit`: False is one network, in a fraction of the time of eight calibrated ones;
    - `random_state`: an int, for the same result each time.

    .. math::
        d(f, w_j) = \max_t \exp(-\lVert f - w_{j,t} \rVert^2 / \sigma), \qquad
        L = \sum_{j \neq y} \max(0, \lambda + d(f, w_j) - d(f, w_y)) + \gamma R(w)

    with :math:`f` the features of a sample, :math:`w_{j,t}` the t-th of m prototypes of class j
    (Eq. 3, 9), :math:`\lambda` the margin (Eq. 6), :math:`R` the variance of all squared distances
    between prototypes (Eq. 7, 8) and :math:`\gamma` its weight (1 in Eq. 10) [1]_. Prototypes start
    from the weighted training data.

    Parameters
    ----------
    sigma : float, default=1.0
        Width of the affinity, in units of `distance`.
    lam : float, default=0.5
        Margin between the affinity to the own class and to each other. Affinities lie in [0, 1],
        so one above 1 is never met.
    n_prototypes : int, default=1
        Prototypes a class, m.
    diversity : float, default=1.0
        Weight of the regulariser R, which spreads the prototypes evenly.
    distance : {"sqeuclidean", "euclidean", "manhattan"}, default="sqeuclidean"
        Distance to a prototype.
    similarity : {"gaussian", "inverse"}, default="gaussian"
        exp(-distance / sigma) or 1 / (1 + distance / sigma) (the paper's Table 4).
    normalize : bool, default=True
        Compare on the unit sphere, so that one `sigma` fits features of any scale: raw features
        far from every prototype have an affinity of 0 and nothing to learn from.
    embedding_dim : int or None, default=128
        Width of a linear layer between backbone and prototypes; None compares the backbone's
        features as they are.
    <<shared parameters>>

    Attributes
    ----------
    prototypes_ : ndarray of shape (n_classes, n_prototypes, n_features_out)
        Prototypes, in the space of `transform`. Of several members with an axis for them in front:
        (n_members, n_classes, n_prototypes, n_features_out / n_members).
    <<shared attributes>>

    See Also
    --------
    RebalancedClassifier : The softmax baselines.

    Notes
    -----
    ``decision_function`` is the log affinity and ``predict_proba`` its softmax, the normalised
    affinity: both stay finite where the affinity underflows.

    The loss does not re-balance by itself, so classes are weighted by default; where members leave
    folds out, once the loss without weights finds nothing better. Their predictions are calibrated
    by a temperature and a shift of each class, chosen on what they leave out. The other defaults
    come from the same search (``benchmarks/tuning/defaults.py``): on six data sets no
    setting nearby was better beyond its noise. `normalize=False` does as well where it learns, but
    often it does not learn; more prototypes or no `diversity` changed little. The paper's bare
    loss is ``AffinityClassifier(class_weight=None, normalize=False, embedding_dim=None)``; its
    `sigma` then has to fit the scale of the features. Where it does not, affinities underflow and
    no gradient reaches the features: `fit` warns of it.

    References
    ----------
    .. [1] Hayat, Khan, Zamir, Shen, Shao. Gaussian Affinity for Max-margin Class Imbalanced
       Learning. ICCV 2019.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import AffinityClassifier
    >>> X, y = make_classification(n_samples=300, weights=[0.9], random_state=0)
    >>> model = AffinityClassifier(max_epochs=20, random_state=0).fit(X, y)
    >>> model.predict_proba(X[:3]).shape, model.prototypes_.shape[:2]
    ((3, 2), (2, 1))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseNetClassifier._parameter_constraints,
        "sigma": POSITIVE,
        "lam": NOT_NEGATIVE,
        "n_prototypes": COUNT,
        "diversity": NOT_NEGATIVE,
        "distance": [StrOptions({"sqeuclidean", "euclidean", "manhattan"})],
        "similarity": [StrOptions({"gaussian", "inverse"})],
        "normalize": ["boolean"],
        "embedding_dim": [*COUNT, None],
    }
    _cross_fits_if_open = True

    def __init__(
        self,
        *,
        sigma: float = 1.0,
        lam: float = 0.5,
        n_prototypes: int = 1,
        diversity: float = 1.0,
        distance: str = "sqeuclidean",
        similarity: str = "gaussian",
        normalize: bool = True,
        embedding_dim: int | None = 128,
        module: type | nn.Module | None = None,
        n_members: int | None = None,
        cross_fit: bool | str = "auto",
        class_weight: str | Mapping[Any, float] | None = "balanced",
        effective_beta: float = 0.9999,
        weight_average: str = "batch",
        sampling: str | None = None,
        rebalance_from: float | str = "auto",
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
            head=partial(
                AffinityHead,
                n_classes=len(self.classes_),
                n_prototypes=self.n_prototypes,
                sigma=self.sigma,
                embedding_dim=self.embedding_dim,
                normalize=self.normalize,
                distance=self.distance,
                similarity=self.similarity,
            ),
            terms={"margin": (1, _Margin(self.lam)), "diversity": (self.diversity, _diversity)},
            around=self._watched,
        )

    @contextmanager
    def _watched(self, net: Net, data: TrainingData) -> Iterator[None]:
        """Warn after a training of samples that no gradient reaches."""
        yield
        rng = net.streams.generator("head_start", net.finished_epochs, 2)
        rows = data.stratified_subsample(_SAMPLES_TO_LOOK_AT, rng)
        log_affinity = run(net, data, _closest, rows)
        # size of the gradient by distance / sigma: d itself if Gaussian, d ** 2 for 1 / (1 + x)
        log_slope = log_affinity * (1 if self.similarity == "gaussian" else 2)
        share = (log_slope < _DEAD).double().mean().item()
        if share <= _DEAD_SHARE:
            return
        median = -log_affinity.median()
        distance = self.sigma * (median if self.similarity == "gaussian" else median.expm1()).item()
        remedy = "Raise sigma" if self.normalize else "Set normalize=True, or raise sigma"
        warn(
            f"The affinity of {share:.0%} of the training samples to every prototype is next to "
            f"nothing (sigma={self.sigma:g}; the median {self.distance} distance to the nearest "
            f"prototype is {distance:.2g}): no gradient reaches their features, so nothing is "
            f"learnt from them. {remedy}, or lower lr if distances have grown.",
        )

    @property
    def prototypes_(self) -> np.ndarray:
        """The prototypes, in the space of `transform`."""
        if "net_" not in vars(self):
            raise AttributeError("AffinityClassifier has no 'prototypes_' before fit.")
        own = [head.prototypes.detach().cpu().double() for head in members_of(self.module_.head)]
        return (own[0] if len(own) == 1 else torch.stack(own)).numpy()
