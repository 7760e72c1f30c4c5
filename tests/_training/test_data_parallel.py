"""Two processes train as one does: the same losses, counts and predictions, of every method."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from torch import distributed

import sklimb
from sklimb._training.data_parallel import Processes, processes
from tests._training.data_parallel_fits import FITS, Counting, found

ROOT = Path(__file__).parents[2]
needs_gloo = pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available()),
    reason="torch was built without gloo",
)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Return what each of two processes says, started by the documented command."""
    folder = tmp_path_factory.mktemp("data_parallel")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "-m", "tests._training.data_parallel_fits", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"{rank}.json").read_text(encoding="utf-8")) for rank in (0, 1)]


@needs_gloo
@pytest.mark.parametrize("name", [name for name in FITS if name != "counting"])
def test_two_processes_train_as_one_does(said, name):
    alone = found(name)
    for rank in (0, 1):
        together = said[rank]["fits"][name]
        for what in ("losses", "proba", "counts"):
            np.testing.assert_allclose(together[what], alone[what], rtol=1e-9, atol=1e-12)


@needs_gloo
def test_each_process_takes_a_part_of_every_batch(said):
    alone = found("counting")["sizes"]
    assert len(alone) == 18 and set(alone) == {10, 30}
    parts = [own["fits"]["counting"]["sizes"] for own in said]
    assert np.sum(parts, axis=0).tolist() == alone
    assert parts[0] == [n // 2 for n in alone]
    Counting.sizes.clear()


@needs_gloo
def test_without_a_seed_and_with_dropout_all_have_one_model(said):
    assert said[0]["drawn"] == said[1]["drawn"]


@needs_gloo
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("normalised", "BatchNorm1d, which takes means over the whole batch"),
        ("checkpoint", "Set checkpoint=None"),
        ("other samples", "differ in the samples. All must fit the same model to the same X"),
        ("other epochs", "differ in the number of epochs"),
    ],
)
def test_what_cannot_be_trained_is_named_in_all_processes(said, name, words):
    assert all(words in own["refused"][name] for own in said)


def test_a_process_that_torchrun_did_not_start_says_how(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    said = "Start the script by `torchrun --nproc-per-node 2 train.py`"
    with pytest.raises(RuntimeError, match=said), sklimb.data_parallel():
        pass
    assert processes() is None


def test_a_torch_without_processes_is_told(monkeypatch):
    monkeypatch.setattr(distributed, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match=r"without torch\.distributed"), sklimb.data_parallel():
        pass


@pytest.mark.parametrize(
    ("device", "saves", "words"),
    [("cuda", False, "on CPUs, not on device='cuda'"), ("cpu", True, "would write one checkpoint")],
)
def test_a_plan_for_one_process_alone_is_refused(device, saves, words):
    plan = SimpleNamespace(device=device)
    with pytest.raises(ValueError, match=words):
        Processes(0, 2).check("RebalancedClassifier", plan, None, saves=saves)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 128])
def test_parts_are_a_batch_and_as_even_as_can_be(n):
    parts = [Processes(rank, 3).own(n) for rank in range(3)]
    samples = np.concatenate([np.arange(n)[part] for part in parts])
    assert samples.tolist() == list(range(n))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_threads_are_shared_among_the_processes_of_a_machine(monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    together = Processes(0, 6)
    assert [together.threads(n) for n in (1, 2, 8)] == [1, 1, 4]
