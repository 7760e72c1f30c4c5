"""Trainings of the public classifiers: weights, training in parts, schedules, early stopping."""

from __future__ import annotations

import pickle
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, make_scorer
from skorch.callbacks import Callback, GradientNormClipping
from torch import nn

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.backbones import MLP
from sklimb.classifiers.fitting import interrupted_later
from sklimb.datasets import scan_chunks
from tests.shared import QUICK, each_classifier, same_bits
from tests.shared import binary as binary
from tests.shared import data as data

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
    assert np.abs(ignored.predict_proba(X) - b.predict_proba(X)).mean() > 1.5 * difference


@each_classifier
def test_rows_of_weight_zero_are_left_out(cls, data):
    X, y = data
    weight = np.ones(len(X))
    weight[::3] = 0.0
    a = cls(**QUICK).fit(X, y, sample_weight=weight)
    b = cls(**QUICK).fit(X[weight > 0], y[weight > 0])
    assert same_bits(a, b)
    with pytest.raises(ValueError, match=r"0 for every sample|at least one non-zero"):
        cls(**QUICK).fit(X, y, sample_weight=np.zeros(len(X)))
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        cls(**QUICK).fit(X, y, sample_weight=-weight)


def test_class_weights_and_prototypes_count_weights(data):
    X, y = data
    weight = np.where(y == "rare", 5.0, 1.0) * np.random.default_rng(0).uniform(0.5, 1, len(y))
    model = AffinityClassifier(module=MLP, lr=1e-12, max_epochs=1, random_state=0, n_prototypes=1)
    model.fit(X, y, sample_weight=weight)
    features = model.transform(X)
    for code, label in enumerate(model.classes_):
        rows = y == label
        mean = np.average(features[rows], axis=0, weights=weight[rows])
        mean /= np.linalg.norm(mean)
        np.testing.assert_allclose(model.prototypes_[code, 0], mean, atol=1e-5)
        assert model.class_counts_[code] == pytest.approx(weight[rows].sum())


# --- training in parts ------------------------------------------------------------------------


@each_classifier
def test_partial_fit_is_an_epoch_each_and_equals_fit(cls, data):
    X, y = data
    params = QUICK | {"module__dropout": 0.2, "lr_schedule": None}  # parts know of no end
    whole = cls(**params).fit(X, y)
    parts = cls(**params)
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
    for odd in (["many", None], ["many", 2]):
        with pytest.raises(ValueError, match="classes"):
            model.partial_fit(X, y, classes=odd)
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
def test_partial_fit_with_a_scan_is_a_fit_in_pieces(cls, data):
    X, y = data
    params = {
        "max_epochs": 4, "random_state": 0, "cross_fit": False, "class_weight": "balanced",
        "rebalance_from": 2, "warmup_epochs": 1, "lr_schedule": "step", "lr_milestones": (3,),
    }  # fmt: skip
    whole, one, three = (cls(**params) for _ in range(3))
    whole.fit(X, y)
    scan = scan_chunks([(X, y)])
    for _ in range(4):
        one.partial_fit(X, y, scan=scan)
    assert same_bits(whole, one) and one.class_counts_.sum() == len(X)
    parts = [slice(k, k + 80) for k in range(0, 240, 80)]
    scan = scan_chunks([(X[part], y[part]) for part in parts])
    rates = []
    for _ in range(4):
        for part in parts:
            three.partial_fit(X[part], y[part], scan=scan)
            rates.append(three.net_.optimizer_.param_groups[0]["lr"] / three.lr)
    np.testing.assert_allclose(rates, [1 / 3, 2 / 3] + 7 * [1] + 3 * [0.01])
    assert three.n_iter_ == 12 and three.net_.batch_size == whole.net_.batch_size
    assert three.net_.rebalancer.from_epoch == 6
    assert three.net_.module.n_rows == 240
    np.testing.assert_array_equal(three.class_counts_, whole.class_counts_)
    scaled = (model.module_.backbone.standardize for model in (whole, three))
    for a, b in zip(*(layer.state_dict().values() for layer in scaled)):
        torch.testing.assert_close(a, b)
    with pytest.warns(UserWarning, match="All 4 passes over the table"):
        three.partial_fit(X[:80], y[:80], scan=scan)
    three.partial_fit(X[:80], y[:80])  # data beyond the table, as without a scan
    assert three.class_counts_.sum() == 320
    with pytest.raises(ValueError, match="Pass scan from the first call on"):
        three.partial_fit(X, y, scan=scan)


def test_a_scan_knows_all_classes_and_no_weights(data):
    X, y = data
    scan = scan_chunks([(X[:120], y[:120]), (X[120:], y[120:])])
    first = y != "rare"
    model = RebalancedClassifier(**QUICK).partial_fit(X[first], y[first], scan=scan)
    assert model.classes_.tolist() == ["bulk", "rare", "some"]
    with pytest.raises(ValueError, match="knows no weights"):
        model.partial_fit(X, y, sample_weight=np.ones(len(y)), scan=scan)
    with pytest.raises(ValueError, match="differ from those of scan"):
        model.partial_fit(X, y, classes=["a", "b"], scan=scan)


@each_classifier
def test_warm_start_goes_on(cls, data):
    X, y = data
    params = QUICK | {"lr_schedule": None}
    model = cls(warm_start=True, **params).fit(X, y).fit(X, y)
    assert model.n_iter_ == 8
    at_once = cls(**(params | {"max_epochs": 8})).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), at_once.predict_proba(X), atol=1e-6)
    assert cls(**QUICK).fit(X, y).fit(X, y).n_iter_ == 4
    with pytest.raises(ValueError, match="not among the classes"):
        model.fit(X, np.where(y == "rare", "other", y))


