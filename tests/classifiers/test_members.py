"""Several members in one network, with every head, loss and transform."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch.nn import functional as F

from sklimb._data.batches import sizes_of_batches
from sklimb._training.objective import BatchOutput
from sklimb._training.rebalancing import class_weight_vector
from sklimb.classifiers.sources import score_network
from sklimb.heads.members import MeanScores
from sklimb.transforms import RareSampleGenerator
from tests.classifiers.of_members import BACKBONES, each_backbone, each_method, fitted, make
from tests.shared import data as data
from tests.shared import same_bits

# --- one member is the plain net --------------------------------------------------------------


@each_method
def test_one_member_is_the_plain_net_bit_for_bit(method, data):
    plain = fitted(make(method, "copies"), data)
    assert plain.module_.n_members == 1
    assert same_bits(fitted(make(method, "copies", n_members=1), data), plain)


@pytest.mark.parametrize("method", ["cross_entropy", "ldam", "affinity", "offset"])
def test_members_that_are_one_net_score_as_it_does(method, data):
    X, _ = data
    one = fitted(make(method, "copies", n_members=1, dtype="float64"), data)
    many = fitted(make(method, "copies", n_members=3, dtype="float64"), data)
    for copied in many.module_.backbone.members:
        copied.load_state_dict(one.module_.backbone.state_dict())
    for head in many.module_.head.members:
        head.load_state_dict(one.module_.head.state_dict())
    np.testing.assert_allclose(many.predict_proba(X), one.predict_proba(X), rtol=1e-9)
    np.testing.assert_allclose(
        many.transform(X), np.tile(one.transform(X), 3), rtol=1e-9, atol=1e-12
    )


def test_shared_layers_with_equal_adapters_are_one_net(data):
    X, _ = data
    one = fitted(make("cross_entropy", n_members=1, dtype="float64"), data)
    many = fitted(make("cross_entropy", n_members=3, dtype="float64"), data)
    source, target = one.module_.backbone, many.module_.backbone
    state = source.state_dict()
    for name, value in target.state_dict().items():
        if name.endswith((".into", ".out")):
            value.fill_(1.0)
        elif value.shape != state[name].shape:
            value.copy_(state[name].expand_as(value))
        else:
            value.copy_(state[name])
    for head in many.module_.head.members:
        head.load_state_dict(one.module_.head.state_dict())
    np.testing.assert_allclose(many.predict_proba(X), one.predict_proba(X), rtol=1e-9)


# --- the loss ---------------------------------------------------------------------------------

STILL = {"optimizer": torch.optim.SGD, "lr": 1e-30, "module__dropout": 0.0, "max_epochs": 1}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "method", ["cross_entropy", "ldam", "own loss", "affinity", "offset", "offset ldam"]
)
def test_the_loss_is_the_mean_of_what_each_member_would_have(method, weighted, data):
    X, y = data
    weight = np.random.default_rng(0).uniform(0.2, 3.0, len(X)) if weighted else None
    still = STILL | ({"center_rate": 0.0} if method.startswith("offset") else {})
    model = make(method, n_members=3, dtype="float64", batch_size=50, **still).fit(X, y, weight)
    module, criterion = model.module_, model.net_.criterion_
    codes = np.searchsorted(model.classes_, y)
    order = model.net_.streams.generator("shuffling", 0).permutation(len(X))
    batches = np.split(order, np.cumsum(sizes_of_batches(len(X), 50))[:-1])
    of_class = None
    if model.class_weight is not None:
        of_class = class_weight_vector(
            model.class_weight, model.class_counts_, model.classes_, effective_beta=0.9999
        )
    losses = []
    with torch.no_grad():
        for rows in batches:
            features = module.features(torch.from_numpy(X[rows]))
            w = np.ones(len(rows)) if weight is None else weight[rows]
            w = torch.from_numpy(w if of_class is None else w * of_class[codes[rows]])
            of_batch = []
            for m, head in enumerate(module.head.members):
                own = features[:, m]
                step = BatchOutput(torch.from_numpy(codes[rows]), w, own, head(own), head)
                total = 0.0
                for coefficient, term in criterion.terms.values():
                    value = term(step)
                    if value.ndim:
                        value = (value * w).sum() / w.sum()
                    total += coefficient * value.item()
                of_batch.append(total)
            losses.append(np.mean(of_batch))
    expected = np.average(losses, weights=[len(rows) for rows in batches])
    assert model.history_[0, "train_loss"] == pytest.approx(expected, rel=1e-8)


def test_members_learn_by_their_own_losses_not_by_that_of_their_mean(data):
    X, y = data
    many = make("cross_entropy", "copies", n_members=2, **STILL | {"lr": 0.1}, batch_size=240)
    before = make("cross_entropy", "copies", n_members=2, **STILL, batch_size=240).fit(X, y)
    after = many.fit(X, y)
    codes = torch.from_numpy(np.searchsorted(many.classes_, y))
    for m in range(2):
        backbone = copy.deepcopy(before.module_.backbone.members[m])
        head = copy.deepcopy(before.module_.head.members[m])
        F.cross_entropy(head(backbone(torch.from_numpy(X))), codes).backward()
        moved = head.weight - 0.1 * head.weight.grad / 2  # half of the mean is its own
        torch.testing.assert_close(
            after.module_.head.members[m].weight.detach(), moved.detach(), rtol=1e-4, atol=1e-6
        )


# --- every part -------------------------------------------------------------------------------


@each_backbone
@each_method
def test_every_part_trains_and_predicts(method, backbone, data):
    X, _ = data
    model = fitted(make(method, backbone, n_members=3), data)
    assert model.module_.n_members == 3
    assert np.isfinite(model.history_[:, "train_loss"]).all()
    proba = model.predict_proba(X)
    assert proba.shape == (240, 3)
    np.testing.assert_allclose(proba.sum(1), 1.0, rtol=1e-6)
    # the mean of the members' probabilities, and its log
    module = model.module_.eval()
    with torch.no_grad():
        scores = module.head(module.features(torch.from_numpy(X)))
    assert scores.shape == (240, 3, 3)
    mean = scores.double().softmax(-1).mean(1).numpy()
    np.testing.assert_allclose(proba, mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.exp(model.decision_function(X)), mean, rtol=1e-4, atol=1e-6)
    assert (model.predict(X) == model.classes_[proba.argmax(1)]).all()
    assert model.transform(X).shape == (240, len(model.get_feature_names_out()))
    assert scores.std(1).max() > 0  # they differ


@each_backbone
def test_two_classes(backbone, data):
    X, y = data
    model = make("cross_entropy", backbone, n_members=3).fit(X, y == "rare")
    proba = model.predict_proba(X)
    difference = np.log(proba[:, 1]) - np.log(proba[:, 0])
    np.testing.assert_allclose(model.decision_function(X), difference, rtol=1e-4, atol=1e-5)


def test_what_is_fitted_gains_an_axis(data):
    affinity = fitted(make("affinity", n_members=3, embedding_dim=5), data)
    assert affinity.prototypes_.shape == (3, 3, 2, 5)
    assert affinity.transform(data[0]).shape == (240, 15)
    alone = affinity.module_.head.members[1].prototypes.detach().numpy()
    np.testing.assert_allclose(affinity.prototypes_[1], alone)
    for method, own in (("offset", True), ("empirical", False), ("zero", False)):
        offset = fitted(make(method, n_members=3), data)
        assert offset.class_means_.shape == (3, 3, 8)
        assert offset.empirical_offset_.shape == (3, 3)
        assert hasattr(offset, "estimated_offset_") == own
    one = fitted(make("offset", n_members=1), data)
    assert one.class_means_.shape == (3, 8)
    assert one.estimated_offset_.shape == (3,)


def test_class_means_are_each_members(data):
    X, y = data
    model = fitted(make("zero", n_members=3), data)
    features = model.transform(X).reshape(240, 3, 8)
    for m in range(3):
        for k, label in enumerate(model.classes_):
            expected = features[y == label, m].mean(0)
            np.testing.assert_allclose(model.class_means_[m, k], expected, rtol=1e-4, atol=1e-5)


# --- transforms -------------------------------------------------------------------------------


@each_backbone
def test_generated_rows_are_made_within_a_member(backbone, data):
    seen = {}

    class Look(Callback):
        def on_grad_computed(self, net, **kwargs):
            seen["generator"] = net.transform_

    model = fitted(
        make("rsg", backbone, n_members=3, keep_training_state=True, callbacks=[Look()]), data
    )
    generated = model.history_[:, "n_generated"]
    assert generated[:2] == [0, 0]
    assert all(n > 0 for n in generated[2:])
    assert np.isfinite(model.history_[2:, "mv_cosine"]).all()
    assert np.isfinite(model.history_[:2, "contrast_accuracy"]).all()
    plain = fitted(make("rsg", backbone, n_members=1), data)
    assert generated == plain.history_[:, "n_generated"]  # rows, not rows times members


def test_pairs_of_rows_are_of_one_member():
    torch.manual_seed(0)
    k, width = 3, 4
    shared = {"spatial": False, "n_centers": 2, "lambda1": 0.0}
    generator = RareSampleGenerator(width, 2, n_members=k, **shared).double()
    alone = RareSampleGenerator(width, 2, **shared).double()
    alone.load_state_dict(generator.state_dict())
    maps, y = torch.randn(9, k, width, dtype=torch.float64), torch.tensor([0] * 6 + [1] * 3)
    weight = torch.rand(9, dtype=torch.float64)
    for g in (generator, alone):
        g.set_class_counts(torch.tensor([6.0, 3.0], dtype=torch.float64))
    generator.start_epoch(0, np.random.default_rng(0))
    together, labels, weights = generator.at_stage(maps, y, weight)
    assert together.shape == (len(labels), k, width)
    for m in range(k):
        alone.start_epoch(0, np.random.default_rng(0))
        own, own_labels, own_weights = alone.at_stage(maps[:, m], y, weight)
        torch.testing.assert_close(together[:, m], own)
        assert torch.equal(labels, own_labels)
        assert torch.equal(weights, own_weights)


def test_without_generation_members_are_the_plain_ones(data):
    off = {"loss": "cross_entropy", "lambda1": 0, "lambda2": 0, "generate_from": 99}
    for backbone in BACKBONES:
        a = fitted(make("rsg", backbone, n_members=2, **off), data)
        assert same_bits(a, fitted(make("cross_entropy", backbone, n_members=2), data))


@each_backbone
def test_f_answers_with_mean_scores_and_g_with_mean_probabilities(backbone, data):
    X, _ = data
    model = fitted(make("cross_entropy", backbone, n_members=3), data)
    module = model.module_.eval()
    x = torch.from_numpy(X)
    with torch.no_grad():
        scores = module.head(module.features(x))
        torch.testing.assert_close(MeanScores(module)(x), scores.mean(1))
        f = score_network(model, model.classes_, "f", mean_scores=True)
        torch.testing.assert_close(f(x), scores.mean(1).double(), check_dtype=False)
        g = score_network(model, model.classes_, "g")
        mean = scores.softmax(-1).mean(1)
        torch.testing.assert_close(g(x).softmax(-1), mean, check_dtype=False)
