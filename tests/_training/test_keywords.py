"""Arguments that a user names for a class of their own."""

from __future__ import annotations

import functools

import pytest

from sklimb._training.keywords import check_keywords


class Takes:
    def __init__(self, width, depth=2, *, slope=0.1):
        pass


class TakesAny:
    def __init__(self, width, **more):
        pass


class Unreadable:
    __signature__ = "none that inspect reads"


def test_what_fits_passes():
    check_keywords(Takes, "module", ["width", "slope"])
    check_keywords(Takes, "module", [], filled=("width",))
    check_keywords(TakesAny, "module", ["width", "anything"])
    check_keywords(functools.partial(Takes, 3), "module", ["depth"])
    check_keywords(Unreadable, "module", ["whatever"])


def test_an_unknown_name_gets_the_nearest_and_all():
    with pytest.raises(
        TypeError,
        match=r"Takes has no argument for module__dept\. Did you mean module__depth\? It takes "
        r"module__depth, module__slope\.$",
    ):
        check_keywords(Takes, "module", ["dept"], filled=("width",))
    with pytest.raises(TypeError, match=r"no argument for module__x\. It takes none\.$"):
        check_keywords(lambda: None, "module", ["x"])


def test_what_is_missing_is_named():
    with pytest.raises(TypeError, match=r"Takes needs module__width, which cannot be filled in"):
        check_keywords(Takes, "module", ["depth"])
    with pytest.raises(TypeError, match="TakesAny needs module__width"):
        check_keywords(TakesAny, "module", ["anything"])
