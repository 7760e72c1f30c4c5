from __future__ import annotations

import pytest

from sklimb._compare.data.misspelling import misspelt, spelling_notes


def _found(counts):
    return misspelt(list(counts), list(counts.values()))


@pytest.mark.parametrize(
    "counts, right",
    [
        ({"yes": 100, "no": 300, "yess": 3}, {"yess": "yes"}),
        ({"fraud": 50, "ok": 900, "fruad": 2, "frau": 1}, {"fruad": "fraud", "frau": "fraud"}),
        ({"defaulted": 300, "paid": 999, "defauleted": 2}, {"defauleted": "defaulted"}),
        ({"malignant": 80, "benign": 400, "malignent": 3}, {"malignent": "malignant"}),
        ({"Fraud": 60, "fraud ": 50, "fine": 400}, {"fraud ": "Fraud"}),
        ({"café": 60, "cafe": 50, "bar": 400}, {"cafe": "café"}),
        ({"not fraud": 900, "not_fraud": 800, "fraud": 90}, {"not_fraud": "not fraud"}),
        ({"notfraud": 900, "not-fraud": 80, "fraud": 90}, {"not-fraud": "notfraud"}),
        ({"type 1 diabetes": 90, "type 1 diabets": 2, "none": 900}, None),
        ({"chargeback": 900, "chragebak": 2, "paid": 800}, {"chragebak": "chargeback"}),
    ],
)
def test_names_that_are_likely_others_misspelt(counts, right):
    assert _found(counts) == ({"type 1 diabets": "type 1 diabetes"} if right is None else right)


@pytest.mark.parametrize(
    "names",
    [
        ["1", "2", "10", "11", "21"],
        ["A", "B", "AB", "AA", "A-", "A+"],
        ["class1", "class2", "class10", "class11"],
        ["cat", "car", "cart", "bat"],
        ["stage I", "stage II", "stage III"],
        ["vii", "viii", "xiii"],
        ["type a", "type b"],
        ["<=50K", ">50K"],
        ["C", "C++", "C#"],
        ["1-2", "12", "1.2"],
        ["normal", "abnormal"],
        ["male", "female"],
        ["macroscopic", "microscopic"],
        ["hyperthyroid", "hypothyroid"],
        ["Iran", "Iraq"],
        ["house", "horse", "mouse"],
        ["im", "imL", "imS", "imU", "om", "omL", "cp", "pp"],
        ["good", "vgood", "acc", "unacc"],
        ["no", "not"],
        ["ok", "okay"],
        ["bear", "pear"],
    ],
)
@pytest.mark.parametrize("turn", [1, -1])
def test_names_that_mean_something_else(names, turn):
    assert misspelt(names[::turn], [1000 // 40**i + 1 for i in range(len(names))]) == {}


def test_a_name_that_is_not_rare_beside_the_other_may_be_right():
    assert _found({"form": 100, "forms": 30}) == {}
    assert _found({"form": 100, "forms": 3}) == {"forms": "form"}


def test_in_a_long_tail_a_rare_name_is_nothing_unusual():
    assert _found({"castle": 900, "cattle": 8, "whale": 10, "wolf": 400}) == {}
    assert _found({"castle": 900, "cattle": 8, "whale": 90, "wolf": 400}) == {"cattle": "castle"}


def test_what_is_said():
    (note,) = spelling_notes(["no", "yes", "yess"], [300, 100, 3])
    assert "class 'yess' (3 samples) is likely 'yes' (100) in another spelling" in note
    assert "stays a class of its own" in note
    # Of which there is another note.
    assert spelling_notes(["Fraud", "fraud"], [100, 3]) == []


def test_very_many_classes_are_not_compared():
    assert misspelt([f"name{chr(97 + i % 26)}{i}" for i in range(1001)], [9] * 1001) == {}
