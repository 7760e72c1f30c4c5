"""The affinity paper's Table 3: face verification after training on VGGFace2.

Hayat et al. 2019, sections 4.1 to 4.3: VGGFace2 (3.31 million images of 8,631 people, no longer
handed out), faces cut out by MTCNN and resized to 112 pixels, ResNet-50 with squeeze-excitation,
mirrored images, SGD with momentum and a falling rate; two faces are of one person where the
features after global pooling are alike. The paper gives no epochs, rate, batch, sigma or margin.
Here they are 16 epochs, 0.1 with a cosine, batches of 256, a margin of 0.75 and one prototype a
person on the unit sphere with sigma 1; ``--raw-sigma`` is the paper's form. Alike is the cosine of
the sums of an image's and its mirror image's features; the threshold for a fold of pairs is the
best of the other folds (the protocol of LFW).

    python benchmarks/papers/affinity_faces.py --data VGGFACE2 --pairs LFW lfw/images lfw/pairs.txt
        [--pairs AgeDB30 agedb/images agedb/pairs.txt] [--device cuda]

``--data`` is a folder with a folder for each person, faces cut out. A file of pairs is LFW's own
(``name 1 4`` or ``name 1 other 2`` a line) or has ``one.jpg other.jpg 1`` a line, 1 for the same
person, folds of equal length one behind the other. Accuracies go to
``results/papers/affinity_faces.csv``. A training that was broken off goes on from its last whole
epoch (``runs/``), where the trained network is kept, too.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lib.cifar import device_name, kept_at, seconds_of
from lib.command_line import command_line
from lib.image_folders import ImageFolders, read_image
from lib.large_resnets import SEResNet50
from lib.records import machine
from lib.resumable import deadline_in, run_missing
from papers.affinity_skin import SCHEDULE, affinity

from sklimb import AffinityClassifier
from sklimb.persistence import load, save
from sklimb.transforms import CropFlip

FILE = "papers/affinity_faces.csv"
PAPER = {"LFW": 99.65, "YTF": 97.3, "AgeDB30": 95.9, "CFP-FF": 99.5, "CFP-FP": 96.0}
KEY = ("set", "epochs", "size", "raw_sigma", "seed")
COLUMNS = (*KEY, "pairs", "accuracy", "accuracy_se", "paper", "device", "seconds")
N_FOLDS = 10


def classifier(args: argparse.Namespace) -> AffinityClassifier:
    """Return an unfitted classifier."""
    return AffinityClassifier(
        module=SEResNet50,
        module__width=args.width,
        module__augment=CropFlip(0),
        lr=0.1,
        max_epochs=args.epochs,
        batch_size=256,
        device=args.device,
        random_state=args.seed,
        iterator_train__num_workers=args.workers,
        **SCHEDULE | affinity(args.raw_sigma) | {"n_prototypes": 1},
    )


def read_pairs(root: Path, file: Path) -> list[tuple[Path, Path, bool]]:
    """Return pairs of images, and whether they are of one person."""
    found = []
    for line in file.read_text().splitlines():
        own = line.split()
        if len(own) == 3 and own[2] in ("0", "1") and not own[1].isdigit():
            found.append((root / own[0], root / own[1], own[2] == "1"))
        elif len(own) == 3:
            found.append((lfw_image(root, own[0], own[1]), lfw_image(root, own[0], own[2]), True))
        elif len(own) == 4:
            found.append((lfw_image(root, *own[:2]), lfw_image(root, *own[2:]), False))
        elif len(own) > 4:
            raise ValueError(
                f"{file}: {line!r} is no pair. A line is 'name 1 4', 'name 1 other 2' or "
                "'one.jpg other.jpg 1', names without spaces."
            )
    return found


def lfw_image(root: Path, name: str, number: str) -> Path:
    return root / name / f"{name}_{int(number):04d}.jpg"


def similarities(model, pairs: list[tuple[Path, Path, bool]], size: int) -> np.ndarray:
    """Return the cosine of each pair's features, (n,)."""
    paths = sorted({path for one, other, _ in pairs for path in (one, other)})
    features = []
    for start in range(0, len(paths), 256):
        faces = torch.stack([read_image(path, size) for path in paths[start : start + 256]])
        features.append(model.transform(faces.numpy()) + model.transform(faces.flip(3).numpy()))
    of = dict(zip(paths, np.concatenate(features), strict=True))
    a, b = (np.stack([of[pair[place]] for pair in pairs]) for place in (0, 1))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(1) / np.maximum(lengths, 1e-12)


