"""Digests of what every method predicts, by kind of input and mode, in float64 on one thread.

    python benchmarks/digests.py --write before.json
    python benchmarks/digests.py --check before.json

For a change that is to leave results alone: write before it, check after it. Digests are bits, so
they are compared on one machine and with one set of versions only, and none is committed.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import pickle
import sys
import warnings

import numpy as np
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
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
)
from sklimb.backbones import MLP

SMALL = {"max_epochs": 4, "dtype": "float64", "random_state": 0}
METHODS = {
    "plain": RebalancedClassifier(**SMALL),
    "reweight": RebalancedClassifier(class_weight="balanced", rebalance_from=0.5, **SMALL),
    "drs": RebalancedClassifier(sampling="balanced", rebalance_from=2, **SMALL),
    "ldam": RebalancedClassifier(loss="ldam", class_weight="effective", rebalance_from=2, **SMALL),
    "logit": RebalancedClassifier(loss="logit_adjusted", **SMALL),
    "focal": RebalancedClassifier(loss="focal", lr_schedule="step", warmup_epochs=1, **SMALL),
    "mixup": RebalancedClassifier(mixup=1.0, remix=True, **SMALL),
    "stopped": RebalancedClassifier(early_stopping=True, n_iter_no_change=1, **SMALL),
    "members": RebalancedClassifier(n_members=3, **SMALL),
    "copies": RebalancedClassifier(module=MLP, n_members=2, **SMALL),
    "affinity": AffinityClassifier(**SMALL),
    "affinity_m": AffinityClassifier(n_prototypes=2, n_members=2, **SMALL),
    "offset": OffsetDebiasedClassifier(**SMALL),
    "offset_empirical": OffsetDebiasedClassifier(offset="empirical", **SMALL),
    "offset_learned": OffsetDebiasedClassifier(offset="learned", **SMALL),
    "offset_uniform": OffsetDebiasedClassifier(offset="uniform_only", **SMALL),
    "rsg": RSGClassifier(generate_from=2, **SMALL),
    "rsg_members": RSGClassifier(generate_from=2, n_members=2, module=MLP, **SMALL),
    "m2m": M2mClassifier(translate_from=2, gamma=0.3, **SMALL),
    "m2m_kept": M2mClassifier(translate_from=2, gamma=0.3, keep_training_state=True, **SMALL),
    "crt": DecoupledClassifier(classifier_epochs=2, **SMALL),
    "lws": DecoupledClassifier(method="lws", classifier_epochs=2, **SMALL),
    "tau_norm": DecoupledClassifier(method="tau_norm", **SMALL),
    "ncm": DecoupledClassifier(method="ncm", **SMALL),
    "prior": PriorCorrectedClassifier(RebalancedClassifier(**SMALL)),
}


def data(kind):
    """Return X, y and the settings that a kind of input needs."""
    X, y = make_classification(
        150, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )
    y = np.array(["bulk", "some", "rare"])[y]
    if kind == "dense":
        return X, y, {}
    if kind == "sparse":
        return sparse.csr_array(np.where(abs(X) > 0.7, X, 0)), y, {}
    if kind == "images":
        return np.random.default_rng(0).normal(size=(150, 1, 8, 8)) + X[:, :1, None, None], y, {}
    rows = TensorDataset(torch.from_numpy(X))
    return rows, y, {"module": MLP, "module__in_features": 6}


def passes(model, X, y, mode):
    """Return the model after training in a mode."""
    weight = np.linspace(0.5, 2.0, len(y))
    if mode == "fit":
        return model.fit(X, y)
    if mode == "weighted":
        return model.fit(X, y, sample_weight=np.where(np.arange(len(y)) % 7, weight, 0))
    if mode == "partial":
        return model.partial_fit(X, y).partial_fit(X, y, sample_weight=weight)
    if mode == "partial_after_copy":
        return copy.deepcopy(pickled(model.fit(X, y))).partial_fit(X, y)
    model.set_params(warm_start=True).fit(X, y)
    if mode == "warm":
        return model.set_params(lr=1e-3, max_epochs=2).fit(X, y)
    return pickled(model).fit(X, y)  # warm_after_pickle


def pickled(model):
    """Return a model from a pickle that holds all that a training which goes on needs."""
    for own in (model, vars(model).get("estimator_")):
        if hasattr(own, "keep_training_state"):
            own.keep_training_state = True
    return pickle.loads(pickle.dumps(model))


MODES = ("fit", "weighted", "partial", "partial_after_copy", "warm", "warm_after_pickle")


def digests():
    """Yield name and digest of each combination that there is."""
    for kind in ("dense", "sparse", "images", "dataset"):
        X, y, settings = data(kind)
        for name, method in METHODS.items():
            for mode in MODES:
                model = clone(method)
                own = {k: v for k, v in settings.items() if k not in model.get_params()} | {
                    k: v for k, v in settings.items() if k == "module"
                }
                if name == "prior":
                    if mode not in ("fit", "weighted"):
                        continue
                    own = {f"estimator__{k}": v for k, v in own.items()}
                model.set_params(**own)
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    try:
                        model = passes(model, X, y, mode)
                        found = [model.predict_proba(X), model.decision_function(X)]
                        if hasattr(model, "history_"):
                            rows = [
                                {k: v for k, v in row.items() if k not in ("batches", "dur")}
                                for row in model.history_
                            ]
                            found.append(np.frombuffer(repr(rows).encode(), dtype=np.uint8))
                    except Exception as error:
                        found = [np.frombuffer(f"{type(error)} {error}".encode(), dtype=np.uint8)]
                said = sorted({f"{w.category.__name__} {w.message}" for w in caught})
                bits = b"".join(np.ascontiguousarray(part).tobytes() for part in found)
                yield f"{kind} {name} {mode}", hashlib.sha256(bits).hexdigest()[:16], said
    X, y, _ = data("dense")
    for form in (np.asarray, sparse.csr_array):
        X_new, _ = M2mSampler(random_state=0, gamma=0.5).fit_resample(form(X), y)
        X_new = X_new.toarray() if sparse.issparse(X_new) else X_new
        yield f"sampler {form.__name__}", hashlib.sha256(X_new.tobytes()).hexdigest()[:16], []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--write", metavar="FILE")
    task.add_argument("--check", metavar="FILE")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = {name: [digest, said] for name, digest, said in digests()}
    if arguments.write:
        with open(arguments.write, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=0)
        print(f"{len(found)} digests written")
        return 0
    with open(arguments.check, encoding="utf-8") as file:
        before = json.load(file)
    other = [name for name in sorted({*found, *before}) if found.get(name) != before.get(name)]
    for name in other:
        print(f"{name}: {before.get(name)} -> {found.get(name)}")
    print(f"{len(other)} of {len(found)} differ")
    return bool(other)


if __name__ == "__main__":
    sys.exit(main())
