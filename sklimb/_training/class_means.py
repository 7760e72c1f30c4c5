"""Means of the classes' features, in the space that a head scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from sklimb._data.training_data import TrainingData
from sklimb._training.network import run_backbone
from sklimb.heads.members import members_of

if TYPE_CHECKING:
    from sklimb._training.net import Net


@torch.no_grad()
def class_means(net: Net, data: TrainingData, n_classes: int) -> tuple[Tensor, Tensor]:
    """Return the weighted means (k, C, d) of the features, and which classes have samples."""
    module = net.module_.eval()
    heads = members_of(module.head)
    head = heads[0]
    total = torch.zeros(n_classes, len(heads), head.n_features_out, dtype=torch.float64)
    mass = torch.zeros(len(total), dtype=torch.float64)
    start = 0
    # either head has a scale where it scores by cosines
    cosine = getattr(head, "scale", None) is not None
    for batch in net.get_iterator(data):
        rows = run_backbone(module.backbone, batch[0], module.like.dtype)
        if cosine:
            rows = F.normalize(rows, dim=-1)
        if rows.ndim == 2:
            rows = rows.unsqueeze(1)
        chosen = slice(start, start + len(rows))
        start += len(rows)
        y = torch.from_numpy(data.y_encoded[chosen])
        weight = torch.ones(len(rows), dtype=torch.float64)
        if data.weight is not None:
            # of mean 1, so that sums neither vanish nor overflow
            weight = torch.from_numpy(data.weight[chosen] / data.weight.mean())
        mass.index_add_(0, y, weight)
        total.index_add_(0, y, weight[:, None, None] * rows.cpu().double())
    means = total / mass.clamp_min(torch.finfo(mass.dtype).tiny)[:, None, None]
    return means.transpose(0, 1).contiguous(), mass > 0
