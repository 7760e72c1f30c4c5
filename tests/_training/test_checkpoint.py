"""A fit that was interrupted, once or many times, ends in the bits of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from scipy import sparse
from sklearn.base import clone
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, LRScheduler
from torch import nn
from torch.utils.data import TensorDataset

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb._files.archive import pack, unpack
from sklimb._training import checkpoint as _checkpoint
from tests.shared import samples_in

QUICK = {"max_epochs": 5, "module__hidden": (8,), "batch_size": 32, "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6)).astype(np.float32)
Y = np.where(X[:, 0] + 0.3 * RNG.normal(size=120) > 0.8, "rare", "many")
SOURCE = RebalancedClassifier(class_weight="balanced", **QUICK)

MODELS = {
    "plain": RebalancedClassifier(**QUICK),
    "LDAM-DRW": RebalancedClassifier(
        loss="ldam", class_weight="effective", rebalance_from=0.5, **QUICK
    ),
    "mixup, step": RebalancedClassifier(mixup=1.0, remix=True, lr_schedule="step", **QUICK),
    "draws, dropout": RebalancedClassifier(sampling="balanced", module__dropout=0.3, **QUICK),
    "early stopping": RebalancedClassifier(early_stopping=True, n_iter_no_change=2, **QUICK),
    "cross-fitted": RebalancedClassifier(cross_fit=True, n_members=3, **QUICK),
    "cross-fitted DRW": RebalancedClassifier(
        cross_fit=True, n_members=3, rebalance_from=2, class_weight="balanced", **QUICK
    ),
    "cross-fitted M2m": M2mClassifier(
        loss="balanced_softmax",
        cross_fit=True,
        n_members=2,
        translate_from=2,
        gamma=0.3,
        source_estimator=SOURCE,
        **QUICK,
    ),
    "cross-fitted offset": OffsetDebiasedClassifier(cross_fit=True, n_members=3, **QUICK),
    "cross-fitted RSG": RSGClassifier(
        cross_fit=True, n_members=2, generate_from=2, n_centers=2, contrast_channels=8, **QUICK
    ),
    "members": RebalancedClassifier(n_members=2, **QUICK),
    "momentum": RebalancedClassifier(optimizer=torch.optim.SGD, optimizer__momentum=0.9, **QUICK),
    "LBFGS": RebalancedClassifier(optimizer=torch.optim.LBFGS, module__dropout=0.0, **QUICK),
    "float64": RebalancedClassifier(dtype="float64", **QUICK),
    "affinity": AffinityClassifier(**QUICK),
    "offset": OffsetDebiasedClassifier(**QUICK),
    "empirical": OffsetDebiasedClassifier(offset="empirical", **QUICK),
    "RSG": RSGClassifier(generate_from=2, n_centers=2, contrast_channels=8, **QUICK),
    "M2m": M2mClassifier(
        translate_from=2, gamma=0.3, seed_pool=20, source_estimator=SOURCE, **QUICK
    ),
    "cRT": DecoupledClassifier(classifier_epochs=1, **QUICK),
    "tau": DecoupledClassifier(method="tau_norm", **QUICK),
}


class Watch(Callback):
    """Raise Ctrl-C at the end of some epoch, counted from 1, or behind the last one, at "end".

    It keeps which epochs were trained.
    """

    def __init__(self, at=None, seen=None):
        self.at = at
        self.seen = [] if seen is None else seen

    def on_epoch_end(self, net, **kwargs):
        self.seen.append(len(net.history))
        if len(net.history) == self.at:
            raise KeyboardInterrupt

    def on_train_end(self, net, **kwargs):
        if self.at == "end":
            raise KeyboardInterrupt


def with_callbacks(model, *callbacks, **params):
    model = clone(model).set_params(**params)
    model.callbacks = list(callbacks)
    return model


def figures(model):
    return [
        {name: repr(value) for name, value in row.items() if name != "dur"}
        for row in model.history_
    ]


def same(a, b, X=X):
    state = zip(a.module_.state_dict().items(), b.module_.state_dict().items(), strict=True)
    return (
        all(m == n and torch.equal(p, q) for (m, p), (n, q) in state)
        and np.array_equal(a.predict_proba(X), b.predict_proba(X))
        and figures(a) == figures(b)
        and np.array_equal(getattr(a, "oof_proba_", 0), getattr(b, "oof_proba_", 0))
    )


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore:.*(translated|recognises)")
def test_every_method_goes_on_to_the_same_bits(name, tmp_path):
    path = tmp_path / "fit.checkpoint"
    whole = clone(MODELS[name]).fit(X, Y)
    watch = Watch()
    for at in (2, 4, "end"):
        watch.at = at
        with pytest.raises(KeyboardInterrupt):
            with_callbacks(MODELS[name], watch, checkpoint=path).fit(X, Y)
        assert path.exists()
    watch.at = None
    again = with_callbacks(MODELS[name], watch, checkpoint=str(path)).fit(X, Y)
    # each time from behind the last epoch that is in the file
    assert watch.seen == [1, 2, 2, 3, 4, *range(4, whole.n_iter_ + 1)]
    assert same(whole, again)
    assert os.listdir(tmp_path) == []


IMAGES = torch.from_numpy(RNG.normal(size=(60, 1, 8, 8)).astype(np.float32))
CODES = np.arange(60) % 3 // 2
FORMS = {
    "CSR": (sparse.csr_array(np.where(X > 0.5, X, 0)), Y, {}),
    "images": (IMAGES.numpy(), CODES, {"module": nn.Flatten}),
    "Dataset": (TensorDataset(IMAGES, torch.from_numpy(CODES)), None, {"module": nn.Flatten}),
    "weights": (X, Y, {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_data(form, tmp_path):
    data, y, settings = FORMS[form]
    weight = np.linspace(1, 2, 120) if form == "weights" else None
    model = RebalancedClassifier(batch_size=16, max_epochs=4, random_state=0, **settings)
    whole = clone(model).fit(data, y, weight)
    watch = Watch()
    watch.at = 3
    with pytest.raises(KeyboardInterrupt):
        with_callbacks(model, watch, checkpoint=tmp_path / "c").fit(data, y, weight)
    watch.at = None
    again = with_callbacks(model, watch, checkpoint=tmp_path / "c").fit(data, y, weight)
    assert same(whole, again, data)


def test_without_a_seed_the_file_has_it(tmp_path):
    settings = {**QUICK, "random_state": None, "checkpoint": tmp_path / "c"}
    watch = Watch()
    watch.at = 3
    stopped = with_callbacks(RebalancedClassifier(**settings), watch)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(X, Y)
    watch.at = None
    again = with_callbacks(RebalancedClassifier(**settings), watch).fit(X, Y)
    assert again.net_.streams.entropy == stopped.net_.streams.entropy
    seeded = RebalancedClassifier(**QUICK | {"random_state": again.net_.streams.entropy})
    assert same(seeded.fit(X, Y), again)


def test_a_warm_start_goes_on_from_the_same_model_only(tmp_path):
    watch = Watch()

    def started():
        return with_callbacks(RebalancedClassifier(warm_start=True, **QUICK), watch).fit(X, Y)

    whole = started().fit(X, Y)
    watch.at = 8
    broken = started().set_params(checkpoint=tmp_path / "c")
    with pytest.raises(KeyboardInterrupt):
        broken.fit(X, Y)
    watch.at = None
    with pytest.raises(ValueError, match="differs in the model that a warm start goes on from"):
        whole.set_params(checkpoint=tmp_path / "c").fit(X, Y)
    assert broken.n_iter_ == 5  # as before the fit that was broken off
    assert same(broken.fit(X, Y), whole)


def test_callbacks_of_skorch_go_on(tmp_path):
    def fitted(**params):
        watch = Watch()
        watch.at = params.pop("at", None)
        callbacks = (
            LRScheduler(policy="ReduceLROnPlateau", monitor="train_loss", patience=0),
            EarlyStopping(monitor="train_loss", patience=3, threshold=0.05),
            EpochScoring("accuracy", on_train=True),
            watch,
        )
        model = RebalancedClassifier(**QUICK | {"max_epochs": 9})
        return with_callbacks(model, *callbacks, **params).fit(X, Y)

    whole = fitted()
    with pytest.raises(KeyboardInterrupt):
        fitted(at=4, checkpoint=tmp_path / "c")
    assert same(fitted(checkpoint=tmp_path / "c"), whole)


# --- the file ---------------------------------------------------------------------------------


def stopped(path, at=3, model=None, data=(X, Y), **params):
    """A file of a training that was broken off."""
    watch = Watch()
    watch.at = at
    model = RebalancedClassifier(**QUICK) if model is None else model
    with pytest.raises(KeyboardInterrupt):
        with_callbacks(model, watch, checkpoint=path, **params).fit(*data)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lr": 0.01}, r"lr \(0\.01, and 0\.003 in the file\)"),
        ({"module__hidden": (9,)}, "module__hidden"),
        ({"loss": "focal"}, r"loss \('focal', and 'cross_entropy' in the file\)"),
        ({"random_state": 1}, "random_state"),
        ({"class_weight": {"rare": 2.0}}, "class_weight"),
        ({"max_epochs": 6}, r"max_epochs \(6, and 5 in the file\)"),
        ({"lr": 0.01, "dtype": "float64"}, "dtype .*, lr "),
        ({"callbacks": [EarlyStopping("train_loss")]}, "callbacks"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_a_file_of_other_parameters_is_refused_by_name(change, named, tmp_path):
    stopped(tmp_path / "c")
    before = (tmp_path / "c").read_bytes()
    model = RebalancedClassifier(**QUICK | {"checkpoint": tmp_path / "c"} | change)
    with pytest.raises(ValueError, match=rf"of another training: it differs in {named}.* Delete"):
        model.fit(X, Y)
    assert (tmp_path / "c").read_bytes() == before
    assert not hasattr(model, "net_")


def test_a_file_of_other_data_or_versions_is_refused_by_name(tmp_path, monkeypatch):
    stopped(tmp_path / "c")
    model = RebalancedClassifier(checkpoint=tmp_path / "c", **QUICK)
    other = X.copy()
    other[7, 3] += 1e-6
    flipped = np.where(np.arange(120) == 5, "many", Y)
    for given, named in (
        ((other, Y), "X"),
        ((X.astype(np.float64), Y), "X"),
        ((sparse.csr_array(X), Y), "X"),
        ((X, np.where(flipped == "many", "rare", "many")), "y"),
        ((X, Y, np.linspace(1, 2, 120)), "sample_weight"),
    ):
        with pytest.raises(ValueError, match=rf"it differs in {named}\. Delete the file"):
            model.fit(*given)
    monkeypatch.setattr("sklimb._training.identity.version", lambda name: "0.0.1")
    with pytest.raises(ValueError, match=r"numpy \(0\.0\.1, and .* in the file\)"):
        model.fit(X, Y)


def test_a_file_that_is_none_is_refused(tmp_path):
    model = RebalancedClassifier(checkpoint=tmp_path / "c", **QUICK)
    stopped(tmp_path / "c")
    whole = (tmp_path / "c").read_bytes()
    for content in (b"", b"a,b\n1,2\n", whole[:-9], whole.replace(b"entropy", b"entropi")):
        (tmp_path / "c").write_bytes(content)
        with pytest.raises(ValueError, match=r"cannot be read: .* Delete the file to start anew"):
            model.fit(X, Y)


def _places(value, path=()):
    """Yield where a value stands in a description, of the first few of a list."""
    items = value.items() if isinstance(value, dict) else ()
    items = list(enumerate(value[:12])) if isinstance(value, list) else items
    for key, inside in items:
        yield (*path, key)
        yield from _places(inside, (*path, key))


def _changed(document, path, value):
    """Return a description with another value at a place; a missing one for ``...``."""
    document = json.loads(json.dumps(document))
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    if value is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return document


@pytest.mark.filterwarnings("ignore")  # a changed history or rate may stop early, or diverge
def test_changed_contents_are_refused_in_one_line_though_sealed_anew(tmp_path):
    model = RebalancedClassifier(checkpoint=tmp_path / "c", early_stopping=True, **QUICK)
    stopped(tmp_path / "c", model=model)
    entries = unpack((tmp_path / "c").read_bytes(), _checkpoint.KIND)
    document = json.loads(entries["training.json"])
    places = list(_places(document))
    odd = [..., -1, None, "os.system", [], {}, {"is": "tuple"}, 1e308, 10**30, True]
    rng = np.random.default_rng(0)
    n_refused = 0
    for place in rng.choice(len(places), 120, replace=False):
        changed = _changed(document, places[place], odd[place % len(odd)])
        sealed = pack(entries | {"training.json": json.dumps(changed).encode()}, _checkpoint.KIND)
        (tmp_path / "c").write_bytes(sealed)
        try:
            clone(model).fit(X, Y)  # what means nothing for the training, as a time in the history
        except ValueError as error:
            assert "\n" not in str(error)
            n_refused += 1
    assert n_refused > 60


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t, d: d["training"]["parts"]["network"].pop(), "other layers"),
        (lambda t, d: t.update({k: v[:1] for k, v in t.items() if v.ndim == 2}), "the shape"),
        (
            lambda t, d: d["training"]["parts"]["network"][1][1]["attributes"].append(
                ["forward", "x"]
            ),
            "none of its attributes",
        ),
        (
            lambda t, d: [c[2].update(sink=1) for c in d["training"]["callbacks"]],
            "nothing that it keeps",
        ),
        (lambda t, d: d.pop("entropy"), "its description is not as a fit writes it"),
    ],
)
def test_a_changed_file_sets_nothing_that_a_fit_does_not_write(change, said, tmp_path):
    model = RebalancedClassifier(checkpoint=tmp_path / "c", verbose=1, **QUICK)
    stopped(tmp_path / "c", model=model)
    entries = unpack((tmp_path / "c").read_bytes(), _checkpoint.KIND)
    document, tensors = json.loads(entries["training.json"]), load(entries["tensors.safetensors"])
    change(tensors, document)
    sealed = {"training.json": json.dumps(document).encode(), "tensors.safetensors": save(tensors)}
    (tmp_path / "c").write_bytes(pack(sealed, _checkpoint.KIND))
    with pytest.raises(ValueError, match=f"cannot be read: .*{said}.* Delete the file"):
        model.fit(X, Y)


def test_it_holds_no_sample_and_nothing_that_runs(tmp_path):
    stopped(tmp_path / "c", model=MODELS["M2m"], at=4)
    content = (tmp_path / "c").read_bytes()
    assert samples_in(content, X) == []
    with zipfile.ZipFile(tmp_path / "c") as file:
        assert sorted(file.namelist()) == [
            "manifest.json", "tensors.safetensors", "training.json",
        ]  # fmt: skip
        json.loads(file.read("training.json"))
        assert load(file.read("tensors.safetensors"))


@pytest.mark.parametrize(
    ("every", "written"), [(1, 5), (2, 3), (3, 2), ("1h", 1), ("1us", 5)], ids=str
)
def test_how_often_it_is_written(every, written, tmp_path, monkeypatch):
    n = []
    write = _checkpoint.write_atomically
    monkeypatch.setattr(_checkpoint, "write_atomically", lambda *a: (n.append(a[0]), write(*a)))
    settings = {"checkpoint": tmp_path / "c", "checkpoint_every": every}
    RebalancedClassifier(**QUICK, **settings).fit(X, Y)
    assert len(n) == written  # the last time after the last epoch
    assert os.listdir(tmp_path) == []
    RebalancedClassifier(**QUICK, **settings).partial_fit(X, Y)
    assert len(n) == written


def test_a_link_stays_and_the_file_that_it_leads_to_goes(tmp_path, monkeypatch):
    """The link was removed at the end of a fit, and its file was left for the next one."""
    (tmp_path / "folder").mkdir()
    link, file = tmp_path / "link", tmp_path / "folder" / "c"
    link.symlink_to(file)
    written = []
    write = _checkpoint.write_atomically
    monkeypatch.setattr(
        _checkpoint, "write_atomically", lambda *a: (written.append(a[0]), write(*a))
    )
    RebalancedClassifier(**QUICK, checkpoint=link, checkpoint_every=1).fit(X, Y)
    assert set(written) == {file}
    assert link.is_symlink() and os.listdir(file.parent) == []


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("round", "'.*round' is a link that leads back to itself"),
        ("nowhere/c", "the folder '.*nowhere' is not there"),
        (".", "is a folder"),
    ],
)
def test_links_that_lead_to_no_file_are_refused(where, message, tmp_path):
    link = tmp_path / "round"
    link.symlink_to(tmp_path / where)
    with pytest.raises(ValueError, match=f"checkpoint=.*{message}"):
        RebalancedClassifier(**QUICK, checkpoint=link).fit(X, Y)
    assert os.listdir(tmp_path) == ["round"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"checkpoint": "no/such/folder/c"}, r"folder '.*no/such/folder' is not there"),
        ({"checkpoint": "."}, "is a folder"),
        ({"checkpoint": os.devnull}, "is a device or a pipe"),
        ({"checkpoint": 3}, "'checkpoint' parameter"),
        ({"checkpoint_every": 0}, "'checkpoint_every' parameter"),
        ({"checkpoint_every": "often"}, r"checkpoint_every='often' is no length of time.*10min"),
        ({"checkpoint_every": "-5min"}, "is no length of time"),
    ],
    ids=str,
)
def test_what_cannot_be_a_checkpoint(settings, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        RebalancedClassifier(**QUICK, **settings).fit(X, Y)


def test_a_full_disk_is_warned_of_once_and_the_fit_goes_on(tmp_path, monkeypatch):
    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(RuntimeWarning, match="could not be written .*No space left") as caught:
        model = RebalancedClassifier(checkpoint=tmp_path / "c", **QUICK).fit(X, Y)
    assert len(caught) == 1
    assert same(model, RebalancedClassifier(**QUICK).fit(X, Y))
    assert os.listdir(tmp_path) == []


def test_another_number_of_threads_is_told(tmp_path, monkeypatch):
    stopped(tmp_path / "c")
    monkeypatch.setattr("sklimb._training.plan.choose_threads", lambda *shape: 2)
    with pytest.warns(UserWarning, match="written with 1 threads, and this process has 2"):
        RebalancedClassifier(checkpoint=tmp_path / "c", **QUICK).fit(X, Y)


# --- interrupted anywhere ---------------------------------------------------------------------


@pytest.mark.parametrize("where", ["fsync", "replace"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interruption_while_it_is_written_leaves_the_file_of_before(
    where, error, tmp_path, monkeypatch
):
    path = tmp_path / "c"
    stopped(path, at=3)
    before = path.read_bytes()
    true = getattr(os, where)

    def interrupt(*args):
        raise error

    monkeypatch.setattr(os, where, interrupt)
    with pytest.raises(error):
        RebalancedClassifier(checkpoint=path, **QUICK).fit(X, Y)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["c"]
    monkeypatch.setattr(os, where, true)
    again = RebalancedClassifier(checkpoint=path, **QUICK).fit(X, Y)
    assert same(again, RebalancedClassifier(**QUICK).fit(X, Y))


# Run by another interpreter: one that was forked cannot train if its parent has used a device.
# A process that imports everything once, and forks for each place a child that is killed there.
KILLED_AT_THE_THIRD = """
import os, signal, sys
from sklimb import RebalancedClassifier
from sklimb._files import archive
from tests._training.test_checkpoint import QUICK, Watch, X, Y, with_callbacks

