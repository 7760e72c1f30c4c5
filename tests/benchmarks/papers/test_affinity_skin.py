"""The recipe for skin lesions, a step of it on images that are made here."""

from __future__ import annotations

import json

import numpy as np
import pytest
from lib import cifar
from papers import affinity_skin
from PIL import Image

KINDS = ("AK", "BCC", "DF", "ML", "SCC", "SK")


@pytest.fixture
def lesions(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar, "RUNS", tmp_path / "runs")
    rng = np.random.default_rng(0)
    for place, kind in enumerate(KINDS):
        (tmp_path / "data" / kind / "deeper").mkdir(parents=True)
        for n in range(3 + place):
            pixels = rng.integers(256, size=(20, 30, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / kind / "deeper" / f"{n}.png")
    return tmp_path / "data"


@pytest.mark.filterwarnings("ignore")  # an epoch on noise learns nothing
@pytest.mark.parametrize("method", affinity_skin.METHODS)
def test_a_fold_is_trained_and_scored(lesions, method):
    told = ["--data", str(lesions), "--epochs", "1", "--size", "32", "--width", "2"]
    args = affinity_skin.parser().parse_args(told)
    jobs = affinity_skin.jobs(args)
    assert len(jobs) == 2 * 2 * 3
    for n_classes, experiment in ((5, "5 classes"), (6, "10 classes")):
        job = next(j for j in jobs if j["experiment"] == experiment and j["method"] == method)
        row = affinity_skin.run(job, args=args)
        assert set(row) == set(affinity_skin.COLUMNS)
        assert np.shape(json.loads(row["confusion"])) == (n_classes, n_classes)
        assert 0 <= float(row["accuracy"]) <= 100


def test_kinds_that_are_not_there_are_named(lesions):
    args = affinity_skin.parser().parse_args(
        ["--data", str(lesions), "--five", "AK", "BCC", "ML", "SCC", "XX"]
    )
    job = affinity_skin.jobs(args)[0]
    with pytest.raises(ValueError, match=r"\['XX'\]; it has \['AK'"):
        affinity_skin.run(job, args=args)
