"""The shared part of the classifiers' docstrings says each class's own defaults."""

from __future__ import annotations

import ast
import inspect
import re

import pytest

import sklimb.classifiers
from sklimb.classifiers.docstrings import describe_shared
from tests.classifiers.test_signatures import NETWORKS


@pytest.mark.parametrize("cls", NETWORKS)
def test_every_parameter_is_described_with_its_default(cls):
    doc = inspect.getdoc(cls)
    assert "<<" not in doc and "{LR}" not in doc
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        said = re.search(rf"^{name} : [^:]*?default=(.+)$", doc, re.MULTILINE)
        assert said, f"{name} has no description with its default"
        default = parameter.default
        if isinstance(default, type):
            assert said[1].endswith(default.__name__)
        else:
            assert ast.literal_eval(said[1]) == default, name


def test_markers_are_filled_with_the_classes_own_values():
    class Method:
        """A method.

        <<shared parameters>>
        """

        def __init__(
            self,
            *,
            class_weight="balanced",
            rebalance_from=0.25,
            max_epochs=7,
            lr=0.5,
            lr_schedule=None,
        ):
            pass

    doc = describe_shared(Method).__doc__
    assert (
        'class_weight : "balanced", "effective", dict, Series or None, default=\'balanced\'' in doc
    )
    assert "default=0.25" in doc
    assert "default=7" in doc and "default=0.5" in doc


CLASSIFIERS = [cls for name, cls in vars(sklimb.classifiers).items() if name in sklimb.__all__]


@pytest.mark.parametrize("cls", [*CLASSIFIERS, sklimb.M2mSampler])
def test_help_begins_with_five_parameters_to_set_first(cls):
    _summary, heading, listed = inspect.getdoc(cls).split("\n\n")[:3]
    assert heading == "What to set first:"
    names = re.findall(r"^- `(\w+)`: ", listed, re.MULTILINE)
    assert len(names) == len(set(names)) == 5
    assert set(names) <= set(inspect.signature(cls).parameters)
    assert ":math:" not in listed


def test_all_classifiers_are_looked_at():
    assert len(CLASSIFIERS) >= 8
