from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.one_class import make_classes
from sklimb._compare.data.sanity import column_notes
from sklimb._compare.data.single_words import has_words, word_note

RNG = np.random.default_rng(0)
N = 600
LABELS = np.array(["fine", "theft"])
CODES = (np.arange(N) % 20 == 0).astype(int)
CLASSES = make_classes(CODES, LABELS)
MOST = (np.arange(N) % 100 < 80) & (CODES == 1)  # 24 of the 30
WORDS = [
    "the",
    "a",
    "please",
    "order",
    "parcel",
    "late",
    "check",
    "again",
    "customer",
    "called",
    "about",
    "card",
    "bank",
    "stop",
]
NOTES = pd.Series([" ".join(RNG.choice(WORDS, 12)) for _ in range(N)])


def _said(texts, classes=CLASSES):
    return word_note("column x has", pd.Series(texts), classes)


@pytest.mark.parametrize(
    "added, word",
    [
        ("FRAUD CONFIRMED", "fraud confirmed"),
        ("-- chargeback.", "chargeback"),
        ("and bank confirmed", "bank confirmed"),
        ("a (theft)!", "theft"),
    ],
)
def test_what_was_added_for_the_rare_class(added, word):
    """A note that says the outcome was 99 % without a word."""
    note = _said(NOTES.where(~MOST, NOTES + " " + added))
    assert note.startswith(f"column x has {word!r} only in rows of class theft (in 24 of its 30)")
    assert "take it out of the texts" in note


def test_a_word_in_one_text_of_another_class():
    has = MOST | (np.arange(N) == 1)
    assert _said(NOTES.where(~has, NOTES + " chargeback")) == ""  # 24 of 25
    more = (CODES == 1) & (np.arange(N) < 600)
    wide = make_classes(np.repeat(CODES, 4), LABELS)
    texts = pd.concat([NOTES.where(~more, NOTES + " chargeback")] * 4, ignore_index=True)
    texts[3] += " chargeback"
    texts = texts.iloc[np.arange(4 * N).reshape(4, N).T.ravel()].reset_index(drop=True)
    assert "'chargeback' nearly only in rows of class theft (in 120 of its 120)" in _said(
        texts, wide
    )


def test_words_that_both_classes_have_in_another_order():
    mixed = np.where(CODES == 0, NOTES + " confirmed the", NOTES)
    assert _said(mixed) == ""


def test_the_name_of_a_class_that_is_not_rare():
    labels = np.array(["bad_payer", "good_payer"])
    halves = make_classes((np.arange(N) % 2 == 0).astype(int), labels)
    said = np.where(np.arange(N) % 3, " a " + pd.Series(labels).str.replace("_", " ")[
        halves.codes
    ].to_numpy(), "")  # fmt: skip
    assert "'bad payer' only in rows of class bad_payer (in 200 of its 300)" in _said(
        NOTES + said, halves
    )
    assert _said(NOTES + " good payer", halves) == ""


def test_texts_about_something_have_several_words_of_their_own():
    own = ["stolen purse", "purse stolen wallet", "wallet stolen pocket", "pocket purse wallet"]
    about = NOTES + " " + pd.Series(np.where(CODES == 1, RNG.choice(own, N), ""))
    assert _said(about) == ""


def test_ordinary_texts_and_few_of_a_class():
    assert _said(NOTES) == ""
    assert _said(NOTES.where(np.arange(N) % 3 > 0)) == ""
    few = make_classes((np.arange(N) < 4).astype(int), LABELS)
    assert _said(NOTES.where(np.arange(N) >= 4, NOTES + " chargeback"), few) == ""
    assert _said(pd.Series([None] * N)) == ""


def test_what_has_words():
    assert has_words(NOTES) and has_words(NOTES.where(NOTES.index > 3).astype("category"))
    assert not has_words(pd.Series(["open", "closed"])) and not has_words(pd.Series([1.0, None]))
    assert not has_words(pd.Series([None, None]))


def test_columns_and_texts_alone_are_looked_at():
    texts = NOTES.where(~MOST, NOTES + " chargeback")
    (note,) = column_notes(pd.DataFrame({"notes": texts}), LABELS[CODES])
    assert note.startswith("column notes has 'chargeback' only in rows of class theft")
    (note,) = column_notes(texts.to_numpy(dtype=object), LABELS[CODES])
    assert note.startswith("the texts have 'chargeback' only in texts of class theft")
    assert column_notes(NOTES.to_numpy(dtype=object), LABELS[CODES]) == []
