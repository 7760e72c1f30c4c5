"""Tensors that users pass are arrays, or one error: in every argument that takes an array."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from torch.utils.data import Dataset

import sklimb
from sklimb import BlendedClassifier, PriorCorrectedClassifier, RebalancedClassifier
from sklimb._data.from_tensors import sparse_to_scipy, to_array, without_tensors
from sklimb.classifiers.label_encoded import LabelEncodedClassifier
from sklimb.datasets import class_counts, scan_chunks
from sklimb.feature_extraction import ShrinkImages
from sklimb.inspection import CostCurveDisplay
from sklimb.metrics import geometric_mean_score, shot_accuracies
from sklimb.over_sampling import M2mSampler, SmallClassSMOTE


def nested(parts: list[torch.Tensor], **settings: object) -> torch.Tensor:
    """Return rows of several lengths as one tensor, without torch's word that these are new."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nested.nested_tensor(parts, **settings)


SPARSE = {
    "coo": torch.Tensor.to_sparse,
    "csr": torch.Tensor.to_sparse_csr,
    "csc": torch.Tensor.to_sparse_csc,
    "bsr": lambda x: x.to_sparse_bsr((2, 2)),
}


@pytest.mark.parametrize("layout", SPARSE)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64, torch.int64])
def test_sparse_tensors_as_scipy_has_them(layout, dtype, monkeypatch):
    x = torch.tensor([[0, 2, 0, 1], [0, 0, 0, 0], [3, 0, 0, 0], [0, 0, 4, 0]])
    given = SPARSE[layout](x).to(dtype)

    def never(*args, **kwargs):
        raise AssertionError("made dense")

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "to_dense", never)
        found = sparse_to_scipy(given)
    assert found.format == "csr"
    assert found.dtype == (np.float32 if dtype == torch.float16 else str(dtype)[6:])
    assert found.toarray().tolist() == x.tolist()


def test_a_place_given_twice_in_a_sparse_tensor_is_added_up():
    places = [[0, 0, 1], [2, 2, 0]]
    x = torch.sparse_coo_tensor(places, [1.0, 3.0, 5.0], size=(2, 3), check_invariants=True)
    assert sparse_to_scipy(x).toarray().tolist() == [[0, 0, 4], [5, 0, 0]]
    assert sparse_to_scipy(x).nnz == 2


def test_sparse_tensors_that_are_no_matrix_of_numbers():
    with pytest.raises(ValueError, match=r"shape \(2, 3, 3\) with 0 dense axes"):
        sparse_to_scipy(torch.zeros(2, 3, 3).to_sparse())
    with pytest.raises(ValueError, match=r"shape \(2, 3\) with 1 dense axes"):
        sparse_to_scipy(torch.ones(2, 3).to_sparse(1))
    with pytest.raises(ValueError, match=r"torch\.sparse_bsc\. Pass X\.to_sparse_coo\(\)"):
        sparse_to_scipy(torch.ones(2, 2).to_sparse_bsc((1, 1)))


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (torch.tensor([[1.5, 2.0]], dtype=torch.bfloat16, requires_grad=True), [[1.5, 2.0]]),
        (torch.ones(1, 2).to(torch.float8_e4m3fn), [[1.0, 1.0]]),
        (torch.tensor([1, 2]), [1, 2]),
        (torch.tensor([[1 + 2j]]).conj().imag, [[-2.0]]),
        (torch.tensor([1 + 2j]).conj(), [1 - 2j]),
        (torch.tensor([[0.0, 3.0]]).to_sparse(), [[0.0, 3.0]]),
    ],
)
def test_what_a_users_tensor_holds(x, expected):
    found = to_array(x, "X")
    found = found.toarray() if scipy.sparse.issparse(found) else found
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "x",
    [
        torch.empty(3, 2, device="meta"),
        torch.ones(3, 2).to_mkldnn(),
        nested([torch.ones(2), torch.ones(3)]),
        nested([torch.ones(2), torch.ones(3)], layout=torch.jagged),
    ],
    ids=lambda x: f"{x.dtype}, {x.layout}, {x.device}",
)
def test_tensors_that_no_array_can_be_made_of(x):
    with pytest.raises(TypeError, match=r"^sample_weight is a tensor that no array .* of torch\."):
        to_array(x, "sample_weight")


def test_lists_of_tensors_and_anything_else():
    learnt = torch.tensor([1.0, 2.0], requires_grad=True)
    rows = without_tensors([learnt, (learnt[0], 3.0)], "X")
    assert np.asarray(rows).tolist() == [[1.0, 2.0], [1.0, 3.0]]
    for plain in ("text", [1, "a"], [[1.0], [2.0]], (), None, np.zeros(2)):
        assert without_tensors(plain, "X") is plain


