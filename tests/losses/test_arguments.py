"""What a user may call a loss with: an error names the argument, and nothing infinite comes out."""

from __future__ import annotations

import pickle
from fractions import Fraction

import pytest
import torch

from sklimb import losses
from sklimb.losses import _arguments
from sklimb.losses.focal import focal_loss as unlooked_at
from tests.fuzzing.functions import LOSSES

nan = float("nan")
SCORES, Y, COUNTS = torch.zeros(4, 3), torch.tensor([0, 1, 2, 1]), torch.tensor([9.0, 5.0, 1.0])


def test_each_loss_is_looked_at_and_has_an_example():
    assert set(_arguments._AXES) == set(losses.__all__) == set(LOSSES)
    for name in losses.__all__:
        assert torch.isfinite(getattr(losses, name)(**LOSSES[name])).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: losses.focal_loss([[0.0]], Y, 2.0), TypeError, r"scores .* got \[\[0.0\]\]"),
        (lambda: losses.focal_loss(SCORES, Y, nan), ValueError, "gamma must be .* finite .* nan"),
        (lambda: losses.focal_loss(SCORES, Y, "2"), TypeError, "gamma must be .* got '2'"),
        (lambda: losses.focal_loss(SCORES, Y, True), TypeError, "gamma must be .* got True"),
        (lambda: losses.focal_loss(SCORES, Y, 10**400), ValueError, "gamma must be a finite"),
        (lambda: losses.focal_loss(SCORES, Y + 1, 2.0), ValueError, "3 classes .* scores .* got 3"),
        (lambda: losses.focal_loss(SCORES, Y - 1, 2.0), ValueError, "got -1"),
        (lambda: losses.focal_loss(SCORES, Y.int(), 2.0), TypeError, r"pass y.long\(\)"),
        (lambda: losses.focal_loss(SCORES.long(), Y, 2.0), TypeError, r"pass scores.float\(\)"),
        (lambda: losses.focal_loss(SCORES + nan, Y, 2.0), ValueError, r"got nan at \(0, 0\)"),
        (lambda: losses.focal_loss(SCORES[:0], Y[:0], 2.0), ValueError, "scores is empty"),
        (lambda: losses.focal_loss(SCORES, Y, 2.0, COUNTS[:2]), ValueError, "weight .* same C as"),
        (lambda: losses.ldam_loss(SCORES, Y, -COUNTS), ValueError, "negative|empty|class_counts"),
        (lambda: losses.am_softmax_loss(SCORES, Y, 1e300, 30.0), ValueError, "margin=1e"),
        (lambda: losses.center_loss(SCORES, Y, COUNTS[:, None]), ValueError, "same d as features"),
        (lambda: losses.focal_loss(SCORES, Y, 2.0, reduction=None), ValueError, "reduction"),
        (lambda: losses.focal_loss(SCORES, Y), TypeError, "gamma"),
        (lambda: losses.focal_loss(SCORES, Y, 2.0, delta=1), TypeError, "delta"),
    ],
)  # fmt: skip
def test_the_message_names_the_argument_and_its_value(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_setting_that_is_learnt_and_integer_counts_are_taken():
    scale = torch.tensor(30.0, requires_grad=True)
    losses.ldam_loss(SCORES, Y, COUNTS.long(), scale=scale).backward()
    assert torch.isfinite(scale.grad)


def test_classes_that_are_ruled_out_by_minus_infinity_are_no_error():
    masked = SCORES.clone()
    masked[0, 1] = -torch.inf
    assert torch.isfinite(losses.focal_loss(masked, Y, 2.0))


def test_it_is_the_same_function_and_can_be_pickled():
    assert pickle.loads(pickle.dumps(losses.focal_loss)) is losses.focal_loss
    value = losses.focal_loss(SCORES, Y, 2.0, reduction="none")
    assert torch.equal(value, unlooked_at(SCORES, Y, 2.0, reduction="none"))


def test_a_fraction_is_a_number_for_every_loss():
    scores, y = torch.linspace(-1, 1, 6).reshape(2, 3), torch.tensor([0, 2])
    counts = torch.tensor([9.0, 5.0, 1.0])
    for loss, given, name in (
        (losses.logit_adjusted_loss, {"class_counts": counts}, "tau"),
        (losses.focal_loss, {}, "gamma"),
        (losses.ldam_loss, {"class_counts": counts}, "max_margin"),
        (losses.am_softmax_loss, {"margin": 0.5}, "scale"),
    ):
        half, same = (loss(scores, y, **given | {name: v}) for v in (Fraction(1, 2), 0.5))
        assert torch.equal(half, same)
