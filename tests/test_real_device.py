"""Every method on a real GPU, where there is one, gives what the CPU gives to rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.device_checks import CHECKS

_THERE = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}


@pytest.mark.parametrize("device", _THERE)
@pytest.mark.parametrize("name", CHECKS)
def test_results_are_those_of_the_cpu(name, device):
    if not _THERE[device]:
        pytest.skip(f"no {device} device here")
    for there, here in zip(CHECKS[name](device), CHECKS[name]("cpu"), strict=True):
        # training carries on what a GPU's sums round otherwise
        np.testing.assert_allclose(there, here, rtol=1e-2, atol=1e-2)
