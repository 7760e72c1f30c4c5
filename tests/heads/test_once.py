"""What heads derive from parameters: once in a step, anew outside, and in no copy."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

from sklimb.heads import AffinityHead, MemberHeads, OffsetHead
from sklimb.heads._once import within_step


def loss_of(head, features):
    if isinstance(head, AffinityHead):
        return head(head.embed(features)).sum() + head.prototypes.square().sum()
    return head(head.embed(features)).sum() + head.offset.square().sum()


@pytest.mark.parametrize("make", [AffinityHead, OffsetHead])
def test_a_step_has_the_loss_and_the_gradients_that_it_has_without(make):
    torch.manual_seed(0)
    head, features = make(4, 3).double(), torch.randn(5, 4, dtype=torch.float64)
    if make is OffsetHead:
        y = torch.tensor([0, 1, 2, 1, 0])
        head.init_from_data(head.embed(features).clone(), y, None, torch.Generator())
    alone = loss_of(head, features)
    plain = torch.autograd.grad(alone, list(head.parameters()))
    with within_step(head):
        loss = loss_of(head, features)
    torch.testing.assert_close(loss, alone)
    shared = torch.autograd.grad(loss, list(head.parameters()))
    for own, other in zip(shared, plain, strict=True):
        torch.testing.assert_close(own, other)


def test_what_is_made_lasts_for_the_step_alone():
    head = AffinityHead(4, 3)
    with within_step(head):
        assert head.prototypes is head.prototypes
    before = head.prototypes
    with torch.no_grad():
        head.raw_prototypes[0] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert not torch.equal(head.prototypes, before)
    with within_step(head):
        assert not torch.equal(head.prototypes, before)


def test_it_ends_with_an_error_too_and_nothing_is_left_in_copies():
    heads = MemberHeads([AffinityHead(4, 3) for _ in range(2)])
    with pytest.raises(RuntimeError, match="in the middle"), within_step(heads):
        for member in heads.members:
            assert member.prototypes is member.prototypes
        raise RuntimeError("in the middle")
    for member in heads.members:
        assert "_made" not in vars(member)
    copy.deepcopy(heads)
    pickle.loads(pickle.dumps(heads))
