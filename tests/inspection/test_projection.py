from __future__ import annotations

import numpy as np
import pytest

from sklimb.inspection._projection import balanced_subset, project

RNG = np.random.default_rng(0)


def test_two_features_stay_as_they_are():
    features, marks = RNG.normal(size=(9, 2)), RNG.normal(size=(2, 2))
    points, marked, method = project(features, marks)
    assert method == "none"
    assert points is features and marked is marks


def test_components_take_the_marks_along():
    features = RNG.normal(size=(30, 5))
    points, marked, method = project(features, features[:3])
    assert method == "pca"
    assert np.allclose(points[:3], marked)


def test_neighbours_stay_neighbours_in_tsne():
    features = np.concatenate([RNG.normal(size=(20, 6)), RNG.normal(size=(20, 6)) + 30])
    points, marked, method = project(features, features[[0]], "tsne")
    assert method == "tsne" and points.shape == (40, 2)
    near = np.linalg.norm(points - marked[0], axis=1)
    assert near[:20].max() < near[20:].min()


def test_one_feature_is_a_line():
    points, _, _ = project(np.arange(3.0)[:, None], np.empty((0, 1)))
    assert points.tolist() == [[0, 0], [1, 0], [2, 0]]


def test_what_cannot_be_projected():
    with pytest.raises(ValueError, match=r"must be one of .*'umap'"):
        project(np.eye(3), np.empty((0, 3)), "umap")
    with pytest.raises(ValueError, match="three or more"):
        project(np.eye(3)[:2], np.empty((0, 3)))


def test_a_subset_has_every_class_and_no_more_than_asked():
    y = np.repeat([0, 1, 2], [500, 40, 2])
    kept = balanced_subset(y, 60, np.random.RandomState(0))
    assert np.bincount(y[kept]).tolist() == [29, 29, 2]
    assert (np.diff(kept) > 0).all()
    assert balanced_subset(y[:9], 60, np.random.RandomState(0)).tolist() == list(range(9))
