"""What the head of a fitted network knows: prototypes or centres, and what it decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from sklimb.heads.members import members_of


def only_head(network: Any) -> Any:
    """Return the head of a network of one member, None for anything else."""
    if "net_" not in vars(network):
        return None
    heads = members_of(network.module_.head)
    return heads[0] if len(heads) == 1 else None


def prototypes_of(network: Any) -> np.ndarray | None:
    """Return prototypes or class centres (C, ...) in the space of the features, if it has some."""
    for name in ("prototypes_", "class_means_"):
        try:
            marks = np.asarray(getattr(network, name))
        except AttributeError:
            continue
        return marks if np.isfinite(marks).all() else None
    return None


def decisions(head: torch.nn.Module, classes: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return features (n, d) -> labels (n,), by a fitted head."""

    def decide(features: np.ndarray) -> np.ndarray:
        like = next(iter(head.parameters()))
        was_training = head.training
        with torch.no_grad():
            scores = head.eval()(torch.as_tensor(features).to(like)).argmax(1).cpu().numpy()
        head.train(was_training)
        return classes[scores]

    return decide
