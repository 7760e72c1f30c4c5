"""The scikit-learn contract of the base, on the public classifiers."""

from __future__ import annotations

import copy
import pickle
import random
import subprocess
import sys
import textwrap
import threading

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
    ProgressBar,
)
from skorch.exceptions import DeviceWarning
from torch import nn

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb._parameters import choose_batch_size, resolve_device

CLASSIFIERS = (RebalancedClassifier, AffinityClassifier)
QUICK = {"max_epochs": 4, "module__hidden": (16,), "random_state": 0}

each_classifier = pytest.mark.parametrize("cls", CLASSIFIERS)


@pytest.fixture(scope="module")
def data():
    X, codes = make_classification(
        240, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.7, 0.2], random_state=0
    )
    return X, np.array(["bulk", "some", "rare"])[codes]


@pytest.fixture(scope="module")
def binary():
    X, y = make_classification(240, 6, weights=[0.8], random_state=1)
    return X, np.where(y == 1, "fraud", "fine")


def same_bits(a, b):
    return all(
        torch.equal(p, q)
        for p, q in zip(a.module_.state_dict().values(), b.module_.state_dict().values())
    )


# --- parameters -------------------------------------------------------------------------------


@each_classifier
def test_unknown_parameter_names_the_nearest(cls):
    with pytest.raises(TypeError, match=r"no parameter 'max_epoch'\. Did you mean max_epochs"):
        cls(max_epoch=3)
    with pytest.raises(ValueError, match=r"no parameter 'clas_weight'\. Did you mean class_weight"):
        cls().set_params(clas_weight="balanced")
    with pytest.raises(TypeError, match="modul__hidden"):
        cls(modul__hidden=(3,))
    with pytest.raises(ValueError, match="no parameter 'nested'"):
        cls(nested=1).fit([[0.0], [1.0]], [0, 1])


@each_classifier
def test_nested_parameters_survive_clone_and_set_params(cls):
    model = cls(module__hidden=(7,), optimizer__weight_decay=0.5)
    copied = clone(model)
    assert copied.get_params()["module__hidden"] == (7,)
    copied.set_params(module__hidden=(9,), iterator_train__drop_last=True)
    assert copied.get_params()["module__hidden"] == (9,)
    assert model.get_params()["module__hidden"] == (7,)
    assert "iterator_train__drop_last" not in model.get_params()


def test_nested_parameters_reach_their_parts(data):
    X, y = data
    model = RebalancedClassifier(
        module__hidden=(5, 7), optimizer__weight_decay=0.25, max_epochs=1
    ).fit(X, y)
    assert model.module_.head.in_features == 7
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.25
    with pytest.raises(TypeError, match="learning_rate"):
        RebalancedClassifier(optimizer__learning_rate=0.1).fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_epochs": 0}, "max_epochs == 0, must be >= 1"),
        ({"batch_size": 0}, "batch_size == 0"),
        ({"batch_size": 2.5}, "batch_size must be an instance of int"),
        ({"lr": -1.0}, "lr == -1.0, must be > 0"),
        ({"lr_schedule": "linear"}, r"lr_schedule must be one of \[None, 'cosine', 'step'\]"),
        ({"warmup_epochs": -1}, "warmup_epochs == -1"),
        ({"lr_milestones": (1.5,)}, "each of lr_milestones as a float is a share"),
        ({"sampling": "smote"}, r"sampling must be one of .*'smote'"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"rebalance_from": 1.5}, r"share of max_epochs and must lie in \[0, 1\], got 1.5"),
        ({"class_weight": "auto"}, "class_weight must be None, 'balanced'"),
        ({"class_weight": {"huge": 2.0}}, r"labels that y does not have: \['huge'\]"),
        ({"class_weight": {"bulk": -1.0}}, "not negative"),
        ({"validation_fraction": 1.0}, "validation_fraction == 1.0"),
        ({"device": "tpu9"}, "'tpu9' is not a device"),
        ({"random_state": "seed"}, "random_state='seed' cannot seed"),
        ({"random_state": -3}, "must not be negative"),
        ({"module__activation": "step"}, "activation must be one of"),
        ({"iterator_train__num_workers": 2}, "belong to a DataLoader"),
    ],
)
def test_a_parameter_that_no_fit_could_use(params, message, data):
    with pytest.raises((ValueError, TypeError), match=message):
        RebalancedClassifier(**params).fit(*data)


