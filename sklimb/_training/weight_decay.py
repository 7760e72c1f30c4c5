"""Which parameters of a network are left out of weight decay."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn


def spare_from_decay(
    groups: list[dict[str, Any]], network: nn.Module, optimizer: type
) -> list[dict[str, Any]]:
    """Return an optimiser's groups, with what the backbone asks to spare in groups without decay.

    A backbone asks by a method ``parameters_without_decay``; the biases of the head are then spared
    too. Groups with a decay of their own keep it.

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
    free = {id(parameter) for parameter in spared()}
    free |= {id(bias) for name, bias in network.head.named_parameters() if name.endswith("bias")}
    split = []
    for group in groups:
        learnt = list(group["params"])
        decayed = [p for p in learnt if id(p) not in free]
        if "weight_decay" in group or len(decayed) == len(learnt):
            split.append(group | {"params": learnt})
            continue
        if decayed:
            split.append(group | {"params": decayed})
        rest = [p for p in learnt if id(p) in free]
        split.append(group | {"params": rest, "weight_decay": 0.0})
    return split
