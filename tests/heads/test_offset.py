"""The offset heads: what they score, how their centres move, what is saved."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from sklimb.heads import CosineHead, EmpiricalOffsetHead, LinearHead, OffsetHead
from sklimb.losses import move_centers

both_origins = pytest.mark.parametrize("centered", [True, False])
both_scales = pytest.mark.parametrize("scale", [None, 7.0])


@pytest.fixture
def rows():
    generator = torch.Generator().manual_seed(0)
    features = 2 + torch.randn(12, 4, generator=generator, dtype=torch.float64)
    return features, torch.arange(12) % 3


def started(features, y, n_classes=3, **settings):
    torch.manual_seed(1)
    head = OffsetHead(features.shape[1], n_classes, **settings).double()
    head.init_from_data(head.embed(features), y, None, torch.Generator())
    return head


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


# --- scores -----------------------------------------------------------------------------------


@both_origins
@both_scales
@pytest.mark.parametrize("subtract", [True, False])
def test_scores_against_loops(rows, centered, scale, subtract):
    features, y = rows
    head = started(features, y, centered=centered, scale=scale, subtract=subtract)
    weight, f = head.joint.weight.detach().numpy(), features.numpy()
    if scale is not None:
        weight, f = scale * unit(weight), unit(f)
    centers = np.array([f[y.numpy() == code].mean(0) for code in range(3)])
    origin = centers.mean(0) if centered else 0.0
    expected = [
        [
            sum(w * x for w, x in zip(weight[k], row - origin, strict=True))
            - subtract
            * 0.5
            * sum(w * c for w, c in zip(weight[k], centers[k] - origin, strict=True))
            for k in range(3)
        ]
        for row in f
    ]
    embedded = head.embed(features)
    np.testing.assert_allclose(embedded, f - origin, rtol=1e-12)
    np.testing.assert_allclose(head(embedded).detach(), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(head.centers, centers - origin, atol=1e-12)
    half = 0.5 * (weight * (centers - origin)).sum(1)
    np.testing.assert_allclose(head.offset.detach(), half, atol=1e-12)
    assert head.n_features_out == 4


def test_with_equal_offsets_a_centred_boundary_is_in_the_middle(rows):
    # two classes and the uniform constraint met: Figure 2, wherever the features' zero is
    features = rows[0]
    y = torch.arange(12) % 2
    head = started(features + 100, y, n_classes=2)
    gap = head.centers[1] - head.centers[0]
    with torch.no_grad():
        # weights 0 are turned until c_0 w_0 = c_1 w_1
        w = head.joint.weight
        w[0] += (head.centers[1] @ w[1] - head.centers[0] @ w[0]) * -gap / (0.5 * gap @ gap)
    assert abs(head.offset[0] - head.offset[1]) < 1e-12
    middle = head.embed(100 + torch.stack([features[y == c].mean(0) for c in (0, 1)]).mean(0)[None])
    scores = head(middle)[0]
    assert abs(scores[0] - scores[1]) < 1e-10


def test_only_the_weights_are_the_optimisers(rows):
    head = started(*rows)
    assert [name for name, _ in head.named_parameters()] == ["joint.weight"]
    head(head.embed(rows[0])).square().sum().backward()
    assert head.joint.weight.grad.abs().sum() > 0
    assert not head.raw_centers.requires_grad


# --- centres ----------------------------------------------------------------------------------


@both_origins
def test_centres_start_at_the_weighted_means_once(rows, centered):
    features, y = rows
    weight = torch.arange(1.0, 13.0, dtype=torch.float64)
    head = OffsetHead(4, 4, centered=centered).double()
    head.init_from_data(head.embed(features[:8]), y[:8] % 2, weight[:8], torch.Generator())
    expected = [
        np.average(features[:8][y[:8] % 2 == c], axis=0, weights=weight[:8][y[:8] % 2 == c])
        for c in (0, 1)
    ]
    np.testing.assert_allclose(head.raw_centers[:2], expected, rtol=1e-12)
    assert head.started.tolist() == [True, True, False, False]
    assert head.centers[2:].abs().sum() == 0
    assert head.offset[2:].abs().sum() == 0
    if centered:  # of the classes met, not of zeros
        np.testing.assert_allclose(head.origin, np.mean(expected, 0), rtol=1e-12)
    first = head.raw_centers.clone()
    head.init_from_data(head.embed(features), y, None, torch.Generator())
    assert torch.equal(head.raw_centers[:2], first[:2])
    np.testing.assert_allclose(head.raw_centers[2], features[y == 2].mean(0), rtol=1e-12)
    assert head.started.tolist() == [True, True, True, False]


@both_origins
@both_scales
@pytest.mark.parametrize("weighted", [True, False])
def test_centres_move_by_the_rule(rows, centered, scale, weighted):
    features, y = rows
    head = started(features, y, centered=centered, scale=scale, rate=0.3)
    weight = torch.linspace(0.1, 2.0, 5, dtype=torch.float64) if weighted else None
    batch, labels = features[:5] + 1, torch.tensor([0, 0, 0, 1, 0])
    raw = torch.nn.functional.normalize(batch, dim=-1) if scale else batch
    expected = move_centers(head.raw_centers, raw, labels, weight, rate=0.3)
    before = head.raw_centers.clone()
    head.after_step(head.embed(batch), labels, weight)
    torch.testing.assert_close(head.raw_centers, expected)
    assert torch.equal(head.raw_centers[2], before[2])
    assert not torch.equal(head.raw_centers[1], before[1])


def test_centres_are_part_of_what_is_saved(rows):
    features, y = rows
    head = started(features, y)
    head.after_step(head.embed(features + 3), y, None)
    other = OffsetHead(4, 3).double()
    other.load_state_dict(head.state_dict())
    assert torch.equal(other(other.embed(features)), head(head.embed(features)))
    assert other.started.all()


# --- empirical --------------------------------------------------------------------------------


@both_scales
def test_an_empirical_head_trains_as_a_plain_one(rows, scale):
    features, y = rows
    plain = LinearHead if scale is None else lambda d, c: CosineHead(d, c, scale=scale)
    torch.manual_seed(3)
    expected = plain(4, 3).double()
    torch.manual_seed(3)
    head = EmpiricalOffsetHead(4, 3, scale=scale).double()
    assert torch.equal(head(head.embed(features)), expected(features))
    head.set_means(features[:3], torch.tensor([True] * 3))
    assert head.embed(features) is features  # still while training
    assert torch.equal(head(features), expected(features))
    head.eval()
    assert not torch.allclose(head(head.embed(features)), expected(features))
    head.use_means(False)
    assert torch.equal(head(head.embed(features)), expected(features))
    head.use_means()
    assert not torch.allclose(head(head.embed(features)), expected(features))
    head.init_from_data(features, y, None, torch.Generator())
    head.after_step(features, y, None)
    assert torch.equal(head.raw_centers, features[:3])


@both_origins
@both_scales
def test_an_empirical_head_predicts_with_the_offset_and_without_the_bias(rows, centered, scale):
    features, y = rows
    f = unit(features.numpy()) if scale else features.numpy()
    means = np.array([f[y.numpy() == code].mean(0) for code in range(3)])
    head = EmpiricalOffsetHead(4, 3, centered=centered, scale=scale).double().eval()
    head.set_means(torch.from_numpy(means), torch.tensor([True] * 3))
    weight = head.joint.weight.detach().numpy()
    weight = scale * unit(weight) if scale else weight
    origin = means.mean(0) if centered else 0.0
    expected = (f - origin) @ weight.T - 0.5 * ((means - origin) * weight).sum(1)
    np.testing.assert_allclose(head(head.embed(features)).detach(), expected, rtol=1e-9, atol=1e-12)
    copy = EmpiricalOffsetHead(4, 3, centered=centered, scale=scale).double().eval()
    copy.load_state_dict(head.state_dict())
    assert torch.equal(copy(copy.embed(features)), head(head.embed(features)))


def test_means_of_classes_without_rows_stay(rows):
    head = EmpiricalOffsetHead(4, 3).double().eval()
    head.set_means(rows[0][:3], torch.tensor([True, False, True]))
    head.set_means(rows[0][3:6], torch.tensor([False, False, True]))
    assert torch.equal(head.raw_centers[0], rows[0][0])
    assert head.raw_centers[1].abs().sum() == 0
    assert torch.equal(head.raw_centers[2], rows[0][5])
    assert head.started.tolist() == [True, False, True]
    assert head.class_means[1].isnan().all()
    torch.testing.assert_close(head.class_means[[0, 2]], head.centers[[0, 2]])


@both_origins
@both_scales
def test_a_class_without_a_mean_keeps_its_learnt_bias_among_the_others(rows, centered, scale):
    features, y = rows
    f = unit(features.numpy()) if scale else features.numpy()
    head = EmpiricalOffsetHead(4, 3, centered=centered, scale=scale).double().eval()
    means = np.array([f[y.numpy() == code].mean(0) for code in range(3)])
    head.set_means(torch.from_numpy(means), torch.tensor([True, False, True]))
    weight = head.joint.weight.detach().numpy()
    weight = scale * unit(weight) if scale else weight
    bias = np.zeros(3) if scale else head.joint.bias.detach().numpy()
    # the met classes by loops; the bias of the other moves as theirs do on average
    origin = (means[0] + means[2]) / 2 if centered else np.zeros(4)
    offset = {k: 0.5 * sum((means[k] - origin) * weight[k]) for k in (0, 2)}
    change = np.mean([-offset[k] - (bias[k] + weight[k] @ origin) for k in (0, 2)])
    expected = (f - origin) @ weight.T
    expected[:, [0, 2]] -= [offset[0], offset[2]]
    expected[:, 1] += bias[1] + weight[1] @ origin + change
    np.testing.assert_allclose(head(head.embed(features)).detach(), expected, rtol=1e-9, atol=1e-12)
    # against the mean of the others it stands where the plain net has it
    plain = f @ weight.T + bias
    gaps = [scores[:, 1] - scores[:, [0, 2]].mean(1) for scores in (expected, plain)]
    np.testing.assert_allclose(*gaps, atol=1e-9)


def test_a_state_without_means_warns(rows):
    known = EmpiricalOffsetHead(4, 3).double().eval()
    before = copy.deepcopy(known.state_dict())
    known.load_state_dict(before)  # nothing is lost
    known.set_means(rows[0][:3], torch.tensor([True] * 3))
    after = copy.deepcopy(known.state_dict())
    with pytest.warns(UserWarning, match="before the class means were known"):
        known.load_state_dict(before)
    assert torch.equal(known(known.embed(rows[0])), known.joint(rows[0]))
    known.load_state_dict(after)
    known.use_means(False)
    known.load_state_dict(before)  # while training, as early stopping does


def test_means_are_part_of_what_is_saved_and_do_not_move_the_scores(rows):
    features, y = rows
    head = started(features, y)
    assert head.class_means.isnan().all()
    scores = head(head.embed(features))
    head.set_means(features[:3], torch.tensor([True, True, False]))
    assert torch.equal(head(head.embed(features)), scores)
    other = OffsetHead(4, 3).double()
    other.load_state_dict(head.state_dict())
    torch.testing.assert_close(other.class_means[:2], features[:2] - head.origin)
    assert other.class_means[2].isnan().all()
