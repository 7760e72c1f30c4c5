"""The same seed gives the same bits anywhere, and nothing outside is touched."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager
from functools import cache

import joblib
import numpy as np
import pytest
import torch
from scipy import sparse
from skorch.callbacks import Callback
from torch.utils.data import TensorDataset

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    M2mSampler,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb.backbones import MLP
from tests.shared import QUICK, each_classifier, global_state
from tests.shared import data as data


class Raises(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise RuntimeError("stop here")


@each_classifier
def test_global_state_is_as_it_was(cls, data):
    X, y = data
    before = global_state()
    model = cls(module__dropout=0.2, **QUICK).fit(X, y)
    model.predict(X)
    with pytest.raises(RuntimeError, match="stop here"):
        cls(callbacks=[Raises()], **QUICK).fit(X, y)
    assert global_state() == before


def fit_and_predict(cls, X, y, **params):
    return cls(module__dropout=0.1, **(QUICK | params)).fit(X, y).predict_proba(X)


@each_classifier
def test_same_seed_same_bits(cls, data):
    X, y = data
    torch.manual_seed(1)
    first = fit_and_predict(cls, X, y)
    torch.manual_seed(2)
    assert np.array_equal(first, fit_and_predict(cls, X, y))
    assert not np.array_equal(first, fit_and_predict(cls, X, y, random_state=1))
    unseeded = [fit_and_predict(cls, X, y, random_state=None) for _ in range(2)]
    assert not np.array_equal(*unseeded)


@each_classifier
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_same_bits_under_n_jobs(cls, backend, data):
    X, y = data
    alone = [fit_and_predict(cls, X, y, random_state=seed) for seed in range(4)]
    together = joblib.Parallel(n_jobs=2, backend=backend)(
        joblib.delayed(fit_and_predict)(cls, X, y, random_state=seed) for seed in range(4)
    )
    for a, b in zip(alone, together):
        assert np.array_equal(a, b)


def test_same_bits_in_another_process(tmp_path, data):
    X, y = data
    np.savez(tmp_path / "data.npz", X=X, y=y)
    script = textwrap.dedent(
        f"""
        import numpy as np, torch
        from sklimb import AffinityClassifier
        torch.set_num_threads(2)
        data = np.load({str(tmp_path / "data.npz")!r})
        model = AffinityClassifier(module__dropout=0.1, **{QUICK!r}).fit(data["X"], data["y"])
        np.save({str(tmp_path / "proba.npy")!r}, model.predict_proba(data["X"]))
        torch.save(model.module_.state_dict(), {str(tmp_path / "weights.pt")!r})
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    model = AffinityClassifier(module__dropout=0.1, **QUICK).fit(X, y)
    for name, weight in torch.load(tmp_path / "weights.pt").items():
        assert torch.equal(weight, model.module_.state_dict()[name]), name
    # a prediction takes the process's threads as they are: to rounding
    np.testing.assert_allclose(np.load(tmp_path / "proba.npy"), model.predict_proba(X), rtol=1e-4)


def test_switching_one_thing_off_leaves_other_streams_alone(data):
    X, y = data
    models = [
        RebalancedClassifier(module__dropout=rate, lr=1e-12, **QUICK).fit(X, y)
        for rate in (0.0, 0.5)
    ]
    for a, b in zip(*(m.module_.parameters() for m in models)):
        torch.testing.assert_close(a, b)


# --- torch's defaults, set by somebody else ---------------------------------------------------


@contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def default_device(device):
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


FOREIGN_STATES = {
    "no gradients": (torch.float32, False, False),
    "inference mode": (torch.float32, False, True),
    "float64": (torch.float64, True, False),
    "bfloat16": (torch.bfloat16, True, False),
}
# A Dataset has no default backbone.
PLAIN = {False: {}, True: {"module": MLP, "module__in_features": 6}}
# What is made on "meta" holds no numbers: whatever went there by default would fail.
FOREIGN = {
    "no gradients": lambda: torch.set_grad_enabled(False),
    "inference mode": torch.inference_mode,
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "another device": lambda: default_device("meta"),
    "another device for a block": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}
METHODS = [
    lambda: RebalancedClassifier(loss="ldam", sampling="balanced", **QUICK),
    lambda: RebalancedClassifier(mixup=1.0, early_stopping=True, **QUICK),
    lambda: AffinityClassifier(dtype="float64", **QUICK),
    lambda: OffsetDebiasedClassifier(**QUICK),
    lambda: RSGClassifier(generate_from=1, **QUICK),
    lambda: M2mClassifier(translate_from=2, gamma=0.2, **QUICK),
    lambda: DecoupledClassifier(method="lws", **QUICK),
]


def given(form, rows):
    """Rows in one of the forms."""
    return TensorDataset(torch.from_numpy(rows).float()) if form == "Dataset" else form(rows)


def fitted(make, form, X, y):
    return make().set_params(**PLAIN[form == "Dataset"]).fit(given(form, X), y)


def said(model, form, X):
    return [getattr(model, name)(given(form, X)) for name in ("predict_proba", "transform")]


@pytest.fixture(scope="module")
def undisturbed(data):
    """Return what a method says where torch is as it comes; one fit serves all that is set."""
    return cache(lambda make, form: said(fitted(make, form, *data), form, data[0]))


@pytest.fixture(scope="module")
def resampled(data):
    return M2mSampler(random_state=0, gamma=0.5).fit_resample(*data)[0]


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("make", METHODS, ids=lambda make: type(make()).__name__)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, "Dataset"])
def test_what_torch_does_by_default_changes_no_bit(make, foreign, form, data, undisturbed):
    expected = undisturbed(make, form)
    with FOREIGN[foreign]():
        model = fitted(make, form, *data)
        found = said(model, form, data[0])
        state = (
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
        )
    assert state == FOREIGN_STATES.get(foreign, (torch.float32, True, False))
    for a, b, c in zip(expected, found, said(model, form, data[0])):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


@pytest.mark.parametrize("foreign", FOREIGN)
def test_what_torch_does_by_default_changes_no_bit_of_a_sampler(foreign, data, resampled):
    with FOREIGN[foreign]():
        found, _ = M2mSampler(random_state=0, gamma=0.5).fit_resample(*data)
    np.testing.assert_array_equal(found, resampled)


def test_threads_do_not_deadlock(data):
    X, y = data
    threads = [
        threading.Thread(target=fit_and_predict, args=(RebalancedClassifier, X, y), daemon=True)
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
