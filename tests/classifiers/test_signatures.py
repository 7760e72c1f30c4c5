"""Signatures are written out in each file, for editors and type checkers: here they agree."""

from __future__ import annotations

import inspect

import pytest

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)

NETWORKS = [
    RebalancedClassifier,
    AffinityClassifier,
    OffsetDebiasedClassifier,
    RSGClassifier,
    M2mClassifier,
    DecoupledClassifier,
]
# The loss does not re-balance by itself (see its docstring).
OTHER_DEFAULTS = {
    ("AffinityClassifier", "class_weight"): "balanced",
    ("AffinityClassifier", "rebalance_from"): "auto",
}
LOSS = ("loss", "focal_gamma", "tau", "max_margin", "scale")


def shared(cls):
    """The parameters from `module` on, which are every network's."""
    parameters = list(inspect.signature(cls).parameters.values())
    start = [p.name for p in parameters].index("module")
    return parameters[start:]


EXPECTED = shared(RebalancedClassifier)


@pytest.mark.parametrize("cls", NETWORKS)
def test_the_shared_part_has_the_same_names_order_defaults_and_hints(cls):
    found = shared(cls)
    assert [p.name for p in found] == [p.name for p in EXPECTED]
    for own, common in zip(found, EXPECTED):
        expected = OTHER_DEFAULTS.get((cls.__name__, own.name), common.default)
        assert own.default == expected, own.name
        assert own.annotation == common.annotation, own.name
    assert found[-1].kind is inspect.Parameter.VAR_KEYWORD  # module__hidden and the like


@pytest.mark.parametrize("cls", NETWORKS)
def test_all_parameters_are_given_by_name(cls):
    parameters = list(inspect.signature(cls).parameters.values())[:-1]
    assert {p.kind for p in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert all(p.default is not inspect.Parameter.empty for p in parameters)


@pytest.mark.parametrize("name", LOSS)
def test_settings_of_the_loss_are_alike_where_they_are_taken(name):
    taken = {
        cls.__name__: inspect.signature(cls).parameters[name]
        for cls in NETWORKS
        if {"loss", name} <= set(inspect.signature(cls).parameters)
    }
    assert len(taken) >= 4
    defaults = {parameter.default for parameter in taken.values()}
    hints = {parameter.annotation for parameter in taken.values()}
    # RSG's and Offset's own default loss is a choice of theirs
    assert len(hints) == 1 and (len(defaults) == 1 or name == "loss")


@pytest.mark.parametrize("cls", NETWORKS)
def test_nothing_but_scikit_learns_mixins_lies_behind_the_base(cls):
    ours = [base.__name__ for base in cls.__mro__ if base.__module__.startswith("sklimb.")]
    assert ours == [cls.__name__, "BaseNetClassifier"]
