"""The plan of a training: all that is decided before it, by one pure function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from numbers import Integral
from typing import Any

import numpy as np
import torch
from skorch.callbacks import LRScheduler

from sklimb._data.table_scan import TableScan
from sklimb._data.training_data import ArrayData, TrainingData
from sklimb._random import choose_threads
from sklimb._training.out_of_fold import N_FOLDS
from sklimb._training.rebalancing import Rebalancer, class_weight_vector, resolve_epoch
from sklimb._training.sizes import resolve_sizes
from sklimb.backbones import ConvNet, TabularMLP, WideMLP

# Of ``max_epochs="auto"`` in `partial_fit`: how many calls will come is not known.
_EPOCHS_OF_UNKNOWN_DATA = 60
# More columns are word counts, as a rule: `TabularMLP` would make them dense, at a high cost.
_MOST_COLUMNS = 512
# Parameters that defer a part of a method, and the share of the epochs after which "auto" starts it
# at the latest: that of Cao et al. 2019 (DRW), Wang et al. 2021 and Kim, Jeong & Shin 2020.
_STARTS = ("rebalance_from", "generate_from", "translate_from")
_DEFERRED = 0.8


class Mode(Enum):
    """Which call a training belongs to."""

    FIT = "fit"
    PARTIAL_FIT = "partial_fit"
    WARM_START = "fit with warm_start=True"


@dataclass(frozen=True, eq=False)
class TrainPlan:
    """What a call of `fit` or `partial_fit` does, resolved.

    Parameters
    ----------
    mode : Mode
    backbone : nn.Module class, function or instance
    epochs : int
        Of this call.
    max_epochs : int
        The epochs that a share, as in ``rebalance_from=0.8``, refers to: in `partial_fit`, where
        one call is one epoch, the number of calls to expect.
    batch_size : int
    device : str
    dtype : torch.dtype
        Of the network.
    threads : int
        Of torch, by the shape of the data and the CPUs that are allowed.
    rebalancer : Rebalancer
    schedule : dict or None
        Keyword arguments of `learning_rate_factor`, but for the epoch; None keeps the rate.
    validation_fraction : float or None
        Share of each class held back to stop early; None holds nothing back.
    lr : float
        Learning rate.
    n_samples : int
        Samples that sizes go by: those of the call, or of the whole table where it was scanned.
    scan : TableScan or None
        What is known of all calls of `partial_fit`.
    n_members : int or None
        Networks in one; None leaves it to the backbone.
    cross_fit : bool
        Whether each member leaves a fold of the samples out.
    """

    mode: Mode
    backbone: Any
    epochs: int
    max_epochs: int
    batch_size: int
    device: str
    dtype: torch.dtype
    threads: int
    rebalancer: Rebalancer
    schedule: dict[str, Any] | None
    validation_fraction: float | None
    n_members: int | None
    cross_fit: bool
    lr: float
    n_samples: int
    scan: TableScan | None = None

    @property
    def more_may_come(self) -> bool:
        """Whether this is one call of `partial_fit`, of which more may come."""
        return self.mode is Mode.PARTIAL_FIT

    @property
    def passes(self) -> int:
        """Passes over all data that ``max_epochs`` stands for: a call may have a chunk of them."""
        return self.max_epochs if self.scan is None else self.max_epochs // self.scan.n_chunks

    def epoch_of(self, start: float, name: str) -> int:
        """Return after how many finished epochs something starts, from a count or a share.

        Of a table in chunks a call is a chunk's, and a count is of passes over all chunks.
        """
        return _in_calls(resolve_epoch(start, self.max_epochs, name), start, self.scan)


def make_plan(
    parameters: Mapping[str, Any],
    data: TrainingData,
    mode: Mode,
    *,
    backbone: Any,
    class_labels: np.ndarray,
    device: str,
    batch_size: int | None = None,
    scan: TableScan | None = None,
) -> TrainPlan:
    """Return the plan of a training.

    Parameters
    ----------
    parameters : mapping
        Of the classifier, checked.
    data : TrainingData
        What is trained on, before anything is held back.
    mode : Mode
    backbone : nn.Module class, function or instance
        It may advise epochs and batch size.
    class_labels : ndarray, shape (C,)
    device : str
    batch_size : int or None
        That of a net that goes on; None goes by the parameters.
    scan : TableScan or None
        Of the table that the calls of `partial_fit` go through in chunks. Their sizes and schedule
        are then those of a fit to all of it, with the chunks' calls as its epochs.

    Returns
    -------
    TrainPlan
    """
    # an unknown name or label fails here, before anything is built
    class_weight_vector(
        parameters["class_weight"], np.ones(len(class_labels)), class_labels, effective_beta=0.0
    )
    is_partial = mode is Mode.PARTIAL_FIT
    max_epochs = parameters["max_epochs"]
    if is_partial and scan is None and max_epochs == "auto":
        max_epochs = _EPOCHS_OF_UNKNOWN_DATA  # one call does not tell how many will come
    cross_fit = cross_fits(parameters, mode, backbone)
    max_epochs, batch_size = resolve_sizes(
        backbone,
        data,
        len(class_labels),
        scan=scan,
        max_epochs=max_epochs,
        batch_size=parameters["batch_size"] if batch_size is None else batch_size,
        cross_fit=cross_fit,
    )
    max_epochs *= 1 if scan is None else scan.n_chunks
    rebalance_from = parameters["rebalance_from"]
    if rebalance_from == "auto":
        rebalance_from = _DEFERRED if cross_fit else 0.0
    n_members = parameters["n_members"]
    if cross_fit and n_members is None:
        n_members = parameters.get("module__n_members") or max(getattr(backbone, "n_members", 1), 1)
        n_members = N_FOLDS if n_members == 1 else n_members
    return TrainPlan(
        mode=mode,
        backbone=backbone,
        epochs=1 if is_partial else max_epochs,
        max_epochs=max_epochs,
        batch_size=batch_size,
        device=device,
        dtype=getattr(torch, parameters["dtype"]),
        threads=choose_threads(min(batch_size, len(data)), data.mean_values),
        rebalancer=Rebalancer(
            class_labels,
            parameters["class_weight"],
            parameters["effective_beta"],
            parameters["sampling"],
            _in_calls(resolve_epoch(rebalance_from, max_epochs), rebalance_from, scan),
        ),
        # when a cross-fitted training ends is not known: averaged weights replace a falling rate
        schedule=(
            None
            if cross_fit or (is_partial and scan is None)
            else _schedule(parameters, max_epochs, scan)
        ),
        validation_fraction=(
            parameters["validation_fraction"]
            if parameters["early_stopping"] and not is_partial
            else None
        ),
        lr=parameters["lr"],
        n_samples=len(data) if scan is None else scan.n_samples,
        scan=scan,
        n_members=n_members,
        cross_fit=cross_fit,
    )


def _in_calls(epochs: int, given: Any, scan: TableScan | None) -> int:
    """Return a count of epochs as one of calls, a call being a chunk of the table; shares stay."""
    return epochs * scan.n_chunks if scan is not None and isinstance(given, Integral) else epochs


def cross_fits(parameters: Mapping[str, Any], mode: Mode, backbone: Any) -> bool:
    """Return whether the members of a training each leave a fold of the samples out.

    "auto" does so for the default backbone on tables, where neither the number of members nor that
    of epochs is given, and nothing else counts epochs.
    """
    if mode is not Mode.FIT or parameters["cross_fit"] is False:
        return False
    if parameters["cross_fit"] is True:
        return True
    default = backbone is TabularMLP and parameters["module"] is None
    members_open = parameters["n_members"] is None and "module__n_members" not in parameters
    left_open = members_open and parameters["max_epochs"] == "auto"
    counts_epochs = (
        parameters["early_stopping"]
        or parameters["warm_start"]
        or parameters["callbacks"]
        or parameters["warmup_epochs"]
        or parameters["lr_schedule"] != "cosine"
        # a function of a user's own may give one value a batch, which cannot be weighed by member
        or not isinstance(parameters.get("loss", ""), str)
        # what is made of all samples, whoever leaves them out
        or parameters.get("offset") == "empirical"
        or parameters.get("seed_pool") is not None
        or any(_is_count(parameters.get(name, 0)) for name in _STARTS)
    )
    return bool(default and left_open and not counts_epochs)


def _is_count(start: Any) -> bool:
    """Return whether something starts after a number of epochs that was given."""
    return isinstance(start, Integral) and start != 0


def _schedule(
    parameters: Mapping[str, Any], max_epochs: int, scan: TableScan | None
) -> dict[str, Any] | None:
    # A user's own scheduler takes the place of ours.
    if any(_is_scheduler(callback) for callback in parameters["callbacks"] or []):
        return None
    if parameters["lr_schedule"] is None and not parameters["warmup_epochs"]:
        return None
    return {
        "schedule": parameters["lr_schedule"],
        "max_epochs": max_epochs,
        "warmup_epochs": _in_calls(parameters["warmup_epochs"], 0, scan),
        "milestones": tuple(_in_calls(m, m, scan) for m in parameters["lr_milestones"]),
        "decay": parameters["lr_decay"],
    }


def _is_scheduler(callback: Any) -> bool:
    """Return whether an entry of ``callbacks``, named or not, is skorch's `LRScheduler`."""
    if isinstance(callback, (tuple, list)):
        callback = callback[1]
    return isinstance(callback, LRScheduler) or callback is LRScheduler


