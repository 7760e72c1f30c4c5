"""Odd training data: X, y and weights that are broken, of another kind, or at the edge."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import torch
from hypothesis import strategies as st
from scipy import sparse

from tests.fuzzing.values import anything, inf, nan

_rng = np.random.default_rng(0)
y = np.repeat(["many", "some", "few"], [18, 8, 4])
X = _rng.normal(size=(30, 3)) + np.repeat([0.0, 1.0, -1.0], [18, 8, 4])[:, None]
WORDS = [["a", "b"], ["b", "c"], ["a", "c"], ["c", "b"]] * 10
for _array in (X, y):
    _array.setflags(write=False)

_CELLS = (nan, inf, -inf, 1e300, -1e300, 1e20, 1e38, 1e-300, 1e308, 0.0)


@st.composite
def _with_cells(draw: st.DrawFn) -> np.ndarray:
    """X with some cells, columns or rows of an odd value."""
    made = X.copy()
    for _ in range(draw(st.integers(1, 3))):
        value = draw(st.one_of(st.sampled_from(_CELLS), st.floats()))
        row = draw(st.one_of(st.just(slice(None)), st.integers(0, len(X) - 1)))
        column = draw(st.one_of(st.just(slice(None)), st.integers(0, X.shape[1] - 1)))
        made[row, column] = value
    return made


@st.composite
def _malformed(draw: st.DrawFn) -> Any:
    """A sparse matrix whose inner arrays do not fit together."""
    form = draw(st.sampled_from(["csr", "csc", "coo", "bsr"]))
    kind = draw(st.sampled_from([sparse.csr_array, sparse.csr_matrix]))
    made = kind(np.where(np.abs(X) > 0.5, X, 0)).asformat(form)
    value = draw(st.sampled_from([-5, -1, 3, 10**4, 10**6, 2**31 - 1]))
    if form == "coo":
        part = draw(st.sampled_from(["row", "col"]))
        getattr(made, part)[draw(st.integers(0, 5))] = value
        return made
    what = draw(st.sampled_from(["indices", "indptr", "data", "last", "short"]))
    if what == "short":
        made.data = made.data[:5]
    elif what == "data":
        made.data[3] = draw(st.sampled_from(_CELLS))
    elif what == "last":
        made.indptr[-1] = value
    else:
        array = getattr(made, what)
        array[draw(st.integers(0, min(len(array) - 1, 5)))] = value
    return made


def _frames() -> list[Any]:
    frame = pd.DataFrame(X, columns=list("abc"))
    return [
        frame, frame.rename(columns={"b": "a"}), frame.assign(b="x"), frame.assign(b=pd.NA),
        frame.assign(b=pd.Timestamp("2020-01-01")), frame.astype({"a": "category"}),
        frame.astype("Float64"), frame.assign(b=True), frame.iloc[:0], frame[[]],
        frame.set_axis([1, "b", 2.5], axis=1), frame.set_index("a"), frame.astype(str),
        frame["a"], pl.DataFrame(X), pl.DataFrame({"a": ["x"] * 30}), frame.astype(object),
        frame.assign(b=[[1]] * 30), frame.astype(complex), frame.astype("Sparse[float]"),
    ]  # fmt: skip


def _arrays() -> list[Any]:
    return [
        X[:0], X[:, :0], X[:1], X[:2], X[:, :1], X[:, 0], X[:, :2], X[..., None], np.hstack([X, X]),
        np.zeros_like(X), np.ones((30, 3)), X.astype(complex), X.astype(int), X > 0,
        X.astype(np.float16), X.astype(np.float32), X.astype(np.longdouble), X.astype(str),
        X.astype(object), np.full((30, 3), None), np.full((30, 3), "a"), X.astype("M8[s]"),
        X.tolist(), X[:5].tolist(), [[1], [1, 2]], [], [[]], "text", b"bytes", None, 5, nan, {},
        object(),
        np.ma.masked_array(X, X > 1), np.asfortranarray(X), X[::-1], X.astype(">f8"), _matrix(),
        torch.tensor(X), torch.tensor(X, dtype=torch.float16), torch.tensor(X).to_sparse(),
        torch.tensor(X).bfloat16(), torch.tensor(X, requires_grad=True), torch.full((30, 3), nan),
        torch.empty(30, 3, device="meta"), X[:, None, :, None], np.zeros((30, 1, 2, 2)),
        np.zeros((30, 2, 2, 3)), np.zeros((30, 1, 0, 2)), np.zeros((2, 2, 2, 2, 2)), np.array(5.0),
        iter(X), (row for row in X), X.astype([("a", "f8")]), np.full((30, 3), np.iinfo(int).max),
        [torch.tensor(row) for row in X], {"a": X[:, 0]}, [{"a": 1}] * 30,
        [list(r) for r in X.astype(str)],
        np.zeros((30, 3), dtype="S3"), np.full((30, 3), 2**63, dtype=np.uint64),
        X.view(np.recarray),
    ]  # fmt: skip


def _sparse() -> list[Any]:
    made = sparse.csr_array(np.where(np.abs(X) > 0.5, X, 0))
    forms = [made.asformat(form) for form in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr")]
    return [
        *forms, made[:0], made[:1], sparse.csr_array((30, 3)), sparse.csr_matrix(made),
        made.astype(complex), made.astype(bool), made.astype(int), made.astype(np.float32),
        sparse.csr_array((30, 0)), sparse.csr_array(X * nan), sparse.csr_array(X * 1e300),
        _malformed_tensor(),
    ]  # fmt: skip


def _matrix() -> np.matrix:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # people have them still
        return np.matrix(X)


def _malformed_tensor() -> torch.Tensor:
    with warnings.catch_warnings():
        # torch says once in a process that such tensors are in beta state
        warnings.filterwarnings("ignore", "Sparse CSR tensor support", UserWarning)
        return torch.sparse_csr_tensor(
            [0, 1, 2], [0, 7], [1.0, 2.0], (2, 3), check_invariants=False
        )


matrices = st.one_of(
    _with_cells(),
    _malformed(),
    st.builds(lambda k: _arrays()[k], st.integers(0, len(_arrays()) - 1)),
    st.builds(lambda k: _frames()[k], st.integers(0, len(_frames()) - 1)),
    st.builds(lambda k: _sparse()[k], st.integers(0, len(_sparse()) - 1)),
    anything,
)


def _label_arrays() -> list[Any]:
    codes = np.repeat([0, 1, 2], [18, 8, 4])
    return [
        codes, codes.astype(float), codes + 0.5, codes * 1e300, np.where(codes == 1, nan, codes),
        codes == 1,
        y.astype(object), np.where(codes == 1, None, y.astype(object)), y[:5], y[:0], y[:1], [],
        None, "many", 5,
        np.full(30, "many"), np.repeat(["many", "few"], [29, 1]), np.arange(30),
        _rng.normal(size=30),
        np.eye(3)[codes], codes[:, None], np.c_[codes, codes], codes.astype(complex),
        codes.astype("M8[D]"),
        codes.astype(np.int8), codes.astype(np.uint64) + 2**63, pd.Series(y), pd.Series(y,
        dtype="category"),
        pd.Series(codes, dtype="Int64"), pd.Series(codes, dtype="Int64").mask(codes == 1),
        pl.Series(y.tolist()),
        pd.Series(y, index=np.arange(30)[::-1]), pd.DataFrame(y), torch.tensor(codes), list(y),
        tuple(y),
        y.astype("S"), [("a",)] * 30, [["a"], ["b", "c"]] * 15, np.where(codes == 1, 7,
        y.astype(object)),
        np.ma.masked_array(codes, codes == 1), sparse.csr_array(np.eye(3)[codes]), {"a": 1},
        object(),
        iter(y), np.repeat(["", "a"], [26, 4]), np.repeat([inf, 1.0], [26, 4]), np.repeat([True,
        False], 15),
        [*y[:29], 5], np.repeat([[0], [1]], 15, axis=0), np.repeat(["a\x00", "\u202e"], 15),
        range(30),
        np.repeat([b"a", b"b"], 15), np.repeat([2**70, 1], 15), np.repeat([-1, 0, 7], 10),
        torch.full((30,), nan),
    ]  # fmt: skip


labels = st.one_of(
    st.builds(lambda k: _label_arrays()[k], st.integers(0, len(_label_arrays()) - 1)),
    st.lists(
        st.one_of(st.integers(-2, 2), st.sampled_from("ab"), st.floats()), min_size=30, max_size=30
    ),
    st.lists(st.sampled_from(["many", "some", "few", "other"]), min_size=30, max_size=30),
    anything,
)


def _weight_arrays() -> list[Any]:
    ones = np.ones(30)
    return [
        ones, ones * 0, -ones, ones * nan, ones * inf, ones * 1e300, ones * 1e-300, ones * 5e-324,
        ones[:5], [],
        np.where(y == "few", 1e300, 1), np.where(y == "few", 1e-300, 1), np.where(y == "few", 0, 1),
        np.where(y == "few", nan, 1), np.where(y == "many", 1e-300, 1e300), np.r_[1, ones[1:] * 0],
        ones[:, None],
        np.eye(30), ones.astype(str), ones.astype(complex), ones > 0, pd.Series(ones), "balanced",
        5, None, nan,
        ones.tolist(), {"few": 2}, ones.astype(object), np.r_[None, ones[1:]],
        ones.astype("M8[s]"), torch.ones(30),
        np.where(y == "few", 1e308, 1e308), np.arange(30), np.linspace(0, 1, 30) ** 50, iter(ones),
        object(),
    ]  # fmt: skip


weights = st.one_of(
    st.builds(lambda k: _weight_arrays()[k], st.integers(0, len(_weight_arrays()) - 1)),
    st.lists(st.floats(), min_size=30, max_size=30),
    st.lists(st.floats(0, 1e308), min_size=30, max_size=30),
    anything,
)
