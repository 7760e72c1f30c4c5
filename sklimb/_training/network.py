"""A backbone and a head as one module, and how it is built."""

from __future__ import annotations

import copy
import difflib
import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sklimb._data.tensors import blank_like, is_csr, to_dense, to_float
from sklimb.backbones.features import as_features, check_features
from sklimb.backbones.members import MemberCopies
from sklimb.heads.members import MemberHeads, log_mean_probability
from sklimb.transforms.base import forward_with_hook

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Network(nn.Module):
    """A backbone and a head: x -> features -> scores.

    Parameters
    ----------
    backbone : nn.Module
        x (n, ...) -> (n, d); trailing axes of length one are dropped. One of k members, which says
        so by ``n_members``, gives (n, k, d).
    head : nn.Module
        See `sklimb.heads`; `MemberHeads` for members.
    calibration : Calibration or None
        Of the scores, once it is known.
    """

    def __init__(
        self, backbone: nn.Module, head: nn.Module, calibration: Calibration | None = None
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.calibration = calibration
        # Its dtype is the network's, whatever the backbone is made of.
        self.register_buffer("like", torch.zeros(()), persistent=False)

    def features(
        self,
        x: Tensor,
        stage: str | None = None,
        change: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Return what the head compares, (n, e), or (n, k, e) of k members.

        With `stage` and `change`, the output of that submodule of the backbone is changed on its
        way; samples may be added there. Of copies each has the stage, and `change` is called for
        one after the other.
        """
        return self.head.embed(self.through_backbone(x, stage, change))

    def through_backbone(
        self,
        x: Tensor,
        stage: str | None = None,
        change: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Return what the backbone makes of samples, before the head has any part in it.

        See `features` for the arguments.
        """
        if stage is None:
            return run_backbone(self.backbone, x, self.like.dtype)
        copies = isinstance(self.backbone, MemberCopies)
        through = [
            forward_with_hook(
                backbone, stage, change, lambda own=backbone: run_backbone(own, x, self.like.dtype)
            )
            for backbone in (self.backbone.members if copies else [self.backbone])
        ]
        return torch.stack(through, dim=1) if copies else through[0]

    def forward(self, x: Tensor) -> Tensor:
        """Return scores, (n, C); of members the log of their mean probability."""
        scores = self.head(self.features(x))
        if scores.ndim == 3:
            scores = log_mean_probability(scores)
        return scores if self.calibration is None else self.calibration(scores)

    @property
    def n_members(self) -> int:
        """How many networks there are in this one."""
        return self.head.n_members if isinstance(self.head, MemberHeads) else 1


class Calibration(nn.Module):
    r"""How sure scores may be: a temperature, for the class shares of the training data.

    .. math:: s' = (s + b + d) / T - b

    with :math:`b` what the loss adds to the scores (0 for most losses, the log class shares for
    logit adjustment), so that the temperature is of probabilities for the training shares, and
    :math:`d` a shift of each class where scores are no log probabilities.

    Parameters
    ----------
    n_classes : int
        C.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("offset", torch.zeros(n_classes))
        self.register_buffer("shift", torch.zeros(n_classes))

    def forward(self, scores: Tensor) -> Tensor:
        """Return the scores, (n, C), at the temperature."""
        return (scores + (self.offset + self.shift)) / self.temperature - self.offset


def run_backbone(backbone: nn.Module, x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a backbone's features, its input cast unless it does so itself.

    They are a matrix (n, d), or (n, k, d) of a backbone of k members.
    """
    x = densified_if_needed(backbone, x)
    if x.dtype != dtype and not getattr(backbone, "casts_input", False):
        x = to_float(x, dtype) if is_csr(x) else x.to(dtype)
    return as_features(backbone(x), backbone)


def densified_if_needed(backbone: nn.Module, x: Tensor) -> Tensor:
    """Return a batch, made dense if it is sparse and the backbone takes no sparse ones."""
    return x if getattr(backbone, "accepts_sparse", False) else to_dense(x)


class NetworkFactory:
    """Build a `Network` from a backbone class or instance and a head still to be made.

    Parameters
    ----------
    backbone : type or nn.Module
        A class is called with the ``module__*`` parameters, and with ``in_features`` (tables) or
        ``in_channels`` and ``image_size`` (images), and ``n_rows``, where its signature has them.
        An instance is copied.
    make_head : callable
        (n_features: int) -> nn.Module.
    example : Tensor, shape (k, ...)
        A few samples, to find the backbone's output width by running it once; afterwards only their
        shape and type are kept, for no model is to hold its training data.
    dtype : torch.dtype
        Of the network's parameters.
    n_members : int or None
        Networks in one: what the backbone is told, if its signature has it, else that many copies
        of it. None leaves it to the backbone.
    n_rows : int or None
        Training samples, for a backbone whose sizes go by them.
    calibrated_classes : int or None
        The number of classes, where the network is to be calibrated: its members then share
        nothing, so that each can be judged by what it has not seen. None leaves it as it is.
    """

    def __init__(
        self,
        backbone: type | nn.Module | Callable[..., nn.Module],
        make_head: Callable[[int], nn.Module],
        example: Tensor,
        dtype: torch.dtype,
        n_members: int | None = None,
        n_rows: int | None = None,
        calibrated_classes: int | None = None,
    ) -> None:
        self.calibrated_classes = calibrated_classes
        self.n_members = n_members
        self.n_rows = n_rows
        self.backbone = backbone
        self.make_head = make_head
        self.example = example
        self.dtype = dtype

    def forget_example(self) -> None:
        """Keep the shape and the type of the first rows, and none of their values."""
        self.example = blank_like(self.example)

    def __call__(self, **kwargs: Any) -> Network:
        """Return a new network; `kwargs` are the backbone's."""
        backbone = self._make_backbone(kwargs).to(self.dtype)
        backbone.eval()
        try:
            with torch.no_grad():
                features = run_backbone(backbone, self.example, self.dtype)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # torch's own, of shapes that do not fit
            raise ValueError(
                f"module {type(backbone).__name__} cannot take the first samples of X, a batch of "
                f"shape {tuple(self.example.shape)}: {error}"
            ) from error
        check_features(features, len(self.example), backbone)
        width = features.shape[-1]
        if features.ndim == 2:
            head = self.make_head(width)
        else:
            head = MemberHeads([self.make_head(width) for _ in range(features.shape[1])])
        classes = self.calibrated_classes
        calibration = None if classes is None else Calibration(classes)
        return Network(backbone, head, calibration).to(self.dtype)

    def _make_backbone(self, kwargs: dict[str, Any]) -> nn.Module:
        if isinstance(self.backbone, nn.Module):
            if kwargs:
                raise ValueError(
                    f"module is an instance of {type(self.backbone).__name__}, so module__* "
                    f"parameters cannot reach it, got {sorted(kwargs)}. Pass the class instead."
                )
            return self._copied_instance(self.backbone)
        shape = self.example.shape
        known: dict[str, Any] = {"in_features": shape[1]} if len(shape) == 2 else {}
        if len(shape) == 4:
            known = {"in_channels": shape[1], "image_size": tuple(shape[2:])}
        known["n_rows"] = self.n_rows
        what = {2: "rows", 4: "images"}.get(len(shape), "items")
        source = f"{what} of shape (n, {', '.join(map(str, shape[1:]))})"
        check_keywords(self.backbone, "module", kwargs, filled=(*known, "n_members"), source=source)
        takes = inspect.signature(self.backbone).parameters
        knows_members = "n_members" in takes
        if knows_members and self.n_members is not None:
            own = kwargs.get("n_members", self.n_members)
            if own != self.n_members:
                raise ValueError(
                    f"n_members={self.n_members} and module__n_members={own} disagree. Give one."
                )
            known["n_members"] = self.n_members
            if self.calibrated_classes is not None:
                knows_members = "independent" in takes
                if knows_members:
                    _check_independent(self.backbone, kwargs.get("independent", True))
                known |= {"independent": True} if knows_members else {"n_members": 1}
        kwargs = {name: value for name, value in known.items() if name in takes} | kwargs
        if knows_members or self.n_members in (None, 1):
            return self._made(kwargs)
        return MemberCopies([self._made(kwargs) for _ in range(self.n_members)])

    def _made(self, kwargs: dict[str, Any]) -> nn.Module:
        backbone = self.backbone(**kwargs)
        if not isinstance(backbone, nn.Module):
            raise TypeError(
                f"module={self.backbone!r} made {type(backbone).__name__}, not an nn.Module. Pass "
                "a class of modules, an instance, or a function that returns one."
            )
        return backbone

    def _copied_instance(self, instance: nn.Module) -> nn.Module:
        has = getattr(instance, "n_members", 1)
        if self.calibrated_classes is not None and has != 1:
            _check_independent(instance, getattr(instance, "independent", False))
        if self.n_members in (None, has):
            return copy.deepcopy(instance)
        if has != 1:
            raise ValueError(
                f"module is an instance of {type(instance).__name__} with n_members={has}, so "
                f"n_members={self.n_members!r} cannot reach it. Leave n_members at None, or pass "
                "the class."
            )
        return MemberCopies([copy.deepcopy(instance) for _ in range(self.n_members)])


def check_keywords(
    called: Callable[..., Any],
    prefix: str,
    given: Collection[str],
    *,
    filled: Sequence[str] = (),
    source: str = "X",
) -> None:
    """Raise an error that names an argument nobody takes, or one that is missing.

    Parameters
    ----------
    called : callable
        Where its signature cannot be read, or ends in ``**kwargs``, any name goes.
    prefix : str
        Under which the arguments are parameters: ``prefix__name``.
    given : collection of str
        Names of the arguments that there are.
    filled : sequence of str
        Those among them, or beside them, that the user need not give.
    source : str, default="X"
        What they are filled in from, in words.

    Raises
    ------
    TypeError
        With the nearest names, and all that there are.
    """
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # some classes written in C have none
        return
    parameters = signature.parameters.values()
    name = getattr(called, "__name__", type(called).__name__)
    takes = [p.name for p in parameters if p.kind in _BY_NAME]
    own = [p for p in takes if p not in filled]
    named = [f"{prefix}__{p}" for p in own]
    there = f" It takes {', '.join(named)}." if own else " It takes none."
    if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        for unknown in sorted(set(given) - set(takes)):
            near = difflib.get_close_matches(unknown, own, 2)
            hint = f" Did you mean {' or '.join(f'{prefix}__{n}' for n in near)}?" if near else ""
            raise TypeError(f"{name} has no argument for {prefix}__{unknown}.{hint}{there}")
    needed = [p.name for p in parameters if p.kind in _BY_NAME and p.default is p.empty]
    missing = [p for p in needed if p not in given and p not in filled]
    if missing:
        raise TypeError(
            f"{name} needs {', '.join(f'{prefix}__{p}' for p in missing)}, which cannot be filled "
            f"in from {source}.{there}"
        )


def _check_independent(backbone: Any, independent: bool) -> None:
    if not independent:
        name = getattr(backbone, "__name__", type(backbone).__name__)
        raise ValueError(
            f"The members of {name} share weights, so none of them has not seen a sample: "
            "cross_fit=True needs members that share nothing. Pass the class without "
            "module__independent, or set cross_fit=False."
        )
