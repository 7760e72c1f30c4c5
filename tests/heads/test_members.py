"""A head a member, and the mean of their probabilities."""

from __future__ import annotations

import pytest
import torch

from sklimb.heads import AffinityHead, CosineHead, LinearHead, MemberHeads, OffsetHead
from sklimb.heads.members import log_mean_probability, members_of

KINDS = {
    "linear": lambda: LinearHead(6, 3),
    "without bias": lambda: LinearHead(6, 3, bias=False),
    "cosine": lambda: CosineHead(6, 3, scale=7.0),
    "affinity": lambda: AffinityHead(6, 3, n_prototypes=2, embedding_dim=4),
    "offset": lambda: OffsetHead(6, 3),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


def heads(kind, k=4):
    torch.manual_seed(0)
    return MemberHeads([KINDS[kind]() for _ in range(k)]).double()


@each_kind
def test_each_member_has_its_own_scores(kind):
    head = heads(kind)
    features = torch.randn(5, 4, 6, dtype=torch.float64)
    embedded = head.embed(features)
    scores = head(embedded)
    for m, member in enumerate(head.members):
        own = member.embed(features[:, m])
        torch.testing.assert_close(embedded[:, m], own)
        torch.testing.assert_close(scores[:, m], member(own), rtol=1e-12, atol=1e-12)
    assert head.n_features_out == embedded.shape[1] * embedded.shape[2]


@each_kind
def test_gradients_stay_within_a_member(kind):
    head = heads(kind)
    features = torch.randn(5, 4, 6, dtype=torch.float64, requires_grad=True)
    head(head.embed(features))[:, 1].square().sum().backward()
    moved = features.grad.abs().sum((0, 2)) > 0
    assert moved.tolist() == [False, True, False, False]
    for m, member in enumerate(head.members):
        touched = any(p.grad is not None and p.grad.any() for p in member.parameters())
        assert touched == (m == 1)


def test_start_values_and_own_rules_are_each_members():
    head = heads("offset", 2)
    embedded = torch.randn(6, 2, 6, dtype=torch.float64)
    y, weight = torch.tensor([0, 1, 2] * 2), torch.rand(6, dtype=torch.float64) + 0.1
    alone = [KINDS["offset"]().double() for _ in range(2)]
    generator = torch.Generator().manual_seed(0)
    head.init_from_data(embedded, y, weight, generator)
    head.after_step(embedded + 1, y, weight)
    for m, own in enumerate(alone):
        own.init_from_data(embedded[:, m], y, weight, generator)
        own.after_step(embedded[:, m] + 1, y, weight)
        torch.testing.assert_close(head.members[m].raw_centers, own.raw_centers)
    # of heads without either nothing is prepared for them: no forward pass, nothing at a step
    plain = heads("linear", 2)
    assert plain.init_from_data is None and plain.after_step is None
    # prototypes start from rows, and then the loss moves them
    prototypes = heads("affinity", 2)
    assert prototypes.init_from_data is not None and prototypes.after_step is None


def test_prototypes_that_are_drawn_differ_among_members():
    head = heads("affinity", 2)
    features = torch.randn(30, 1, 6, dtype=torch.float64).expand(-1, 2, -1)
    head.members[1].load_state_dict(head.members[0].state_dict())
    head.init_from_data(head.embed(features), torch.arange(30) % 3, None, torch.Generator())
    assert not torch.equal(head.members[0].raw_prototypes, head.members[1].raw_prototypes)


def test_the_mean_is_of_probabilities():
    scores = 5 * torch.randn(7, 4, 3, dtype=torch.float64)
    expected = scores.softmax(-1).mean(1)
    torch.testing.assert_close(log_mean_probability(scores).exp(), expected)
    # and where they underflow it stays finite
    far = torch.tensor([[[0.0, -2000.0], [0.0, -2100.0]]])
    assert log_mean_probability(far)[0, 1] == pytest.approx(-2000.0 - 0.6931, abs=1e-3)


def test_members_of_a_plain_head_are_itself():
    head = LinearHead(6, 3)
    assert members_of(head) == [head]
    assert len(members_of(heads("linear", 3))) == 3
