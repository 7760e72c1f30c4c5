from __future__ import annotations

import os
import sys

import pytest

# Before anything imports matplotlib, here or in a process that a test starts: no window is opened.
os.environ["MPLBACKEND"] = "Agg"
# scikit-learn's checks of array-API input are skipped without it; SciPy reads it when imported.
os.environ["SCIPY_ARRAY_API"] = "1"

import torch

# Two workers share the cores, and the data are small: more threads only wait for one another.
torch.set_num_threads(1)


def pytest_addoption(parser):
    parser.addoption(
        "--moved-generator",
        action="store_true",
        help="move torch's global generator on by one draw before each test, as if it had been "
        "rounded otherwise: what fails then hangs on one seed",
    )


@pytest.fixture(autouse=True)
def moved_generator(request):
    if request.config.getoption("--moved-generator"):
        torch.rand(())


@pytest.fixture(autouse=True)
def close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def pytest_make_parametrize_id(config, val, argname):
    """Name bytes by their number: an archive holds the time, and workers must agree on names."""
    return f"{len(val)}_bytes" if isinstance(val, bytes) else None
