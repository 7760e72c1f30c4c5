"""The transform of a net: built with it, or anew, and dropped when it has done its work."""

from __future__ import annotations

from skorch.utils import to_device
from torch import Tensor

from sklimb._random import seeded
from sklimb._training.optimisation import add_parameters, remove_parameters


class TransformingNet:
    """The part of `Net` that has a transform; mixed into skorch's net."""

    @property
    def has_transform(self) -> bool:
        """Whether batches are changed while training."""
        return getattr(self, "transform_", None) is not None

    def _of_transform(self) -> list[Tensor]:
        """Return what the transform learns."""
        return list(self.transform_.parameters()) if self.has_transform else []

    def drop_transform(self) -> None:
        """Forget the transform, and what the optimiser holds for it."""
        if self.has_transform:
            remove_parameters(self.optimizer_, self._of_transform())
            del self.transform_

    def restore_transform(self) -> None:
        """Build the transform anew after it was dropped, as at the start."""
        with self._current_init_context("module"):
            self._build_transform()
        add_parameters(self.optimizer_, self._of_transform())

    def _build_transform(self) -> None:
        # Under its own stream: the network's bits, and dropout's, are those without it.
        with seeded(self.streams.seed("transform", 0, 0), self.device):
            example = to_device(self.module.example, self.device)
            built = self.transform(self.module_, example, len(self.class_labels))
            self.transform_ = to_device(built, self.device)
