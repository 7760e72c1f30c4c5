from __future__ import annotations

import pytest

from sklimb._compare.arguments import BUDGET, make_parser


def test_defaults():
    given = make_parser().parse_args(["compare"])
    assert (given.budget, given.grid, given.metric, given.seed) == (None, "quick", None, 0)
    assert (given.aim, given.cost, given.resume) == (None, None, False)
    assert BUDGET == 60


def test_lists_are_split_at_commas():
    given = make_parser().parse_args(["compare", "--methods", "smote, plain,", "--drop", "a,b"])
    assert given.methods == ["smote", "plain"]
    assert given.drop == ["a", "b"]


def test_an_unknown_option_ends_it(capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args(["compare", "--budgets", "3", "--aimm"])
    assert "--aimm" in capsys.readouterr().err