# Which argument, and what takes it: X and y are good otherwise.
X = np.random.default_rng(0).normal(size=(24, 2)).astype(np.float32)
Y = np.arange(24) % 3 == 0
COUNTS = {True: 30, False: 200}
TAKE_X = {
    "M2mSampler": lambda v: M2mSampler(random_state=0, n_steps=1).fit_resample(v, Y),
    "SmallClassSMOTE": lambda v: SmallClassSMOTE(random_state=0).fit_resample(v, Y),
    "prior": lambda v: PriorCorrectedClassifier(LogisticRegression()).fit(v, Y),
    "network": lambda v: RebalancedClassifier(max_epochs=1).fit(v, Y),
    "blend": lambda v: blend().fit(v, Y),
    "predict": lambda v: PriorCorrectedClassifier(LogisticRegression()).fit(X, Y).predict(v),
    "scan": lambda v: scan_chunks([(v, Y)]),
    "tree": lambda v: LabelEncodedClassifier(DecisionTreeClassifier()).fit(v, Y),
    "images": lambda v: ShrinkImages(2).fit_transform(v),
    "compare": lambda v: compare(v, Y),
    "costs": lambda v: PriorCorrectedClassifier(
        LogisticRegression(), cost_matrix=v[:2] if isinstance(v, np.ndarray) else v
    ).fit(X, Y),
}
TAKE_Y = {
    "M2mSampler": lambda v: M2mSampler(random_state=0, n_steps=1).fit_resample(X, v),
    "prior": lambda v: PriorCorrectedClassifier(LogisticRegression()).fit(X, v),
    "weights": lambda v: PriorCorrectedClassifier(LogisticRegression()).fit(X, Y, sample_weight=v),
    "blend": lambda v: blend().fit(X, v),
    "dataset": lambda v: RebalancedClassifier(max_epochs=1).fit(Labelled(v), None),
    "y_true": lambda v: geometric_mean_score(v, Y),
    "y_pred": lambda v: shot_accuracies(Y, v, COUNTS),
    "score_weights": lambda v: geometric_mean_score(Y, Y, sample_weight=v),
    "labels": lambda v: geometric_mean_score(Y, Y, labels=v),
    "class_counts": class_counts,
    "compare": lambda v: compare(X, v),
    "groups": lambda v: compare(X, Y, groups=v),
    "curve": lambda v: CostCurveDisplay.from_predictions(v, X[:, 0]),
}


class Labelled(Dataset):
    """Samples whose labels are kept in a tensor, as torchvision's Datasets keep them."""

    def __init__(self, targets: torch.Tensor) -> None:
        self.targets = targets

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        return X[index], 0


def blend() -> BlendedClassifier:
    return BlendedClassifier(estimators=[("one", LogisticRegression())], cv=2)


def compare(X: object, y: object, **settings: object) -> object:
    return sklimb.compare(
        X, y, methods=["bayes"], folds=2, n_jobs=1, refit=False, random_state=0, **settings
    )


@pytest.mark.parametrize("name", TAKE_X)
@pytest.mark.parametrize(
    "odd",
    [
        nested([torch.ones(2)] * 23 + [torch.ones(3)]),
        torch.empty(24, 2, device="meta"),
    ],
    ids=["nested", "meta"],
)
def test_x_that_no_array_can_be_made_of_is_named(name, odd):
    with pytest.raises((TypeError, ValueError), match="is a tensor that no array can be made of"):
        TAKE_X[name](odd)


@pytest.mark.parametrize("name", TAKE_Y)
@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (nested([torch.ones(2), torch.ones(3)]), "is a tensor that no array can be made of"),
        (torch.empty(24, device="meta"), "is a tensor that no array can be made of"),
        (torch.ones(24).to_sparse(), "is a sparse tensor of the shape"),
    ],
    ids=["nested", "meta", "sparse"],
)
def test_y_that_no_array_can_be_made_of_is_named(name, odd, said):
    with pytest.raises((TypeError, ValueError), match=said):
        TAKE_Y[name](odd)


def test_tensors_that_learn_or_are_sparse_are_as_good_as_arrays():
    learnt = torch.from_numpy(X).requires_grad_()
    y = torch.from_numpy(Y.astype(np.float32)).requires_grad_()
    expected, _ = M2mSampler(random_state=0, n_steps=1).fit_resample(X, Y)
    found, labels = M2mSampler(random_state=0, n_steps=1).fit_resample(learnt, y)
    np.testing.assert_array_equal(found, expected)
    assert type(labels) is np.ndarray and labels.sum() == 16
    sparse, _ = SmallClassSMOTE(random_state=0).fit_resample(torch.from_numpy(X).to_sparse(), Y)
    assert scipy.sparse.issparse(sparse) and sparse.shape == (32, 2)
    model = PriorCorrectedClassifier(LogisticRegression()).fit(learnt, y)
    assert np.array_equal(
        model.predict(learnt),
        PriorCorrectedClassifier(LogisticRegression()).fit(X, Y.astype(np.float32)).predict(X),
    )
    assert geometric_mean_score(y, list(y)) == 1.0


def test_indices_are_of_32_bits_as_trees_want_them():
    x = torch.from_numpy(X).to_sparse_csr()
    for layout in (x, x.to_dense().to_sparse(), x.to_sparse_csc()):
        found = sparse_to_scipy(layout)
        assert found.indices.dtype == found.indptr.dtype == np.int32
    assert x.col_indices().dtype == torch.int64
    tree = DecisionTreeClassifier(random_state=0)
    model = PriorCorrectedClassifier(tree).fit(x, Y)
    assert np.array_equal(model.predict(x), PriorCorrectedClassifier(tree).fit(X, Y).predict(X))


def test_texts_of_variable_width_are_labels():
    """scikit-learn says of them "dtype argument must be a NumPy dtype"."""
    texts = np.where(Y, "ill", "fine")
    y = texts.astype(np.dtypes.StringDType())
    assert without_tensors(y, "y").dtype == object
    assert geometric_mean_score(y, texts) == 1.0
    assert class_counts(y) == class_counts(texts)
    model = PriorCorrectedClassifier(LogisticRegression()).fit(X, y)
    assert set(model.predict(X)) <= {"ill", "fine"}
    assert set(SmallClassSMOTE(random_state=0).fit_resample(X, y)[1]) == {"ill", "fine"}
