from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.labels import case_notes, match_labels, read_labels, strip_labels
from sklimb._compare.errors import InputError


@pytest.mark.parametrize(
    "cells, y, said",
    [
        (["0", "1", "-1"], [0, 1, -1], None),
        (["01", "1", "1"], ["01", "1", "1"], None),
        (["01", "02"], ["01", "02"], None),
        (["+1", "-1"], ["+1", "-1"], None),
        (["1.0", "2.0"], [1.0, 2.0], None),
        (["1.0", "1", "2"], ["1.0", "1", "2"], "one number in two spellings"),
        (["1,5", "2,5"], ["1,5", "2,5"], None),
        (["1,000", "2,000"], ["1,000", "2,000"], None),
        (["1'000", "2'000"], ["1'000", "2'000"], None),
        (["1 000", "2 000"], ["1 000", "2 000"], None),
        (["0.5", "1e3"], [0.5, 1000.0], None),
        (["N/A", "n/a", "x"], ["N/A", "n/a", "x"], "'N/A' and 'n/a' (2 rows"),
        (["<NA>", "x"], ["<NA>", "x"], "'<NA>' (1 rows, the first: row 1) is a class"),
        (["#N/A", "-nan"], ["#N/A", "-nan"], "is a class"),
        (
            ["12345678901234567890", "12345678901234567891"],
            ["12345678901234567890", "12345678901234567891"],
            "labels with more digits than a number has",
        ),
        (["a  b", "a b"], ["a  b", "a b"], "differ only in spaces or characters"),
        (
            ["good\u200b", "good"],
            ["good\u200b", "good"],
            "'good' and 'good\\u200b' differ only in spaces or",
        ),
        (["a\u00a0b", "a b"], ["a\u00a0b", "a b"], "'a b' and 'a\\xa0b' differ only in spaces or"),
        (["True", "False"], [True, False], None),
        (["True", "TRUE"], ["True", "TRUE"], "differ only in case"),
        (["bad", "bad ", "good"], ["bad", "bad", "good"], "'bad ' and 'bad', 1 rows"),
        (["None", "good"], ["None", "good"], "'None' (1 rows, the first: row 1) is a class"),
        (["NA", "null"], ["NA", "null"], "'NA' and 'null'"),
        (["x", "", "?"], ["x", None, None], None),
        (["1", "1.0", "x"], ["1", "1.0", "x"], "'1' and '1.0' are one number in two spellings"),
        (["Bad", "bad"], ["Bad", "bad"], "'Bad' and 'bad' differ only in case"),
    ],
)
def test_labels_keep_their_spelling(cells, y, said):
    labels = read_labels(pd.Series(cells))
    assert labels.y.tolist() == y
    assert list(map(type, labels.y.tolist())) == list(map(type, y))
    assert labels.notes == [] if said is None else said in labels.notes[0]


def test_missing_whole_numbers_stay_missing():
    y = read_labels(pd.Series(["1", "", "2"])).y
    np.testing.assert_array_equal(y, [1, np.nan, 2])


def test_a_word_for_missing_among_numbers_is_refused_by_name():
    with pytest.raises(InputError, match=r"'NA' in 2 rows \(the first: row 2\)"):
        read_labels(pd.Series(["0", "NA", "1", "NA"]))


def test_labels_in_composed_and_decomposed_letters_get_a_note():
    assert "differ only in how an accent is stored" in case_notes(["ä", "a\u0308"])[0]
    assert case_notes(["a", "b"]) == []


def test_labels_are_stripped_only_where_that_joins_some():
    y, notes = strip_labels(np.array(["a ", "a", "b"]))
    assert y.tolist() == ["a", "a", "b"] and "np.char.strip(y)" in notes[0]
    same = np.array(["a ", "b"])
    assert strip_labels(same)[0] is same


@pytest.mark.parametrize(
    "y, known, made, said",
    [
        (["1"], [0, 1], [1], None),
        ([1.0], ["1", "unknown"], ["1"], None),
        ([1], [0.0, 1.0], [1], None),
        (["True", "false"], [True, False], [True, False], "'false' as 'False'"),
        (["TRUE"], ["True", "no"], ["True"], "'TRUE' as 'True'"),
        (["bad "], ["bad", "good"], ["bad"], None),
        ([1], ["01", "02"], ["01"], "1 as '01'"),
        (["new"], ["bad", "good"], ["new"], None),
        ([1], ["01", "1"], ["1"], None),
        ([2], ["02", "2.0"], [2], None),
    ],
)
def test_labels_of_a_test_part_are_found_by_their_text(y, known, made, said):
    got, notes = match_labels(np.array(y), np.array(known))
    assert got.tolist() == made
    assert notes == [] if said is None else said in notes[0]


def test_labels_of_a_test_part_are_found_without_what_is_not_seen():
    y, notes = match_labels(np.array(["no  go", "go\u200b"]), np.array(["no go", "go"]))
    assert y.tolist() == ["no go", "go"] and "'no  go' as 'no go'" in notes[0]


@pytest.mark.parametrize(
    "labels, said",
    [
        (["bad", "b\u0430d"], r"'bad' and 'b\u0430d' differ only in letters of another alphabet"),
        (["u\u0308", "\u00fc"], r"'u\u0308' and '\xfc' differ only in how an accent is stored"),
        (["\u0440\u043e\u0442", "pot"], None),  # a Russian word
        (["1", "1.0"], "'1' and '1.0' are one number in two spellings, and stay different"),
        (["1", "01"], None),
        (["1", "TRUE", "0", "FALSE"], "'1' and 'TRUE' mean true, '0' and 'FALSE' mean false"),
        (["yes", "1", "no"], "'1' and 'yes' mean true, 'no' means false, and stay different"),
        (["yes", "no"], None),
        (["yes", "1"], None),
        (["yes", "no", "0", "maybe"], None),
        (["t", "f", "y", "n"], None),  # letters
    ],
)
def test_labels_that_look_alike_are_shown_so_that_it_is_seen(labels, said):
    notes = case_notes(labels)
    assert notes == [] if said is None else said in notes[0]


def test_a_letter_of_another_alphabet_in_a_test_part_is_matched_and_shown():
    y, notes = match_labels(np.array(["b\u0430d", "good"]), np.array(["bad", "good"]))
    assert y.tolist() == ["bad", "good"] and r"taken 'b\u0430d' as 'bad'" in notes[0]


@pytest.mark.parametrize("cells", [["1", "TRUE", "0", "FALSE"], ["yes", "1", "no", "0"]])
def test_true_and_false_in_two_words_each_are_four_classes_with_one_note(cells):
    labels = read_labels(pd.Series(cells))
    assert labels.y.tolist() == cells
    [note] = labels.notes
    assert "stay different classes: write true in one way and false in one way" in note
    case = case_notes(["Yes", "yes", "no"])
    assert len(case) == 1 and "differ only in case" in case[0]


def test_digits_of_another_script_are_text():
    labels = read_labels(pd.Series(["\u0663", "\u0661", "\u0663"]))
    assert labels.y.tolist() == ["\u0663", "\u0661", "\u0663"]
