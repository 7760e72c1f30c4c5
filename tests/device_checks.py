"""What is tried on a device, simulated or real: each check returns arrays that the CPU returns too.

Networks have no dropout here: a real device draws by itself.
"""

from __future__ import annotations

import copy
import pathlib
import pickle
import tempfile
import warnings
from contextlib import suppress

import numpy as np
import torch
from scipy import sparse
from sklearn.base import clone
from skorch.callbacks import Callback
from torch.utils.data import TensorDataset

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    M2mSampler,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
    persistence,
)
from sklimb.backbones import MLP, ConvNet, TabularMLP
from sklimb.transforms import CropFlip

QUICK = {"max_epochs": 2, "batch_size": 24, "random_state": 0}
ROWS = QUICK | {"module": MLP, "module__hidden": (8,), "module__dropout": 0.0}
TABLE = QUICK | {"module": TabularMLP, "module__hidden": (8,), "module__dropout": 0.0}
IMAGES = QUICK | {"module": ConvNet, "module__channels": (3, 3, 3), "module__n_features": 6}
LEARNS = {"lr": 0.03, "class_weight": "balanced", "max_epochs": 12, "batch_size": 72}
SOURCE = RebalancedClassifier(**ROWS | LEARNS)
MOVES = {"translate_from": 0, "gamma": 0.0, "beta": 0.0, "n_steps": 2}

METHODS = {
    "cross entropy": RebalancedClassifier(class_weight="balanced", **ROWS),
    "focal": RebalancedClassifier(loss="focal", sampling="balanced", **ROWS),
    "LDAM": RebalancedClassifier(loss="ldam", **ROWS),
    "AM-softmax": RebalancedClassifier(loss="am_softmax", **ROWS),
    "logit adjustment": RebalancedClassifier(loss="logit_adjusted", **ROWS),
    "mixup": RebalancedClassifier(mixup=1.0, remix=True, class_weight="balanced", **ROWS),
    "early stopping": RebalancedClassifier(early_stopping=True, **ROWS),
    "cross-fitting": RebalancedClassifier(loss="logit_adjusted", cross_fit=True, **TABLE),
    "members": RebalancedClassifier(loss="balanced_softmax", n_members=2, **TABLE),
    "copies": RebalancedClassifier(loss="ldam", n_members=2, **ROWS),
    "affinity": AffinityClassifier(n_prototypes=2, **ROWS),
    "estimated offset": OffsetDebiasedClassifier(**ROWS),
    "empirical offset": OffsetDebiasedClassifier(offset="empirical", **ROWS),
    "RSG": RSGClassifier(generate_from=1, **ROWS),
    "RSG, balanced loss": RSGClassifier(generate_from=1, loss="logit_adjusted", **ROWS),
    "RSG of members": RSGClassifier(generate_from=1, n_members=2, **TABLE),
    "M2m": M2mClassifier(source_estimator=SOURCE, **MOVES, **ROWS),
    "M2m, other labels": M2mClassifier(
        source_estimator=SOURCE, random_label=True, **MOVES | {"gamma": 0.34}, **ROWS
    ),
    "decoupled": DecoupledClassifier(**ROWS),
}
# Those that go through code of their own for other kinds of input.
FOR_OTHER_INPUT = ("cross entropy", "mixup", "RSG", "M2m")
# Other losses than that of another one here: a checkpoint of them holds the same things.
OF_ITS_STATE = (
    "focal",
    "AM-softmax",
    "logit adjustment",
    "RSG, balanced loss",
    "M2m, other labels",
)


def rows():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [40, 20, 12])
    return (rng.normal(size=(72, 5)) + y[:, None]).astype(np.float32), y


def sparse_rows():
    X, y = rows()
    X = np.where(X > 1.0, X, 0.0)
    X[:, 0] += 3  # one column that is centred
    return sparse.csr_array(X), y


def images():
    y = np.repeat([0, 1, 2], [24, 14, 10])
    X = np.random.default_rng(0).random((48, 1, 8, 8))
    return X.astype(np.float32), y


def on(device, model):
    """Return a clone whose networks, g among them, are on a device."""
    parameters = model.get_params(deep=True)
    return clone(model).set_params(**{n: device for n in parameters if n.endswith("device")})


def answers(model, X):
    return [model.predict_proba(X), model.decision_function(X), model.transform(X)]


def fit_and_predict(device, name):
    X, y = rows()
    return answers(on(device, METHODS[name]).fit(X, y), X)


