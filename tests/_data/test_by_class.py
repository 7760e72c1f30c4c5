"""Settings by class: labels go before positions, and scikit-learn's rule for what is not named."""

from __future__ import annotations

from collections import ChainMap, Counter
from types import MappingProxyType

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.utils.class_weight import compute_class_weight

from sklimb._data.by_class import by_label, for_classes

SHARES = {"c": 0.6, "b": 0.3, "a": 0.1}


@pytest.mark.parametrize(
    "setting",
    [
        SHARES,
        Counter(SHARES),
        ChainMap(SHARES),
        MappingProxyType(SHARES),
        {np.str_(label): share for label, share in SHARES.items()},
        pd.Series(SHARES),
        pd.Series(SHARES, index=pd.Index(list("bca"), dtype="string")),
        pd.Series(SHARES.values(), index=pd.CategoricalIndex(list("cba"))),
        pd.Series(SHARES.values(), index=np.array(list("cba"), dtype=object)),
        pd.DataFrame({"y": np.repeat(list("abc"), [1, 3, 6])}).value_counts(normalize=True),
        pd.Series(np.repeat(list("abc"), [1, 3, 6])).value_counts(normalize=True),
    ],
    ids=lambda setting: type(setting).__name__,
)
def test_each_kind_goes_by_label(setting):
    given = by_label(setting, "shares")
    assert given == pytest.approx(SHARES)
    assert {type(label) for label in given} == {str}
    assert for_classes(given, np.array(["a", "b", "c"]), "shares") == pytest.approx([0.1, 0.3, 0.6])


@pytest.mark.parametrize(
    "setting", [None, "balanced", 0.5, [1, 2], (1, 2), np.ones(2), pl.Series([1, 2])]
)
def test_what_has_no_labels_is_left_to_the_caller(setting):
    assert by_label(setting, "shares", or_position=["a", "b"]) is None


@pytest.mark.parametrize(
    "classes",
    [
        np.array([0, 1]),
        np.array([False, True]),
        np.array([0.0, 1.0], dtype=np.float32),
        np.array([0, 1], dtype=np.uint8),
        np.array([np.int64(0), np.int64(1)], dtype=object),
        [0, 1],
    ],
)
@pytest.mark.parametrize(
    "setting",
    [
        {0: 1, 1: 5},
        {False: 1, True: 5},
        {0.0: 1, np.int64(1): 5},
        {np.bool_(False): 1, np.float32(1): 5},
        pd.Series({1: 5, 0: 1}),
        pd.Series({True: 5, False: 1}),
        pd.Series([1, 5]),
        pd.Series([5, 1], index=pd.Index([1, 0], dtype="Int64")),
    ],
)
def test_labels_that_compare_equal_are_one_label(classes, setting):
    assert for_classes(by_label(setting, "w", or_position=classes), classes, "w") == [1, 5]


@pytest.mark.parametrize("classes", [[0, 1, 2], ["0", "1", "2"], [-1, 1, 7], [False, True]])
@pytest.mark.parametrize(
    "named", [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [1, 9], [7], [-1, 7, 1, 3], []]
)
def test_the_rule_is_that_of_scikit_learn(classes, named):
    labels = np.array(classes)
    given = {label: 2.0 + place for place, label in enumerate(named)}
    if isinstance(classes[0], str):  # scikit-learn takes the label '1' for the key 1
        given = {str(label): weight for label, weight in given.items()}
        reference, theirs = (
            np.array([int(label) for label in classes]),
            dict(zip(named, given.values(), strict=True)),
        )
    else:
        reference, theirs = labels.astype(int), given
    try:
        expected = compute_class_weight(theirs, classes=reference, y=reference)
    except ValueError:
        with pytest.raises(ValueError, match="only where each label of y is named"):
            for_classes(given, labels, "w", default=1.0)
        return
    assert for_classes(given, labels, "w", default=1.0) == expected.tolist()


def test_without_a_default_each_class_is_named():
    assert for_classes({"a": 1, "b": 2, "z": 3}, ["b", "a"], "shares") == [2, 1]
    with pytest.raises(ValueError, match=r"shares has nothing for \['c'\], but y has the labels"):
        for_classes({"a": 1, "b": 2}, ["a", "b", "c"], "shares")
    with pytest.raises(ValueError, match=r"Name each of them\. shares is {}\.$"):
        for_classes({}, ["a"], "shares")


def test_a_series_without_an_index_of_its_own_is_by_position_where_that_is_plain():
    values = pd.Series([0.1, 0.9])
    assert by_label(values, "shares", or_position=["a", "b"]) is None
    assert by_label(values, "shares", or_position=np.array([10, 20])) is None
    # 1 may be the label or the second place, and so it is the label
    given = by_label(values, "shares", or_position=[1, 2])
    with pytest.raises(ValueError, match=r"not have: \[0\]\. The labels are \[1, 2\]"):
        for_classes(given, [1, 2], "shares")
    for classes in (["a", "b", "c"], ["a"]):  # too many or too few for a position each
        assert by_label(values, "shares", or_position=classes) == {0: 0.1, 1: 0.9}
    # an index that someone made says labels: here those of codes, by frequency
    assert (
        by_label(pd.Series([0.9, 0.1], index=[0, 1]), "shares", or_position=["a", "b"]) is not None
    )
    # and a setting that has no positions knows labels only
    assert by_label(values, "shares") == {0: 0.1, 1: 0.9}


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"share": SHARES}),
        pl.Series("y", ["a", "b", "b"]).value_counts(),
    ],
)
def test_a_frame_is_refused(frame):
    with pytest.raises(TypeError, match=r"shares is a DataFrame with the columns .* Pass a dict"):
        by_label(frame, "shares")


def test_a_label_twice_in_an_index():
    with pytest.raises(ValueError, match=r"shares is a Series that has \['a'\] more than once"):
        by_label(pd.Series([1, 2, 3], index=["a", "b", "a"]), "shares")


def test_errors_say_why_labels_may_differ():
    with pytest.raises(ValueError, match=r"Those named are str, those of y int\."):
        for_classes({"0": 1, "1": 2}, [0, 1], "w", default=1)
    with pytest.raises(ValueError, match=r"Those named are int, those of y str\."):
        for_classes({0: 1, 1: 2}, ["0", "1"], "w", default=1)
    with pytest.raises(ValueError, match="VotingClassifier, BaggingClassifier"):
        for_classes({"no": 1, "yes": 2}, [0, 1], "w", default=1)
    with pytest.raises(ValueError, match=r"labels are \[0, .*, 9, \.\.\.\]"):
        for_classes({"x": 1}, range(5000), "w", default=1)


def test_where_one_label_is_enough_only_names_that_all_fail_are_refused():
    given = {"b": 70, "c": 90}
    assert for_classes(given, ["a", "b"], "w", default=0, one_is_enough=True) == [0, 70]
    for classes, enough in [(["a", "b"], False), (["x", "y"], True)]:
        said = "only where one label" if enough else "only where each label"
        with pytest.raises(ValueError, match=said):
            for_classes(given, classes, "w", default=0, one_is_enough=enough)
