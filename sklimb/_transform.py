"""What a training-only transform is: a change of a batch that prediction never sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from torch import Tensor, nn

from sklimb._terms import Step

Changed = tuple[Tensor, Tensor, Tensor | None]


class Transform(nn.Module):
    """Base of the training-only transforms; by itself it changes nothing.

    A subclass overrides what it needs. It is a module, so what it learns is moved, optimised and
    saved with the training, but it is no part of the network: the fitted predictor has nothing of
    it.

    Attributes
    ----------
    stage : str or None
        Dotted name of a submodule of the backbone, whose output goes through `at_stage`; None
        leaves the forward pass alone.
    coefficients : mapping
        Loss terms that it adds: name -> coefficient. 0 leaves a term out.
    balanced_draws : bool
        Whether rows are drawn with every class equally often, whatever the net's ``sampling``;
        asked after `start_epoch`.
    """

    stage: str | None = None
    coefficients: Mapping[str, float] = {}
    balanced_draws: bool = False

    def set_class_counts(self, counts: Tensor) -> None:
        """Take the (weighted) training counts, (C,), before each training."""

    def start_epoch(self, epoch: int, rng: np.random.Generator) -> None:
        """Take the number of finished epochs, and this epoch's source of randomness."""

    def at_input(self, x: Tensor, y: Tensor, weight: Tensor | None) -> Changed:
        """Return the batch as it goes into the backbone.

        Parameters
        ----------
        x : Tensor, shape (n, ...)
            Input.
        y : Tensor of int, shape (n,)
            Class indices.
        weight : Tensor, shape (n,), or None
            Weights of the rows.

        Returns
        -------
        tuple of Tensor
            The three, with as many rows each.
        """
        return x, y, weight

    def at_stage(self, maps: Tensor, y: Tensor, weight: Tensor | None) -> Changed:
        """Return what goes on from the stage; rows may have been added to all three."""
        return maps, y, weight

    def terms(self) -> dict[str, Tensor]:
        """Return this batch's loss terms; one that has no value in this batch is left out."""
        return {}

    def after_scores(self, step: Step) -> None:
        """Look at what came out of a batch.

        Parameters
        ----------
        step : Step
            Labels, weights, features, scores and head.
        """

    def statistics(self) -> dict[str, float]:
        """Return figures of the epoch that has ended, for the history."""
        return {}


def changed_output(
    backbone: nn.Module, stage: str, change: Callable[[Tensor], Tensor], run: Callable[[], Tensor]
) -> Tensor:
    """Return ``run()`` while the output of a submodule of the backbone goes through `change`.

    Raises
    ------
    ValueError
        If the submodule does not run exactly once: which of its outputs is meant, if any?
    """
    n_calls = 0

    def hook(module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        nonlocal n_calls
        n_calls += 1
        return change(output) if n_calls == 1 else output

    handle = find_stage(backbone, stage).register_forward_hook(hook)
    try:
        result = run()
    finally:
        handle.remove()
    if n_calls != 1:
        raise ValueError(
            f"stage={stage!r} of {type(backbone).__name__} ran {n_calls} times in one forward "
            "pass, and must run once. Choose a submodule that is used once."
        )
    return result


def find_stage(backbone: nn.Module, stage: str) -> nn.Module:
    """Return the submodule that a stage names.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    named = dict(backbone.named_modules())
    named.pop("", None)
    if stage not in named:
        raise ValueError(
            f"stage={stage!r} is no submodule of {type(backbone).__name__}; it has "
            f"{sorted(named)[:40]}."
        )
    return named[stage]


def choose_stage(backbone: nn.Module, stage: str | None) -> str:
    """Return the stage that was asked for, or the backbone's own ``default_stage``.

    Raises
    ------
    ValueError
        If neither is there, or the name is no submodule.
    """
    chosen = getattr(backbone, "default_stage", None) if stage is None else stage
    if chosen is None:
        named = [name for name, _ in backbone.named_modules() if name]
        raise ValueError(
            f"{type(backbone).__name__} does not say where a transform may sit. Pass stage=, the "
            f"name of one of its submodules {named[:40]}, or give the class an attribute "
            "default_stage."
        )
    find_stage(backbone, chosen)
    return chosen
