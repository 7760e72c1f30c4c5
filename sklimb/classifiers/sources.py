"""The networks g and f of M2m that users pass, as modules that return scores by class.

A fitted network comes as an `nn.Module` or in `sklearn.frozen.FrozenEstimator`, an unfitted
classifier of sklimb or skorch is cloned and fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from skorch import NeuralNet, NeuralNetBinaryClassifier
from torch import Tensor, nn
from torch.utils.data import Dataset

from sklimb._constraints import COUNT_OR_ZERO, NOT_NEGATIVE, POSITIVE, PROBABILITY
from sklimb._data.tensors import to_dense
from sklimb._data.training_data import TrainingData
from sklimb._random import seeded
from sklimb._training.net import Net
from sklimb._training.plan import TrainPlan
from sklimb.backbones import MLP, TabularMLP, WideMLP
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.one_class import NONE, one_class_warnings
from sklimb.classifiers.rebalanced import RebalancedClassifier
from sklimb.heads.members import MeanScores
from sklimb.transforms.m2m import frozen

# A plain g takes at least this many steps: a few epochs of few samples would teach it nothing.
_LEAST_STEPS_OF_G = 300
# Parameters that g takes over from the classifier, beside its nested ones.
_SHARED_WITH_G = (
    "module", "n_members", "max_epochs", "batch_size", "lr", "lr_schedule", "warmup_epochs",
    "lr_milestones", "lr_decay", "optimizer", "dtype", "verbose",
)  # fmt: skip
# Values of the settings of translation, for `M2mClassifier` and `M2mSampler`.
TRANSLATION_CONSTRAINTS: dict[str, Any] = {
    "lam": NOT_NEGATIVE,
    "beta": PROBABILITY,
    "gamma": PROBABILITY,
    "step_size": POSITIVE,
    "n_steps": COUNT_OR_ZERO,
    "source_estimator": "no_validation",  # see `check_source`
}


class ClassScores(nn.Module):
    """The scores of a network, one column a class, for input of any float type and device.

    Parameters
    ----------
    network : nn.Module
        x (n, ...) -> scores (n, C), or a tuple that starts with them.
    n_classes : int
        Columns asked for.
    columns : sequence of int, default=None
        Which column of the network is which class; None takes them as they are.
    gives : {"scores", "probabilities", "logit"}, default="scores"
        What the network returns. Of probabilities the log is taken; a single logit is the score of
        the second class, that of the first being 0.
    """

    def __init__(
        self,
        network: nn.Module,
        n_classes: int,
        columns: Sequence[int] | None = None,
        gives: str = "scores",
    ) -> None:
        super().__init__()
        self.network = network
        self.n_classes = n_classes
        # a tensor, for a list of indices would go to the device at every pass
        columns = None if columns is None else torch.tensor(list(columns), dtype=torch.long)
        self.register_buffer("columns", columns, persistent=False)
        self.gives = gives

    def forward(self, x: Tensor) -> Tensor:
        """Return scores, (n, C)."""
        like = next((p for p in self.network.parameters() if p.is_floating_point()), x)
        cast = x.to(like.device)
        if not hasattr(self.network, "like"):  # our backbones cast their input themselves
            cast = cast.to(like.dtype)
        try:
            out = self.network(cast)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # torch's own, of shapes that do not fit
            raise ValueError(
                f"The network {type(self.network).__name__}, given as source_estimator or "
                f"target_estimator, cannot take X in batches of shape {tuple(cast.shape)}: {error}"
            ) from error
        if isinstance(out, (tuple, list)):
            out = out[0]
        if self.gives == "probabilities":
            out = out.clamp_min(torch.finfo(out.dtype).tiny).log()
        elif self.gives == "logit":
            out = torch.stack([torch.zeros_like(out.flatten()), out.flatten()], 1)
        if self.columns is not None:
            out = out.index_select(1, self.columns.to(out.device))
        if out.ndim != 2 or out.shape[1] != self.n_classes:
            raise ValueError(
                f"The network {type(self.network).__name__} gives scores of shape "
                f"{tuple(out.shape)} for {len(x)} samples, and must give one column for each of "
                f"the {self.n_classes} classes, in the order of the sorted labels."
            )
        return out.to(x.device)


def check_source(source: Any, name: str) -> None:
    """Raise a TypeError unless something can be g or f."""
    inner = source.estimator if isinstance(source, FrozenEstimator) else source
    if inner is None or isinstance(inner, (nn.Module, BaseNetClassifier, NeuralNet)):
        return
    raise TypeError(
        f"{name} must be a network that a gradient goes through: a classifier of sklimb, a skorch "
        "net, or fitted already an nn.Module or one of the former in sklearn.frozen."
        f"FrozenEstimator; got {inner!r}."
    )


def is_fitted_source(source: Any) -> bool:
    """Return whether a source is already fitted."""
    return isinstance(source, (nn.Module, FrozenEstimator))


def plain_source(
    estimator: BaseNetClassifier, plan: TrainPlan, n_samples: int
) -> RebalancedClassifier:
    """Return g where none is given: the classifier's network, unfitted, without its method.

    Parameters
    ----------
    estimator : M2mClassifier
    plan : TrainPlan
        Of f.
    n_samples : int
        Training samples.
    """
    shared = {name: getattr(estimator, name) for name in _SHARED_WITH_G}
    nested = {
        name: value
        for name, value in estimator._nested_params().items()
        if not name.startswith("callbacks")
    }
    # g has to know its training samples, rare ones too, or there is nothing to translate into
    steps = -(-n_samples // plan.batch_size)
    shared["max_epochs"] = max(plan.passes, -(-_LEAST_STEPS_OF_G // steps))
    if plan.backbone in (MLP, TabularMLP, WideMLP):
        nested.setdefault("module__dropout", 0.0)
    if estimator.verbose:
        nested["callbacks__print_log__prefix"] = "g, the network to translate against: "
    return RebalancedClassifier(
        **shared | {"batch_size": plan.batch_size, "device": plan.device}, **nested
    )


def fit_source(source: Any, X: Any, y: np.ndarray, y_encoded: np.ndarray, seed: int) -> Any:
    """Return a fitted clone of a classifier; call inside `isolated_rng`.

    Parameters
    ----------
    source : sklimb classifier or skorch net
        Where its ``random_state`` is None it gets `seed`.
    X : ndarray or csr matrix, shape (n, d)
    y, y_encoded : ndarray, shape (n,)
        Labels, and class indices: skorch's nets know no labels.
    seed : int
    """
    fitted = clone(source)
    if isinstance(fitted, BaseNetClassifier):
        parameters = fitted.get_params(deep=False)
        if parameters.get("random_state", 0) is None:
            fitted.set_params(random_state=seed)
        if parameters.get("cross_fit") == "auto":
            # it has to learn all training samples; with cross_fit each member leaves some out
            fitted.set_params(cross_fit=False)
        with one_class_warnings(NONE):  # M2m warns itself of classes that g does not recognise
            return fitted.fit(X, y)
    single = isinstance(fitted, NeuralNetBinaryClassifier)
    y_encoded = y_encoded.astype(np.float32 if single else np.int64)
    rows = DenseRows(X, y_encoded) if sparse.issparse(X) else X.astype(np.float32)
    with seeded(seed, fitted.device or "cpu"):
        return fitted.fit(rows, y_encoded)


class DenseRows(Dataset):
    """Pairs of a CSR row, made dense in float32 when it is asked for, and its label, for skorch.

    Parameters
    ----------
    X : csr matrix, shape (n, d)
        In canonical format.
    y : ndarray, shape (n,)
    """

    def __init__(self, X: Any, y: np.ndarray) -> None:
        self.X = X
        self.y = y

    def __len__(self) -> int:
        """Return the number of samples."""
        return self.X.shape[0]

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        """Return a sample and its label."""
        row = torch.zeros(self.X.shape[1])
        piece = slice(*self.X.indptr[index : index + 2])
        row[torch.from_numpy(self.X.indices[piece]).long()] = torch.from_numpy(
            self.X.data[piece].astype(np.float32)
        )
        return row, self.y[index]


def score_network(
    source: Any, classes: np.ndarray, name: str, *, mean_scores: bool = False
) -> ClassScores:
    """Return a fitted source as a network of scores, a column a class.

    Of a classifier of several members they are the log of the mean probability, or with
    `mean_scores` the mean of the members' scores.

    Raises
    ------
    ValueError
        If it does not know all classes, or is not fitted.
    """
    n = len(classes)
    inner = source.estimator if isinstance(source, FrozenEstimator) else source
    if isinstance(inner, nn.Module):
        return ClassScores(inner, n)
    if not hasattr(inner, "module_"):
        raise ValueError(
            f"{name} is frozen but not fitted: {inner!r}. Fit it, or do not freeze it."
        )
    gives = "scores"
    if isinstance(inner, NeuralNet):
        if isinstance(inner, NeuralNetBinaryClassifier):
            return ClassScores(inner.module_, n, gives="logit")
        # skorch takes the log itself before this loss
        if isinstance(inner.criterion_, nn.NLLLoss):
            gives = "probabilities"
        labels = list(getattr(inner, "classes_", range(n)))
        if labels == list(range(n)):  # class indices, whatever the labels are
            return ClassScores(inner.module_, n, gives=gives)
    else:
        labels = inner.classes_.tolist()
    missing = [label for label in classes.tolist() if label not in labels]
    if missing:
        raise ValueError(
            f"{name} does not know the classes {missing[:10]}; it was fitted to {labels[:20]}."
        )
    network = inner.module_
    if mean_scores and getattr(network, "n_members", 1) > 1:
        network = MeanScores(network)
    wanted = classes.tolist()
    columns = None if labels == wanted else [labels.index(k) for k in wanted]
    return ClassScores(network, n, columns, gives)


@torch.no_grad()
def unrecognised_classes(g: nn.Module, net: Net, data: TrainingData, n_classes: int) -> np.ndarray:
    """Return the classes, (C,), that are translated into and of which g recognises no sample.

    Parameters
    ----------
    g : nn.Module
        Scores in the order of the classes.
    net : Net
        Draws the batches.
    data : TrainingData
    n_classes : int
    """
    counts = data.class_counts(n_classes)
    wanted = (counts > 0) & (counts < counts.max())
    recognised = np.zeros(n_classes, dtype=bool)
    rows = np.flatnonzero(wanted[data.y_encoded])
    batches = net.get_iterator(data)
    batches.indices = rows
    with frozen(g):
        for x, y in batches if len(rows) else ():
            hit = g(to_dense(x)).argmax(1) == y
            recognised[y[hit].cpu().numpy()] = True
    return wanted & ~recognised
