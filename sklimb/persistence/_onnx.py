"""A fitted network as an ONNX graph, for what runs without Python."""

from __future__ import annotations

import copy
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from sklimb._data.tensors import to_dense
from sklimb._data.training_data import ArrayData
from sklimb._data.validation import check_new_data
from sklimb._random import torch_defaults
from sklimb.classifiers.base import BaseNetClassifier
from sklimb.classifiers.decoupled import DecoupledHead
from sklimb.heads import AffinityHead, EmpiricalOffsetHead

if TYPE_CHECKING:
    from onnx import ModelProto


def to_onnx(model: Any, X: Any) -> ModelProto:
    """Return a fitted classifier's network as an ONNX graph from samples to probabilities.

    Parameters
    ----------
    model : classifier
        One of sklimb with a network. Of a pipeline give the last step, and the transformed X.
    X : array-like or sparse matrix of shape (n, n_features) or images (n, C, H, W)
        A sample or more, for the shape and the number type that the graph takes. Sparse rows go in
        dense.

    Returns
    -------
    onnx.ModelProto
        Its input ``X`` has any number of samples, of the type that X has here: float64 where
        columns need it, as they do in `predict`. Its output ``probabilities`` is what
        ``predict_proba`` gives, to about 1e-6, in the order of the ``classes`` in its metadata (as
        JSON).

    Raises
    ------
    ImportError
        If onnx and onnxscript are not there (``pip install sklimb[onnx]``).
    TypeError
        If it is no such classifier, or X is a torch Dataset.
    ValueError
        If the network does what ONNX has no operation for, as ``scaling="quantile"`` of
        `TabularMLP` does.

    See Also
    --------
    save : A file for sklimb, with everything.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklimb import RebalancedClassifier
    >>> from sklimb.persistence import to_onnx
    >>> X, y = make_classification(n_samples=100, random_state=0)
    >>> model = RebalancedClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> graph = to_onnx(model, X)  # doctest: +SKIP
    >>> [output.name for output in graph.graph.output]  # doctest: +SKIP
    ['probabilities']
    """
    _check_onnx()
    if not isinstance(model, BaseNetClassifier):
        raise TypeError(
            f"to_onnx takes a classifier of sklimb with a network, got {type(model).__name__}. Of "
            "a pipeline give the last step, and X as the steps before it return it."
        )
    check_is_fitted(model, "net_")
    with torch_defaults():
        data = check_new_data(model, X)
        if not isinstance(data, ArrayData):
            raise TypeError("to_onnx takes an array of some samples as X, got a torch Dataset.")
        x = to_dense(data.example())
        x = torch.cat([x, x])[:2]  # of one sample the graph would be for one at a time
        network = _Probabilities(_fixed(model.module_)).eval()
        graph = _exported(network, x)
    graph.metadata_props.add(key="classes", value=json.dumps([str(c) for c in model.classes_]))
    return graph


class _Probabilities(nn.Module):
    """A network whose output are probabilities."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x).softmax(-1)


def _fixed(network: nn.Module) -> nn.Module:
    """Return a copy on the CPU in which heads that look at a buffer first have looked."""
    network = copy.deepcopy(network).cpu().eval()
    for module in network.modules():
        if isinstance(module, DecoupledHead):
            kind = int(module.kind)
            del module.kind
            module.kind = kind
        elif isinstance(module, EmpiricalOffsetHead):
            plain = module._is_plain()
            module._is_plain = lambda plain=plain: plain
        elif isinstance(module, AffinityHead):
            module.forward = partial(_affinity_by_differences, module)
    return network


def _affinity_by_differences(head: AffinityHead, embedded: Tensor) -> Tensor:
    """Return what an `AffinityHead` does; ONNX has no distances of all pairs."""
    gap = embedded[:, None, None, :] - head.prototypes
    if head.distance == "manhattan":
        distance = gap.abs().sum(-1)
    else:
        distance = gap.square().sum(-1)
        distance = distance.sqrt() if head.distance == "euclidean" else distance
    ratio = distance.amin(-1) / head.sigma
    return -ratio if head.similarity == "gaussian" else -ratio.log1p()


def _exported(network: nn.Module, x: Tensor) -> ModelProto:
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                network,
                (x,),
                input_names=["X"],
                output_names=["probabilities"],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # whatever torch's exporter raises
        reason = (str(error.__cause__ or error).strip().splitlines() or [""])[0]
        raise ValueError(
            f"The network of {type(network.network.backbone).__name__} and "
            f"{type(network.network.head).__name__} does what torch cannot write as ONNX: {reason}"
        ) from error
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what torch's exporter says of itself from the user."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _check_onnx() -> None:
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError:
        raise ImportError(
            "To write ONNX, onnx and onnxscript are needed: pip install sklimb[onnx]"
        ) from None
    del onnx