def weighted(device, name):
    X, y = rows()
    model = on(device, METHODS[name]).fit(X, y, sample_weight=1.0 + y)
    return [model.predict_proba(X), model.class_counts_]


def partial_fit(device, name):
    X, y = rows()
    model = on(device, METHODS[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch of g is too few to recognise all classes
        for part in (slice(None, None, 2), slice(1, None, 2)):
            model.partial_fit(X[part], y[part], classes=[0, 1, 2])
    return answers(model, X)


def warm_start(device, name):
    X, y = rows()
    model = on(device, METHODS[name]).set_params(warm_start=True, keep_training_state=True)
    return answers(model.fit(X, y).fit(X, y), X)


def copies(device, name):
    """Pickled, copied, and saved without pickle: the answers of all three."""
    X, y = rows()
    model = on(device, METHODS[name]).fit(X, y)
    again = [pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.sklimb"
        persistence.save(model, path)
        again.append(persistence.load(path, device="cpu"))
    return [other.predict_proba(X) for other in again]


class _CtrlC(Callback):
    """Ctrl-C in the second epoch, when the first is in the file."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise KeyboardInterrupt


def checkpoint(device, name):
    """Interrupted in its second epoch, and gone on with from the file: it must be the same fit."""
    X, y = rows()
    model = on(device, METHODS[name])
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is left of a cut fit has learnt little
        model.set_params(checkpoint=pathlib.Path(folder) / "fit", checkpoint_every=1)
        cut = clone(model)
        cut.callbacks = [_CtrlC()]
        with suppress(KeyboardInterrupt):
            cut.fit(X, y)
        assert model.checkpoint.exists()
        model.fit(X, y)
        assert not model.checkpoint.exists()
    return answers(model, X)


def of_sparse_rows(device, name):
    X, y = sparse_rows()
    return [on(device, METHODS[name]).fit(X, y).predict_proba(X)]


def of_a_dataset(device, name):
    X, y = rows()
    data = TensorDataset(torch.from_numpy(X), torch.from_numpy(y))
    return [on(device, METHODS[name]).fit(data, None).predict_proba(data)]


def of_images(device):
    X, y = images()
    models = [
        RebalancedClassifier(loss="ldam", module__augment=CropFlip(1), **IMAGES),
        RSGClassifier(generate_from=1, **IMAGES),
        M2mClassifier(
            source_estimator=RebalancedClassifier(**IMAGES),
            **MOVES,
            **IMAGES,
        ),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # g has learnt little
        return [on(device, model).fit(X, y).predict_proba(X) for model in models]


def sampler(device):
    samples = []
    for X, y in (rows(), sparse_rows()):
        source = on(device, SOURCE)
        given = {"source_estimator": source, "target_estimator": source, "random_state": 0}
        new, _ = M2mSampler(gamma=0.0, n_steps=2, device=device, **given).fit_resample(X, y)
        samples.append(new.toarray() if sparse.issparse(new) else new)
    return samples


def wrapped(device):
    X, y = rows()
    corrected = PriorCorrectedClassifier(METHODS["cross-fitting"], target_prior=[0.2, 0.3, 0.5])
    return [on(device, corrected).fit(X, y).predict_proba(X)]


def _checks():
    for name in METHODS:
        yield f"fit: {name}", fit_and_predict, (name,)
    for name in ("cross entropy", "affinity", "estimated offset", "RSG", "M2m"):
        yield f"partial_fit: {name}", partial_fit, (name,)
    for name in ("logit adjustment", "RSG", "M2m"):
        yield f"warm start: {name}", warm_start, (name,)
    for name in ("RSG", "cross-fitting", "M2m"):
        yield f"weights: {name}", weighted, (name,)
    for name in ("empirical offset", "members", "affinity"):
        yield f"copies: {name}", copies, (name,)
    for name in (name for name in METHODS if name not in OF_ITS_STATE):
        yield f"checkpoint: {name}", checkpoint, (name,)
    for name in FOR_OTHER_INPUT:
        yield f"sparse: {name}", of_sparse_rows, (name,)
        yield f"Dataset: {name}", of_a_dataset, (name,)
    yield "images", of_images, ()
    yield "sampler", sampler, ()
    yield "wrapped", wrapped, ()


# name -> device -> arrays
CHECKS = {
    name: lambda device, check=check, more=more: check(device, *more)
    for name, check, more in _checks()
}
