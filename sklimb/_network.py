"""A backbone and a head as one module, and how it is built."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sklimb._csr import is_csr, to_dense, to_float
from sklimb._features import as_features, check_features
from sklimb._keywords import check_keywords
from sklimb._transform import changed_output


class Network(nn.Module):
    """A backbone and a head: x -> features -> scores.

    Parameters
    ----------
    backbone : nn.Module
        x (n, ...) -> (n, d); trailing axes of length one are dropped.
    head : nn.Module
        See `sklimb.heads`.
    """

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        # Its dtype is the network's, whatever the backbone is made of.
        self.register_buffer("like", torch.zeros(()), persistent=False)

    def features(
        self,
        x: Tensor,
        stage: str | None = None,
        change: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Return what the head compares, (n, e).

        With `stage` and `change`, the output of that submodule of the backbone is changed on its
        way; rows may be added there.
        """

        def run() -> Tensor:
            return run_backbone(self.backbone, x, self.like.dtype)

        through = run() if stage is None else changed_output(self.backbone, stage, change, run)
        return self.head.embed(through)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores, (n, C)."""
        return self.head(self.features(x))


def run_backbone(backbone: nn.Module, x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a backbone's features as a matrix, its input cast unless it does so itself."""
    x = as_taken(backbone, x)
    if x.dtype != dtype and not getattr(backbone, "casts_input", False):
        x = to_float(x, dtype) if is_csr(x) else x.to(dtype)
    return as_features(backbone(x), backbone)


def as_taken(backbone: nn.Module, x: Tensor) -> Tensor:
    """Return a batch as it is, unless it is sparse and the backbone takes none: then dense."""
    return x if getattr(backbone, "accepts_sparse", False) else to_dense(x)


class NetworkFactory:
    """Build a `Network` from a backbone class or instance and a head still to be made.

    Parameters
    ----------
    backbone : type or nn.Module
        A class is called with the ``module__*`` parameters, and with ``in_features`` (rows) or
        ``in_channels`` and ``image_size`` (images) where its signature has them. An instance is
        copied.
    make_head : callable
        (n_features: int) -> nn.Module.
    example : Tensor, shape (k, ...)
        A few rows, to find the backbone's output width by running it once.
    dtype : torch.dtype
        Of the network's parameters.
    """

    def __init__(
        self,
        backbone: type | nn.Module | Callable[..., nn.Module],
        make_head: Callable[[int], nn.Module],
        example: Tensor,
        dtype: torch.dtype,
    ) -> None:
        self.backbone = backbone
        self.make_head = make_head
        self.example = example
        self.dtype = dtype

    def __call__(self, **kwargs: Any) -> Network:
        """Return a new network; `kwargs` are the backbone's."""
        backbone = self._make_backbone(kwargs).to(self.dtype)
        backbone.eval()
        try:
            with torch.no_grad():
                features = run_backbone(backbone, self.example, self.dtype)
        except RuntimeError as error:  # torch's own, of shapes that do not fit
            raise RuntimeError(
                f"{type(backbone).__name__} cannot take the first rows of X, a batch of shape "
                f"{tuple(self.example.shape)}: {error}"
            ) from error
        check_features(features, len(self.example), backbone)
        return Network(backbone, self.make_head(features.shape[1])).to(self.dtype)

    def _make_backbone(self, kwargs: dict[str, Any]) -> nn.Module:
        if isinstance(self.backbone, nn.Module):
            if kwargs:
                raise ValueError(
                    f"module is an instance of {type(self.backbone).__name__}, so module__* "
                    f"parameters cannot reach it, got {sorted(kwargs)}. Pass the class instead."
                )
            return copy.deepcopy(self.backbone)
        shape = self.example.shape
        known = {"in_features": shape[1]} if len(shape) == 2 else {}
        if len(shape) == 4:
            known = {"in_channels": shape[1], "image_size": tuple(shape[2:])}
        check_keywords(self.backbone, "module", kwargs, filled=tuple(known))
        takes = inspect.signature(self.backbone).parameters
        kwargs = {name: value for name, value in known.items() if name in takes} | kwargs
        backbone = self.backbone(**kwargs)
        if not isinstance(backbone, nn.Module):
            raise TypeError(
                f"module={self.backbone!r} made {type(backbone).__name__}, not an nn.Module. Pass "
                "a class of modules, an instance, or a function that returns one."
            )
        return backbone
