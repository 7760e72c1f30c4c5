"""What a file may name by itself, and what the caller has to hand over."""

from __future__ import annotations

import builtins
import os
import pickle

import pytest
import torch
from imblearn.over_sampling import SMOTE
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from skorch.callbacks import Checkpoint, EarlyStopping
from torch import nn

from sklimb import M2mSampler, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.backbones.numeric import PeriodicEmbedding
from sklimb.metrics import balanced_accuracy_scorer
from sklimb.persistence._names import Names, is_container, known_name, own_name


class Own(nn.Module):
    pass


KNOWN = [
    RebalancedClassifier, M2mSampler, MLP, PeriodicEmbedding, balanced_accuracy_scorer, nn.Linear,
    torch.relu, nn.functional.gelu, torch.optim.AdamW, EarlyStopping, SMOTE, Pipeline,
    SimpleImputer, torch.optim.lr_scheduler.StepLR,
]  # fmt: skip


@pytest.mark.parametrize("thing", KNOWN, ids=known_name)
def test_the_known_have_a_name_that_leads_back(thing):
    assert Names().get(known_name(thing)) is thing


@pytest.mark.parametrize(
    "thing", [Own, os.system, pickle.loads, eval, torch.load, Checkpoint, nn.init.zeros_, object]
)
def test_nothing_else_has(thing):
    assert known_name(thing) is None


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "builtins.eval", "torch.load", "torch.nn.functional.importlib",
        "torch.nn.__builtins__", "sklimb.os", "sklearn.utils.all_estimators", "pickle.loads",
        "skorch.callbacks.Checkpoint", "antigravity.x", "", ".", "sklimb.backbones.numeric.np",
        "sklearn.pipeline.make_pipeline", "imblearn.over_sampling.os",
    ],
)  # fmt: skip
def test_no_name_leads_anywhere_else(name, monkeypatch):
    imported = []
    real = builtins.__import__
    monkeypatch.setattr(
        builtins, "__import__", lambda n, *a, **k: (imported.append(n), real(n, *a, **k))[1]
    )
    with pytest.raises(ValueError, match=r"which is not sklimb's.*modules=\["):
        Names().get(name)
    assert not {"antigravity", "os", "pickle"} & set(imported)


def test_ones_own_is_what_the_caller_hands_over():
    assert own_name(Own) == f"{__name__}.Own"
    assert Names([Own]).get(f"{__name__}.Own") is Own
    assert Names([Own]).get("__main__.Own") is Own  # it was in a script then
    with pytest.raises(ValueError, match=r"load\(path, modules=\[Own\]\)"):
        Names([Own]).get("elsewhere.Own")
    assert own_name(lambda: 0) is None
    for wrong in (lambda: 0, "Own", 3):
        with pytest.raises(TypeError, match="modules must be"):
            Names([wrong])


def test_containers_are_estimators_of_others():
    assert is_container(Pipeline) and is_container(FrozenEstimator) and is_container(SimpleImputer)
    assert not is_container(SMOTE) and not is_container(MLP) and not is_container("Pipeline")
