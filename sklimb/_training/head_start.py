"""Start values of a head, from some of the training samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sklimb._data.training_data import TrainingData

if TYPE_CHECKING:
    from sklimb._training.net import Net

# At most this many samples are looked at.
_SAMPLES_TO_START_FROM = 20_000


@torch.no_grad()
def start_head(net: Net, data: TrainingData) -> None:
    """Give a net's head its start values, if it takes any by ``init_from_data``.

    It gets the features (n, d) of some samples of each class, their class indices, their weights or
    None, and a generator to draw from.
    """
    init_from_data = getattr(net.module_.head, "init_from_data", None)
    if init_from_data is None:
        return
    epoch = net.finished_epochs
    rng = net.streams.generator("head_start", epoch, 1)
    samples = data.stratified_subsample(_SAMPLES_TO_START_FROM, rng)
    net.module_.eval()
    batches = net.get_iterator(data)
    batches.indices = samples
    features = torch.cat([net.module_.features(batch[0]) for batch in batches])
    generator = torch.Generator().manual_seed(net.streams.seed("head_start", epoch))
    weight = None
    if data.weight is not None:
        weight = torch.as_tensor(data.weight[samples], dtype=features.dtype, device=net.device)
    y = torch.as_tensor(data.y_encoded[samples], dtype=torch.long, device=net.device)
    init_from_data(features, y, weight, generator)
