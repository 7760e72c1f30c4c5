"""The one training step: a batch, what is done to it on its way, the loss, its gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from skorch.utils import TeeGenerator, to_device
from torch import Tensor

from sklimb._random import seeded
from sklimb._training.mixup import label_share, mix_rows
from sklimb._training.network import as_taken
from sklimb._training.objective import BatchOutput


class TrainingStep:
    """The part of `Net` that takes a step, and keeps the training-only transform.

    It is mixed into skorch's net, whose ``module_``, ``criterion_``, ``optimizer_`` and hooks it
    uses.
    """

    # --- the transform ------------------------------------------------------------------------

    def _build_transform(self) -> None:
        # Under its own stream: the network's bits, and dropout's, are those without it.
        with seeded(self.streams.seed("transform", 0, 0), self.device):
            example = to_device(self.module.example, self.device)
            built = self.transform(self.module_, example, len(self.class_labels))
            self.transform_ = to_device(built, self.device)

    @property
    def has_transform(self) -> bool:
        """Whether batches are changed while training."""
        return getattr(self, "transform_", None) is not None

    def _of_transform(self) -> set[int]:
        """Return the ids of what the transform learns."""
        return {id(parameter) for parameter in self.transform_.parameters()}

    def drop_transform(self) -> None:
        """Forget the transform, and what the optimiser holds for it."""
        if not self.has_transform:
            return
        gone = self._of_transform()
        for group in self.optimizer_.param_groups:
            group["params"] = [p for p in group["params"] if id(p) not in gone]
        for parameter in self.transform_.parameters():
            self.optimizer_.state.pop(parameter, None)
        del self.transform_

    def restore_transform(self) -> None:
        """Build the transform anew after it was dropped, as at the start."""
        with self._current_init_context("module"):
            self._build_transform()
        learnt = list(self.transform_.parameters())
        if learnt and isinstance(self.optimizer_, torch.optim.LBFGS):
            raise ValueError(
                "LBFGS holds one set of parameters for good, so a transform cannot be built anew "
                "for it. Set keep_training_state=True before fit, or take another optimizer."
            )
        if learnt:
            first = self.optimizer_.param_groups[0]
            same = {name: first[name] for name in ("lr", "initial_lr") if name in first}
            if first.get("fused"):
                same["fused"] = False  # as in `build_optimizer`
            self.optimizer_.add_param_group({"params": learnt, **same})

    # --- a step -------------------------------------------------------------------------------

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Take one optimiser step."""
        if isinstance(self.optimizer_, torch.optim.LBFGS):
            # it evaluates the loss several times
            return self._after_step(super().train_step(batch, **fit_params))
        self.optimizer_.zero_grad()
        step = self.train_step_single(batch, **fit_params)
        for callback in self._grad_watchers:
            callback.on_grad_computed(
                self,
                named_parameters=TeeGenerator(self._learnt_for_good()),
                batch=batch,
                training=True,
            )
        self.optimizer_.step()
        return self._after_step(step)

    def _learnt_for_good(self) -> Iterator[tuple[str, Tensor]]:
        """Yield what is learnt, but for the transform: its gradients are no part of the norm."""
        gone = self._of_transform() if self.has_transform else set()
        return ((n, p) for n, p in self.get_all_learnable_params() if id(p) not in gone)

    def _after_step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Let a head that moves a part of itself by its own rule do so."""
        after_step = getattr(self.module_.head, "after_step", None)
        if after_step is not None:
            seen = step["step"]
            after_step(seen.features.detach(), seen.y, seen.weight)
        return step

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the loss of a batch and its gradients."""
        if self.mixup is not None:
            step = self._mixed_loss(batch)
        elif self.has_transform:
            step = self._transformed_loss(batch)
        else:
            step = self._forward_loss(batch)
        step["loss"].backward()
        return step

    def _transform_terms(self) -> list[str]:
        return [name for name, factor in self.transform_.coefficients.items() if factor != 0]

    def _transformed_loss(self, batch: Any) -> dict[str, Any]:
        """Return the loss of a batch that the transform changes on its way."""
        transform, module = self.transform_, self.module_
        x, y, weight = transform.at_input(*batch, batch.weight)
        came = y, weight

        def change(maps: Tensor) -> Tensor:
            nonlocal y, weight
            # of copies of a backbone each in turn: all add the same rows
            maps, y, weight = transform.at_stage(maps, *came)
            return maps

        features = module.features(x, transform.stage, change)
        scores = module.head(features)
        step = BatchOutput(y, weight, features, scores, module.head)
        loss, values = self.criterion_(step)
        added = transform.terms()
        for name in self._transform_terms():
            value = added.get(name)
            if value is not None:
                loss = loss + transform.coefficients[name] * value
            # NaN is left out of the epoch's mean
            values.append(loss.new_tensor(torch.nan) if value is None else value)
        transform.after_scores(step)
        # skorch's callbacks expect a score for each row of the batch
        return self._step_of(loss, values, scores[: len(batch[1])], step)

    def _mixed_loss(self, batch: Any) -> dict[str, Any]:
        """Return the loss of a batch whose rows are mixed in pairs.

        A mixed row counts once for each of its two labels, by their shares: the terms see twice the
        rows and weights, and know nothing of mixup.
        """
        x, y = as_taken(self.module_.backbone, batch[0]), batch[1]
        rng, mixup = self._mixup_rng, self.mixup
        share = rng.beta(mixup.alpha, mixup.alpha)
        partner = torch.from_numpy(rng.permutation(len(y))).to(y.device)
        features = self.module_.features(mix_rows(x, partner, share))
        scores = self.module_.head(features)
        both = torch.cat([y, y[partner]])
        shares = torch.full((len(y),), share, dtype=scores.dtype, device=y.device)
        if mixup.remix:
            counts = self._as_weight(self.counts_)[both].view(2, -1)
            shares = label_share(share, *counts, kappa=mixup.kappa, tau=mixup.tau)
        weight = torch.cat([shares, 1.0 - shares])
        if batch.weight is not None:
            weight = weight * torch.cat([batch.weight, batch.weight[partner]])
        twice = (torch.cat([t, t]) for t in (features, scores))
        return self._total(BatchOutput(both, weight, *twice, self.module_.head), scores)

    def validation_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the loss of a batch."""
        with torch.no_grad():
            return self._forward_loss(batch)

    def _forward_loss(self, batch: Any) -> dict[str, Any]:
        x, y = batch
        weight = batch.weight
        module = self.module_
        features = module.features(x)
        scores = module.head(features)
        return self._total(BatchOutput(y, weight, features, scores, module.head), scores)

    def _total(self, step: BatchOutput, scores: Tensor) -> dict[str, Any]:
        return self._step_of(*self.criterion_(step), scores, step)

    def _step_of(
        self, loss: Tensor, values: list[Tensor], scores: Tensor, step: BatchOutput
    ) -> dict[str, Any]:
        # One tensor a batch, read once an epoch: .item() would wait for the device each time.
        kept = loss.detach()
        if len(values) > 1:
            kept = torch.stack([kept, *(value.detach() for value in values)])
        return {"loss": loss, "losses": kept, "y_pred": scores, "step": step}