@each_classifier
def test_double_correction_warns(cls, data):
    with pytest.warns(UserWarning, match="rare classes are corrected for twice"):
        cls(class_weight="balanced", sampling="balanced", **QUICK).fit(*data)


def test_resolve_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(ValueError, match="Pass device='auto'"):
        resolve_device("cuda")


def test_batch_size_gives_some_thirty_steps():
    assert choose_batch_size(1) == choose_batch_size(200) == 16
    assert choose_batch_size(4_000) == 128
    assert choose_batch_size(10**7) == 512


# --- what goes in and what comes out ----------------------------------------------------------


@each_classifier
def test_outputs(cls, data, binary):
    X, y = data
    model = cls(**QUICK).fit(X, y)
    assert model.classes_.tolist() == ["bulk", "rare", "some"]
    assert set(model.predict(X)) <= set(y)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(proba), rtol=1e-9)
    scores = model.decision_function(X)
    assert scores.shape == (len(X), 3)
    assert np.array_equal(model.classes_[scores.argmax(1)], model.predict(X))
    features = model.transform(X)
    assert features.shape == (len(X), 16)
    names = model.get_feature_names_out()
    assert names[0] == cls.__name__.lower() + "0"
    assert len(names) == 16
    assert model.class_counts_.sum() == len(X)
    assert model.n_iter_ == len(model.history_) == 4
    assert model.device_ == "cpu"

    X, y = binary
    model = cls(**QUICK).fit(X, y)
    scores = model.decision_function(X)
    assert scores.shape == (len(X),)
    assert np.array_equal(model.classes_[(scores > 0).astype(int)], model.predict(X))


@each_classifier
def test_before_fit(cls, data):
    X, _ = data
    model = cls()
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        with pytest.raises(NotFittedError):
            getattr(model, method)(X)
    assert not hasattr(model, "module_")
    assert not hasattr(model, "prototypes_")


@pytest.mark.parametrize(
    "labels",
    [
        np.array([5, -2, 7]),
        np.array([True, False]),
        np.array(["a", "b", "c"]),
        np.array(["a", "b", "c"], dtype=object),
        np.array([0.0, 1.0, 2.0]),
        pd.Categorical(["x", "y", "z"]),
    ],
    ids=["int", "bool", "str", "object", "float", "categorical"],
)
def test_label_types(labels, data):
    X, y = data
    labels = np.asarray(labels)
    codes = np.unique(y, return_inverse=True)[1] % len(labels)
    y = labels[codes]
    predicted = RebalancedClassifier(**QUICK).fit(X, y).predict(X)
    assert predicted.dtype == np.unique(y).dtype
    assert set(predicted) <= set(y)


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: X.astype(np.float32),
        lambda X: X.astype(np.float16),
        lambda X: (X * 100).astype(np.int64),
        lambda X: X > 0,
        lambda X: X.tolist(),
        lambda X: np.asfortranarray(X),
        lambda X: torch.from_numpy(X),
        lambda X: pd.DataFrame(X, columns=list("abcdef")),
        lambda X: pl.DataFrame(X, schema=list("abcdef")),
    ],
    ids=["f32", "f16", "int", "bool", "list", "fortran", "tensor", "pandas", "polars"],
)
def test_input_types(convert, data):
    X, y = data
    X = convert(X)
    model = RebalancedClassifier(**QUICK).fit(X, y)
    assert model.predict(X).shape == (240,)
    expected = np.float32 if getattr(X, "dtype", None) == np.float32 else np.float64
    assert model.transform(X).dtype == expected


def test_read_only_input_is_not_written_to(data):
    X, y = (np.array(part) for part in data)
    X.flags.writeable = y.flags.writeable = False
    before = X.copy()
    RebalancedClassifier(**QUICK).fit(X, y).predict(X)
    assert np.array_equal(X, before)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_keep_column_names(frame, data):
    X, y = data
    X = frame({name: column for name, column in zip("abcdef", X.T)})
    model = RebalancedClassifier(**QUICK).fit(X, y)
    assert model.feature_names_in_.tolist() == list("abcdef")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[list("bacdef")])