def fold_accuracies(alike: np.ndarray, same: np.ndarray, n_folds: int = N_FOLDS) -> np.ndarray:
    """Return the accuracy of each fold, at the threshold that is best on the others."""
    found = []
    for fold in np.array_split(np.arange(len(alike)), n_folds):
        rest = np.setdiff1d(np.arange(len(alike)), fold)
        order = np.argsort(alike[rest])
        values = alike[rest][order]
        is_same = same[rest][order]
        # right if all from a place on count as the same
        right = np.concatenate([[0], np.cumsum(~is_same)]) + np.concatenate(
            [np.cumsum(is_same[::-1])[::-1], [0]]
        )
        edges = np.concatenate([[-np.inf], (values[1:] + values[:-1]) / 2, [np.inf]])
        parts = np.concatenate([[True], np.diff(values) > 0, [True]])  # equal ones go together
        threshold = edges[np.argmax(np.where(parts, right, -1))]
        found.append(np.mean((alike[fold] > threshold) == same[fold]))
    return np.array(found)


def trained(job: dict[str, str], args: argparse.Namespace):
    """Return the network, from its file where it was trained before, and its row's figures."""
    kept = kept_at("affinity_faces", {**job, "set": "", "width": args.width})
    file = kept.with_suffix(".model")
    if file.exists():
        return load(file, modules=[SEResNet50])
    model = classifier(args).set_params(checkpoint=kept)
    model.fit(ImageFolders(args.data, args.size))
    save(model, file)
    return model


def run(job: dict[str, str], *, args: argparse.Namespace) -> dict[str, str]:
    """Verify the pairs of a set."""
    root, file = next((Path(r), Path(f)) for name, r, f in args.pairs if name == job["set"])
    pairs = read_pairs(root, file)
    model = trained(job, args)
    same = np.array([own for *_, own in pairs])
    found = 100 * fold_accuracies(similarities(model, pairs, args.size), same)
    return job | {
        "pairs": str(len(pairs)),
        "accuracy": f"{found.mean():.2f}",
        "accuracy_se": f"{found.std(ddof=1) / len(found) ** 0.5:.2f}",
        "paper": str(PAPER.get(job["set"], "")),
        "device": device_name(model),
        "seconds": seconds_of(model),
    }


def jobs(args: argparse.Namespace) -> list[dict[str, str]]:
    """Return a job for each set of pairs."""
    raw = "" if args.raw_sigma is None else str(args.raw_sigma)
    return [
        {"set": name, "epochs": str(args.epochs), "size": str(args.size), "raw_sigma": raw,
         "seed": str(args.seed)}
        for name, *_ in args.pairs
    ]  # fmt: skip


def parser() -> argparse.ArgumentParser:
    made = command_line(__doc__)
    made.add_argument("--data", type=Path, required=True, help="a folder for each person")
    made.add_argument(
        "--pairs", nargs=3, action="append", required=True, metavar=("SET", "IMAGES", "FILE")
    )
    made.add_argument("--epochs", type=int, default=16)
    made.add_argument("--size", type=int, default=112)
    made.add_argument("--width", type=int, default=64)
    made.add_argument("--raw-sigma", type=float, help="the paper's form, with this sigma")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--workers", type=int, default=0, help="processes that open images")
    made.add_argument("--device", default="cpu")
    return made


def main() -> None:
    args = parser().parse_args()
    rows = run_missing(
        partial(run, args=args),
        jobs(args),
        file=FILE,
        key=KEY,
        columns=COLUMNS,
        deadline=deadline_in(args.budget),
    )
    print(machine())
    for row in rows:
        print(f"{row['set']:10}{row['accuracy']:>7} +- {row['accuracy_se']}   paper {row['paper']}")


if __name__ == "__main__":
    main()
