from __future__ import annotations

from sklimb._compare.phrases import counted, first_few, likely, listed, nearest


def test_listed_is_cut():
    assert listed(["b"]) == "class b"
    assert listed(["b", "a, c"]) == "classes 'a, c', 'b'"
    assert listed(range(9)) == "classes 0, 1, 2, 3, 4, 5 and 3 more"


def test_nearest_prefers_the_likely_one_whatever_the_case():
    assert nearest("Smote", ["plain", "smote"]) == "did you mean 'smote'?"
    assert nearest("ag", ["age", "wage", "page"]).startswith("did you mean 'age'")


def test_nearest_lists_what_there_is_when_nothing_is_near():
    assert nearest("zzz", ["a", "b"]) == "there are 'a', 'b'"
    assert nearest("zzz", [f"column_{i}" for i in range(20)]).endswith("and 8 more")


def test_likely_says_nothing_where_nothing_is_near():
    assert likely("Smote", ["smote"]) == "did you mean 'smote'?"
    assert likely("zzz", ["a"]) == likely("a", []) == ""


def test_a_count_has_its_plural_and_a_list_its_end():
    assert [counted(n, "split") for n in (0, 1, 2)] == ["0 splits", "1 split", "2 splits"]
    assert first_few(range(6)) == "0, 1, 2, 3, 4, 5"
    assert first_few(range(7)) == "0, 1, 2, 3, 4, 5 and 1 more"
