"""The optimiser: learning rate by epoch, parameter groups, and how it is built and changed."""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Sequence
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn

from sklimb._warnings import warn

# Optimisers whose fused form lets each parameter begin with its own first gradient.
_STARTS_BY_PARAMETER = (torch.optim.Adam, torch.optim.AdamW)


def learning_rate_factor(
    schedule: str | None,
    epoch: int,
    max_epochs: int,
    *,
    warmup_epochs: int = 0,
    milestones: Sequence[float] = (0.8, 0.9),
    decay: float = 0.01,
) -> float:
    """Return what the learning rate is multiplied by in an epoch.

    Parameters
    ----------
    schedule : None, "cosine" or "step"
        None keeps the rate; "cosine" goes from 1 towards 0 along half a cosine; "step" multiplies
        by `decay` at each milestone.
    epoch : int
        Finished epochs; from `max_epochs` on, the last epoch's factor.
    max_epochs : int
        Length of the schedule.
    warmup_epochs : int
        In the first `warmup_epochs` the factor is also multiplied by (epoch + 1) / warmup_epochs.
    milestones : sequence
        Epochs (int) or shares of `max_epochs` (float), for "step".
    decay : float
        Factor at a milestone, for "step".

    Examples
    --------
    >>> from sklimb._training.optimisation import learning_rate_factor
    >>> [learning_rate_factor("step", e, 200, warmup_epochs=5) for e in (0, 4, 100, 160)]
    [0.2, 1.0, 1.0, 0.01]
    """
    epoch = min(epoch, max_epochs - 1)
    factor = 1.0
    if schedule == "cosine":
        factor = 0.5 * (1.0 + math.cos(math.pi * epoch / max_epochs))
    elif schedule == "step":
        starts = [int(m) if isinstance(m, Integral) else round(m * max_epochs) for m in milestones]
        factor = decay ** sum(epoch >= start for start in starts)
    if epoch < warmup_epochs:
        factor *= (epoch + 1) / warmup_epochs
    return factor


def param_groups_weight_decay(
    groups: list[dict[str, Any]], network: nn.Module, optimizer: type
) -> list[dict[str, Any]]:
    """Return an optimiser's groups, parameters without weight decay in groups of their own.

    A backbone names them by a method ``parameters_without_decay``; the biases of the head are then
    added. Groups with a decay of their own keep it.

    Parameters
    ----------
    groups : list of dict
        As an optimiser takes them.
    network : Network
        With ``backbone`` and ``head``.
    optimizer : type
        Class of the optimiser; one that knows no ``weight_decay`` gets the groups as they are.

    Returns
    -------
    list of dict
        Groups with the same parameters.
    """
    spared = getattr(network.backbone, "parameters_without_decay", None)
    if spared is None or "weight_decay" not in inspect.signature(optimizer).parameters:
        return groups
    no_decay = {id(parameter) for parameter in spared()}
    no_decay |= {
        id(bias) for name, bias in network.head.named_parameters() if name.endswith("bias")
    }
    split = []
    for group in groups:
        learnt = list(group["params"])
        decayed = [p for p in learnt if id(p) not in no_decay]
        if "weight_decay" in group or len(decayed) == len(learnt):
            split.append(group | {"params": learnt})
            continue
        if decayed:
            split.append(group | {"params": decayed})
        rest = [p for p in learnt if id(p) in no_decay]
        split.append(group | {"params": rest, "weight_decay": 0.0})
    return split


def build_optimizer(
    optimizer: type,
    groups: list[dict[str, Any]],
    settings: dict[str, Any],
    *,
    device: str | torch.device,
    plain: Collection[int] = (),
) -> torch.optim.Optimizer:
    """Return an optimiser, in its fused form where torch has one and the user chose none.

    With momentum torch's fused SGD fails if a parameter gets its first gradient later than the
    others of its group, as those of RSG's generator do. The network's own stay fused, so that their
    bits are those of a training without a generator. Adam's counts the steps of each parameter by
    itself.

    Parameters
    ----------
    optimizer : type
    groups : list of dict
        With ``params``.
    settings : dict
        Keyword arguments.
    device : str or torch.device
        Where the parameters are.
    plain : collection of int
        Ids of parameters that may get their first gradient late.
    """
    choices = {"fused", "foreach", "capturable", "differentiable"}
    has_fused = "fused" in inspect.signature(optimizer).parameters
    if not has_fused or choices & set(settings):
        return optimizer(groups, **settings)
    if torch.device(device).type not in ("cpu", "cuda"):
        return optimizer(groups, **settings)
    if issubclass(optimizer, _STARTS_BY_PARAMETER):
        return optimizer([dict(group) for group in groups], **settings, fused=True)
    split = []
    for group in groups:
        apart = [p for p in group["params"] if id(p) in plain]
        split.append(group | {"params": [p for p in group["params"] if id(p) not in plain]})
        if apart:
            split.append(group | {"params": apart, "fused": False})
    return optimizer(split, **settings, fused=True)


def add_parameters(optimizer: torch.optim.Optimizer, parameters: list[Tensor]) -> None:
    """Add parameters to an optimiser that is in use, at the rate of its first group.

    Raises
    ------
    ValueError
        If it is LBFGS.
    """
    if not parameters:
        return
    if isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError(
            "LBFGS holds one set of parameters for good, so a transform cannot be built anew "
            "for it. Set keep_training_state=True before fit, or take another optimizer."
        )
    first = optimizer.param_groups[0]
    same = {name: first[name] for name in ("lr", "initial_lr") if name in first}
    if first.get("fused") and not isinstance(optimizer, _STARTS_BY_PARAMETER):
        same["fused"] = False  # as in `build_optimizer`
    optimizer.add_param_group({"params": parameters, **same})


def remove_parameters(optimizer: torch.optim.Optimizer, parameters: list[Tensor]) -> None:
    """Remove parameters from an optimiser, and its state for them."""
    gone = {id(parameter) for parameter in parameters}
    for group in optimizer.param_groups:
        group["params"] = [p for p in group["params"] if id(p) not in gone]
    for parameter in parameters:
        optimizer.state.pop(parameter, None)


def warn_of_dropout(optimizer: Any, network: nn.Module) -> None:
    """Warn where dropout would change the loss between LBFGS's evaluations of it in one step."""
    if not (isinstance(optimizer, type) and issubclass(optimizer, torch.optim.LBFGS)):
        return
    shares = [m.p for m in network.modules() if isinstance(m, nn.modules.dropout._DropoutNd)]
    if any(shares):
        warn(
            "LBFGS evaluates the loss several times a step, and dropout makes another loss of it "
            f"each time (shares {sorted(set(shares))}): steps may go anywhere. Set "
            "module__dropout=0, or p=0 in a module of your own.",
        )
