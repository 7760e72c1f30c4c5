"""Major-to-minor translation inside a training: the batch-wise form of M2m."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb._data.tensors import to_dense
from sklimb.heads.members import MeanScores
from sklimb.transforms._rescaled import Rescaled
from sklimb.transforms.base import Changed, GrowingTensor, Transform
from sklimb.transforms.m2m import (
    acceptance_probability,
    inside,
    start_noise,
    target_confidence,
    translate,
)

if TYPE_CHECKING:
    from sklimb._training.objective import BatchOutput


class MajorToMinor(Transform):
    r"""Replace samples of rare classes in balanced batches by translated samples of larger ones.

    The "practical implementation via re-sampling" of Kim, Jeong & Shin (2020, section 2.3): in a
    class-balanced batch each sample of class :math:`y_i` is to be generated with probability
    :math:`1 - N_{y_i} / N_1`. A seed class is drawn from the classes of the batch by Eq. 5, a seed
    from its samples, and the translation takes the sample's place if g gives the target class at
    least the confidence `gamma`, and by the coin of Eq. 3.

    Parameters
    ----------
    network : nn.Module
        f, the network in training; asked, never kept as a part.
    n_classes : int
    lam, beta, gamma, step_size, n_steps, clean_seeds, random_label, bounded
        As in `M2mClassifier`.
    translate_from : int
        Finished epochs before translation and balanced draws start.
    noise : float, default=0.5
        Greatest norm of the noise at the start.
    """

    made_from_data = frozenset(("source", "pool", "pool_y_encoded", "scale", "low", "high"))

    def __init__(
        self,
        network: nn.Module,
        n_classes: int,
        *,
        lam: float,
        beta: float,
        gamma: float,
        step_size: float,
        n_steps: int,
        translate_from: int,
        clean_seeds: bool = False,
        random_label: bool = False,
        bounded: bool = True,
        noise: float = 0.5,
    ) -> None:
        super().__init__()
        # in a tuple, so that f is no submodule: it would be moved, trained and saved twice
        self._network = (network,)
        self.n_classes = n_classes
        self.lam = lam
        self.beta = beta
        self.gamma = gamma
        self.step_size = step_size
        self.n_steps = n_steps
        self.begins = translate_from
        self.clean_seeds = clean_seeds
        self.random_label = random_label
        self.bounded = bounded
        self.noise = noise
        self.source: nn.Module | None = None
        self.pool_y_encoded: np.ndarray | None = None
        for name in ("scale", "low", "high", "pool"):
            self.register_buffer(name, None)
        self.active = False

    # --- what is set before a training --------------------------------------------------------

    def set_source(self, source: nn.Module) -> None:
        """Take g: x -> scores (n, C)."""
        self.source = source

    def set_rows(self, scale: Tensor, low: Tensor, high: Tensor) -> None:
        """Take the unit of each value, and the bounds of the samples; each has a sample's shape."""
        self.scale, self.low, self.high = scale, low, high

    def set_pool(self, x: Tensor, y_encoded: np.ndarray) -> None:
        """Take the only samples that may be seeds, and their classes."""
        self.pool, self.pool_y_encoded = x, y_encoded

    def set_class_counts(self, counts: Tensor) -> None:
        """Take the training counts, (C,)."""
        counts = counts.detach().cpu().double()
        self._accept = acceptance_probability(counts[None], counts[:, None], self.beta).numpy()
        self._generated = 1.0 - (counts / counts.max()).numpy()

    @property
    def may_translate(self) -> bool:
        """Whether the counts and `beta` let any class get a translation."""
        return bool(((self._generated > 0) & (self._accept > 0).any(1)).any())

    @property
    def balanced_draws(self) -> bool:
        """Whether the samples of this epoch are to be drawn with every class equally often."""
        return self.active

    def start_epoch(self, epoch: int, rng: np.random.Generator) -> None:
        """Take the number of finished epochs, and this epoch's source of randomness."""
        self.active = epoch >= self.begins
        self._rng = rng
        self._noise = torch.Generator().manual_seed(int(rng.integers(2**63 - 1)))
        self._tried = 0
        self._confidences = GrowingTensor()  # of g
        self._losses = GrowingTensor()
        self._on_host: Tensor | None = None
        self._tried_rows: Tensor | None = None
        self._accepted = GrowingTensor()  # which of `_losses` are of translations

    # --- a batch ------------------------------------------------------------------------------

    def start_batch(self, y: Tensor, weight: Tensor | None) -> None:
        """Take the labels of the coming batch on the CPU, for the draws."""
        self._on_host = y

    def at_input(self, x: Tensor, y: Tensor, weight: Tensor | None) -> Changed:
        """Return the batch with translations in the place of some samples."""
        y_host, self._on_host = self._on_host, None
        self._tried_rows = None
        if not self.active:
            return x, y, weight
        rows, seeds = self._draw((y.cpu() if y_host is None else y_host).numpy())
        if not len(rows):
            return x, y, weight
        if self.source is None:
            raise RuntimeError("translation starts, but g was never set: call set_source.")
        x = to_dense(x)  # this batch alone
        rows, seeds = torch.from_numpy(np.stack([rows, seeds])).to(y.device, non_blocking=True)
        start = x[seeds] if self.pool is None else self.pool[seeds]
        seed_class = y[seeds] if self.pool is None else self._pool_y(y)[seeds]
        moved, accepted = self._translate(start, seed_class, y[rows])
        # without waiting for the device: where a translation is rejected, the old sample is written
        x = x.to(moved.dtype)
        put = start if self.clean_seeds else moved
        put = torch.where(accepted.view(-1, *[1] * (x.ndim - 1)), put.to(x.dtype), x[rows])
        x = x.index_copy(0, rows, put)
        if self.random_label:
            other = self._other_class(seed_class, y[rows])
            y = y.index_copy(0, rows, torch.where(accepted, other, y[rows]))
        self._tried_rows = rows
        self._accepted.add(accepted)
        if weight is not None and weight.ndim == 2 and self.pool is None:
            # a member that leaves out a seed leaves out what is made of it
            of_seeds = (weight[seeds] > 0).to(weight.dtype)
            of_both = torch.where(accepted.unsqueeze(1), weight[rows] * of_seeds, weight[rows])
            weight = weight.index_copy(0, rows, of_both)
        return x, y, weight

    def _draw(self, y_encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the samples to translate into, and for each the sample to translate."""
        rng = self._rng
        rows = np.flatnonzero(rng.random(len(y_encoded)) < self._generated[y_encoded])
        seed_y = y_encoded if self.pool_y_encoded is None else self.pool_y_encoded
        in_order = np.argsort(seed_y, kind="stable")
        size = np.bincount(seed_y, minlength=self.n_classes)
        first = np.cumsum(size) - size
        accept = self._accept[y_encoded[rows]]
        share = np.cumsum(accept * (size > 0), axis=1)
        # drawing among the classes of the batch equals drawing until one of them comes
        where, coin, among = rng.random((3, len(rows)))
        origin = (where[:, None] * share[:, -1:] >= share).sum(1)
        possible = share[:, -1] > 0
        rows, origin = rows[possible], origin[possible]
        self._tried += len(rows)
        kept = coin[possible] < accept[possible][np.arange(len(rows)), origin]
        place = (among[possible] * size[origin]).astype(np.int64)
        return rows[kept], in_order[first[origin] + place][kept]

    def _translate(
        self, start: Tensor, seed_class: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        moved, confidence = self.translated(start, seed_class, target, self._noise)
        self._confidences.add(confidence)
        return moved, confidence >= self.gamma

    def translated(
        self,
        start: Tensor,
        seed_class: Tensor,
        target: Tensor,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        """Return seeds translated with f as it is now, and g's confidence in them.

        Parameters
        ----------
        start : Tensor, shape (n, ...)
            Seeds, dense.
        seed_class, target : Tensor of int, shape (n,)
            Their classes, and those to translate into.
        generator : torch.Generator
            Of the start noise, on the CPU.

        Returns
        -------
        moved : Tensor, shape (n, ...)
        confidence : Tensor, shape (n,)
        """
        network, source = self._network[0], self.source
        if getattr(network, "n_members", 1) > 1:
            network = MeanScores(network)  # g answers with the mean of probabilities by itself
        start = start if start.is_floating_point() else start.to(network.like.dtype)
        scale, bounds = 1.0, None
        if self.scale is not None:
            scale = self.scale.to(start.dtype)
        if self.scale is not None and self.bounded:
            bounds = tuple(limit.to(start.dtype) / scale for limit in (self.low, self.high))
        in_units = start / scale
        moved = scale * translate(
            in_units,
            seed_class,
            target,
            Rescaled(source, scale),
            Rescaled(network, scale),
            self.lam,
            self.step_size,
            self.n_steps,
            bounds,
            noise=start_noise(in_units, generator, max_norm=self.noise),
        )
        if bounds is not None:  # a bound over the scale times the scale need not be the bound
            moved = inside(moved, (self.low.to(moved.dtype), self.high.to(moved.dtype)))
        return moved, target_confidence(moved, target, source)

    def _pool_y(self, y: Tensor) -> Tensor:
        return torch.from_numpy(self.pool_y_encoded).to(y.device)

    def _other_class(self, origin: Tensor, target: Tensor) -> Tensor:
        """Return for each sample a class at random that is neither of two."""
        low, high = torch.minimum(origin, target), torch.maximum(origin, target)
        drawn = self._rng.integers(self.n_classes - 2, size=len(target))
        other = torch.from_numpy(drawn).to(target.device)
        other = other + (other >= low).long()
        return other + (other >= high).long()

    def after_scores(self, step: BatchOutput) -> None:
        """Take the loss of the samples that a translation was tried for."""
        if self._tried_rows is None:
            return
        scores, y = step.scores.detach()[self._tried_rows], step.y[self._tried_rows]
        if scores.ndim == 3:  # (n, k, C) of members, to (n, C, k) as torch has it
            y = y.unsqueeze(1).expand(-1, scores.shape[1])
            of_members = F.cross_entropy(scores.transpose(1, 2), y, reduction="none")
            self._losses.add(of_members.mean(1))
            return
        self._losses.add(F.cross_entropy(scores, y, reduction="none"))

    def statistics(self) -> dict[str, float]:
        """Return figures of the epoch."""
        confidence = self._confidences.rows().cpu().double() if len(self._confidences) else None
        losses = None
        if len(self._losses):
            losses = self._losses.rows()[self._accepted.rows()].cpu().double()
        n = 0 if losses is None else len(losses)
        nan = float("nan")
        # the next epoch makes new ones; a pickle must not hold them
        self._rng = self._noise = self._tried_rows = None
        self._confidences, self._losses = GrowingTensor(), GrowingTensor()
        self._accepted = GrowingTensor()
        return {
            "n_to_translate": self._tried,
            "n_translated": n,
            "acceptance_rate": n / self._tried if self._tried else nan,
            "source_confidence": nan if confidence is None else float(confidence.mean()),
            "translated_loss": float(losses.mean()) if n else nan,
        }


def build_translation(
    network: nn.Module, example: Tensor, n_classes: int, **settings: Any
) -> MajorToMinor:
    """Return the transform of a network, as a `Recipe` builds it; the example is not used."""
    return MajorToMinor(network, n_classes, **settings)
