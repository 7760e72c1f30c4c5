"""Labels, weights and class counts of data of which some samples can be taken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest
import scipy.sparse
import torch
from sklearn.naive_bayes import GaussianNB

from sklimb.classifiers.labelled_data import labelled_data, labels_of

X = np.arange(10.0).reshape(5, 2)
Y = np.array(["b", "a", "b", "c", "b"])


@pytest.mark.parametrize("form", [np.asarray, list, pd.Series])
def test_counts_and_codes(form):
    weight = [1.0, 2.0, 0.0, 0.0, 3.0]
    data = labelled_data(GaussianNB(), scipy.sparse.coo_array(X), form(Y), weight)
    assert data.X.format == "csr"
    assert data.classes.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(data.classes[data.y_encoded], Y)
    assert data.counts.tolist() == [2.0, 4.0, 0.0]
    assert data.weight.tolist() == weight
    equal = labelled_data(GaussianNB(), X, form(Y), np.full(5, 0.3))
    assert equal.weight is None
    assert equal.counts.tolist() == [1, 3, 1]


def test_labels_of_a_dataset():
    source = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.tensor([0, 1, 1, 0, 2]))
    assert labels_of(source, None).tolist() == [0, 1, 1, 0, 2]
    assert labels_of(source, Y) is Y
    assert labelled_data(GaussianNB(), source, Y, None).X is source
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        labels_of(X, None)


@pytest.mark.parametrize(
    ("y", "weight", "message"),
    [
        (Y[:4], None, "inconsistent numbers of samples"),
        (np.linspace(0, 1, 5), None, "continuous"),
        ([0, 1, np.nan, 1, 0], None, "NaN"),
        (Y, np.zeros(5), "non-zero|0 for every sample"),
        (Y, [1, 1, -1, 1, 1], "[Nn]egative"),
    ],
)
def test_errors(y, weight, message):
    with pytest.raises(ValueError, match=message):
        labelled_data(GaussianNB(), X, y, weight)


@pytest.mark.parametrize(
    "given, said",
    [
        ({"a": X[:, 0], "b": X[:, 1]}, r"X is a dict, .* pandas\.DataFrame\(X\)"),
        (pl.DataFrame(X).lazy(), r"pass X\.collect\(\)"),
        (None, "X is None, not samples"),
    ],
)
def test_what_has_no_samples_to_take_is_named(given, said):
    with pytest.raises(TypeError, match=said):
        labelled_data(GaussianNB(), given, Y, None)


def test_a_record_batch_of_arrow_is_a_table():
    batch = pyarrow.record_batch({"a": X[:, 0], "b": X[:, 1]})
    assert labelled_data(GaussianNB(), batch, Y, None).X.num_rows == len(X)
