from __future__ import annotations

from sklearn.preprocessing import StandardScaler

from sklimb._compare.run.methods import METHODS
from tests._compare.stand_ins import BAYES


def test_untuned_is_the_default_on_columns_and_the_first_candidate_on_texts():
    net = METHODS["logit_adjusted"]
    assert net.only_candidate() == [{}]
    assert net.for_text().only_candidate() == [net.for_text().candidates("quick")[0]]
    assert METHODS["logistic"].for_text() is METHODS["logistic"]


def test_the_only_candidate_fits_the_pipeline():
    method = METHODS["mixup_logit_adjusted"].for_text()
    pipeline = method.pipeline(StandardScaler(), device="cpu", seed=0)
    (candidate,) = method.only_candidate()
    pipeline.set_params(**{key: value for key, (value,) in candidate.items()})
    assert pipeline["classify"].get_params()["module__hidden"] == (256,)


def test_an_entry_needs_no_turn_and_no_cost():
    assert (BAYES.turn, BAYES.cost, BAYES.takes_sparse) == (2, 1.0, True)


def test_categories_go_as_codes_to_what_takes_them_and_to_nothing_else():
    boosting, net = METHODS["boosting_corrected"], METHODS["plain"]
    prepare = StandardScaler(with_mean=False)
    assert net.with_own_columns(prepare, 2, StandardScaler()) is net
    with_codes = boosting.with_own_columns(prepare, 2, StandardScaler())
    pipeline = with_codes.pipeline(StandardScaler(), device="cpu", seed=0)
    assert pipeline["classify"].estimator.categorical_features == [0, 1]
    assert not pipeline["prepare"].with_mean
    assert METHODS["boosting_corrected"].classify().estimator.categorical_features != [0, 1]
