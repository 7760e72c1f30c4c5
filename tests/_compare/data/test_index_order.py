from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb._compare.data.index_order import check_order
from sklimb._compare.errors import InputError

X = pd.DataFrame({"a": range(6)}, index=list("abcdef"))
Y = pd.Series(range(6), index=X.index)


@pytest.mark.parametrize("make", [lambda y: y, lambda y: y.to_frame(), lambda y: y.astype(str)])
def test_an_index_in_another_order_is_refused(make):
    with pytest.raises(
        InputError, match=r"y has the index of X.*y\.loc\[X\.index\], or y\.to_numpy"
    ):
        check_order(X, make(Y[::-1]), "y")
    check_order(X, make(Y[::-1]).loc[X.index], "y")
    check_order(X, make(Y[::-1]).to_numpy(), "y")


@pytest.mark.parametrize(
    "index",
    [[3, 1, 2, 0, 5, 4], ["b", 1, 2.5, None, "a", 7], pd.date_range("2020", periods=6)[::-1]],
)
def test_any_index_counts(index):
    frame = X.set_axis(index)
    check_order(frame, Y.set_axis(index), "y")
    with pytest.raises(InputError, match="groups has the index of X_test"):
        check_order(frame, Y.set_axis(index)[::-1], "groups", of="X_test")


def test_labels_that_come_twice_cannot_be_put_in_order_by_them():
    index = [0, 0, 1, 1, 2, 2]
    with pytest.raises(InputError, match="pass y in the order of X, or"):
        check_order(X.set_axis(index), Y.set_axis(index[::-1]), "y")


@pytest.mark.parametrize(
    "one, other",
    [(X, Y.reset_index(drop=True)), (X.reset_index(drop=True)[::2], Y[:3]), (X.to_numpy(), Y[::-1]),
     (X, Y[:3]), (X, list(range(6))), (X, None), (None, Y), (X, np.arange(6)),
     (X.set_axis([0, 0, 1, 2, 3, 4]), Y.set_axis([0, 1, 1, 2, 3, 4]))],
)  # fmt: skip
def test_what_says_nothing_about_order_goes_by_position(one, other):
    check_order(one, other, "y")
