"""RSG's generator behind a stage of a network, sized by running an example through it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sklimb._training.network import Network
from sklimb.backbones.members import MemberCopies
from sklimb.transforms.base import MemberTransforms, choose_stage
from sklimb.transforms.rsg import RareSampleGenerator


def build_generator(
    network: Network,
    example: Tensor,
    n_classes: int,
    *,
    stage: str | None,
    kind: type[RareSampleGenerator] = RareSampleGenerator,
    **settings: Any,
) -> RareSampleGenerator | MemberTransforms:
    """Return a generator that fits the output of a stage, found by running an example.

    Parameters
    ----------
    network : Network
        Its backbone has the stage.
    example : Tensor, shape (k, ...)
        Some samples of input.
    n_classes : int
        Number of classes.
    stage : str or None
        Name of a submodule of the backbone; None takes its ``default_stage``.
    kind : type, default=RareSampleGenerator
        Or a subclass of it, for what the paper varies.
    **settings : dict
        Of `RareSampleGenerator`.

    Returns
    -------
    RareSampleGenerator or MemberTransforms
        In the network's float type. Of members that share no weights one for each, as
        `MemberTransforms`.

    Raises
    ------
    ValueError
        If there is no such stage, its output is neither maps nor vectors, or samples that are added
        there do not come out at the end.
    """
    if isinstance(network.backbone, MemberCopies):
        copies = zip(network.backbone.members, network.head.members, strict=True)
        parts = [Network(*copy).to(network.like.dtype) for copy in copies]
        return MemberTransforms(
            [
                build_generator(part, example, n_classes, stage=stage, kind=kind, **settings)
                for part in parts
            ]
        )
    stage = choose_stage(network.backbone, stage)
    maps = _output_of_stage(network, example, stage)
    n_generators = 1
    if maps.ndim == 3:
        if getattr(network.backbone, "independent", False):
            n_generators = network.n_members
        else:
            settings = settings | {"n_members": network.n_members}
        maps = maps[:, 0]
    spatial = maps.ndim == 4 and maps.shape[2:].numel() > 1
    channels = maps.shape[1]
    built = []
    for _ in range(n_generators):
        generator = kind(channels, n_classes, spatial=spatial, **settings)
        generator.stage = stage
        built.append(generator.to(maps.dtype))
    return built[0] if n_generators == 1 else MemberTransforms(built)


def _output_of_stage(network: Network, example: Tensor, stage: str) -> Tensor:
    """Return a stage's output, after a check that samples added to it reach the features."""
    seen: list[Tensor] = []

    def add_one(maps: Any) -> Tensor:
        dense = isinstance(maps, Tensor) and maps.layout == torch.strided
        of_members = dense and maps.ndim == 3 and maps.shape[1] == network.n_members > 1
        if not dense or (maps.ndim not in (2, 4) and not of_members):
            what = type(maps).__name__
            if isinstance(maps, Tensor):
                sparse = maps.layout != torch.strided
                what = "a sparse batch" if sparse else f"shape {tuple(maps.shape)}"
            raise ValueError(
                f"stage={stage!r} gives output of {what}; it must be maps (n, D, W, H) or vectors "
                "(n, D). Choose another submodule of the backbone."
            )
        seen.append(maps)
        return torch.cat([maps, maps[:1]])

    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            n_rows = len(network.features(example, stage, add_one))
        reason = f"{len(seen[0]) + 1} samples became {n_rows}"
        fine = n_rows == len(seen[0]) + 1
    except RuntimeError as error:  # torch's, of shapes that do not fit
        fine, reason = False, str(error).splitlines()[0]
    finally:
        for module, training in modes:
            module.training = training
    if not fine:
        raise ValueError(
            f"Samples that are added behind stage={stage!r} do not come through the rest of "
            f"{type(network.backbone).__name__} ({reason}): a shortcut goes around it, or the "
            "number of samples is read before it. Choose a submodule that all goes through, such "
            "as a whole block."
        )
    return seen[0]
