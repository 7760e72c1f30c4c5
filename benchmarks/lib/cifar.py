"""What the papers' CIFAR-10 tables share: the command line, the network, its training."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch

from lib.command_line import command_line
from sklimb.backbones import ResNet
from sklimb.transforms import CropFlip

RUNS = Path(__file__).resolve().parents[2] / "runs"


def kept_at(name: str, row: Mapping[str, object]) -> Path:
    """Return the file that a run is kept in while it lasts; what is there is not committed."""
    RUNS.mkdir(exist_ok=True)
    told = hashlib.sha256(json.dumps(dict(row), sort_keys=True).encode()).hexdigest()[:12]
    return RUNS / f"{name}_{told}.checkpoint"


def cifar_command_line(doc: str) -> argparse.ArgumentParser:
    """Return a parser with the size of a run; the protocol's by default."""
    parser = command_line(doc)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--depth", type=int, default=32)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--share", type=float, default=1.0, help="of each class's rows")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    return parser


def training(args: argparse.Namespace, seed: int, *, decay: float) -> dict:
    """Return the settings of a classifier in the protocol of Cao et al. 2019."""
    return {
        "module": ResNet,
        "module__depth": args.depth,
        "module__width": args.width,
        "module__augment": CropFlip(4),
        "optimizer": torch.optim.SGD,
        "optimizer__momentum": 0.9,
        "optimizer__weight_decay": 2e-4,
        "lr": 0.1,
        "lr_schedule": "step",
        "lr_milestones": (0.8, 0.9),
        "lr_decay": decay,
        "warmup_epochs": max(1, round(5 * args.epochs / 200)),
        "max_epochs": args.epochs,
        "batch_size": 128,
        "device": args.device,
        "random_state": seed,
    }


def seconds_of(model) -> str:
    """Return the seconds of all epochs, those before a break as well."""
    return f"{sum(model.history_[:, 'dur']):.0f}"


def device_name(model) -> str:
    """Return what a fitted classifier was trained on."""
    return torch.cuda.get_device_name() if "cuda" in model.device_ else model.device_
