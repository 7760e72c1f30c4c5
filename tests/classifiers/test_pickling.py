"""What copies and pickles of a classifier hold: no training sample, no state of the training."""

from __future__ import annotations

import copy
import io
import pickle

import joblib
import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.utils.data import TensorDataset

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import MLP
from tests.shared import QUICK, samples_in
from tests.shared import data as data

M2M = {"translate_from": 2, "gamma": 0.3, "seed_pool": 30}
CLASSIFIERS = [
    RebalancedClassifier(mixup=0.5, **QUICK),
    RebalancedClassifier(early_stopping=True, n_members=2, **QUICK),
    RebalancedClassifier(cross_fit=True, n_members=2, **QUICK),
    AffinityClassifier(n_prototypes=3, **QUICK),
    OffsetDebiasedClassifier(offset="empirical", **QUICK),
    RSGClassifier(generate_from=2, contrast_channels=8, **QUICK),
    M2mClassifier(**M2M, **QUICK),
    DecoupledClassifier(classifier_epochs=1, **QUICK),
    PriorCorrectedClassifier(RebalancedClassifier(**QUICK)),
]
each = pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda m: type(m).__name__)


def stored(model):
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    return pickle.dumps(model), pickle.dumps(model, protocol=0), buffer.getvalue()


@pytest.fixture(scope="module")
def float32(data):
    return data[0].astype(np.float32), data[1]


@pytest.mark.parametrize(
    ("model", "call"),
    [(m, call) for m in CLASSIFIERS for call in ("fit", "partial_fit") if hasattr(m, call)],
)
def test_no_training_sample_is_in_a_pickle(model, call, float32):
    X, y = float32
    model = getattr(clone(model), call)(X, y)
    for content in stored(model):
        assert samples_in(content, X) == []
    loaded = pickle.loads(pickle.dumps(model))
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_nor_of_sparse_rows_images_datasets_or_pipelines(float32):
    X, y = float32
    codes = torch.from_numpy(np.unique(y, return_inverse=True)[1])
    images = np.tile(X[:, None, :, None], (1, 1, 1, 6))
    plain = RebalancedClassifier(**QUICK)
    image = RebalancedClassifier(max_epochs=1)
    for model, given in (
        (clone(plain).fit(sparse.csr_array(X), y), X),
        (clone(image).fit(images, y), images),
        (clone(plain).set_params(module=MLP).fit(TensorDataset(torch.from_numpy(X), codes)), X),
        (make_pipeline(StandardScaler(), plain).fit(X, y), X),
    ):
        assert samples_in(pickle.dumps(model), given) == []
        seen = model[:-1].transform(X) if hasattr(model, "steps") else given
        assert samples_in(pickle.dumps(model), seen) == []


def test_the_search_finds_what_is_kept_on_purpose(float32):
    """It could find nothing for a reason of its own."""
    X, y = float32
    model = M2mClassifier(**M2M, **QUICK, keep_training_state=True).fit(X, y)
    assert len(samples_in(pickle.dumps(model), X)) > 20  # the pool of seeds
    net = RebalancedClassifier(**QUICK).fit(X, y)
    net.net_.module.example = torch.from_numpy(X[:2])  # as it was once
    assert samples_in(pickle.dumps(net), X) == [0, 1]


@each
def test_a_pickle_is_little_more_than_the_weights(model, float32):
    if isinstance(model, PriorCorrectedClassifier):
        model = model.estimator
    model = clone(model).fit(*float32)
    state = model.module_.state_dict().values()
    weights = sum(value.numel() * value.element_size() for value in state)
    assert len(pickle.dumps(model)) < weights + 60_000
    moments = [v for own in model.net_.optimizer_.state.values() for v in own.values()]
    assert moments  # they are there, in memory
    content = pickle.dumps(model)
    assert not any(v.numel() > 4 and v.numpy().tobytes() in content for v in moments)


def test_keep_training_state_counts_as_it_is_when_pickled(float32):
    model = RebalancedClassifier(**QUICK).fit(*float32)
    small = len(pickle.dumps(model))
    assert len(pickle.dumps(model.set_params(keep_training_state=True))) > 1.5 * small
    assert len(pickle.dumps(model.set_params(keep_training_state=False))) == small


def test_copies_in_memory_hold_everything(float32):
    X, y = float32
    model = M2mClassifier(**M2M | {"translate_from": 0}, **QUICK).partial_fit(X, y)
    for other in (copy.copy(model), copy.deepcopy(model)):
        assert other.net_.has_transform and hasattr(other, "source_estimator_")
        other.partial_fit(X, y)  # without a word
    loaded = pickle.loads(pickle.dumps(model))
    assert not loaded.net_.has_transform and not hasattr(loaded, "source_estimator_")
    with pytest.warns(RuntimeWarning, match="optimiser.* and what its transform had learnt"):
        loaded.partial_fit(X, y)


def test_an_unfitted_classifier_is_pickled_with_its_parameters():
    model = pickle.loads(pickle.dumps(RebalancedClassifier(lr=0.5, module__hidden=(3,))))
    assert model.lr == 0.5 and model.module__hidden == (3,) and not hasattr(model, "net_")


def test_what_asks_for_no_pickle_is_told_what_to_use(float32):
    model = RebalancedClassifier(**QUICK)
    with pytest.raises(TypeError, match=r"sklimb\.persistence\.save\(model, path\)"):
        model.__reduce__()  # as skops does
    skops = pytest.importorskip("skops.io")
    for thing in (model, make_pipeline(StandardScaler(), clone(model).fit(*float32))):
        with pytest.raises(TypeError, match=r"sklimb\.persistence\.save\(model, path\)") as caught:
            skops.dumps(thing)
        assert "\n" not in str(caught.value)
