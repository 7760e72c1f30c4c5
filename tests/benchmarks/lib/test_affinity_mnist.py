"""What the affinity experiments train on, and with which settings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lib import affinity_mnist
from lib.affinity_mnist import (
    CANDIDATES,
    METHODS,
    SIGMAS,
    TABLE_1,
    TABLE_4,
    PaperNet,
    PlaneNet,
    classifier,
    experiments,
    paper_figure,
    reduced,
    trained_before,
    training_part,
    variant,
)

from sklimb.backbones import ConvNet

Y = np.tile(np.arange(10), 40)
ALL = ["table1", "table4", "fig5", "fig6", "fig7", "fig8"]


@pytest.fixture
def small(monkeypatch):
    X = np.random.default_rng(0).integers(256, size=(len(Y), 1, 28, 28)).astype(np.uint8)
    monkeypatch.setattr(affinity_mnist, "images", lambda data_home: (X, Y, X[:10], Y[:10]))


def test_a_share_of_some_digits_stays_and_smaller_shares_lie_in_larger_ones():
    half, tenth = (reduced(Y, (1, 3), share, seed=0) for share in (0.5, 0.1))
    counts = np.bincount(Y[half])
    assert counts.tolist() == [40, 20, 40, 20, 40, 40, 40, 40, 40, 40]
    assert set(tenth) < set(half)
    assert set(reduced(Y, (1, 3), 0.5, seed=1)) != set(half)


def test_every_experiment_has_data_settings_and_a_classifier(small):
    jobs = experiments(ALL, list(METHODS))
    assert len({tuple(job.values()) for job in jobs}) == len(jobs)
    sizes = {}
    for job in jobs:
        told = job | {"seed": "0", "share": "1.0"}
        X, y = training_part(told, None)
        assert len(X) == len(y) and set(y) == set(range(10))
        sizes[job["experiment"], job["setting"]] = len(y)
        config = CANDIDATES[job["method"]][0] | variant(job)
        model = classifier(job["method"], config, epochs=1, batch_size=64, seed=0)
        assert model.get_params()["max_epochs"] == 1  # and no name that the class does not know
    assert sizes["table1", "standard"] == 400
    assert sizes["table1", "10 % of odd"] == 220
    assert sizes["fig6", "2.5 % of 0 to 4"] == 205
    assert sizes["fig5", "50 % wrong labels"] == 400


def test_wrong_labels_are_as_many_as_said(small):
    job = {"experiment": "fig5", "setting": "30 % wrong labels", "seed": "0", "share": "1"}
    _, y = training_part(job, None)
    assert np.mean(y != Y) == pytest.approx(0.3)


def test_what_is_varied_is_what_the_setting_says():
    jobs = experiments(ALL, ["affinity"])
    of = {name: [variant(j) for j in jobs if j["experiment"] == name] for name in ALL}
    assert [v["sigma"] for v in of["fig7"]] == list(SIGMAS)
    assert {(v["distance"], v["similarity"]) for v in of["table4"]} == set(TABLE_4)
    assert all(v == {} for v in of["table1"])


def test_a_training_that_two_experiments_share_is_found_and_no_other(small):
    protocol = {"seed": "0", "epochs": "3", "share": "1.0", "batch_size": "64"}
    config = '{"lr": 0.03, "sigma": 10.0, "lam": 0.75}'

    def job(experiment, setting, method="affinity"):
        return {"experiment": experiment, "setting": setting, "method": method, **protocol}

    tenth = job("table4", "10 % of 0 to 4, sqeuclidean, gaussian")
    whole = job("table1", "standard", "softmax")
    rows = [tenth | {"config": config}, whole | {"config": '{"lr": 0.03}'}]

    def found(own, config=config):
        return trained_before(own, config, rows, None)

    for same in (
        job("fig6", "10 % of 0 to 4"),
        job("fig7", "10 % of 0 to 4, sigma 10"),
        job("fig8", "10 % of 0 to 4, 5 prototypes"),
    ):
        assert found(same) is rows[0]
        assert found(same | {"seed": "1"}) is None
        assert found(same | {"epochs": "6"}) is None
        assert found(same, config.replace("0.75", "0.5")) is None
    for other in (
        job("fig6", "5 % of 0 to 4"),
        job("fig7", "10 % of 0 to 4, sigma 5"),
        job("fig8", "10 % of 0 to 4, 10 prototypes"),
        job("table4", "10 % of 0 to 4, manhattan, gaussian"),
        job("table1", "10 % of odd"),
    ):
        assert found(other) is None
    assert found(job("fig6", "100 % of 0 to 4", "softmax"), '{"lr": 0.03}') is rows[1]
    assert found(job("fig5", "10 % wrong labels", "softmax"), '{"lr": 0.03}') is None


def test_figures_of_the_paper_stand_beside_the_affinity_alone():
    jobs = experiments(["table1"], ["affinity", "softmax"])
    found = {(job["setting"], job["method"]): paper_figure(job) for job in jobs}
    assert found["standard", "affinity"] == TABLE_1["standard"][2]
    assert found["standard", "softmax"] is None


def test_features_of_the_papers_network_begin_within_its_sigma():
    torch.manual_seed(0)
    x = torch.randint(256, (50, 1, 28, 28), dtype=torch.uint8)
    lengths = []
    for module in (PaperNet, ConvNet):
        network = module(1, image_size=(28, 28))
        network.standardize.set_input_scaling(np.array([127.0]), np.array([74.0]))
        lengths.append(network(x).square().sum(1).mean().item())
    assert lengths[0] < 10 < lengths[1]


def test_the_papers_network_predicts_in_float32_what_its_layers_in_their_order_do():
    torch.manual_seed(0)
    network = PaperNet(1, image_size=(28, 28))
    x = torch.rand(4, 1, 28, 28)
    plain = x
    for block in network.blocks:
        convolution = next(part for part in block if isinstance(part, torch.nn.Conv2d))
        plain = torch.nn.functional.max_pool2d(convolution(plain).relu(), 2, ceil_mode=True)
    exact = network.eval()(x)
    assert exact.dtype == torch.float32
    assert torch.allclose(exact, network.layer(plain), atol=1e-5)
    rough = network.train()(x)
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, exact)
    assert torch.allclose(rough, exact, atol=0.02)


def test_the_network_of_figure_2_has_two_features_of_any_sign():
    network = PlaneNet(1, image_size=(28, 28))
    torch.nn.init.constant_(network.plane.bias, -1e3)
    features = network(torch.rand(4, 1, 28, 28))
    assert features.shape == (4, 2)
    assert features.max() < 0