@each_classifier
def test_bad_input_gets_scikit_learns_errors(cls, data):
    X, y = data
    model = cls(**QUICK)
    for bad, message in ((np.nan, "NaN"), (np.inf, "infinity")):
        broken = X.copy()
        broken[3, 2] = bad
        with pytest.raises(ValueError, match=message):
            model.fit(broken, y)
    with pytest.raises(ValueError, match="one class only"):
        model.fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        model.fit(X[:0], y[:0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[:-1])
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        model.fit(X, X[:, 0])
    with pytest.raises(ValueError, match="y should be a 1d array"):
        model.fit(X, np.eye(3, dtype=int)[np.unique(y, return_inverse=True)[1]])
    with pytest.raises(ValueError, match="Expected 2D array"):
        model.fit(X[0], y[:1])
    model.fit(X, y)
    with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 6"):
        model.predict(X[:, :5])


def test_columns_of_any_scale_need_no_scaler(binary):
    X, y = binary
    plain = RebalancedClassifier(max_epochs=20, random_state=0)
    scaled = X * np.array([1e6, 1e-3, 1, 1e9, 1e-9, 1]) + np.array([1e9, 0, 5, 0, 1, 0])
    expected = balanced_accuracy_score(y, plain.fit(X, y).predict(X))
    assert expected > 0.9
    got = balanced_accuracy_score(y, plain.fit(scaled, y).predict(scaled))
    assert abs(got - expected) < 0.02
    affinity = AffinityClassifier(max_epochs=20, random_state=0).fit(scaled, y)
    assert balanced_accuracy_score(y, affinity.predict(scaled)) > 0.9


# --- sample weights ---------------------------------------------------------------------------


@each_classifier
@pytest.mark.parametrize("weight", [1.0, 0.3, 7.0])
def test_equal_weights_change_nothing(cls, weight, data):
    X, y = data
    a = cls(**QUICK).fit(X, y)
    b = cls(**QUICK).fit(X, y, sample_weight=np.full(len(X), weight))
    assert same_bits(a, b)
    assert np.array_equal(a.class_counts_, b.class_counts_)


@each_classifier
def test_integer_weights_are_close_to_repeated_rows(cls, data):
    # On defaults the two differ in batch size, order and number of steps, so only what is learnt
    # can agree: mean probabilities within 0.1, where two seeds of one model differ by 0.03 to 0.07.
    X, y = data
    weight = np.random.default_rng(0).integers(1, 4, len(X))
    rows = np.repeat(np.arange(len(X)), weight)
    settings = dict(max_epochs=30, random_state=0)
    a = cls(**settings).fit(X, y, sample_weight=weight)
    b = cls(**settings).fit(X[rows], y[rows])
    assert np.array_equal(a.class_counts_, b.class_counts_)
    difference = np.abs(a.predict_proba(X) - b.predict_proba(X)).mean()
    assert difference < 0.1
    # and weights that do matter show: half of the space hardly counts
    ignored = cls(**settings).fit(X, y, sample_weight=np.where(X[:, 0] > 0, 1e-3, 1.0))
    assert np.abs(ignored.predict_proba(X) - b.predict_proba(X)).mean() > 2 * difference


@each_classifier
def test_rows_of_weight_zero_are_left_out(cls, data):
    X, y = data
    weight = np.ones(len(X))
    weight[::3] = 0.0
    a = cls(**QUICK).fit(X, y, sample_weight=weight)
    b = cls(**QUICK).fit(X[weight > 0], y[weight > 0])
    assert same_bits(a, b)
    with pytest.raises(ValueError, match=r"0 for every row|at least one non-zero"):
        cls(**QUICK).fit(X, y, sample_weight=np.zeros(len(X)))
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        cls(**QUICK).fit(X, y, sample_weight=-weight)


def test_class_weights_and_prototypes_count_weights(data):
    X, y = data
    weight = np.where(y == "rare", 5.0, 1.0) * np.random.default_rng(0).uniform(0.5, 1, len(y))
    model = AffinityClassifier(lr=1e-12, max_epochs=1, random_state=0, n_prototypes=1)
    model.fit(X, y, sample_weight=weight)
    features = model.transform(X)
    for code, label in enumerate(model.classes_):
        rows = y == label
        mean = np.average(features[rows], axis=0, weights=weight[rows])
        mean /= np.linalg.norm(mean)
        np.testing.assert_allclose(model.prototypes_[code, 0], mean, atol=1e-5)
        assert model.class_counts_[code] == pytest.approx(weight[rows].sum())


# --- randomness and process-wide state --------------------------------------------------------


def global_state():
    numpy_state = np.random.get_state()
    return (
        random.getstate(),
        (numpy_state[0], numpy_state[1].tobytes(), *numpy_state[2:]),
        torch.get_rng_state().numpy().tobytes(),
        torch.get_num_threads(),
    )


class Raises(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise RuntimeError("stop here")


@each_classifier
def test_global_state_is_as_it_was(cls, data):
    X, y = data
    before = global_state()
    model = cls(module__dropout=0.2, **QUICK).fit(X, y)
    model.predict(X)
    with pytest.raises(RuntimeError, match="stop here"):
        cls(callbacks=[Raises()], **QUICK).fit(X, y)
    assert global_state() == before


def fit_and_predict(cls, X, y, **params):
    return cls(module__dropout=0.1, **(QUICK | params)).fit(X, y).predict_proba(X)


@each_classifier
def test_same_seed_same_bits(cls, data):
    X, y = data
    torch.manual_seed(1)
    first = fit_and_predict(cls, X, y)
    torch.manual_seed(2)
    assert np.array_equal(first, fit_and_predict(cls, X, y))
    assert not np.array_equal(first, fit_and_predict(cls, X, y, random_state=1))
    unseeded = [fit_and_predict(cls, X, y, random_state=None) for _ in range(2)]
    assert not np.array_equal(*unseeded)


@each_classifier
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_same_bits_under_n_jobs(cls, backend, data):
    X, y = data
    alone = [fit_and_predict(cls, X, y, random_state=seed) for seed in range(4)]
    together = joblib.Parallel(n_jobs=2, backend=backend)(
        joblib.delayed(fit_and_predict)(cls, X, y, random_state=seed) for seed in range(4)
    )
    for a, b in zip(alone, together):
        assert np.array_equal(a, b)


def test_same_bits_in_another_process(tmp_path, data):
    X, y = data
    np.savez(tmp_path / "data.npz", X=X, y=y)
    script = textwrap.dedent(
        f"""
        import numpy as np, torch
        from sklimb import AffinityClassifier
        torch.set_num_threads(2)
        data = np.load({str(tmp_path / "data.npz")!r})
        model = AffinityClassifier(module__dropout=0.1, **{QUICK!r}).fit(data["X"], data["y"])
        np.save({str(tmp_path / "proba.npy")!r}, model.predict_proba(data["X"]))
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert np.array_equal(
        np.load(tmp_path / "proba.npy"), fit_and_predict(AffinityClassifier, X, y)
    )


def test_switching_one_thing_off_leaves_other_streams_alone(data):
    X, y = data
    models = [
        RebalancedClassifier(module__dropout=rate, lr=1e-12, **QUICK).fit(X, y)
        for rate in (0.0, 0.5)
    ]
    for a, b in zip(*(m.module_.parameters() for m in models)):
        torch.testing.assert_close(a, b)


def test_threads_do_not_deadlock(data):
    X, y = data
    threads = [
        threading.Thread(target=fit_and_predict, args=(RebalancedClassifier, X, y), daemon=True)
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


# --- copies -----------------------------------------------------------------------------------


@each_classifier
def test_pickle_joblib_deepcopy(cls, data, tmp_path):
    X, y = data
    model = cls(**QUICK).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    copies = [
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib"),
        copy.deepcopy(model),
    ]
    for copied in copies:
        assert np.array_equal(copied.predict_proba(X), model.predict_proba(X))
        # goes on training as the original does
        assert same_bits(copied.partial_fit(X, y), copy.deepcopy(model).partial_fit(X, y))


def test_a_pickle_holds_no_training_data(data):
    X, y = data
    rows = 40
    small, large = (
        len(pickle.dumps(RebalancedClassifier(**QUICK).fit(np.tile(X, (n, 1)), np.tile(y, n))))
        for n in (1, rows)
    )
    assert large - small < X.nbytes


def test_model_of_a_gpu_unpickles_without_one(data, monkeypatch):
    X, y = data
    model = RebalancedClassifier(**QUICK).fit(X, y)
    expected = model.predict_proba(X)
    # stands for a fit on CUDA: skorch maps by the device that the net names
    model.net_.device = "cuda"
    stored = pickle.dumps(model)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.warns(DeviceWarning):
        loaded = pickle.loads(stored)
    assert loaded.device_ == "cpu"
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@each_classifier
def test_fit_on_cuda(cls, data):
    X, y = data
    model = cls(device="auto", **QUICK).fit(X, y)
    assert model.device_ == "cuda"
    on_cpu = cls(**QUICK).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), on_cpu.predict_proba(X), atol=1e-3)


def test_save_and_load_parameters(data, tmp_path):
    X, y = data
    X = X + 1e9  # the moments must come back in full precision
    model = AffinityClassifier(**QUICK).fit(X, y)
    model.net_.save_params(f_params=tmp_path / "weights.pt")
    other = AffinityClassifier(**(QUICK | {"random_state": 5})).fit(X[:50], y[:50])
    other.net_.load_params(f_params=tmp_path / "weights.pt")
    assert np.array_equal(other.predict_proba(X), model.predict_proba(X))


# --- with scikit-learn's tools ----------------------------------------------------------------


@each_classifier
def test_grid_search_over_own_and_nested_parameters(cls, data):
    X, y = data
    own = "lam" if cls is AffinityClassifier else "rebalance_from"
    search = GridSearchCV(
        make_pipeline(StandardScaler(), cls(**QUICK)),
        {
            f"{cls.__name__.lower()}__{own}": [0.25, 0.5],
            f"{cls.__name__.lower()}__module__hidden": [(4,), (8, 8)],
        },
        cv=2,
        n_jobs=2,
        scoring="balanced_accuracy",
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert search.best_estimator_.predict(X).shape == y.shape


@each_classifier
def test_meta_estimators(cls, data, binary):
    X, y = data
    base = cls(**QUICK)
    assert cross_val_predict(base, X, y, cv=2, method="predict_proba").shape == (240, 3)
    assert CalibratedClassifierCV(base, cv=2).fit(X, y).predict_proba(X).shape == (240, 3)
    stack = StackingClassifier([("net", base)], LogisticRegression(), cv=2).fit(X, y)
    assert set(stack.predict(X)) <= set(y)
    assert OneVsRestClassifier(base).fit(X, y).predict_proba(X).shape == (240, 3)
    X, y = binary
    scoring = make_scorer(f1_score, pos_label="fraud")
    tuned = TunedThresholdClassifierCV(base, scoring=scoring, cv=2).fit(X, y)
    assert set(tuned.predict(X)) <= {"fine", "fraud"}
    fixed = FixedThresholdClassifier(base, threshold=0.01, pos_label="fraud").fit(X, y)
    assert np.mean(fixed.predict(X) == "fraud") > np.mean(y == "fraud")


@each_classifier
def test_metadata_routing_of_sample_weight(cls, data):
    import sklearn

    X, y = data
    weight = np.where(y == "rare", 50.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            cls(**QUICK).set_fit_request(sample_weight=True),
        ).fit(X, y, sample_weight=weight)
        assert routed[-1].class_counts_[1] == pytest.approx(50.0 * np.sum(y == "rare"))
        scores = cross_validate(
            cls(**QUICK).set_fit_request(sample_weight=True).set_score_request(sample_weight=False),
            X,
            y,
            cv=2,
            params={"sample_weight": weight},
            return_estimator=True,
        )
        assert all(m.class_counts_[1] > 50 for m in scores["estimator"])


# --- training in parts ------------------------------------------------------------------------


@each_classifier
def test_partial_fit_is_an_epoch_each_and_equals_fit(cls, data):
    X, y = data
    whole = cls(module__dropout=0.2, **QUICK).fit(X, y)
    parts = cls(module__dropout=0.2, **QUICK)
    for epoch in range(4):
        parts.partial_fit(X, y)
        assert parts.n_iter_ == epoch + 1
    for a, b in zip(whole.module_.parameters(), parts.module_.parameters()):
        assert torch.equal(a, b) or parts.class_weight is not None
    np.testing.assert_allclose(parts.predict_proba(X), whole.predict_proba(X), atol=1e-5)


@each_classifier
def test_partial_fit_meets_classes_late(cls, data):
    X, y = data
    model = cls(**(QUICK | {"lr": 1e-2}))
    first = y != "rare"
    model.partial_fit(X[first], y[first], classes=np.unique(y))
    assert model.class_counts_[1] == 0
    for _ in range(30):
        model.partial_fit(X, y)
    assert "rare" in model.predict(X)
    assert model.class_counts_[1] == 30 * np.sum(y == "rare")
    with pytest.raises(ValueError, match=r"not among the classes: \['new'\]"):
        model.partial_fit(X, np.where(first, y, "new"))
    with pytest.raises(ValueError, match="differ from those of the first call"):
        model.partial_fit(X, y, classes=["a", "b"])
    model.partial_fit(X[:1], y[:1])  # one row, one class


def test_partial_fit_counts_a_share_of_max_epochs_in_calls(data):
    X, y = data
    params = dict(max_epochs=4, random_state=0, module__hidden=(8,))
    plain = RebalancedClassifier(**params)
    deferred = RebalancedClassifier(class_weight="balanced", rebalance_from=0.5, **params)
    for call in range(3):
        plain.partial_fit(X, y)
        deferred.partial_fit(X, y)
        assert same_bits(plain, deferred) == (call < 2)


@each_classifier
def test_warm_start_goes_on(cls, data):
    X, y = data
    model = cls(warm_start=True, **QUICK).fit(X, y).fit(X, y)
    assert model.n_iter_ == 8
    at_once = cls(**(QUICK | {"max_epochs": 8})).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), at_once.predict_proba(X), atol=1e-6)
    assert cls(**QUICK).fit(X, y).fit(X, y).n_iter_ == 4
    with pytest.raises(ValueError, match="not among the classes"):
        model.fit(X, np.where(y == "rare", "other", y))


def test_learning_rate_schedules(data):
    X, y = data

    class Rates(Callback):
        def on_epoch_end(self, net, **kwargs):
            self.seen = [*getattr(self, "seen", []), net.optimizer_.param_groups[0]["lr"]]

    rates = Rates()
    RebalancedClassifier(
        lr=0.1,
        max_epochs=10,
        lr_schedule="step",
        warmup_epochs=2,
        callbacks=[rates],
        module__hidden=(4,),
    ).fit(X, y)
    np.testing.assert_allclose(rates.seen, [0.05] + [0.1] * 7 + [1e-3, 1e-5])
    rates = Rates()
    RebalancedClassifier(
        lr=0.1, max_epochs=4, lr_schedule="cosine", callbacks=[rates], module__hidden=(4,)
    ).fit(X, y)
    np.testing.assert_allclose(rates.seen, 0.05 * (1 + np.cos(np.pi * np.arange(4) / 4)))


# --- early stopping ---------------------------------------------------------------------------


def test_early_stopping_restores_the_best_weights(data):
    X, y = data
    model = RebalancedClassifier(
        early_stopping=True,
        validation_fraction=0.25,
        n_iter_no_change=3,
        max_epochs=200,
        lr=1e-2,
        random_state=0,
    ).fit(X, y)
    assert model.n_iter_ < 200
    scores = [(row["valid_score"], -row["valid_loss"]) for row in model.history_]
    best = max(range(len(scores)), key=scores.__getitem__)
    assert model.n_iter_ == best + 1 + 3
    stopped = RebalancedClassifier(
        early_stopping=True,
        validation_fraction=0.25,
        n_iter_no_change=3,
        max_epochs=best + 1,
        lr=1e-2,
        random_state=0,
    ).fit(X, y)
    assert np.array_equal(stopped.predict_proba(X), model.predict_proba(X))
    # a quarter of each class was held back
    assert model.class_counts_.sum() == pytest.approx(0.75 * len(X))
    assert (model.class_counts_ > 0).all()


def test_early_stopping_scoring_sees_the_original_labels(binary):
    X, y = binary
    seen = []

    def score(true, predicted):
        seen.append(set(true) | set(predicted))
        return f1_score(true, predicted, pos_label="fraud", zero_division=0.0)

    RebalancedClassifier(early_stopping=True, scoring=make_scorer(score), **QUICK).fit(X, y)
    assert seen
    assert set.union(*seen) <= {"fine", "fraud"}
    for name in ("roc_auc", "neg_log_loss", "balanced_accuracy"):
        model = RebalancedClassifier(early_stopping=True, scoring=name, **QUICK).fit(
            X, y == "fraud"
        )
        assert np.isfinite(model.history_[-1, "valid_score"])


def test_early_stopping_takes_weights(data):
    X, y = data
    weight = np.random.default_rng(0).uniform(0.1, 3, len(X))
    model = RebalancedClassifier(early_stopping=True, **QUICK).fit(X, y, sample_weight=weight)
    assert model.class_counts_.sum() < weight.sum()


def test_no_rows_are_held_back_by_default(data):
    X, y = data
    model = RebalancedClassifier(**QUICK).fit(X, y)
    assert model.class_counts_.sum() == len(X)
    assert "valid_loss" not in model.history_[-1]


def test_early_stopping_on_too_few_rows():
    X = np.arange(8.0).reshape(4, 2)
    with pytest.raises(ValueError, match="early_stopping cannot hold back"):
        RebalancedClassifier(early_stopping=True, validation_fraction=0.9).fit(X, [0, 0, 1, 1])
    # a class of one row stays in training
    X = np.random.default_rng(0).normal(size=(21, 2))
    y = np.array([0] * 10 + [1] * 10 + [2])
    model = RebalancedClassifier(early_stopping=True, **QUICK).fit(X, y)
    assert model.class_counts_[2] == 1


# --- skorch -----------------------------------------------------------------------------------


def test_skorch_callbacks(data, tmp_path, capsys):
    X, y = data
    model = RebalancedClassifier(
        early_stopping=True,
        validation_fraction=0.3,
        callbacks=[
            ("score", EpochScoring("balanced_accuracy", name="bac", lower_is_better=False)),
            ("on_train", EpochScoring("f1_macro", name="f1", on_train=True, use_caching=True)),
            ("checkpoint", Checkpoint(dirname=str(tmp_path), monitor="valid_loss_best")),
            ("rate", LRScheduler("StepLR", step_size=1, gamma=0.5)),
            ("clip", GradientNormClipping(1e-9)),
            ("bar", ProgressBar()),
        ],
        callbacks__clip__gradient_clip_value=1e-3,
        n_iter_no_change=10,
        optimizer=torch.optim.SGD,
        **QUICK,
    ).fit(X, y)
    last = model.history_[-1]
    assert {"bac", "f1", "valid_score", "train_loss", "valid_loss", "event_lr"} <= set(last)
    assert last["bac"] == pytest.approx(last["valid_score"])
    assert (tmp_path / "params.pt").exists()
    assert last["event_lr"] < model.history_[0, "event_lr"]
    # gradients of norm 1e-3 at most, so SGD hardly moves
    start = RebalancedClassifier(lr=1e-12, optimizer=torch.optim.SGD, **QUICK).fit(X, y)
    for a, b in zip(model.module_.head.parameters(), start.module_.head.parameters()):
        assert torch.equal(a, b) or (a - b).abs().max() < 1e-3


def test_skorchs_early_stopping_stops_without_swallowing_ctrl_c(data):
    X, y = data
    model = RebalancedClassifier(
        callbacks=[EarlyStopping(monitor="train_loss", patience=1, threshold=1e9)],
        **(QUICK | {"max_epochs": 20}),
    ).fit(X, y)
    assert model.n_iter_ == 2

    class CtrlC(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    before = global_state()
    with pytest.raises(KeyboardInterrupt):
        RebalancedClassifier(callbacks=[CtrlC(), EarlyStopping("train_loss")], **QUICK).fit(X, y)
    assert global_state() == before


def test_verbose_prints_a_line_an_epoch(data, capsys):
    RebalancedClassifier(verbose=1, **QUICK).fit(*data)
    assert len(capsys.readouterr().out.strip().splitlines()) == 4 + 2  # header and rule
    RebalancedClassifier(**QUICK).fit(*data)
    assert capsys.readouterr().out == ""


def test_other_optimisers(data):
    X, y = data
    for optimizer, params in (
        (torch.optim.SGD, {"lr": 0.1, "optimizer__momentum": 0.9}),
        (torch.optim.RMSprop, {"lr": 1e-2}),
        (torch.optim.LBFGS, {"batch_size": 240, "optimizer__line_search_fn": "strong_wolfe"}),
    ):
        model = RebalancedClassifier(optimizer=optimizer, **(QUICK | {"max_epochs": 15} | params))
        assert balanced_accuracy_score(y, model.fit(X, y).predict(X)) > 0.6


def test_a_loss_that_is_no_longer_finite_says_what_to_do(data):
    X, y = data
    with pytest.raises(ValueError, match=r"loss is (nan|inf) in epoch .* Lower lr"):
        RebalancedClassifier(optimizer=torch.optim.SGD, **(QUICK | {"lr": 1e30})).fit(X, y)


# --- Datasets, images and modules -------------------------------------------------------------


class Pairs(torch.utils.data.Dataset):
    def __init__(self, X, y):
        self.rows, self.labels_ = torch.as_tensor(X, dtype=torch.float32), y

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index], self.labels_[index]


class Features(torch.utils.data.Dataset):
    def __init__(self, X):
        self.rows = torch.as_tensor(X, dtype=torch.float32)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


@each_classifier
@pytest.mark.parametrize("workers", [0, 2])
def test_a_dataset_trains_like_the_array(cls, workers, data):
    X, y = data
    X = X.astype(np.float32)
    # 240 = 15 * 16: no rest, which a DataLoader and our own batches would cut differently
    params = QUICK | {"module__hidden": (16,), "max_epochs": 2}
    from sklimb.backbones import MLP

    array = cls(module=MLP, module__in_features=6, **params).fit(X, y)
    streamed = cls(
        module=MLP, module__in_features=6, iterator_train__num_workers=workers, **params
    ).fit(Pairs(X, y))
    np.testing.assert_allclose(
        streamed.predict_proba(Features(X)), array.predict_proba(X), atol=1e-6
    )
    assert np.array_equal(streamed.classes_, array.classes_)
    with_labels = cls(module=MLP, module__in_features=6, **params).fit(Features(X), y)
    assert same_bits(with_labels, cls(module=MLP, module__in_features=6, **params).fit(Pairs(X, y)))


def test_a_dataset_with_weights_and_early_stopping(data):
    X, y = data
    weight = np.where(y == "rare", 0.0, np.random.default_rng(0).uniform(0.5, 1, len(y)))
    from sklimb.backbones import MLP

    model = RebalancedClassifier(
        module=MLP, module__in_features=6, early_stopping=True, class_weight="balanced", **QUICK
    ).fit(Pairs(X, y), sample_weight=weight)
    assert model.class_counts_[1] == 0
    assert "valid_score" in model.history_[-1]


def test_dataset_errors(data):
    X, y = data

    class Endless(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter([])

    with pytest.raises(TypeError, match="IterableDataset"):
        RebalancedClassifier().fit(Endless(), y)
    with pytest.raises(ValueError, match="needs module="):
        RebalancedClassifier().fit(Pairs(X, y))
    with pytest.raises(ValueError, match="240 items and y 3 labels"):
        RebalancedClassifier(module=nn.Flatten()).fit(Features(X), y[:3])
    with pytest.raises(ValueError, match=r"not \(x, label\)"):
        RebalancedClassifier(module=nn.Flatten()).fit(Features(X))


class Patches(nn.Module):
    def __init__(self, in_channels, width=4):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, width, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        )

    def forward(self, x):
        return self.layers(x)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int16])
def test_images_with_a_module(dtype):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    X = (rng.integers(0, 100, (60, 3, 8, 8)) + 100 * y[:, None, None, None]).astype(dtype)
    model = RebalancedClassifier(module=Patches, module__width=6, max_epochs=30, random_state=0)
    assert model.fit(X, y).score(X, y) > 0.9
    assert model.transform(X).shape == (60, 6)
    with pytest.raises(ValueError, match="needs module="):
        RebalancedClassifier().fit(X, y)


def test_a_module_instance_is_copied(data):
    X, y = data
    module = nn.Sequential(nn.Linear(6, 5), nn.Tanh())
    before = copy.deepcopy(module.state_dict())
    model = RebalancedClassifier(module=module, **{**QUICK, "module__hidden": ()})
    del model.module__hidden
    model.fit(X, y)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), module.state_dict().values()))
    assert model.transform(X).shape == (240, 5)
    with pytest.raises(ValueError, match=r"module is an instance of Sequential, so module__\*"):
        model.set_params(module__hidden=(3,)).fit(X, y)


def test_a_lazy_module_finds_its_width(data):
    X, y = data
    module = nn.Sequential(nn.LazyLinear(5), nn.Tanh())
    model = RebalancedClassifier(module=module, max_epochs=1).fit(X, y)
    assert model.transform(X).shape == (240, 5)
