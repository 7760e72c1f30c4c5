"""What Tables 3 and 5 of the RSG paper vary, as generators and classifiers of their own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from lib.data import mnist
from sklimb import RebalancedClassifier, RSGClassifier
from sklimb.backbones import ConvNet
from sklimb.datasets import make_long_tailed
from sklimb.losses import maximized_vector_loss
from sklimb.transforms import RareSampleGenerator


class WithoutDirection(RareSampleGenerator):
    """The MV loss without its first term: T(f) may point anywhere."""

    def mv_loss(self, moved: Tensor, displaced: Tensor, towards: Tensor, log: Tensor) -> Tensor:
        """Return Eq. 6 without a term: its arguments are set so that the term is a constant 0."""
        return maximized_vector_loss(moved, displaced, moved, log)

    def _transform(self, maps: Tensor, y: Tensor, freq: Tensor, rare: Tensor) -> Tensor:
        moved = super()._transform(maps, y, freq, rare)
        displaced = self.displacement(maps[freq], y[freq])
        towards = self.displacement(maps[rare], y[rare])
        frozen = {name: p.detach() for name, p in self.contrast.named_parameters()}
        logits = functional_call(self.contrast, frozen, (moved, towards))
        log = logits.log_softmax(1)[:, 0]
        self._terms["mv"] = self.mv_loss(moved, displaced, towards, log)
        return moved


class WithoutLength(WithoutDirection):
    """The MV loss without its second term: T(f) may be of any length."""

    def mv_loss(self, moved: Tensor, displaced: Tensor, towards: Tensor, log: Tensor) -> Tensor:
        return maximized_vector_loss(moved, moved, towards, log)


class WithoutContrast(WithoutDirection):
    """The MV loss without its third term: T(f) and its rare sample may look of one class."""

    def mv_loss(self, moved: Tensor, displaced: Tensor, towards: Tensor, log: Tensor) -> Tensor:
        return maximized_vector_loss(moved, displaced, towards, torch.zeros_like(log))


class ToCenters(RareSampleGenerator):
    """T(f) added to the center nearest to the rare sample, in place of the sample."""

    def _transform(self, maps: Tensor, y: Tensor, freq: Tensor, rare: Tensor) -> Tensor:
        moved = super()._transform(maps, y, freq, rare)
        return moved - self.displacement(maps[rare], y[rare])  # the rare sample comes back on top


class Direct(RareSampleGenerator):
    """Displacements added as they are: no T, and no MV loss."""

    def _transform(self, maps: Tensor, y: Tensor, freq: Tensor, rare: Tensor) -> Tensor:
        displaced = self.displacement(maps[freq], y[freq])
        towards = self.displacement(maps[rare], y[rare])
        cosine = F.cosine_similarity(displaced, towards, dim=1)
        counted = torch.stack([cosine.sum(), cosine.new_full((), cosine.numel())])
        self._counted.add(counted[None])
        return displaced


class AblatedRSG(RSGClassifier):
    """RSG with another generator."""

    kind: ClassVar[type[RareSampleGenerator]] = RareSampleGenerator

    def _recipe(self, plan: Any, data: Any) -> Any:
        recipe = super()._recipe(plan, data)
        return replace(recipe, transform=partial(recipe.transform, kind=self.kind))


def with_generator(kind: type[RareSampleGenerator]) -> type[AblatedRSG]:
    """Return `RSGClassifier` with a generator of that kind."""
    return type(f"RSGClassifier{kind.__name__}", (AblatedRSG,), {"kind": kind})


class Variant(NamedTuple):
    """A row of Table 3 or 5.

    Attributes
    ----------
    item : str
        The table; "" for what all rows are compared with.
    figure : float
        Error rate on CIFAR-10-LT, ratio 50, ResNet-32 with LDAM-DRW.
    kind : type or None
        The generator; None is LDAM-DRW alone.
    stage : str or None
        Before which pooling; None is before the second to last.
    """

    item: str
    figure: float
    kind: type[RareSampleGenerator] | None
    stage: str | None = None


VARIANTS = {
    "LDAM-DRW": Variant("", 18.97, None),
    "RSG": Variant("Table 3", 17.20, RareSampleGenerator),
    "without 1st term": Variant("Table 3", 18.03, WithoutDirection),
    "without 2nd term": Variant("Table 3", 18.07, WithoutLength),
    "without 3rd term": Variant("Table 3", 17.67, WithoutContrast),
    "to rare centers": Variant("Table 3", 18.91, ToCenters),
    "direct addition": Variant("Table 3", 18.87, Direct),
    "1st down-sampling": Variant("Table 5", 18.13, RareSampleGenerator, "blocks.0.1"),
    "3rd down-sampling": Variant("Table 5", 17.68, RareSampleGenerator, "blocks.2.1"),
}
CHANNELS = (16, 32, 32)


def images(data_home: Path, n_max: int, seed: int) -> tuple[np.ndarray, ...]:
    """Return X, y of MNIST-LT with a ratio of 50, X_test, y_test."""
    X, y, X_test, y_test = mnist(data_home)
    X, y = make_long_tailed(X, y, ratio=50, order="label", n_max=n_max, random_state=seed)
    return X.reshape(-1, 1, 28, 28), y, X_test.reshape(-1, 1, 28, 28), y_test


def classifier(name: str, *, epochs: int, generate_from: float, seed: int) -> Any:
    """Return an unfitted classifier of the reduced protocol."""
    variant = VARIANTS[name]
    training = {
        "module": ConvNet,
        "module__channels": CHANNELS,
        "loss": "ldam",
        "class_weight": "effective",
        "rebalance_from": generate_from,
        "optimizer": torch.optim.SGD,
        "optimizer__momentum": 0.9,
        "optimizer__weight_decay": 2e-4,
        "lr": 0.1,
        "lr_schedule": "step",
        "lr_milestones": (generate_from, (1 + generate_from) / 2),
        "lr_decay": 0.1,
        "warmup_epochs": 2,
        "max_epochs": epochs,
        "batch_size": 128,
        "random_state": seed,
    }
    if variant.kind is None:
        return RebalancedClassifier(**training)
    return with_generator(variant.kind)(
        alpha=0.2, beta=1.0, count_by_weight=False, generate_from=generate_from,
        stage=variant.stage, contrast_channels=64, **training,
    )  # fmt: skip
