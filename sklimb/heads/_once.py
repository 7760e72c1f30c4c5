"""What a head derives from its parameters, made once in a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from torch import nn

T = TypeVar("T")


class OncePerStep(nn.Module):
    """A head whose terms of the loss ask for the same derived tensors as its scores do.

    Within `within_step` each is made once, so that there is one path back to its parameters, and
    not one for the scores and one for each term.
    """

    # Of the class: a head from an older pickle has none of its own.
    _made: dict[str, object] | None = None

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what `make` gives, within a step what it gave first.

        Parameters
        ----------
        name : str
            What it is, one name for each.
        make : callable
            () -> Tensor.

        Returns
        -------
        Tensor
            The result.
        """
        made = self._made
        if made is None:
            return make()
        if name not in made:
            made[name] = make()
        return made[name]  # type: ignore[return-value]


@contextmanager
def within_step(head: nn.Module) -> Iterator[None]:
    """Let a head, or those of members, make once what is derived from parameters.

    Parameters
    ----------
    head : nn.Module
        Of the network. Neither parameters nor buffers may change until the end.
    """
    members = getattr(head, "members", (head,))
    heads = [own for own in members if isinstance(own, OncePerStep)]
    for own in heads:
        vars(own)["_made"] = {}
    try:
        yield
    finally:
        for own in heads:
            # gone and not None: what was made belongs to no pickle, nor copy
            del vars(own)["_made"]
