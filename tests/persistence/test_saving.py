"""`save` and `load` as users call them."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of_tensors
from scipy import sparse
from torch import nn

from sklimb import (
    AffinityClassifier,
    DecoupledClassifier,
    M2mClassifier,
    OffsetDebiasedClassifier,
    PriorCorrectedClassifier,
    RebalancedClassifier,
    RSGClassifier,
)
from sklimb._files.archive import pack, unpack
from sklimb.backbones import MLP
from sklimb.persistence import load, save
from tests.shared import QUICK, samples_in
from tests.shared import data as data

CLASSIFIERS = [
    RebalancedClassifier(loss="ldam", n_members=2, **QUICK),
    RebalancedClassifier(early_stopping=True, dtype="float64", **QUICK),
    RebalancedClassifier(loss="logit_adjusted", cross_fit=True, n_members=3, **QUICK),
    AffinityClassifier(n_prototypes=3, **QUICK),
    OffsetDebiasedClassifier(**QUICK),
    OffsetDebiasedClassifier(offset="empirical", **QUICK),
    OffsetDebiasedClassifier(offset="learned", **QUICK),
    RSGClassifier(generate_from=2, contrast_channels=8, **QUICK),
    M2mClassifier(translate_from=2, gamma=0.3, keep_training_state=True, seed_pool=30, **QUICK),
    DecoupledClassifier(classifier_epochs=1, **QUICK),
    DecoupledClassifier(method="ncm", module=MLP, n_members=2, **QUICK),
    PriorCorrectedClassifier(RebalancedClassifier(**QUICK)),
]
each = pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda m: type(m).__name__)


class Tied(nn.Module):
    def __init__(self, in_features):
        super().__init__()
        self.one = nn.Linear(in_features, in_features)
        self.two = nn.Linear(in_features, in_features)
        self.two.weight = self.one.weight

    def forward(self, x):
        return self.two(self.one(x))


class Keeping(nn.Module):
    def __init__(self, in_features):
        super().__init__()
        self.layer = nn.Linear(in_features, 3)

    def set_input_scaling(self, mean, scale):
        self.mean = torch.as_tensor(mean).float()

    def forward(self, x):
        return self.layer(x - getattr(self, "mean", 0.0))


def numbers_of(path):
    """All bytes of a file, those that are text in it as what the text stands for, too."""
    stored = path.read_bytes()
    texts = re.findall(r'"data": "([^"]*)"', json.dumps(json.loads(unpack(stored)["model.json"])))
    return stored + b"".join(base64.b64decode(text) for text in texts)


@each
def test_every_classifier_comes_back_without_a_sample(model, data, tmp_path):
    X, y = data[0].astype(np.float32), data[1]
    path = tmp_path / "model.sklimb"
    model.fit(X, y)
    assert save(model, str(path)) is None
    back = load(path)
    np.testing.assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(back.predict(X), model.predict(X))
    np.testing.assert_array_equal(back.classes_, model.classes_)
    for name in ("class_means_", "estimated_offset_", "prototypes_", "frequent_classes_", "tau_"):
        if hasattr(model, name):
            np.testing.assert_array_equal(getattr(back, name), getattr(model, name))
    assert samples_in(numbers_of(path), X) == []
    first = path.read_bytes()
    save(back, path)
    assert unpack(path.read_bytes())["tensors.safetensors"] == unpack(first)["tensors.safetensors"]


def test_sparse_rows_images_and_names(data, tmp_path):
    X, y = data
    frame = pd.DataFrame(X, columns=list("abcdef"))
    images = np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8)).astype(np.uint8)
    for model, given, labels in (
        (RebalancedClassifier(**QUICK), sparse.csr_array(X), y),
        (RSGClassifier(contrast_channels=8, **QUICK), frame, y),
        (RebalancedClassifier(max_epochs=1), images, np.arange(60) % 3),
    ):
        save(model.fit(given, labels), tmp_path / "m")
        back = load(tmp_path / "m")
        np.testing.assert_array_equal(back.predict_proba(given), model.predict_proba(given))
    with pytest.raises(ValueError, match="samples of shape"):
        back.predict(images[:, :, :4, :4])
    assert list(
        load_of(RebalancedClassifier(**QUICK).fit(frame, y), tmp_path).feature_names_in_
    ) == (list("abcdef"))


def load_of(model, folder, **options):
    save(model, folder / "m")
    return load(folder / "m", **options)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, -1, 7]), np.array(["a", "bé", "c"]), np.array(["a", "b", "c"], dtype=object),
        np.array(["2020-01-01", "2021-01-01", "2022-01-01"], dtype="M8[D]"),
        np.array([0.0, 1.0, 2.0], dtype=np.float32), pd.array(["x", "y", "z"], dtype="string"),
    ],
    ids=lambda a: str(a.dtype),
)  # fmt: skip
def test_labels_of_any_type(labels, data, tmp_path):
    X, y = data
    codes = np.unique(y, return_inverse=True)[1]
    model = RebalancedClassifier(**QUICK).fit(X, labels[codes])
    back = load_of(model, tmp_path)
    assert back.classes_.dtype == model.classes_.dtype
    np.testing.assert_array_equal(back.predict(X), model.predict(X))


def test_another_process_gives_the_same_bits(data, tmp_path):
    X, y = data
    model = RebalancedClassifier(**QUICK).fit(X, y)
    save(model, tmp_path / "m")
    np.save(tmp_path / "X.npy", X)
    code = (
        "import sys, numpy as np; from sklimb.persistence import load; "
        "p = load(sys.argv[1] + '/m').predict_proba(np.load(sys.argv[1] + '/X.npy')); "
        "assert 'pickle' not in getattr(load, '__module__'); "
        "np.save(sys.argv[1] + '/p.npy', p)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(tmp_path)], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), model.predict_proba(X))


def test_not_fitted(tmp_path):
    back = load_of(RebalancedClassifier(lr=0.25), tmp_path)
    assert back.lr == 0.25 and not hasattr(back, "net_")


def test_ones_own_module_only_where_it_is_handed_over(data, tmp_path):
    model = RebalancedClassifier(module=Narrow, module__width=5, max_epochs=1).fit(*data)
    save(model, tmp_path / "m")
    with pytest.raises(ValueError, match=rf"it names '{__name__}\.Narrow'.*modules=\[Narrow\]"):
        load(tmp_path / "m")
    for modules in (Narrow, [Narrow], (Narrow, MLP)):
        back = load(tmp_path / "m", modules=modules)
        np.testing.assert_array_equal(back.predict_proba(data[0]), model.predict_proba(data[0]))


class Narrow(nn.Module):
    def __init__(self, in_features, width=4):
        super().__init__()
        self.layer = nn.Linear(in_features, width)

    def forward(self, x):
        return self.layer(x).relu()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"module": Tied}, ValueError, r"backbone\.one\.weight and backbone\.two\.weight share"),
        ({"module": Keeping}, ValueError, "other scores when it is built again"),
        ({"module": lambda in_features: nn.Linear(in_features, 2)}, TypeError, "module=<function"),
    ],
)
def test_what_would_come_back_otherwise_is_not_saved(settings, error, message, data, tmp_path):
    (tmp_path / "m").write_bytes(b"old")
    model = RebalancedClassifier(max_epochs=1, **settings).fit(data[0] + 3, data[1])
    with pytest.raises(error, match=message) as caught:
        save(model, tmp_path / "m")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "m").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_what_is_no_model_or_no_path_is_refused(tmp_path):
    for thing in (3, {"a": 1}, nn.Linear(2, 2), None):
        with pytest.raises(TypeError, match="A file holds a classifier or a pipeline"):
            save(thing, tmp_path / "m")
    with pytest.raises(TypeError, match="path must be the name of a file"):
        save(RebalancedClassifier(), io.BytesIO())
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


# --- hostile files -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "m"
    save(RebalancedClassifier(**QUICK | {"module__hidden": (4,)}).fit(*data), path)
    return unpack(path.read_bytes())


def refused(entries, folder, match):
    (folder / "m").write_bytes(pack(entries))
    with pytest.raises(ValueError, match=match) as caught:
        load(folder / "m")
    assert "\n" not in str(caught.value) and str(folder / "m") in str(caught.value)


def test_one_more_or_one_less_is_refused(stored, tmp_path):
    refused({**stored, "more.bin": b"x"}, tmp_path, r"more than its model is made of: \['more.bin'")
    tensors = tensors_of(stored["tensors.safetensors"])
    extra = bytes_of_tensors({**tensors, "extra": torch.zeros(1)})
    refused({**stored, "tensors.safetensors": extra}, tmp_path, r"made of: \['extra'\]")
    name = next(iter(tensors))
    less = bytes_of_tensors({k: v for k, v in tensors.items() if k != name})
    refused({**stored, "tensors.safetensors": less}, tmp_path, "is missing")
    other = bytes_of_tensors({**tensors, name: torch.zeros(1, 2, 3)})
    refused({**stored, "tensors.safetensors": other}, tmp_path, r"has the shape \(1, 2, 3\)")
    refused({"model.json": stored["model.json"]}, tmp_path, "not as save writes it")


@pytest.mark.filterwarnings("ignore:The model was on")
def test_a_description_that_makes_no_sense_is_refused(stored, tmp_path):
    rng = np.random.default_rng(0)
    text = stored["model.json"].decode()
    places = [m.span() for m in re.finditer(r'(?<=: )("[^"]*"|[-\d.]+|null|true|false)', text)]
    odd = ['"os.system"', "-1", "null", "[]", "{}", '{"is": "tuple"}', "1e308", '"x"']
    n_refused = 0
    for place in rng.choice(len(places), 60, replace=False):
        start, end = places[place]
        changed = text[:start] + odd[place % len(odd)] + text[end:]
        (tmp_path / "m").write_bytes(pack({**stored, "model.json": changed.encode()}))
        try:
            load(tmp_path / "m")  # a value that means nothing for the network, as of the history
        except ValueError as error:
            assert "\n" not in str(error)
            n_refused += 1
    assert n_refused > 15
    for content in (b"", b"[1", b"[" * 100_000, b"\xff", b'{"model": 3}', b'{"model": {"is": []}}'):
        (tmp_path / "m").write_bytes(pack({**stored, "model.json": content}))
        with pytest.raises(ValueError, match="cannot be loaded"):
            load(tmp_path / "m")


def test_a_bomb_in_a_part_is_refused(data, tmp_path):
    pytest.importorskip("skops")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    path = tmp_path / "m"
    save(make_pipeline(StandardScaler(), RebalancedClassifier(**QUICK)).fit(*data), path)
    entries = unpack(path.read_bytes())
    (part,) = (name for name in entries if name.endswith(".skops"))
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(entries[part])) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    refused({**entries, part: buffer.getvalue()}, tmp_path, "is compressed")
    schema = entries[part].replace(b"StandardScaler", b"FunctionTransf")
    refused({**entries, part: schema}, tmp_path, "cannot be loaded")