calls = []


def kill_at_the_third(function):
    def kill(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return kill


for where in sys.argv[2:]:
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        continue
    if where == "on_epoch_end":
        Watch.on_epoch_end = kill_at_the_third(Watch.on_epoch_end)
    else:
        setattr(archive.os, where, kill_at_the_third(getattr(os, where)))
    path = os.path.join(sys.argv[1], where, "c")
    with_callbacks(RebalancedClassifier(checkpoint=path, **QUICK), Watch()).fit(X, Y)
    os._exit(0)
"""
PLACES = ["on_epoch_end", "fsync", "replace"]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Return a folder for each place, left by the fit that was killed there, and how it ended."""
    folder = tmp_path_factory.mktemp("killed")
    for where in PLACES:
        (folder / where).mkdir()
    command = [sys.executable, "-c", KILLED_AT_THE_THIRD, str(folder), *PLACES]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    ended = dict(zip(PLACES, map(int, done.stdout.split())))
    return {where: (folder / where, ended.get(where, done.stderr)) for where in PLACES}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("where", PLACES)
def test_after_a_sigkill_the_next_process_goes_on(where, killed):
    folder, ended = killed[where]
    assert ended == -signal.SIGKILL
    assert "c" in os.listdir(folder)
    path = str(folder / "c")
    again = with_callbacks(RebalancedClassifier(checkpoint=path, **QUICK)).fit(X, Y)
    assert same(again, RebalancedClassifier(**QUICK).fit(X, Y))
    assert os.listdir(folder) == []
