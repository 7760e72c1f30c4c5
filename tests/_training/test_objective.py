"""The loss as a weighted sum of terms, recomputed from its definition."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sklimb import RebalancedClassifier
from sklimb._training.objective import BatchOutput, LossTerms
from tests.shared import data as data


def step(n=6, weight=None, C=3):
    torch.manual_seed(0)
    features, scores = torch.randn(n, 4), torch.randn(n, C, requires_grad=True)
    return BatchOutput(torch.arange(n) % C, weight, features, scores, nn.Identity())


def per_row(step):
    return F.cross_entropy(step.scores, step.y, reduction="none")


def scalar(step):
    return step.features.square().sum()


def test_the_loss_is_the_weighted_sum():
    weight = torch.tensor([1.0, 0.0, 2.0, 5.0, 0.5, 0.5])
    for weights in (None, weight):
        given = step(weight=weights)
        loss, values = LossTerms({"a": (2.5, per_row), "b": (-0.5, scalar)})(given)
        rows = per_row(given).tolist()
        shares = [1.0] * 6 if weights is None else weights.tolist()
        mean = sum(w * r for w, r in zip(shares, rows, strict=True)) / sum(shares)
        # a scalar is taken as it is: weights belong to rows
        expected = 2.5 * mean - 0.5 * scalar(given).item()
        assert loss.item() == pytest.approx(expected, rel=1e-5)
        assert [v.item() for v in values] == pytest.approx([mean, scalar(given).item()], rel=1e-5)


def test_the_scale_of_the_weights_does_not_matter():
    weight = torch.tensor([1.0, 0.1, 2.0, 5.0, 0.5, 0.5])
    terms = LossTerms({"a": (1, per_row)})
    expected = terms(step(weight=weight))[0]
    for scale in (1e-20, 1e20):
        torch.testing.assert_close(terms(step(weight=scale * weight))[0], expected)


@pytest.mark.parametrize("row_wise", [False, True])
@pytest.mark.parametrize("of_members", [False, True])
def test_mean_divides_by_the_number_of_samples(of_members, row_wise):
    torch.manual_seed(0)
    n, k, C = 5, 3, 4
    y, scores = torch.tensor([0, 3, 1, 1, 2]), torch.randn(n, k, C)
    weight = torch.rand(n, k) * 3 if of_members else torch.rand(n) * 3
    weight[2] = 0.0

    def term(step):
        return per_row(step)

    term.row_wise = row_wise
    heads = nn.Module()
    heads.members = [nn.Identity()] * k
    given = BatchOutput(y, weight, torch.zeros(n, k, 2), scores, heads)
    total = 0.0
    for i in range(n):
        for j in range(k):
            own = weight[i, j].item() if of_members else weight[i].item()
            total += own * -scores[i, j].log_softmax(0)[y[i]].item()
    got = LossTerms({"a": (1, term)}, "mean")(given)[0].item()
    assert got == pytest.approx(total / (n * k), rel=1e-5)
    one = BatchOutput(y, weight.reshape(n, -1)[:, 0], torch.zeros(n, 2), scores[:, 0], None)
    by_hand = (per_row(one) * one.weight).sum().item() / n
    assert LossTerms({"a": (1, per_row)}, "mean")(one)[0].item() == pytest.approx(by_hand, rel=1e-5)


def test_without_weights_both_averages_are_the_mean():
    given = step()
    losses = [
        LossTerms({"a": (1, per_row), "b": (0.5, scalar)}, average)(given)[0]
        for average in ("batch", "mean")
    ]
    assert torch.equal(*losses)


@pytest.mark.parametrize("average", ["batch", "mean"])
def test_rows_that_all_weigh_nothing_have_no_gradient(average):
    given = step(weight=torch.zeros(6))
    loss, _ = LossTerms({"a": (1, per_row)}, average)(given)
    assert loss.item() == 0.0
    loss.backward()
    assert torch.equal(given.scores.grad, torch.zeros(6, 3))


def test_a_term_with_coefficient_zero_is_never_called():
    def explodes(step):
        raise AssertionError("switched off")

    terms = LossTerms({"a": (1, per_row), "off": (0.0, explodes), "none": (0, explodes)})
    assert list(terms.terms) == ["a"]
    terms(step())
    with pytest.raises(ValueError, match=r"All loss terms are switched off: \['a', 'b'\]"):
        LossTerms({"b": (0, per_row), "a": (0.0, per_row)})


class Learns(nn.Module):
    def __init__(self):
        super().__init__()
        self.temperature = nn.Parameter(torch.tensor(2.0))

    def forward(self, step):
        return F.cross_entropy(step.scores / self.temperature, step.y, reduction="none")


def test_terms_that_are_modules_learn():
    on, off = Learns(), Learns()
    terms = LossTerms({"on": (2.0, on), "function": (1.0, scalar), "off": (0.0, off)})
    assert [p is on.temperature for p in terms.parameters()] == [True]
    terms(step())[0].backward()
    assert on.temperature.grad != 0
    assert off.temperature.grad is None


def test_a_learnt_term_is_trained_by_the_net(data):
    class Method(RebalancedClassifier):
        def _recipe(self, plan, data):
            return replace(super()._recipe(plan, data), terms={"classification": (1, Learns())})

    X, y = data
    model = Method(max_epochs=3, module__hidden=(8,), random_state=0).fit(X, y)
    assert model.net_.criterion_.terms["classification"][1].temperature.item() != 2.0
    assert pickle.loads(pickle.dumps(model.net_.criterion_.state_dict()))
