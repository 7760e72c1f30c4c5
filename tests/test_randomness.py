"""The same seed gives the same bits anywhere, and nothing outside is touched."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import joblib
import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklimb import AffinityClassifier, RebalancedClassifier
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
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert np.array_equal(
        np.load(tmp_path / "proba.npy"), fit_and_predict(AffinityClassifier, X, y)
    )


def test_switching_one_thing_off_leaves_other_streams_alone(data):
    X, y = data
    models = [
        RebalancedClassifier(module__dropout=rate, lr=1e-12, **QUICK).fit(X, y)
        for rate in (0.0, 0.5)
    ]
    for a, b in zip(*(m.module_.parameters() for m in models)):
        torch.testing.assert_close(a, b)


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
