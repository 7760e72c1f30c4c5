"""Every method on a simulated device: as on the CPU, and no wait in the training loop."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklimb._data import tensors
from sklimb._training import net
from sklimb.transforms import major_to_minor, rsg
from tests.device_checks import CHECKS, FOR_OTHER_INPUT, METHODS, on, rows, sparse_rows
from tests.simulated_device import (
    NAME,
    MixedDevicesError,
    NoFloat64Error,
    SimulatedDevice,
    needs_hook,
)

pytestmark = needs_hook


@pytest.mark.parametrize("name", CHECKS)
def test_results_are_those_of_the_cpu(name):
    expected = CHECKS[name]("cpu")
    with SimulatedDevice():
        found = CHECKS[name](NAME)
    for there, here in zip(found, expected, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-4)


def waits_of_epochs(monkeypatch, model, X, y):
    """Return how often the host waited in each epoch of a training, g's too, and where."""
    waits, places = [], Counter()
    run_epoch = net.run_epoch

    def counted(*args, **kwargs):
        before = device.waits.copy()
        run_epoch(*args, **kwargs)
        if kwargs["training"]:
            waits.append((device.waits - before).total())
            places.update(device.waits - before)

    monkeypatch.setattr(net, "run_epoch", counted)
    with SimulatedDevice() as device:
        on(NAME, model).fit(X, y)
    monkeypatch.undo()
    return waits, places


LOOPS = [
    *((name, rows) for name in METHODS if name not in ("early stopping", "decoupled")),
    *((name, sparse_rows) for name in FOR_OTHER_INPUT),
]


@pytest.mark.parametrize(("name", "data"), LOOPS)
def test_no_method_waits_in_its_training_loop(monkeypatch, name, data):
    model = clone(METHODS[name])
    few, places = waits_of_epochs(monkeypatch, model.set_params(batch_size=36), *data())
    many, _ = waits_of_epochs(monkeypatch, model.set_params(batch_size=18), *data())
    assert few == many, places  # of a loss that is read once an epoch, and rows that are gathered


def test_a_device_without_float64_is_never_asked_for_it(monkeypatch):
    monkeypatch.setattr(tensors, "_WITHOUT_FLOAT64", {"mps", NAME})
    # of each part that knows about float64 one: statistics of columns, spreads, folds, CSR rows
    for name in (
        "fit: cross-fitting",
        "fit: affinity",
        "fit: estimated offset",
        "sparse: M2m",
        "Dataset: M2m",
        "images",
        "sampler",
    ):
        with SimulatedDevice(without_float64=True):
            CHECKS[name](NAME)


# --- the device itself ----------------------------------------------------------------------------


def test_a_constant_left_on_the_cpu_is_caught(monkeypatch):
    monkeypatch.setattr(rsg, "position_cosine", lambda a, b: (a * torch.ones(a.shape)).sum(1))
    with pytest.raises(MixedDevicesError, match=r"rsg\.py"), SimulatedDevice():
        CHECKS["fit: RSG"](NAME)


def test_a_generator_of_the_cpu_is_caught(monkeypatch):
    monkeypatch.setattr(
        major_to_minor,
        "start_noise",
        lambda like, generator, **_: torch.randn(
            like.shape, generator=generator, device=like.device
        ),
    )
    with pytest.raises(MixedDevicesError, match="generator"), SimulatedDevice():
        CHECKS["fit: M2m"](NAME)


def test_it_counts_where_the_host_waits_and_what_goes_up():
    with SimulatedDevice() as device:
        x = torch.arange(4.0).to(NAME)
        x.sum()
        assert not device.waits
        assert device.uploads.total() == 1
        x.sum().item()
        x[x > 1]
        x.cpu()
        x.tolist()
        assert [operation for operation, _ in device.waits] == [
            "_local_scalar_dense",
            "index",
            "_to_copy",
            "tolist",
        ]


def test_it_refuses_float64_where_it_has_none():
    with SimulatedDevice(without_float64=True):
        x = torch.zeros(2).to(NAME)
        with pytest.raises(NoFloat64Error):
            x.double()
        with pytest.raises(NoFloat64Error):
            torch.zeros(2, dtype=torch.float64, device=NAME)


def test_its_tensors_are_no_arrays():
    with SimulatedDevice():
        x = torch.zeros(2).to(NAME)
        with pytest.raises(TypeError, match=r"\.cpu\(\)"):
            x.numpy()
        with pytest.raises(TypeError, match=r"\.cpu\(\)"):
            np.asarray(x)
