from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.metrics import balanced_accuracy_score

from sklimb._compare import ComparisonInterrupted, InputError, compare
from sklimb._compare.run.scores import METRICS, SCORES
from sklimb.feature_extraction import WordWindowVectorizer
from tests._compare.stand_ins import (
    BAYES,
    BROKEN,
    DRAWN,
    SMOOTHING,
    TREE,
    Stopping,
    Warning_,
    blobs,
    method,
)

X, Y = blobs([60, 25, 12], labels=["many", "some", "few"])
QUICK = {"n_jobs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def found():
    return compare(X, Y, methods=[BAYES, DRAWN, TREE], folds=3, repeats=2, **QUICK)


def test_results_have_a_row_a_method_sorted_by_the_metric(found):
    assert set(found.results["method"]) == {"bayes", "drawn", "tree"}
    assert found.results["balanced_accuracy"].is_monotonic_decreasing
    assert found.best_method == found.results["method"].iloc[0]
    assert (found.results["n_splits"] == 6).all()
    assert found.n_splits == 6


def test_means_and_spreads_are_those_of_the_folds(found):
    assert len(found.folds) == 18
    by_method = found.folds.groupby("method")
    results = found.results.set_index("method")
    for name in SCORES:
        pd.testing.assert_series_equal(
            results[name].sort_index(), by_method[name].mean(), check_names=False
        )
        pd.testing.assert_series_equal(
            results[f"{name}_std"].sort_index(), by_method[name].std(), check_names=False
        )


def test_recalls_are_by_class_the_largest_first(found):
    assert list(found.recalls.index) == ["many", "some", "few"]
    assert list(found.recalls["rows"]) == [60, 25, 12]
    # The scored parts are equally large here up to a row, so the means agree roughly.
    for name, mean in found.results.set_index("method")["balanced_accuracy"].items():
        assert found.recalls[name].mean() == pytest.approx(mean, abs=0.01)


def test_the_best_estimator_is_fitted_on_all_rows_and_its_code_makes_it_again(found):
    space = {"X": X, "y": Y}
    exec(found.code, space)
    np.testing.assert_array_equal(
        space["model"].predict_proba(X), found.best_estimator_.predict_proba(X)
    )
    entry = {"bayes": BAYES, "drawn": DRAWN, "tree": TREE}[found.best_method]
    assert set(found.best_params_) == set(entry.grids["quick"])
    for name, value in found.best_params_.items():
        assert found.best_estimator_["classify"].get_params()[name] == value
    assert balanced_accuracy_score(Y, found.best_estimator_.predict(X)) > 0.6


def test_printing_it_gives_the_whole_answer(found):
    text = str(found)
    for part in (found.problem, found.table(), found.legend, found.verdict, found.code):
        assert " ".join(part.split()) in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 112
    assert repr(found) == text
    assert "naive Bayes, drawn" in text


def test_the_same_seed_gives_the_same_whatever_the_number_of_processes(found):
    again = compare(
        X, Y, methods=[BAYES, DRAWN, TREE], folds=3, repeats=2, n_jobs=2, random_state=0
    )
    timed = ["fit_seconds", "search_seconds"]
    pd.testing.assert_frame_equal(
        again.folds.drop(columns=timed), found.folds.drop(columns=timed), check_exact=True
    )
    pd.testing.assert_frame_equal(again.recalls, found.recalls, check_exact=True)
    assert again.verdict == found.verdict


def test_another_seed_gives_other_splits(found):
    other = compare(
        X, Y, methods=[BAYES], folds=3, repeats=2, n_jobs=1, random_state=1, refit=False
    )
    mine = found.folds.query("method == 'bayes'")["balanced_accuracy"].to_numpy()
    assert not np.array_equal(mine, other.folds["balanced_accuracy"].to_numpy())
    assert other.best_estimator_ is None
    assert "model.fit(X, y)" in other.code


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_chooses_and_ranks(metric):
    found = compare(X, Y, methods=[BAYES, TREE], folds=2, metric=metric, **QUICK)
    assert found.results[metric].is_monotonic_decreasing
    assert METRICS[metric] in found.verdict
    # The inner scores that led to the choice are of this metric.
    assert found.metric == metric


def test_the_full_grid_searches_on_more_inner_folds():
    found = compare(X, Y, methods=[BAYES], folds=2, grid="full", **QUICK)
    assert "5 inner folds" in found.how


def test_a_frame_with_categories_and_missing_values():
    rng = np.random.RandomState(0)
    frame = pd.DataFrame(X.copy(), columns=["a", "b", "c"])
    frame.loc[rng.rand(len(frame)) < 0.2, "a"] = np.nan
    frame["kind"] = np.where(rng.rand(len(frame)) < 0.1, None, np.where(Y == "few", "x", "y"))
    found = compare(frame, Y, methods=["logistic"], folds=3, **QUICK)
    assert found.results["rare_recall"].iloc[0] > 0.9  # the category gives the rare class away
    (note,) = found.notes
    assert "column kind has value 'x' only in rows of class few" in note
    space = {"X": frame, "y": Y}
    exec(found.code, space)
    np.testing.assert_array_equal(
        space["model"].predict_proba(frame), found.best_estimator_.predict_proba(frame)
    )


@pytest.mark.parametrize("as_frame", [False, True])
def test_numbers_alone_with_missing_values(as_frame):
    holes = np.where(np.random.RandomState(0).rand(*X.shape) < 0.1, np.nan, X)
    given = pd.DataFrame(holes, columns=["a", "b", "c"]) if as_frame else holes
    found = compare(given, Y, methods=["logistic", "smote"], folds=2, **QUICK)
    assert (found.results["error"] == "").all()
    assert found.results["balanced_accuracy"].min() > 0.5
    space = {"X": given, "y": Y}
    exec(found.code, space)
    assert np.array_equal(space["model"].predict(given), found.best_estimator_.predict(given))


def _texts(n, seed=0):
    rng = np.random.RandomState(seed)
    y = rng.permutation(np.repeat(["many", "some", "few"], [4 * n, 2 * n, n]))
    words = [f"word{k}" for k in range(20)]
    return [" ".join([*rng.choice(words, 5), label[: rng.randint(3, 5)]]) for label in y], y


def test_texts():
    texts, y = _texts(10)
    found = compare(texts, y, methods=["linear_svc", "logistic"], folds=3, **QUICK)
    assert (found.results["error"] == "").all()
    assert found.problem == "70 texts, 3 classes of 40 to 10 texts"
    assert "rows" not in str(found) + found.how
    assert found.results["balanced_accuracy"].min() > 0.8
    space = {"X": texts, "y": y}
    exec(found.code, space)
    assert "TfidfVectorizer(min_df=2, sublinear_tf=True)" in found.code
    np.testing.assert_array_equal(
        space["model"].predict(texts), found.best_estimator_.predict(texts)
    )


def test_texts_are_called_texts_and_what_no_one_knows_samples():
    texts, y = _texts(2)
    options = {"methods": ["linear_svc"], "folds": 3, **QUICK, "refit": False}
    found = compare(texts, y, **options)
    assert "class few has 2 texts: 2 folds instead of 3" in found.notes
    assert "rows" not in str(found) + found.how
    words = [{word: 1 for word in text.split()} for text in texts]
    other = compare(words, y, prepare=DictVectorizer(), **options)
    assert other.problem == "14 samples, 3 classes of 8 to 2 samples"


def test_texts_with_a_test_part():
    (texts, y), (more, y_more) = _texts(10), _texts(4, seed=1)
    options = {"methods": ["linear_svc"], "repeats": 1, "metric": "average_precision"}
    found = compare(texts, y, X_test=more, y_test=y_more, **options, **QUICK)
    assert found.results["average_precision"].iloc[0] > 0.8


@pytest.mark.parametrize("own_test_part", [False, True])
def test_a_preparation_of_ones_own(own_test_part):
    # counts of letters in pairs of words: nothing that a choice by type of column would make
    texts, y = _texts(10)
    pairs = [text.split()[-2:] for text in texts]
    prepare = WordWindowVectorizer(words=False, ngram_range=(3, 3), min_df=1)
    options = {"X_test": pairs, "y_test": y, "repeats": 1} if own_test_part else {"folds": 3}
    found = compare(pairs, y, prepare=prepare, methods=["linear_svc"], **options, **QUICK)
    assert found.results["balanced_accuracy"].iloc[0] > 0.9
    assert not hasattr(prepare, "vectorizers_")  # cloned
    assert found.notes == []
    space = {"X": pairs, "y": y}
    exec(found.code, space)
    assert np.array_equal(space["model"].predict(pairs), found.best_estimator_.predict(pairs))


def test_a_preparation_is_a_transformer():
    with pytest.raises(InputError, match="prepare must be a transformer"):
        compare(X, Y, prepare="tfidf", **QUICK)


def test_a_test_part():
    X_test, y_test = blobs([20, 20, 20], seed=1, labels=["many", "some", "few"])
    found = compare(X, Y, X_test=X_test, y_test=y_test, methods=[TREE], repeats=2, **QUICK)
    assert found.n_splits == 2
    predicted = found.best_estimator_.predict(X_test)
    assert balanced_accuracy_score(y_test, predicted) == pytest.approx(
        found.results["balanced_accuracy"].iloc[0], abs=0.15
    )
    assert list(found.recalls["rows"]) == [60, 25, 12]  # the sizes of what is learnt from


def test_classes_of_two_rows_run_with_a_line_for_folds_and_one_for_smote():
    few_X, few_y = blobs([30, 10, 2], labels=["a", "b", "imL"])
    smote = method("smote", resample=lambda: _small_smote())
    found = compare(few_X, few_y, methods=[smote, BAYES], folds=5, **QUICK)
    assert found.notes == [
        "class imL has 2 rows: 2 folds instead of 5",
        "class imL has in some part only one row to learn from: there SMOTE repeats it",
    ]
    assert (found.results["error"] == "").all()


def test_smote_with_few_neighbours_says_so():
    few_X, few_y = blobs([30, 9])
    smote = method("smote", resample=lambda: _small_smote())
    found = compare(few_X, few_y, methods=[smote], folds=3, **QUICK)
    assert found.notes == [
        "class 1 has in some part only 4 rows to learn from: there SMOTE takes 3 neighbours "
        "instead of 5"
    ]


def _small_smote():
    from sklimb.over_sampling import SmallClassSMOTE

    return SmallClassSMOTE()


def test_one_method_failing_does_not_lose_the_others():
    found = compare(X, Y, methods=[BROKEN, BAYES], folds=2, **QUICK)
    assert list(found.results["method"]) == ["bayes", "broken"]
    assert found.results["error"].iloc[1] == (
        "RuntimeError: the loss is not finite (2 of 2 splits)"
    )
    assert found.best_method == "bayes"
    assert "failed: RuntimeError" in found.table()


def test_all_methods_failing_is_a_result_too(tmp_path):
    found = compare(X, Y, methods=[BROKEN], folds=2, **QUICK)
    assert found.best_method is None
    assert found.best_estimator_ is None
    assert found.verdict.startswith("No method finished")
    assert "the loss is not finite" in found.save_report(tmp_path).read_text(encoding="utf-8")
    assert not (tmp_path / "recall.png").exists()
    with pytest.raises(RuntimeError, match="no method finished"):
        found.plot()


def test_warnings_are_summarised():
    found = compare(X, Y, methods=[method("warning", Warning_)], folds=2, **QUICK)
    assert found.notes == [
        "warning warned 26 times: RuntimeWarning: it did not converge",
        "the last fit of warning warned: RuntimeWarning: it did not converge",
    ]


def test_an_interrupt_goes_on_up_and_carries_what_is_finished(monkeypatch):
    monkeypatch.setattr(Stopping, "fits_left", 15)
    entries = [BAYES, method("stopping", Stopping)]
    with pytest.raises(KeyboardInterrupt) as caught:
        compare(X, Y, methods=entries, folds=3, **QUICK)
    assert isinstance(caught.value, ComparisonInterrupted)
    found = caught.value.comparison
    assert found.interrupted
    assert found.best_estimator_ is None
    # Ranked on the split that both have; what came of the other is in the folds.
    assert set(found.results["method"]) == {"bayes", "stopping"}
    assert (found.results["n_splits"] == 1).all()
    assert list(found.folds["method"]) == ["bayes", "bayes", "stopping"]
    assert "interrupted: 3 of 6 runs are finished" in found.notes
    assert found.verdict.startswith("So far, use")


def test_an_interrupt_before_anything_is_finished_is_a_plain_one(monkeypatch):
    monkeypatch.setattr(Stopping, "fits_left", 3)
    with pytest.raises(KeyboardInterrupt) as caught:
        compare(X, Y, methods=[method("stopping", Stopping)], folds=3, **QUICK)
    assert not isinstance(caught.value, ComparisonInterrupted)


def test_an_interrupt_in_the_last_fit_keeps_the_comparison(monkeypatch):
    monkeypatch.setattr(Stopping, "fits_left", 26)
    with pytest.raises(ComparisonInterrupted) as caught:
        compare(X, Y, methods=[method("stopping", Stopping)], folds=2, **QUICK)
    assert caught.value.comparison.best_method == "stopping"
    assert caught.value.comparison.best_estimator_ is None


def test_digits_without_arguments():
    found = compare(methods=[method("tree", TREE.classify, {"max_depth": [4, 8]})], **QUICK)
    assert found.n_splits == 3
    assert "digits made long-tailed" in found.problem
    space = {}
    exec(found.code, space)
    np.testing.assert_array_equal(
        space["model"].predict(space["X_test"]), found.best_estimator_.predict(space["X_test"])
    )
    assert space["y"].shape == (382,)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"y": Y}, "X is missing"),
        ({"X": X}, "y is missing"),
        ({"X": X, "y": Y, "metric": "accuracy"}, "there is no metric 'accuracy'"),
        ({"X": X, "y": Y, "methods": ["smoot"]}, "did you mean 'smote'"),
        ({"X": X, "y": Y, "folds": 1}, "folds"),
        ({"X": X, "y": Y, "n_jobs": 0}, "n_jobs"),
        ({"X": X, "y": Y[:-1]}, "97 rows and y has 96 labels"),
    ],
)
def test_bad_input_is_told(arguments, said):
    with pytest.raises(InputError, match=said):
        compare(**arguments)