def choose_backbone(module: Any, data: TrainingData) -> Any:
    """Return the user's module, or the one for samples of this shape.

    Raises
    ------
    ValueError
        If there is none for them.
    """
    if module is not None:
        return module
    if not isinstance(data, ArrayData) or len(data.sample_shape) not in (1, 3):
        what = "a torch Dataset"
        if isinstance(data, ArrayData):
            what = f"X of shape {(len(data), *data.sample_shape)}"
        raise ValueError(
            f"{what} needs module=, an nn.Module class or instance that turns it into "
            "features (n, d); only rows (n, n_features) and images (n, C, H, W) have a default "
            "backbone, TabularMLP or WideMLP and ConvNet."
        )
    return default_backbone(data.sample_shape)


def default_backbone(sample_shape: Sequence[int]) -> type:
    """Return the backbone for samples of a shape: columns, or channels, height and width."""
    if len(sample_shape) == 3:
        return ConvNet
    # Not by whether X is sparse: the same samples are to get the same network.
    return TabularMLP if sample_shape[0] <= _MOST_COLUMNS else WideMLP


def resolve_device(device: str | torch.device) -> str:
    """Return the device to use: "auto" takes CUDA, then MPS, then the CPU.

    Raises
    ------
    ValueError
        If torch does not know the device, or it is not there.

    Examples
    --------
    >>> from sklimb._training.plan import resolve_device
    >>> resolve_device("cpu")
    'cpu'
    """
    has_mps = torch.backends.mps.is_available()
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError):
        raise ValueError(
            f"device={device!r} is not a device of torch. Use 'cpu', 'cuda', 'mps' or 'auto'."
        ) from None
    if (kind == "cuda" and not torch.cuda.is_available()) or (kind == "mps" and not has_mps):
        raise ValueError(
            f"device={device!r} was asked for, but torch {torch.__version__} finds none here. "
            "Pass device='auto' to use what there is."
        )
    return str(device)
