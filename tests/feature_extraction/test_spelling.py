from __future__ import annotations

from sklimb.feature_extraction._spelling import folded, plain_text, visible


def test_values_as_they_would_be_written():
    assert [plain_text(v) for v in (3.0, 2.5, True, " x ", 7)] == ["3", "2.5", "True", "x", "7"]


def test_what_eyes_take_for_the_same():
    assert visible("caf\u00e9\u200b  noir") == visible("cafe\u0301 noir")
    assert visible("\u0410BC") == "ABC" != visible("\u0410\u0411")
    assert folded("WEB ") == folded("web") != folded("we b")
