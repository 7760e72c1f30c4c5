"""SmallClassSMOTE: equal to SMOTE where SMOTE works, and working where it does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.utils.estimator_checks import estimator_checks_generator
from scipy import sparse
from sklearn.base import clone

from sklimb.over_sampling import SmallClassSMOTE


def _check_name(check):
    return getattr(check, "func", check).__name__


def _rows(sizes, n_features=3, seed=0):
    rng = np.random.RandomState(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    return rng.normal(size=(len(y), n_features)) + y[:, None], y


CHECKS = list(estimator_checks_generator(SmallClassSMOTE(random_state=0)))


@pytest.mark.parametrize("estimator, check", CHECKS, ids=[_check_name(c) for _, c in CHECKS])
def test_imbalanced_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("as_instance", [False, True])
@pytest.mark.parametrize("strategy", ["auto", "all", {2: 25}])
def test_same_bits_as_smote_where_no_class_is_small(strategy, as_instance):
    X, y = _rows([30, 12, 7])
    states = [np.random.RandomState(3) for _ in range(2)] if as_instance else [3, 3]
    ours = SmallClassSMOTE(sampling_strategy=strategy, random_state=states[0]).fit_resample(X, y)
    theirs = SMOTE(sampling_strategy=strategy, random_state=states[1]).fit_resample(X, y)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])


def test_only_the_small_class_gets_fewer_neighbours():
    X, y = _rows([30, 12, 4, 2, 1])
    with pytest.raises(ValueError, match="n_neighbors"):
        SMOTE(random_state=0).fit_resample(X, y)
    sampler = SmallClassSMOTE(random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert sampler.k_neighbors_ == {1: 5, 2: 3, 3: 1, 4: 0}
    np.testing.assert_array_equal(np.bincount(y_new), [30] * 5)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    # Two rows: every new row lies on the segment between them.
    a, b = X[y == 3]
    made = X_new[len(X) :][y_new[len(X) :] == 3]
    share = ((made - a) @ (b - a)) / ((b - a) @ (b - a))
    np.testing.assert_allclose(made, a + share[:, None] * (b - a), atol=1e-12)
    assert ((share >= 0) & (share <= 1)).all()
    # One row: it is repeated.
    np.testing.assert_array_equal(X_new[y_new == 4], np.repeat(X[y == 4], 30, axis=0))


def test_sparse_rows_give_the_same_as_dense_ones():
    X, y = _rows([10, 4, 1])
    X[np.abs(X) < 0.7] = 0
    dense, y_dense = SmallClassSMOTE(random_state=1).fit_resample(X, y)
    thin, y_thin = SmallClassSMOTE(random_state=1).fit_resample(sparse.csr_matrix(X), y)
    assert sparse.issparse(thin)
    np.testing.assert_allclose(thin.toarray(), dense)
    np.testing.assert_array_equal(y_thin, y_dense)


def test_frames_and_string_labels_come_back_as_they_were():
    X, y = _rows([9, 3, 1])
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    labels = pd.Series(np.array(["many", "few", "one"])[y], name="label")
    X_new, y_new = SmallClassSMOTE(random_state=0).fit_resample(frame, labels)
    assert list(X_new.columns) == ["a", "b", "c"]
    assert y_new.value_counts().to_dict() == {"many": 9, "few": 9, "one": 9}


def test_clone_and_bad_parameters():
    assert clone(SmallClassSMOTE(k_neighbors=3)).k_neighbors == 3
    X, y = _rows([9, 3])
    with pytest.raises(ValueError, match="k_neighbors"):
        SmallClassSMOTE(k_neighbors=0).fit_resample(X, y)


def test_frames_of_polars_come_back_as_they_were():
    """They were a TypeError of pandas about "field elements"."""
    X, y = _rows([9, 3, 1])
    frame = pl.DataFrame(X, schema=list("abc")).with_columns(n=pl.int_range(len(X)))
    labels = pl.Series("t", np.array(["u", "v", "w"])[y], dtype=pl.Enum(["w", "v", "u"]))
    sampler = SmallClassSMOTE(random_state=0)
    X_new, y_new = sampler.fit_resample(frame, labels)
    wanted = SmallClassSMOTE(random_state=0).fit_resample(frame.to_pandas(), y)
    assert X_new.schema == frame.schema and (y_new.name, y_new.dtype) == ("t", labels.dtype)
    np.testing.assert_array_equal(X_new.to_numpy(), wanted[0].to_numpy())
    assert y_new.to_list() == [["u", "v", "w"][k] for k in wanted[1]]
    assert sampler.feature_names_in_.tolist() == list("abcn")


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_columns_of_text_are_named(kind):
    frame = kind({"a": [1.0] * 6 + [2.0] * 2, "k": ["x"] * 8, "n": ["1.5"] * 8})
    with pytest.raises(ValueError, match=r"Samplers take numbers only, and columns \['k'\] hold"):
        SmallClassSMOTE().fit_resample(frame, [0] * 6 + [1] * 2)


def test_nothing_lies_between_truth_values():
    X, y = _rows([9, 3])
    for truth in (X > 0, pd.DataFrame(X > 0)):
        with pytest.raises(ValueError, match=r"truth values alone.*pass X.astype\(float\)"):
            SmallClassSMOTE().fit_resample(truth, y)
