from __future__ import annotations

import re

import pytest

from sklimb._compare.data.marks import mark_steps, unmarked


@pytest.mark.parametrize(
    "cell, found",
    [
        ("<3", ("3", {"bound"}, 0)),
        (">= -3.5", ("-3.5", {"bound"}, 0)),
        ("~ 5", ("5", {"bound"}, 0)),
        ("ca. 5", ("5", {"bound"}, 0)),
        ("1,000+", ("1,000", {"bound"}, 0)),
        ("5.1 ± 0.2 mg", ("5.1 mg", {"margin"}, 0)),
        ("82.8k", ("82.8", {"letter"}, 3)),
        ("1.2 Mio.", ("1.2", {"letter"}, 6)),
        ("<1.2bn", ("1.2", {"bound", "letter"}, 9)),
        ("3.5", ("3.5", set(), 0)),
        ("A+", ("A+", set(), 0)),
        ("ok", ("ok", set(), 0)),
        ("cats", ("cats", set(), 0)),
    ],
)
def test_marks_are_taken_away(cell, found):
    assert unmarked(cell) == found


def test_steps_do_the_same_and_write_letters_as_exponents():
    for cell, text in [("<3", "3"), ("5.1±0.2", "5.1"), ("82.8k", "82.8e3"), ("<1.5M", "1.5e6")]:
        for old, new, _ in mark_steps(("bound", "letter", "margin")):
            cell = re.sub(old, new, cell)
        assert cell == text
    assert mark_steps(()) == []
