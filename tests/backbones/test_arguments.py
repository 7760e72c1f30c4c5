"""Arguments of backbones that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from sklimb import RebalancedClassifier
from sklimb.backbones import MLP, ConvNet


@pytest.mark.parametrize(
    ("build", "kind", "message"),
    [
        (
            lambda: MLP(3, hidden=64),
            TypeError,
            r"hidden must be .*got 64\. One layer is \(64,\)",
        ),
        (lambda: MLP(3, hidden="64"), TypeError, r"hidden must be a sequence.* got '64'\.$"),
        (lambda: MLP(3, hidden=None), TypeError, "hidden must be a sequence.* got None"),
        (lambda: MLP(3, hidden=True), TypeError, r"got True\.$"),
        (lambda: MLP(3, hidden=(8, 4.0)), TypeError, "each of hidden must be a whole number"),
        (lambda: MLP(3, hidden=(8, 0)), ValueError, "each of hidden must be at least 1, got 0"),
        (lambda: MLP(3, dropout="half"), TypeError, r"dropout must be a number .* 'half'"),
        (lambda: MLP(3, dropout=1.5), ValueError, r"dropout must lie in \[0, 1\], got 1\.5"),
        (lambda: ConvNet(1, channels=8), TypeError, r"channels must be .*got 8\. One layer is"),
        (lambda: ConvNet(1, n_features="8"), TypeError, "n_features must be a whole number"),
        (lambda: ConvNet(1, n_features=0), ValueError, "n_features must be at least 1"),
        (lambda: ConvNet(1, dropout=-0.1), ValueError, r"got -0\.1; 0 is off"),
    ],
)
def test_arguments_that_cannot_be(build, kind, message):
    with pytest.raises(kind, match=message):
        build()


def test_any_sequence_of_whole_numbers_will_do():
    X, y = np.eye(4), [0, 1, 0, 1]
    for hidden in ([8, 4], (8, 4), np.array([8, 4])):
        model = RebalancedClassifier(module__hidden=hidden, max_epochs=1).fit(X, y)
        assert model.transform(X).shape == (4, 4)
    assert len(MLP(3, hidden=(), standardize=False)) == 0
    assert len(MLP(3, hidden=(2,), dropout=0)) == 3
