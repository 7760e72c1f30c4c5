"""Costs by class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklimb.classifiers.costs import cost_matrix_of, expected_costs

LABELS = np.array(["bulk", "rare", "some"])
COSTS = np.array([[0.0, 2.0, 3.0], [40.0, 0.0, 60.0], [7.0, 8.0, 0.0]])
PAIRS = {
    (a, b): COSTS[i, j]
    for i, a in enumerate(LABELS.tolist())
    for j, b in enumerate(LABELS.tolist())
    if i != j
}
FRAME = pd.DataFrame(COSTS, index=LABELS, columns=LABELS)


@pytest.mark.parametrize(
    "given",
    [
        COSTS,
        COSTS.tolist(),
        PAIRS,
        {(np.str_(a), b): cost for (a, b), cost in PAIRS.items()},
        PAIRS | {("bulk", "bulk"): 0, ("new", "bulk"): 9.0},
        FRAME,
        FRAME.loc[LABELS[::-1], LABELS[[1, 0, 2]]],
        FRAME.reindex(index=[*LABELS, "new"], columns=["new", *LABELS]).fillna(1.0),
        FRAME.stack(),
    ],
)
def test_one_matrix_in_many_forms(given):
    np.testing.assert_array_equal(cost_matrix_of(given, LABELS), COSTS)


@pytest.mark.parametrize("form", [dict, pd.Series])
def test_what_errors_on_a_class_cost(form):
    found = cost_matrix_of(form({"some": 2, "bulk": 1, "rare": 30}), LABELS)
    np.testing.assert_array_equal(found, [[0, 1, 1], [30, 0, 30], [2, 2, 0]])


def test_labels_that_are_numbers():
    found = cost_matrix_of({(1, 0): 9.0, (np.int64(0), 1): 2}, np.array([0, 1]))
    np.testing.assert_array_equal(found, [[0, 2], [9, 0]])
    found = cost_matrix_of({True: 9.0, False: 1.0}, np.array([False, True]))
    np.testing.assert_array_equal(found, [[0, 1], [9, 0]])
    by_number = pd.DataFrame([[0, 2], [9, 0]], index=[1, 0], columns=[1, 0])
    np.testing.assert_array_equal(cost_matrix_of(by_number, np.array([0, 1])), [[0, 9], [2, 0]])


def test_expected_costs():
    proba = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    expected = [[sum(row[i] * COSTS[i, j] for i in range(3)) for j in range(3)] for row in proba]
    np.testing.assert_allclose(expected_costs(proba, COSTS), expected)


def changed(i, j, value):
    costs = COSTS.copy()
    costs[i, j] = value
    return costs


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (range(3), r"cost_matrix must have the shape \(3, 3\) .* got range\(0, 3\)"),
        (COSTS[:2], r"cost_matrix must have the shape \(3, 3\) .* got \(2, 3\).*name the labels"),
        (COSTS[0], r"shape \(3, 3\) .* got \(3,\)"),
        (5.0, r"shape \(3, 3\) .* got 5\.0"),
        (changed(1, 0, np.nan), "not finite, nan, for predicting 'bulk' where the truth is 'rare'"),
        (changed(0, 2, np.inf), "not finite, inf, for predicting 'some' where the truth is 'bulk'"),
        (changed(1, 1, -3.0), "negative, -3.0, for predicting .rare. .*Add a number to"),
        ("balanced", "must hold numbers, got 'balanced'.*predicted"),
        ([[0, 1], [2]], "must hold numbers"),
        (np.ones((3, 3)), "the same whatever is predicted"),
        ({("bulk", "rare"): 1.0}, r"no cost for .* \[\('bulk', 'some'\), .*Name each pair"),
        ({("bulk", "rar"): 1.0}, r"names the labels \['rar'\], which y does not have"),
        ({("bulk", "rare"): 1.0, "some": 2.0}, r"pairs .*, but also \['some'\]"),
        ({"bulk": 1.0, "rare": 2.0}, r"cost_matrix has nothing for \['some'\]"),
        ({"bulk": 1.0, "rare": None, "some": 1.0}, "nan|must hold numbers"),
        ({"bulk": 1.0, "rare": "x", "some": 1.0}, "must hold numbers"),
        (pd.DataFrame(COSTS), r"index \(true\) are \[0, 1, 2\].*to_numpy"),
        (FRAME.rename(columns={"rare": "raer"}), r"columns \(predicted\) are .*'raer'"),
        (pd.concat([FRAME, FRAME]), "must be there once"),
    ],
)  # fmt: skip
def test_errors(given, message):
    with pytest.raises(ValueError, match=message):
        cost_matrix_of(given, LABELS)


def test_a_matrix_of_gains_is_named():
    # what is right costs more than an error: nobody means that
    with pytest.warns(UserWarning, match=r"cheaper to predict 'bulk' .* 'rare' \(0\).*of gains"):
        cost_matrix_of([[0.0, 1.0, 1.0], [0.0, 5.0, 9.0], [1.0, 1.0, 0.0]], LABELS)
