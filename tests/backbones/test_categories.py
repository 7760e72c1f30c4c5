"""Columns of codes: which they are, what is refused, and a vector for each code."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sklimb.backbones.categories import CategoryEmbedding, split_columns


@pytest.mark.parametrize(
    "chosen", [[1, 3], [False, True, False, True], [1, -1], np.array([3, 1]), [1, 3, 1]]
)
def test_columns_by_index_or_mask(chosen):
    numbers, codes = split_columns(4, chosen)
    assert numbers.tolist() == [0, 2]
    assert codes.tolist() == [1, 3]


@pytest.mark.parametrize("chosen", [None, [], np.array([]), [False] * 4])
def test_no_columns(chosen):
    numbers, codes = split_columns(4, chosen)
    assert numbers.tolist() == [0, 1, 2, 3]
    assert codes.tolist() == []


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ([4], "index that X, with 4 columns, does not have"),
        ([True, False], "mask of 2 columns; X has 4"),
        (["country"], r"indices of columns or a mask .* the mask is X\.columns\.isin\(names\)"),
    ],
)
def test_columns_that_are_not_there(chosen, message):
    with pytest.raises(ValueError, match=message):
        split_columns(4, chosen)


@pytest.mark.parametrize(
    ("quantiles", "message"),
    [
        ([[0, 1, 2], [0.0, 0.3, 1.0]], r"codes 0, 1, .*among them is 0\.3.*OrdinalEncoder"),
        (
            [[-1, 1, 2], [0, 1, 2]],
            r"codes from -1 to 2; they must lie between 0 and 3.*encoded_mis",
        ),
        (
            [[0, 1, 2], [0, 1, 4]],
            r"codes from 0 to 4; they must lie between 0 and 3.*raise max_cat",
        ),
        ([[0, np.nan, 2], [0, 1, 2]], "among them is nan"),
    ],
)
def test_columns_that_are_no_codes(quantiles, message):
    with pytest.raises(ValueError, match=message):
        CategoryEmbedding(2, max_categories=4).check(np.array(quantiles, dtype=float))


def test_columns_that_may_be_codes():
    # a median may lie in the middle between two
    CategoryEmbedding(2, max_categories=4).check(np.array([[0.0, 1.5, 3.0], [1.0, 1.0, 1.0]]))


def test_categories_have_a_vector_each_and_unknown_ones_zeros():
    layer = CategoryEmbedding(2, embedding_dim=3, max_categories=4)
    torch.nn.init.normal_(layer.weight)
    x = torch.tensor([[0.0, 3.0], [2.0, 0.0], [4.0, -1.0], [0.5, 2.5]])
    got = layer(x)
    assert torch.equal(got[0], torch.cat([layer.weight[0, 0], layer.weight[1, 3]]))
    assert torch.equal(got[1], torch.cat([layer.weight[0, 2], layer.weight[1, 0]]))
    assert not got[2:].any()
    # any number type, and the codes of one column never reach the other's vectors
    assert torch.equal(layer(x[:3].to(torch.int64)), got[:3])
    yes = torch.tensor([[True, False]])
    assert torch.equal(layer(yes), layer(yes.float()))