BUILT_IN = {
    "module__hidden": (8,),
    "module__dropout": 0.9,
    "module": nn.Flatten,
    "optimizer": torch.optim.SGD,
    "optimizer__weight_decay": 0.9,
    "batch_size": 7,
    "random_state": 5,
    "dtype": "float64",
    "verbose": 1,
    "callbacks": [GradientNormClipping(1e-9)],
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_a_warm_start_does_not_read_is_warned_of_and_has_no_effect(name, data):
    cls = RebalancedClassifier
    expected = cls(warm_start=True, **QUICK).fit(*data).fit(*data)
    model = cls(warm_start=True, **QUICK).fit(*data)
    model.set_params(**{name: BUILT_IN[name]})
    said = rf"no effect: {name}={re.escape(repr(BUILT_IN[name]))} \(built with .*warm_start=False"
    with pytest.warns(UserWarning, match=said) as told:
        model.fit(*data)
    assert [warning.filename for warning in told] == [__file__]
    assert same_bits(model, expected)
    if name != "module":  # which takes no module__hidden
        model.set_params(warm_start=False).fit(*data)  # that is the remedy: no word
        assert name == "verbose" or not same_bits(model, cls(**QUICK).fit(*data))


@pytest.mark.parametrize(
    "params",
    [
        {"lr": 0.1},
        {"max_epochs": 2},
        {"lr_schedule": None},
        {"lr_schedule": "step", "lr_milestones": (0.5,)},
        {"warmup_epochs": 2},
        {"class_weight": "balanced"},
        {"class_weight": "effective", "effective_beta": 0.99},
        {"class_weight": "balanced", "rebalance_from": 0.9},
        {"sampling": "balanced"},
        {"early_stopping": True, "validation_fraction": 0.4},
    ],
    ids=str,
)
def test_what_a_warm_start_reads_has_effect_without_a_word(params, data):
    before = RebalancedClassifier(warm_start=True, **QUICK).fit(*data).fit(*data)
    model = RebalancedClassifier(warm_start=True, **QUICK).fit(*data)
    model.set_params(**params).fit(*data)  # warnings are errors here
    assert not same_bits(model, before)


def test_a_warm_start_says_what_it_ignores_until_it_is_set_back(data):
    model = RebalancedClassifier(
        warm_start=True,
        module=nn.Linear(6, 4),
        class_weight={"rare": 2.0},
        max_epochs=1,
        keep_training_state=True,
    )
    model = pickle.loads(pickle.dumps(model.fit(*data)))
    model.fit(*data)  # the module that came back is the one it was built with
    model.set_params(loss="focal", module__hidden=(8,))
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"loss='focal' .*, module__hidden=\(8,\) \(built "):
            model.fit(*data)
    model.set_params(loss="cross_entropy")
    del model.module__hidden
    model.fit(*data)
    model.set_params(loss="focal").partial_fit(*data)  # no warm start


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
    params = {
        "early_stopping": True,
        "validation_fraction": 0.25,
        "n_iter_no_change": 3,
        "lr": 1e-2,
        "lr_schedule": None,  # the rate of an epoch does not depend on max_epochs
        "random_state": 0,
    }
    model = RebalancedClassifier(max_epochs=200, **params).fit(X, y)
    assert model.n_iter_ < 200
    scores = [(row["valid_score"], -row["valid_loss"]) for row in model.history_]
    best = max(range(len(scores)), key=scores.__getitem__)
    assert model.n_iter_ == best + 1 + 3
    stopped = RebalancedClassifier(max_epochs=best + 1, **params).fit(X, y)
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


# --- Ctrl-C while torch imports ---------------------------------------------------------------

# A Ctrl-C as soon as the import of torch's parts has begun; then a fit of the same process.
INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job has none
import numpy as np
from sklimb import RebalancedClassifier

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "torch._dynamo.config" and sys.meta_path[0] is self:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

assert "torch._dynamo" not in sys.modules
X = np.random.default_rng(0).normal(size=(40, 3))
y = np.arange(40) % 2
model = RebalancedClassifier(max_epochs=1, random_state=0)
sys.meta_path.insert(0, Finder())
try:
    model.fit(X, y)
except KeyboardInterrupt:
    print("interrupted", hasattr(model, "net_"))
print(model.fit(X, y).predict(X).shape)
"""


def test_a_ctrl_c_during_torchs_imports_leaves_a_process_that_can_train():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=300
    )
    assert done.stdout.splitlines() == ["interrupted False", "(40,)"], done.stderr


def interrupt():
    signal.raise_signal(signal.SIGINT)  # to this thread: another may be late to pass it on


def test_a_ctrl_c_waits_for_the_end_of_the_block():
    reached = []
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has none
    try:
        with pytest.raises(KeyboardInterrupt), interrupted_later():
            interrupt()
            reached.append("the end")
        assert reached
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_handlers_of_others_are_called_and_put_back():
    before = signal.getsignal(signal.SIGINT)
    came = []
    signal.signal(signal.SIGINT, lambda *args: came.append(args))
    own = signal.getsignal(signal.SIGINT)
    try:
        with interrupted_later():
            interrupt()
            assert not came
        assert len(came) == 1
        assert signal.getsignal(signal.SIGINT) is own
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with interrupted_later():
            interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_the_block_just_runs():
    ran = []

    def work():
        with interrupted_later():
            ran.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [signal.getsignal(signal.SIGINT)]
