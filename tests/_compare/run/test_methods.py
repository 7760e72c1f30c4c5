from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

import sklimb
from sklimb._compare import snippet
from sklimb._compare.errors import InputError
from sklimb._compare.run.method import INNER_FOLDS, N_CANDIDATES, SLOW
from sklimb._compare.run.methods import METHODS, chosen_methods
from sklimb._compare.run.scores import aligned_scores
from tests._compare.stand_ins import BAYES, blobs


def test_the_baselines_and_the_methods_of_the_package_are_there():
    baselines = {"plain", "reweight", "smote", "oversample", "logistic", "linear_svc", "forest"}
    assert baselines | {"affinity"} <= set(METHODS)
    assert all(name == method.name for name, method in METHODS.items())
    assert set(N_CANDIDATES) == set(INNER_FOLDS) == {"quick", "full"}
    assert len({method.label for method in METHODS.values()}) == len(METHODS)


@pytest.mark.parametrize("text", [False, True], ids=["columns", "text"])
@pytest.mark.parametrize("grid", N_CANDIDATES)
@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_as_many_candidates_as_the_others(name, grid, text):
    method = METHODS[name].for_text() if text else METHODS[name]
    candidates = method.candidates(grid)
    assert len(candidates) == N_CANDIDATES[grid]
    assert len({repr(sorted(candidate.items())) for candidate in candidates}) == len(candidates)
    pipeline = method.pipeline(StandardScaler(), device="cpu", seed=0)
    for candidate in candidates:
        clone(pipeline).set_params(**{key: value for key, (value,) in candidate.items()})


def test_on_texts_every_net_has_the_same_width_and_its_own_method_settings():
    for name, method in METHODS.items():
        columns, text = method.candidates("quick"), method.for_text().candidates("quick")
        if name in ("logistic", "linear_svc", "forest") or method.by_class:
            assert text == columns
            continue
        hidden = {
            value
            for candidate in text
            for key, (value,) in candidate.items()
            if key.endswith("module__hidden")
        }
        assert hidden == {(256,)}, name
    assert METHODS["affinity"].for_text().name == "affinity"


def test_affinity_varies_all_three_in_both_grids():
    for grid in N_CANDIDATES:
        for name in ("sigma", "lam", "n_prototypes"):
            candidates = METHODS["affinity"].candidates(grid)
            assert len({candidate[f"classify__{name}"][0] for candidate in candidates}) > 1


@pytest.mark.parametrize("name", METHODS)
def test_every_method_learns_and_its_code_makes_the_same_model(name):
    method = METHODS[name]
    X, y = blobs([60, 20, 3], labels=["many", "some", "few"])
    pipeline = method.pipeline(StandardScaler(), device="cpu", seed=3)
    pipeline.set_params(**{key: value for key, (value,) in method.candidates("full")[0].items()})
    if name == "prior_corrected_ensemble":
        pipeline.set_params(classify__estimator__estimator__max_epochs=3)
    for step in ("classify__max_epochs", "classify__net__max_epochs"):
        if step in pipeline.get_params():
            pipeline.set_params(**{step: 3})
    code = snippet.construction(pipeline) + "\nmodel.fit(X, y)"
    space = {"X": X, "y": y}
    exec(code, space)
    pipeline.fit(X, y)
    classes = np.array(["few", "many", "some"])
    made = aligned_scores(pipeline, X, classes)
    np.testing.assert_array_equal(aligned_scores(space["model"], X, classes), made)
    assert len(np.unique(made)) > 3  # it ranks
    assert set(pipeline.classes_) == {"many", "some", "few"}


@pytest.mark.parametrize("name", [m.name for m in METHODS.values() if m.takes_sparse])
def test_every_method_takes_texts_as_a_sparse_matrix(name):
    rng = np.random.RandomState(0)
    y = rng.permutation(np.repeat(["many", "some", "few"], [60, 20, 3]))
    words = [f"word{k}" for k in range(30)]
    X = [" ".join([*rng.choice(words, 5), f"{label}{rng.randint(2)}", label]) for label in y]
    pipeline = METHODS[name].pipeline(TfidfVectorizer(min_df=2), device="cpu", seed=0)
    for step in pipeline.get_params():
        if step.endswith("__max_epochs"):
            pipeline.set_params(**{step: 20})
    pipeline.fit(X, y)
    assert sparse.issparse(pipeline["prepare"].transform(X))
    assert balanced_accuracy_score(y, pipeline.predict(X)) > 0.6  # a third by chance


def test_seed_and_device_reach_every_step():
    pipeline = METHODS["smote"].pipeline(StandardScaler(), device="auto", seed=7)
    assert pipeline["resample"].random_state == 7
    assert pipeline["classify"].random_state == 7
    assert pipeline["classify"].device == "auto"
    assert list(pipeline.named_steps) == ["prepare", "resample", "classify"]
    nested = METHODS["prior_corrected_ensemble"].pipeline(StandardScaler(), device="auto", seed=7)
    assert nested["classify"].estimator.random_state == 7
    assert nested["classify"].estimator.estimator.device == "auto"
    assert "resample" not in METHODS["plain"].pipeline(StandardScaler(), device="cpu", seed=0)


def test_networks_that_leave_folds_out_are_those_that_say_so():
    crossing = set()
    for name, method in METHODS.items():
        parameters = method.classify().get_params()
        # "auto" would be either, by the grid
        if any(parameters[p] is not False for p in parameters if p.endswith("cross_fit")):
            crossing.add(name)
    # the last never does
    assert crossing == {"cross_fitted", "blend", "blend_of_three", "decoupled"}


def test_what_is_slow_on_texts_comes_later_there_and_the_linear_svm_sooner():
    assert [METHODS[name].turn for name in ("blend", "linear_svc")] == [2, 2]
    assert [METHODS[name].for_text().turn for name in ("blend", "linear_svc")] == [SLOW, 1]


def test_the_forest_sets_what_imbalanced_learn_once_changed():
    forest = METHODS["forest"].classify()
    assert (forest.sampling_strategy, forest.replacement, forest.bootstrap) == ("all", True, False)


def test_names_are_found_whatever_their_case_and_hyphens():
    assert [m.name for m in chosen_methods(["Smote", "plain", "smote"])] == ["smote", "plain"]
    assert chosen_methods("forest") == [METHODS["forest"]]
    assert chosen_methods(None) == list(METHODS.values())
    assert chosen_methods([BAYES, "plain"])[0] is BAYES


@pytest.mark.parametrize(
    "asked, said",
    [
        (["smoto"], "did you mean 'smote'"),
        (["transformer"], "there are 'plain'"),
        ([], "no method"),
    ],
)
def test_unknown_names_are_told(asked, said):
    with pytest.raises(InputError, match=said):
        chosen_methods(asked)


def test_the_docstring_of_compare_names_all_methods():
    assert all(f'"{name}"' in sklimb.compare.__doc__ for name in METHODS)
