from __future__ import annotations

import decimal
import enum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.utils.data import TensorDataset

import sklimb
from sklimb import (
    BlendedClassifier,
    M2mSampler,
    PriorCorrectedClassifier,
    RebalancedClassifier,
)
from sklimb._data.labels import check_labels_given, check_ordered, label_array, plain_labels
from sklimb.backbones import MLP
from sklimb.classifiers import LabelEncodedClassifier
from sklimb.datasets import flip_labels, make_long_tailed
from sklimb.metrics import geometric_mean_score, shot_accuracies
from sklimb.over_sampling import SmallClassSMOTE

N = 40


class Word(str, enum.Enum):
    FINE = "fine"
    ILL = "ill"


TEXT = np.where(np.arange(N) % 4, "fine", "ill")
BIG = 2**60 + np.arange(N) % 2  # which floats do not tell apart
X = np.random.default_rng(0).normal(size=(N, 2)) + (TEXT == "ill")[:, None]

MISSING = {
    "object": np.array([None, *TEXT[1:]], dtype=object),
    "list": [float("nan"), *TEXT[1:].tolist()],
    "string": pd.Series([None, *TEXT[1:]], dtype="string"),
    "str": pd.Series([None, *TEXT[1:]], dtype="str"),
    "Int64": pd.Series([None, *BIG[1:].tolist()], dtype="Int64"),
    "boolean": pd.array([None, *(TEXT[1:] == "ill")], dtype="boolean"),
    "categorical": pd.Categorical([None, *TEXT[1:]]),
    "float": np.r_[np.nan, BIG[1:] * 1.0],
    "date": pd.to_datetime([None, *["2024-01-01", "2024-01-02"] * (N // 2 - 1), "2024-01-01"]),
    "masked": np.ma.masked_array(BIG, np.arange(N) == 0),
    "polars": pl.Series([None, *TEXT[1:].tolist()]),
    "frame": pd.DataFrame({"t": [None, *TEXT[1:]]}),
}


@pytest.mark.parametrize("y", MISSING.values(), ids=MISSING)
def test_a_missing_label_is_named_whatever_it_comes_in(y):
    with pytest.raises(ValueError, match=r"Input t contains NaN: 1 of 40 labels is missing, .* 0 "):
        check_labels_given(y, "t")


USES = {
    "network": lambda y: RebalancedClassifier(max_epochs=1).fit(X, y),
    "dataset": lambda y: RebalancedClassifier(module=MLP).fit(TensorDataset(torch.tensor(X)), y),
    "prior": lambda y: PriorCorrectedClassifier(LogisticRegression()).fit(X, y),
    "blend": lambda y: BlendedClassifier().fit(X, y),
    "encoded": lambda y: LabelEncodedClassifier(LogisticRegression()).fit(X, y),
    "sampler": lambda y: M2mSampler().fit_resample(X, y),
    "smote": lambda y: SmallClassSMOTE().fit(X, y),
    "long tail": lambda y: make_long_tailed(X, y, ratio=2),
    "flipped": lambda y: flip_labels(y, rate=0.5),
    "score": lambda y: geometric_mean_score(y, TEXT),
    "shots": lambda y: shot_accuracies(TEXT, y, {"fine": 30, "ill": 10}),
}


@pytest.mark.parametrize("kind", ["list", "string", "date"])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_everything_that_takes_labels_says_so(use, kind):
    with pytest.raises(ValueError, match="contains NaN: 1 of 40 labels is missing") as caught:
        use(MISSING[kind])
    assert "SimpleImputer" not in str(caught.value)  # which fills X


def test_compare_says_so_in_its_words():
    with pytest.raises(ValueError, match=r"the target is missing in 1 of 40 rows \(the first: row"):
        sklimb.compare(X, MISSING["list"])
    with pytest.raises(ValueError, match=r"y is 't', not the labels: .* pass y=X\['t'\]"):
        sklimb.compare(pd.DataFrame(X), "t")


@pytest.mark.parametrize(
    "y, dtype",
    [
        (pd.Series(BIG, dtype="Int64"), "int64"),
        (pd.array(TEXT == "ill", dtype="boolean"), "bool"),
        (pd.Series(BIG, dtype="Int64").astype("category"), "int64"),
        (torch.tensor(BIG), "int64"),
        (np.ma.masked_array(BIG), "int64"),
        (BIG.tolist(), "int64"),
    ],
    ids=["Int64", "boolean", "category", "torch", "masked", "list"],
)
def test_labels_keep_their_type_and_whole_numbers_all_their_digits(y, dtype):
    assert label_array(y).dtype == dtype
    for model in (RebalancedClassifier(max_epochs=1, cross_fit=False), LogisticRegression()):
        if isinstance(model, LogisticRegression):
            model = PriorCorrectedClassifier(model)
        classes = model.fit(X, y).classes_
        assert classes.dtype == dtype and len(classes) == 2
        assert model.predict(X).dtype == dtype


@pytest.mark.parametrize(
    "y, said",
    [
        ([1, "1"] * (N // 2), r"several types \(int, str\)"),
        (np.array([True, "no"] * (N // 2), dtype=object), r"several types \(bool, str\)"),
        (pd.Series([1, 2] * (N // 2), dtype=object), r"objects of the type int, such as 1\."),
        ([decimal.Decimal(i % 2) for i in range(N)], "objects of the type Decimal"),
        (pd.PeriodIndex(["2024", "2025"] * (N // 2), freq="Y"), "objects of the type Period"),
    ],
)
def test_labels_that_are_no_classes_are_named_by_their_type(y, said):
    with pytest.raises(ValueError, match=f"Unknown label type: .*{said}"):
        RebalancedClassifier(max_epochs=1).fit(X, y)


@pytest.mark.parametrize("y", [None, 3, "word", [[1], [2, 3]], np.eye(3), [[1, 0], [0, 1]]])
def test_what_are_no_labels_is_left_to_others(y):
    assert np.array_equal(plain_labels(y), y) or plain_labels(y) is y


@pytest.mark.parametrize("classes", [["fine", "ill", None], ["fine", "ill", float("nan")]])
def test_classes_of_partial_fit_are_labels_too(classes):
    with pytest.raises(ValueError, match="Input classes contains NaN: 1 of 3 labels is missing"):
        RebalancedClassifier(max_epochs=1).partial_fit(X, TEXT, classes=classes)


@pytest.mark.parametrize(
    ("classes", "remedy"),
    [
        ({"fine": 1, "ill": 2}, r"list\(classes\)"),
        ({"fine", "ill"}, r"list\(classes\)"),
        ((word for word in ("fine", "ill")), r"list\(classes\)"),
        ("fine", "a list of labels"),
        (3, "a list of labels"),
        (np.array(3), "a list of labels"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_list_of_classes_is_told_so(classes, remedy):
    said = f"classes must be a list or an array of labels, got .* Give {remedy}"
    with pytest.raises(TypeError, match=said):
        RebalancedClassifier(max_epochs=1).partial_fit(X, TEXT, classes=classes)


@pytest.mark.parametrize(
    "classes",
    [[["fine", "ill"]], [["fine"], ["ill"]], [["fine"], ["ill", "x"]], np.array([["fine", "ill"]]),
     [("fine",), ("ill",)], pd.DataFrame({"a": ["fine", "ill"]})],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_classes_are_labels_in_one_dimension(classes):
    """NumPy took nested lists apart, or said in a later call that their shape is inhomogeneous."""
    model = RebalancedClassifier(max_epochs=1)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"classes must be labels in one dimension.*got"):
            model.partial_fit(X, TEXT, classes=classes)
        model = RebalancedClassifier(max_epochs=1).partial_fit(X, TEXT, classes=["fine", "ill"])


def test_no_two_labels_of_a_list_become_one():
    assert label_array(["a\0", "a"]).tolist() == ["a\0", "a"]
    assert label_array([2**53, 2**53 + 1, 1.0]).tolist() == [2**53, 2**53 + 1, 1.0]
    assert label_array(["a", "b"]).dtype.kind == "U" and label_array([1, 2.0]).dtype.kind == "f"
    with pytest.raises(ValueError, match=r"y has labels of several types \(float, int\)"):
        RebalancedClassifier(max_epochs=1).fit(X, ([2**53, 2**53 + 1, 1.0] * N)[:N])
    texts = RebalancedClassifier(max_epochs=1).fit(X, (["a\0", "a"] * N)[:N])
    assert texts.classes_.tolist() == ["a", "a\0"]


def test_labels_without_an_order():
    mixed = np.array(["a", 1, 2.5], dtype=object)
    with pytest.raises(
        ValueError, match=r"classes has labels of several types \(float, int, str\)"
    ):
        check_ordered(mixed, "classes")
    check_ordered(np.array([2, 1.5], dtype=object))
    check_ordered(np.eye(2))


@pytest.mark.parametrize("y", [BIG.astype(">i8"), pd.Series(BIG.astype(">i8"))])
def test_the_other_byte_order_is_that_of_the_machine(y):
    """Pandas refused it in compare: "Big-endian buffer not supported"."""
    labels = label_array(y)
    assert labels.dtype == np.int64 and np.array_equal(labels, BIG)
    assert label_array(labels) is labels
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(a=X[:, 0].astype(">f8"))
    options = {"methods": ["linear_svc"], "folds": 2, "n_jobs": 1, "random_state": 0}
    groups = np.arange(N).astype(">i4")
    assert not any(sklimb.compare(frame, y, groups=groups, **options).results["error"])
    assert not any(sklimb.compare(X.astype(">f8"), y, **options).results["error"])


@pytest.mark.parametrize(
    "form", [list, lambda y: np.array(y, dtype=object), lambda y: pd.Series(y, dtype=object)]
)
def test_an_enumeration_of_texts_is_its_texts(form):
    # NumPy makes 'Word' of both members: str() of one is 'Word.FINE', cut to four characters
    y = form([Word(word) for word in TEXT.tolist()])
    assert label_array(y).tolist() == TEXT.tolist()
    for model in (
        RebalancedClassifier(max_epochs=1, class_weight={Word.FINE: 1, Word.ILL: 5}),
        PriorCorrectedClassifier(LogisticRegression(), cost_matrix={Word.FINE: 1, Word.ILL: 5}),
        PriorCorrectedClassifier(
            LogisticRegression(),
            cost_matrix={(Word.FINE, Word.ILL): 1, (Word.ILL, Word.FINE): 2},
            target_prior={Word.FINE: 0.5, Word.ILL: 0.5},
        ),
    ):
        model.fit(X, y)
        assert model.classes_.tolist() == ["fine", "ill"]
        assert all(type(label) is not Word for label in model.classes_)
        assert model.score(X, y) == model.score(X, TEXT)
    assert geometric_mean_score(y, TEXT) == 1
    assert geometric_mean_score(y, TEXT, labels=[Word.ILL]) == 1
    assert shot_accuracies(y, y, {Word.FINE: 200, Word.ILL: 3})["few"] == 1


@pytest.mark.parametrize("y", [TEXT.tolist(), (TEXT == "ill").tolist(), BIG.tolist()])
def test_arrays_of_arrow_are_labels(y):
    model = RebalancedClassifier(max_epochs=1)
    for labels in (pyarrow.array(y), pyarrow.chunked_array([y[:9], y[9:]])):
        assert np.array_equal(label_array(labels), y)
        assert model.fit(X, labels).score(X, labels) == model.score(X, y)
    with pytest.raises(ValueError, match="1 of 3 labels is missing, the first that of sample 1"):
        plain_labels(pyarrow.array([y[0], None, y[1]]))


def test_records_are_no_labels():
    with pytest.raises(ValueError, match=r"y is an array of records .* Pass one column"):
        RebalancedClassifier(max_epochs=1).fit(X, np.array([(1,)] * N, dtype=[("t", int)]))