def test_progress_is_silent_unless_asked_for(capfd):
    compare(X, Y, methods=[BAYES], folds=2, **QUICK)
    assert capfd.readouterr() == ("", "")
    compare(X, Y, methods=[BAYES], folds=2, progress=True, **QUICK)
    out, err = capfd.readouterr()
    assert out == ""
    assert "[2/2] naive Bayes, repeat 1, fold 2" in err


def test_grids_of_the_stand_ins_are_as_large_as_the_real_ones():
    assert len(SMOOTHING) == 4


def test_importing_it_does_not_import_what_only_a_run_needs():
    code = "import sys, sklimb._compare; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "imblearn"} & set(done.stdout.split())


def test_two_rows_of_every_class():
    rng = np.random.RandomState(0)
    y = np.repeat(["a", "b", "c"], 2)
    found = compare(rng.normal(size=(6, 2)), y, methods=["logistic", BAYES], **QUICK)
    assert (found.results["error"] == "").all()
    assert any("too few rows of each class to search in" in note for note in found.notes)


def test_numbers_that_came_as_objects_are_numbers():
    frame = pd.DataFrame(X.copy(), columns=["a", "b", "c"])
    same = [
        compare(given, Y, methods=["logistic"], folds=2, **QUICK).results["balanced_accuracy"][0]
        for given in (frame, frame.astype(object))
    ]
    assert same[0] == same[1]


def test_samples_without_a_label_are_left_out_where_asked_for():
    y = pd.Series(Y).where(np.arange(len(Y)) % 9 > 0, None)
    with pytest.raises(InputError, match=r"--drop-unlabelled, drop_unlabelled=True"):
        compare(X, y, **QUICK)
    options = {"methods": ["logistic"], "folds": 2, "groups": np.arange(len(Y)) // 2, **QUICK}
    found = compare(X, y, drop_unlabelled=True, **options)
    assert any(f"{y.isna().sum()} samples of {len(y)} had no label" in note for note in found.notes)
    space = {"X": X, "y": y}
    exec(found.code, space)
    np.testing.assert_array_equal(
        space["model"].predict_proba(X), found.best_estimator_.predict_proba(X)
    )
    with pytest.raises(InputError, match="drop_unlabelled must be True or False, not 'yes'"):
        compare(X, y, drop_unlabelled="yes")
    given = {"X_test": X, "y_test": y, "methods": [BAYES], "repeats": 1, **QUICK}
    found = compare(X, Y, drop_unlabelled=True, **given)
    assert any("of the test part had no label" in note for note in found.notes)
