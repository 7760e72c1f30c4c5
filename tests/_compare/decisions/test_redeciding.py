from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from sklimb._compare import ComparisonInterrupted, compare
from sklimb._compare.decisions.redeciding import learnt_from_part
from sklimb._compare.report.wording import amount
from sklimb._compare.run.running import Outcome
from sklimb._compare.run.splits import Split
from tests._compare.stand_ins import method

# With so many columns a first look learns from 1,000 samples, and all are more than 1.5 times that.
N, N_COLUMNS, N_RARE = 2_500, 200, 60
RNG = np.random.default_rng(0)
Y = RNG.permutation(np.arange(N) < N_RARE).astype(int)
X = RNG.normal(size=(N, N_COLUMNS)).astype(np.float32)
X[:, 0] += 3 * Y


class BySize(ClassifierMixin, BaseEstimator):
    """Ranks by the first column; of a fit to many samples scores are far higher."""

    fails_from = N

    def fit(self, X, y):
        if len(X) > self.fails_from:
            raise ValueError("too many for me")
        self.classes_, self.n_ = np.unique(y), len(X)
        return self

    def predict_proba(self, X):
        positive = 1 / (1 + np.exp(-(X[:, 0] + 5 * (self.n_ > 1_500))))
        return np.column_stack([1 - positive, positive])

    def predict(self, X):
        return (self.predict_proba(X)[:, 1] > 0.5).astype(int)


class OnlySmall(BySize):
    fails_from = 1_200


class Cut(BySize):
    def fit(self, X, y):
        if len(X) > 1_200:
            raise KeyboardInterrupt
        return super().fit(X, y)


class Late(BySize):
    """Learns the second column, which says all of the class, from many samples alone."""

    def predict_proba(self, X):
        positive = 1 / (1 + np.exp(-X[:, int(self.n_ > 1_500)]))
        return np.column_stack([1 - positive, positive])


def found(classify, **options):
    return compare(
        X, Y, methods=[method("one", classify, {})], budget=1e-6, n_jobs=1, random_state=0,
        folds=5, **options,
    )  # fmt: skip


@pytest.mark.parametrize("what", [{"costs": "miss=20,alarm=1"}, {"aim": "recall=0.8"}])
def test_a_fit_to_all_is_decided_by_fits_to_all(what):
    one = found(BySize, **what)
    assert one.provisional and one.decided_from is None
    called = one.best_estimator_.predict(X)
    assert N_RARE / 2 < called.sum() < 4 * N_RARE
    assert called[Y == 1].mean() > 0.6
    # half of all samples score above this by a fit to all, and hardly one by a fit to a part
    assert one.decision.threshold > 1 / (1 + np.exp(-5.0))
    assert f"{one.decision.threshold:.4g}" in one.verdict
    if "costs" in what:
        assert f"cost {amount(one.decision.cost)} (" in one.verdict
        assert one.reasons.endswith(f"100 rows cost {amount(one.decision.cost_as_is)}.")
    assert repr(one.decision.threshold) in one.code
    assert any("learnt from 1," in note and "fits to all" in note for note in one.notes)
    # what is said is counted on samples that these fits had not learnt from
    assert len(one.predictions["one"].truth) == one.decision.table.sum()


def test_an_answer_on_the_way_says_whose_decision_it_is():
    seen = []
    compare(
        X, Y, methods=[method("one", BySize, {})], budget=1e6, n_jobs=1, random_state=0, folds=3,
        aim="recall=0.8", refit=False, on_round=seen.append,
    )  # fmt: skip
    assert seen[0].decided_from is not None
    assert any("in the end by fits to all" in line for line in seen[0].cautions)
    assert seen[-1].decided_from is None
    assert not any("in the end" in line for line in seen[-1].cautions)


def test_where_no_fit_to_all_succeeds_it_is_said_on_top():
    one = found(OnlySmall, aim="recall=0.8", refit=False)
    assert one.decided_from is not None
    assert "do not decide by it" in one.cautions[0] and "too many for me" in one.cautions[0]


def test_ctrl_c_then_says_it_too():
    with pytest.raises(ComparisonInterrupted) as caught:
        found(Cut, aim="recall=0.8", refit=False)
    one = caught.value.comparison
    assert any("Ctrl-C came before" in caution for caution in one.cautions)


def test_whether_it_saves_anything_is_told_of_the_fits_that_decide():
    known = X.copy()
    known[:, 1] = 5 * Y
    ways = {"costs": "miss=1,alarm=900", "folds": 5, "n_jobs": 1, "random_state": 0}
    entries = {"methods": [method("one", Late, {})], "refit": False}
    seen = []
    one = compare(known, Y, **entries, **ways, budget=1e-6)
    assert not any("saves nothing" in line for line in one.cautions)
    assert one.decision.cost == 0
    compare(known, Y, **entries, **ways, budget=1e6, on_round=seen.append)
    assert any("saves nothing by these costs" in line for line in seen[0].cautions)


def test_without_an_aim_nothing_is_fitted_again():
    assert not any("decide" in caution for caution in found(OnlySmall, refit=False).cautions)


def test_what_is_a_part_goes_by_the_split():
    splits = [Split(0, k, np.arange(n), np.arange(2), [], 0) for k, n in enumerate((10, 8))]
    outcomes = [Outcome("one", 0, k, n_rows=n) for k, n in enumerate((10, 8))]
    assert learnt_from_part(outcomes, splits) is None
    outcomes[1].n_rows = 5
    assert learnt_from_part(outcomes, splits) == 5


def test_methods_cost_what_they_cost_and_doing_nothing_too():
    one = found(BySize, costs="miss=20,alarm=1", refit=False)
    (note,) = (note for note in one.notes if note.startswith("100 rows cost"))
    assert "by the costs, learnt from 1," in note  # they are those of the table
    assert "one " in note and f"if all are called 0: {100 * 20 * N_RARE / N:.3g}" in note
