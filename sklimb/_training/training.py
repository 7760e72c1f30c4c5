"""One training: a net is built, told of the data, and taken through the epochs of its plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from sklimb import _forks
from sklimb._data.batches import Batches
from sklimb._data.columns import ColumnScaling, column_quantiles
from sklimb._data.table_scan import TableScan
from sklimb._data.tensors import is_csr, to_scipy
from sklimb._data.training_data import ArrayData, TrainingData
from sklimb._random import Streams
from sklimb._training.checkpoint import Checkpoint
from sklimb._training.data_parallel import processes
from sklimb._training.early_stopping import BestEpoch
from sklimb._training.net import Net
from sklimb._training.network import NetworkFactory
from sklimb._training.objective import LossTerms
from sklimb._training.optimisation import warn_of_dropout
from sklimb._training.out_of_fold import OutOfFold
from sklimb._training.plan import Mode, TrainPlan
from sklimb._training.recipe import Recipe
from sklimb._training.training_state import renew_training_state
from sklimb.heads.members import MemberHeads

# Moments of the columns are computed from chunks of about this many values: 2 MB in float64, and
# some six times that meanwhile.
_VALUES_OF_A_CHUNK = 2**18
# A Dataset may not fit in memory: its quantiles are estimated from at most this many samples.
_SAMPLES_FOR_QUANTILES = 100_000
# A head is initialised from at most this many samples.
_SAMPLES_FOR_HEAD = 20_000
# Members are initialised in groups whose features have about this many values: 32 MB in float32.
# Each further pass over the samples costs less than a fiftieth of an epoch of a million.
_VALUES_FOR_HEAD = 2**23


def make_net(
    parameters: Mapping[str, Any],
    data: TrainingData,
    plan: TrainPlan,
    recipe: Recipe,
    streams: Streams,
) -> Net:
    """Return the net of a new training, still to be initialised.

    Parameters
    ----------
    parameters : mapping
        Of the classifier, those with a double underscore among them, which are skorch's.
    data : TrainingData
    plan : TrainPlan
    recipe : Recipe
    streams : Streams
        Source of all randomness.
    """
    return Net(
        NetworkFactory(
            plan.backbone,
            recipe.head,
            data.example(),
            plan.dtype,
            plan.n_members,
            plan.n_samples,
            len(plan.rebalancer.class_labels) if plan.cross_fit else None,
        ),
        criterion=LossTerms(recipe.terms, parameters["weight_average"]),
        streams=streams,
        class_labels=plan.rebalancer.class_labels,
        rebalancer=plan.rebalancer,
        mixup=recipe.mixup,
        transform=recipe.transform,
        optimizer=parameters["optimizer"],
        lr=parameters["lr"],
        max_epochs=plan.max_epochs,
        batch_size=plan.batch_size,
        callbacks=list(parameters["callbacks"] or []),
        verbose=parameters["verbose"],
        device=plan.device,
        **{name: value for name, value in parameters.items() if "__" in name},
    )


def train(
    net: Net,
    data: TrainingData,
    plan: TrainPlan,
    recipe: Recipe,
    monitor: BestEpoch | None,
    *,
    name: str,
    checkpoint: Checkpoint | None = None,
) -> OutOfFold | None:
    """Train a net as planned, inside the context manager of the method's recipe.

    Parameters
    ----------
    net : Net
        New, or trained before.
    data : TrainingData
        All of it: what is held back is taken from it here.
    plan : TrainPlan
    recipe : Recipe
    monitor : BestEpoch or None
        Scores each epoch on the samples held back.
    name : str
        Of the classifier, for a warning.
    checkpoint : Checkpoint or None
        Where the training is kept while it runs.

    Returns
    -------
    OutOfFold or None
        What the members said of the samples that they left out, where they did.
    """
    held = None
    if plan.validation_fraction is not None:
        data, held = data.hold_back(plan.validation_fraction, net.streams)
    if not net.initialized_:
        with _forks.gate.open():  # it runs the network once
            net.initialize()
        warn_of_dropout(net.optimizer, net.module_)
        set_column_statistics(net, data, plan.scan)
    elif plan.mode is Mode.WARM_START:
        # The schedule begins anew, deferral goes by all epochs so far.
        net.restart(lr=plan.lr, max_epochs=plan.max_epochs, rebalancer=plan.rebalancer)
    renew_training_state(net, name)
    together = processes()
    if together is not None:
        together.check_network(net.module_.backbone)
    if plan.cross_fit:
        monitor = OutOfFold(data, plan.epochs, net.module_.n_members, net)
    net.count(data, None if plan.scan is None else plan.scan.class_counts)
    with recipe.around(net, data):
        with _forks.gate.open():
            start_head(net, data, None if monitor is None else monitor.member_weight)
        net.notify("on_train_begin", X=data, y=data.y)
        net.fit_loop(
            data,
            held,
            epochs=plan.epochs,
            schedule=plan.schedule,
            scheduled_from=0 if plan.scan is not None else None,
            monitor=monitor,
            checkpoint=checkpoint,
        )
        net.notify("on_train_end", X=data, y=data.y)
        if not (net.keep_training_state or plan.more_may_come):
            net.drop_transform()
    return monitor if plan.cross_fit else None


def is_usable_after(net: Net, error: BaseException) -> bool:
    """Return whether a net whose first training was broken off may be used to predict.

    After a Ctrl-C it may, if an epoch was finished; after an error it may not.
    """
    return not isinstance(error, Exception) and net.finished_epochs > 0


def set_column_statistics(net: Net, data: TrainingData, scan: TableScan | None = None) -> None:
    """Give a net's backbone the (weighted) moments and quantiles of the columns that it asks for.

    They are those of the data, or of a table that these are a chunk of. Moments go to
    ``set_input_scaling(mean, scale)``, unless ``wants_scaling`` is False; where ``wants_unit_norm``
    is True the scale is such that a scaled sample has a norm of about 1. Then the quantiles at the
    shares of samples in ``wants_quantiles`` go to ``set_input_quantiles(quantiles)``.
    """
    backbone = net.module_.backbone
    set_input_scaling = getattr(backbone, "set_input_scaling", None)
    if set_input_scaling is not None and getattr(backbone, "wants_scaling", True):
        mean, scale, norm = (
            _moments(net, data) if scan is None else (scan.mean, scan.scale, scan.norm)
        )
        if getattr(backbone, "wants_unit_norm", False):
            scale = scale * norm
        set_input_scaling(mean, scale)
    shares = getattr(backbone, "wants_quantiles", None)
    if shares is not None:
        by = _quantiles(net, data, shares) if scan is None else scan.quantiles(shares)
        backbone.set_input_quantiles(by)


def _moments(net: Net, data: TrainingData) -> tuple[np.ndarray, np.ndarray, float]:
    scaling = ColumnScaling()
    for chunk, start in iter_chunks(net, data):
        stop = start + chunk.shape[0]
        scaling.update(chunk, None if data.weight is None else data.weight[start:stop])
    return *scaling.result(), scaling.norm()


def _quantiles(net: Net, data: TrainingData, shares: np.ndarray) -> np.ndarray:
    """Return quantiles (d, q) of all samples in memory, or of 100,000 at most from a Dataset."""
    if isinstance(data, ArrayData):
        return column_quantiles(data.X, data.weight, shares)
    rows = np.arange(len(data))
    if len(rows) > _SAMPLES_FOR_QUANTILES:
        rng = net.streams.generator("head_start", 0, 2)
        rows = np.sort(rng.choice(rows, _SAMPLES_FOR_QUANTILES, replace=False))
    batches = net.get_iterator(data)
    batches.indices = rows
    x = torch.cat([batch[0].cpu() for batch in batches])
    return column_quantiles(x, None if data.weight is None else data.weight[rows], shares)


def iter_chunks(
    net: Net, data: TrainingData
) -> Iterator[tuple[np.ndarray | scipy.sparse.csr_array, int]]:
    """Yield (x in float64, index of its first sample), for moments of the columns."""
    batches = net.get_iterator(data)
    if isinstance(batches, Batches):
        batches.batch_size = max(64, _VALUES_OF_A_CHUNK // data.mean_values)
    start = 0
    for batch in batches:
        x = batch[0]
        if is_csr(x):
            yield to_scipy(x).astype(np.float64), start  # not every device has float64
        else:
            yield x.cpu().double().numpy(), start
        start += len(x)


@torch.no_grad()
def start_head(
    net: Net,
    data: TrainingData,
    member_weight: Callable[[np.ndarray], np.ndarray] | None = None,
) -> None:
    """Give a net's head its start values, if it takes any by ``init_from_data``.

    It gets the features (n, d) of some samples of each class, their class indices, their weights or
    None, and a generator to draw from. With `member_weight`, (samples) -> weights (m, k), each
    member's head weighs the samples by its own.
    """
    head = net.module_.head
    if getattr(head, "init_from_data", None) is None:
        return
    epoch = net.finished_epochs
    rng = net.streams.generator("head_start", epoch, 1)
    samples = data.stratified_subsample(_SAMPLES_FOR_HEAD, rng)
    generator = torch.Generator().manual_seed(net.streams.seed("head_start", epoch))
    weight = None if data.weight is None else data.weight[samples]
    if member_weight is not None:
        of_members = member_weight(samples)
        weight = of_members if weight is None else weight[:, None] * of_members
    if weight is not None:
        weight = net.as_weight(weight)
    y = torch.as_tensor(data.y_encoded[samples], dtype=torch.long, device=net.device)
    net.module_.eval()
    if not isinstance(head, MemberHeads):
        head.init_from_data(_features(net, data, samples), y, weight, generator)
        return
    for some in _groups_of_members(head, len(samples), isinstance(data, ArrayData)):
        of_some = weight if weight is None or weight.ndim == 1 else weight[:, some]
        features = _features(net, data, samples, some)
        MemberHeads(head.members[some]).init_from_data(features, y, of_some, generator)
        del features  # before the next group's are made


def _groups_of_members(head: MemberHeads, n_samples: int, in_memory: bool) -> list[slice]:
    """Return groups of members whose features fit in memory; all are one group of a Dataset."""
    size = head.n_members
    if in_memory:
        of_one = n_samples * (head.n_features_out // head.n_members)
        size = min(size, max(1, _VALUES_FOR_HEAD // of_one))
    return [slice(first, first + size) for first in range(0, head.n_members, size)]


def _features(
    net: Net, data: TrainingData, samples: np.ndarray, members: slice | None = None
) -> Tensor:
    """Return what the head compares of some samples, (m, d), or (m, k, d) of some members."""
    batches = net.get_iterator(data)
    batches.indices = samples
    features, start = None, 0
    for batch in batches:
        part = net.module_.features(batch[0])
        if members is not None:
            part = part[:, members]
        if features is None:  # one tensor from the start, as in `inference.run`
            features = part.new_empty((len(samples), *part.shape[1:]))
        features[start : start + len(part)] = part
        start += len(part)
    return features
