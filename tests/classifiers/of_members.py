"""What the tests of members share: every head, loss and transform, with small networks."""

from __future__ import annotations

import warnings

import pytest
from torch import nn
from torch.nn import functional as F

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import MLP, TabularMLP

SMALL = {"module__hidden": (16, 8), "max_epochs": 4, "random_state": 0}
BACKBONES = {"copies": MLP, "shared": TabularMLP}
# Every head, loss and transform, and mixing, weights and draws.
METHODS = {
    "cross_entropy": (RebalancedClassifier, {}),
    "focal": (RebalancedClassifier, {"loss": "focal", "class_weight": "balanced"}),
    "ldam": (RebalancedClassifier, {"loss": "ldam", "class_weight": "effective"}),
    "am_softmax": (RebalancedClassifier, {"loss": "am_softmax", "sampling": "balanced"}),
    "logit_adjusted": (RebalancedClassifier, {"loss": "logit_adjusted"}),
    "own loss": (RebalancedClassifier, {"loss": nn.MultiMarginLoss()}),
    "own scalar": (RebalancedClassifier, {"loss": F.cross_entropy}),
    "mixup": (RebalancedClassifier, {"mixup": 1.0, "remix": True, "class_weight": "balanced"}),
    "affinity": (AffinityClassifier, {"n_prototypes": 2}),
    "offset": (OffsetDebiasedClassifier, {}),
    "offset ldam": (OffsetDebiasedClassifier, {"loss": "ldam", "offset": "uniform_only"}),
    "empirical": (OffsetDebiasedClassifier, {"offset": "empirical"}),
    "zero": (OffsetDebiasedClassifier, {"offset": "zero"}),
    "rsg": (RSGClassifier, {"generate_from": 2}),
    "rsg ldam": (RSGClassifier, {"loss": "ldam", "class_weight": "effective", "generate_from": 0}),
    "m2m": (M2mClassifier, {"translate_from": 2, "gamma": 0.2, "module__dropout": 0.0}),
    "m2m ldam": (M2mClassifier, {"translate_from": 2, "gamma": 0.2, "loss": "ldam"}),
    "crt": (DecoupledClassifier, {"classifier_epochs": 2}),
    "lws": (DecoupledClassifier, {"method": "lws", "classifier_epochs": 2}),
    "tau_norm": (DecoupledClassifier, {"method": "tau_norm"}),
    "ncm": (DecoupledClassifier, {"method": "ncm"}),
}  # fmt: skip
each_backbone = pytest.mark.parametrize("backbone", BACKBONES)
each_method = pytest.mark.parametrize("method", METHODS)


def make(method, backbone="shared", **params):
    cls, own = METHODS[method]
    return cls(module=BACKBONES[backbone], **SMALL | own | params)


def fitted(model, data):
    with warnings.catch_warnings():
        # a network of four epochs may know no rare row
        warnings.filterwarnings("ignore", message="(?s)g \\(source_estimator\\) recognises")
        warnings.filterwarnings("ignore", message="None of")
        return model.fit(*data)
