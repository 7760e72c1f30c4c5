"""A trained network over all of some data: in padded batches, its results looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklimb import _forks
from sklimb._data.batches import Batches, StreamedBatches
from sklimb._data.tensors import is_borrowed, is_csr, pad_rows
from sklimb._data.training_data import ArrayData
from sklimb._training.network import run_backbone
from sklimb.heads.members import members_of

if TYPE_CHECKING:
    from sklimb._data.training_data import TrainingData
    from sklimb._training.net import Net

# For few rows, and for the rows left over from a block, matrix products use other kernels, which
# round otherwise. So batches to predict are padded: a sample alone then gets what it gets among
# others, to the digits that scikit-learn's checks compare. No bits are promised: kernels differ by
# processor.
_ROWS_OF_A_KERNEL = 4
_ROWS_OF_A_SMALL_BATCH = 32
# A batch is padded to 32 rows only where that costs next to nothing: up to so many values.
_VALUES_OF_A_SMALL_BATCH = 2**15
# Rows and values of a batch to predict: twice as fast as the 128 rows of training, and the layers'
# outputs still fit the processor's cache. With members, rows are divided by their number.
_ROWS_AT_ONCE, _VALUES_AT_ONCE = 1024, 2**18


class NotFiniteError(ValueError):
    """A network has left the range of floats."""


@torch.no_grad()
def run(
    net: Net,
    data: TrainingData,
    what: Callable[[nn.Module, Tensor], Tensor],
    samples: np.ndarray | None = None,
) -> Tensor:
    """Return ``what(network, x)`` over all batches in eval mode, on the CPU.

    Parameters
    ----------
    net : Net
    data : TrainingData
    what : callable
        (network, batch) -> Tensor, for example scores or features.
    samples : ndarray of int or None
        Which samples, in which order; None takes all.

    Raises
    ------
    ValueError
        If a value of the result is not finite.
    """
    module = net.module_
    if _in_training_mode(module):
        module.eval()
    inputs = _inputs(net, data, samples)
    # One tensor, allocated at the start: a small one kept from each batch would fragment the memory
    # that the batches release, and use would grow with their number.
    result: Tensor | None = None
    start, n = 0, len(data) if samples is None else len(samples)
    for x in inputs:
        with _forks.gate.open():
            part = what(module, padded(x))[: len(x)].cpu()
        if len(x) == n:
            result = part.clone()  # a view of the padded batch, or of X itself
            break
        if result is None:
            result = part.new_empty((n, *part.shape[1:]))
        result[start : start + len(x)] = part
        start += len(x)
    if not np.isfinite(result.numpy()).all():
        if not net.is_finite():
            raise net.diverged("weights are no longer finite")
        raise NotFiniteError(not_finite(finite_samples(result), module.like.dtype))
    return result


def _in_training_mode(module: nn.Module) -> bool:
    """Return whether any part of a module is in training mode."""
    # ``modules()`` makes a name of each part, which takes longer than a layer does for a sample
    parts = module._modules.values()
    return module.training or any(_in_training_mode(part) for part in parts if part is not None)


def _inputs(net: Net, data: TrainingData, samples: np.ndarray | None) -> Iterable[Tensor]:
    """Return the batches of x."""
    # data of one batch need no iterator, whose settings take time to look up
    whole = samples is None and isinstance(data, ArrayData)
    if not (whole and len(data) == 1):
        batches = _batches_to_predict(net, data)
        batches.indices = samples
        if not (whole and len(data) <= batches.batch_size):
            return (x for x, _ in batches)
    return [data.X.clone() if is_borrowed(data.X) else data.X]


def _batches_to_predict(net: Net, data: TrainingData) -> Batches | StreamedBatches:
    """Return batches, of rows larger ones than those to train unless the user chose their size."""
    batches = net.get_iterator(data)
    rows = isinstance(batches, Batches) and len(data.sample_shape) == 1
    if rows and "batch_size" not in net.get_params_for("iterator_valid"):
        # by all values of a row, also where most are 0: the backbone may take no sparse batches
        most = min(_ROWS_AT_ONCE, _VALUES_AT_ONCE // data.sample_shape[0])
        batches.batch_size = max(batches.batch_size, most // net.module_.n_members)
    return batches


def scores_of(module: nn.Module, x: Tensor) -> Tensor:
    """Return the scores of a batch, for `run`."""
    return module(x)


def answers_of(module: nn.Module, x: Tensor) -> Tensor:
    """Return the class of the highest score, for `run`, so that no scores of all samples are kept.

    As floats, which hold any such index, and NaN where a score is not finite.
    """
    scores = module(x)
    return torch.where(finite_samples(scores), scores.argmax(1).float(), torch.nan)


def features_of(module: nn.Module, x: Tensor) -> Tensor:
    """Return what the head compares, for `run`; of members side by side."""
    return module.features(x).flatten(1)


@torch.no_grad()
def class_means(net: Net, data: TrainingData, n_classes: int) -> tuple[Tensor, Tensor]:
    """Return the weighted means (k, C, d) of the features, and which classes have samples."""
    module = net.module_.eval()
    heads = members_of(module.head)
    head = heads[0]
    total = torch.zeros(n_classes, len(heads), head.n_features_out, dtype=torch.float64)
    mass = torch.zeros(len(total), dtype=torch.float64)
    start = 0
    # heads that score by cosines have a scale
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


def padded(x: Tensor) -> Tensor:
    """Return a batch with its last row repeated (empty rows if it is sparse) up to a good size."""
    there, *shape = x.shape
    n = max(there, _ROWS_OF_A_SMALL_BATCH)
    if len(shape) != 1 or n * shape[0] > _VALUES_OF_A_SMALL_BATCH:
        n = there
    spare = n - there + -n % _ROWS_OF_A_KERNEL
    if not spare:
        return x
    if is_csr(x):
        return pad_rows(x, spare)
    if there == 1:
        return x.new_empty(1 + spare, *shape).copy_(x)
    return torch.cat([x, x[-1:].expand(spare, *shape)])


def finite_samples(values: Tensor) -> Tensor:
    """Return for each sample of (n, ...) whether all its values are finite, (n,)."""
    return torch.isfinite(values.reshape(len(values), -1)).all(1)


def not_finite(finite: Tensor, dtype: torch.dtype) -> str:
    """Return what to say of a network's output, given which of its samples are finite."""
    bad = (~finite).nonzero()
    return (
        f"The network gives no finite numbers for {len(bad)} of {len(finite)} samples (the first: "
        f"sample {int(bad[0])}). X contains NaN or infinity there, or values too large for "
        f"{name_of(dtype)}. Leave these samples out, impute or scale them, or set "
        'dtype="float64".'
    )


def name_of(dtype: torch.dtype) -> str:
    """Return a float type's name, as a user writes it."""
    return str(dtype).removeprefix("torch.")
