"""One pass over the batches: what callbacks see of it, and what the history keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from skorch.callbacks import Callback
from torch import Tensor

from sklimb import _forks
from sklimb._data.tensors import is_csr, to_float
from sklimb._training.inference import finite_samples, name_of
from sklimb._training.objective import names_of_terms
from sklimb.heads.members import log_mean_probability

if TYPE_CHECKING:
    from sklimb._data.batches import Batches, StreamedBatches
    from sklimb._data.training_data import TrainingData
    from sklimb._training.net import Net


def run_epoch(
    net: Net,
    batches: Batches | StreamedBatches,
    step_fn: Callable[..., dict[str, Any]],
    prefix: str,
    *,
    training: bool,
) -> None:
    """Take a step for each batch and record the losses, with one synchronisation."""
    begin = watchers(net, "on_batch_begin")
    end = watchers(net, "on_batch_end")
    # One tensor, allocated at the start: a small one kept from each step would fragment the memory
    # that the steps release, and use would grow with their number.
    losses: Tensor | None = None
    sizes: list[int] = []
    for batch in batches:
        if begin or end:
            net.history.new_batch()
        for callback in begin:
            callback.on_batch_begin(net, batch=batch, training=training)
        with _forks.gate.open():  # for a step, so that a fork need not wait for the end
            step = step_fn(batch)
        if losses is None:
            losses = step["losses"].new_empty((len(batches), *step["losses"].shape))
        losses[len(sizes)] = step["losses"]
        sizes.append(len(batch[0]))
        if end:
            net.history.record_batch(prefix + "_loss", step["loss"].item())
            net.history.record_batch(prefix + "_batch_size", sizes[-1])
            if step["y_pred"].ndim == 3:  # of members
                step["y_pred"] = log_mean_probability(step["y_pred"].detach())
        for callback in end:
            callback.on_batch_end(net, batch=batch, training=training, **step)
        del batch, step  # before the next ones are made
    means = batch_means(losses.cpu().double().numpy(), np.asarray(sizes))
    _record(net, prefix, means, len(sizes))
    if not np.isfinite(means[0]):
        check_input(net, batches.dataset)
        raise net.diverged(f"{prefix} loss is {means[0]}")


def watchers(net: Net, hook: str) -> list[Callback]:
    """Return the callbacks that override a hook: the others cost nothing."""
    plain = getattr(Callback, hook)
    return [cb for _, cb in net.callbacks_ if getattr(type(cb), hook, None) is not plain]


def batch_means(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return means over batches, weighted by size; NaN is left out, but for the loss, column 0."""
    values = values.reshape(len(values), -1)
    means = [(sizes / sizes.sum()) @ values[:, 0]]
    for column in values[:, 1:].T:
        known = ~np.isnan(column)
        n = sizes[known].sum()
        means.append(column[known] @ (sizes[known] / n) if n else np.nan)
    return np.asarray(means)


def _record(net: Net, prefix: str, means: np.ndarray, n_batches: int) -> None:
    """Keep the means of the loss and of its terms in the row of this epoch."""
    history = net.history
    if not history[-1]["batches"]:
        history.new_batch()  # skorch's Checkpoint looks at the last one, whatever it holds
    terms = list(net.criterion_.terms)
    if prefix == "train" and net.has_transform:
        terms += names_of_terms(net.transform_)
        for name, value in net.transform_.statistics().items():
            history.record(name, value)
    loss = prefix + "_loss"
    names = [loss] if len(means) == 1 else [loss, *(f"{prefix}_{name}" for name in terms)]
    for name, mean in zip(names, means, strict=True):
        history.record(name, float(mean))
    history.record(prefix + "_batch_count", n_batches)
    best = min((row.get(loss, np.inf) for row in history[:-1]), default=np.inf)
    history.record(loss + "_best", bool(means[0] < best))


def check_input(net: Net, data: TrainingData) -> None:
    """Raise a ValueError if a value of the data is not finite in the network's float type."""
    dtype = net.module_.like.dtype
    start = 0
    for batch in net.get_iterator(data):
        x = to_float(batch[0], dtype).to_dense() if is_csr(batch[0]) else batch[0].to(dtype)
        bad = (~finite_samples(x)).nonzero()
        if len(bad):
            raise ValueError(
                f"X contains NaN or infinity, or a value too large for {name_of(dtype)}: in sample "
                f"{start + int(bad[0])}. Leave it out, impute or scale it, or set "
                'dtype="float64".'
            )
        start += len(x)
