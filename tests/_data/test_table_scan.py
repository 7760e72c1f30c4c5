"""A first pass over chunks: what a fit in memory would find, and what no chunk may hold."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklimb._data.columns import ColumnScaling, column_quantiles
from sklimb._data.table_scan import _RowSample, check_scan, scan_chunks
from sklimb._data.tensors import from_scipy

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4)) * [1, 1e3, 1e-3, 0] + [0, 1e6, 0, 7]
Y = np.where(RNG.random(300) < 0.2, "rare", "bulk")
SHARES = np.array([0.0, 0.25, 0.5, 1.0])


def chunks(X, y, size=80):
    return [(X[k : k + size], y[k : k + size]) for k in range(0, len(y), size)]


@pytest.mark.parametrize("as_sparse", [False, True])
def test_finds_what_the_whole_table_has(as_sparse):
    whole = sparse.csr_array(X * (np.abs(X) > 0.5)) if as_sparse else X
    scan = scan_chunks(chunks(whole, Y))
    scaling = ColumnScaling()
    scaling.update(whole, None)
    np.testing.assert_allclose((scan.mean, scan.scale), scaling.result(), rtol=1e-9)
    assert (scan.n_samples, scan.n_chunks) == (300, 4)
    assert scan.classes.tolist() == ["bulk", "rare"]
    assert scan.class_counts.tolist() == [np.sum(Y == "bulk"), np.sum(Y == "rare")]
    exact = column_quantiles(from_scipy(whole) if as_sparse else whole, None, SHARES)
    np.testing.assert_array_equal(scan.quantiles(SHARES), exact)


def test_names_of_columns_and_types_of_numbers():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(e=np.arange(300))
    scan = scan_chunks(chunks(frame, pd.Series(Y)))
    assert scan.feature_names.tolist() == list("abcde")
    assert scan.mean[4] == pytest.approx(149.5)
    assert scan_chunks(chunks(X.astype(np.float32), Y)).sample.dtype == np.float32


def test_a_sample_of_many_rows_is_drawn_alike_from_all_of_them(monkeypatch):
    monkeypatch.setattr("sklimb._data.table_scan._MOST_SAMPLES", 500)
    sample = _RowSample(3)
    for start in range(0, 20_000, 1_000):
        sample.update(np.arange(start, start + 1_000, dtype=float)[:, None])
    rows = sample.rows[:, 0]
    assert len(rows) == len(np.unique(rows)) == 500
    # 25 of each thousand: beyond 5 standard deviations by a chance of one in a million
    assert (np.abs(np.histogram(rows, 20, (0, 20_000))[0] - 25) < 25).all()


@pytest.mark.parametrize(
    ("chunk", "said"),
    [
        ((np.array([[1.0, np.nan]]), ["a"]), r"Columns \[1\] hold missing.*sample 0 of chunk 1"),
        ((np.array([[np.inf, 1.0]]), ["a"]), r"Columns \[0\] hold missing"),
        ((np.array([[1.0, 1.0, 1.0]]), ["a"]), "Chunk 1 has 3 columns"),
        ((np.array([["x", "y"]]), ["a"]), "Chunk 1 is no matrix of numbers"),
        ((np.array([[1.0, 1.0]]), [None]), "1 missing labels in chunk 1"),
        ((np.array([[1.0, 1.0]]), [3]), "Labels are text in chunk 0 and numbers in chunk 1"),
        ((np.array([[1.0, 1.0]]), ["a", "b"]), "inconsistent numbers of samples"),
        (np.array([[1.0, 1.0]]), "Chunk 1 is no pair"),
    ],
)
def test_what_no_chunk_may_hold(chunk, said):
    with pytest.raises(ValueError, match=said):
        scan_chunks([(np.ones((2, 2)), ["a", "b"]), chunk])


def test_columns_have_one_order_and_chunks_are_there():
    first = pd.DataFrame({"a": [1.0], "b": [2.0]})
    with pytest.raises(ValueError, match="another order"):
        scan_chunks([(first, [0]), (first[["b", "a"]], [1])])
    with pytest.raises(ValueError, match=r"columns \['c'\]"):
        scan_chunks([(first, [0]), (first.rename(columns={"b": "c"}), [1])])
    with pytest.raises(ValueError, match="no chunks"):
        scan_chunks(iter(()))


def test_warns_of_a_sorted_table_and_of_no_other():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scan_chunks(chunks(X, Y))
        scan_chunks(chunks(X, np.arange(300) == 7))  # a class of one is in one chunk
    with pytest.warns(UserWarning, match="chunks have no sample of class 'rare'.*sorted"):
        scan_chunks(chunks(X, np.sort(Y)))


def test_a_scan_is_of_the_data_that_it_comes_with():
    frame = pd.DataFrame(X, columns=list("abcd"))
    scan = scan_chunks([(frame, Y)])
    check_scan(scan, frame, None, None)
    check_scan(scan, X, ["rare", "bulk"], None)
    with pytest.raises(TypeError, match="scan_chunks returns, got dict"):
        check_scan({}, X, None, None)
    with pytest.raises(ValueError, match="scan counts samples"):
        check_scan(scan, X, None, np.ones(300))
    with pytest.raises(ValueError, match="2 features, but scan has 4"):
        check_scan(scan, X[:, :2], None, None)
    with pytest.raises(ValueError, match="another order"):
        check_scan(scan, frame[list("abdc")], None, None)
    with pytest.raises(ValueError, match=r"classes=\['a'\] differ"):
        check_scan(scan, X, ["a"], None)
