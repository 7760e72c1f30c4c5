"""A training that is written to a file while it runs, so that the same call goes on from there.

The file is a zip of JSON and safetensors, as a model's is: nothing in it runs when it is read. It
is written beside its place and then put there, so at any moment the last whole one is there. See
``docs/checkpoints.md``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load as tensors_of
from safetensors.torch import save as bytes_of_tensors

from sklimb._data.training_data import TrainingData
from sklimb._files.archive import is_special, pack, remove_unfinished, unpack, write_atomically
from sklimb._random import Streams
from sklimb._training.identity import described, differences, identity_of, shown
from sklimb._training.snapshot import restore_snapshot, take_snapshot
from sklimb._warnings import warn

if TYPE_CHECKING:
    from sklimb._training.early_stopping import BestEpoch
    from sklimb._training.net import Net
    from sklimb._training.out_of_fold import OutOfFold
    from sklimb._training.plan import TrainPlan

KIND = "sklimb checkpoint 1"
_DOCUMENT, _TENSORS = "training.json", "tensors.safetensors"
# Errors that contents raise which no fit has written, though their checksums are right.
_BAD_CONTENTS = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, ArithmeticError,
    MemoryError, SafetensorError,
)  # fmt: skip
# Characters of such an error that are shown.
_SHOWN = 120


def seconds_of(every: int | str) -> float | None:
    """Return how many seconds a text such as "10min" is; None of a number of epochs.

    Raises
    ------
    ValueError
        If it is no length of time above 0.

    Examples
    --------
    >>> from sklimb._training.checkpoint import seconds_of
    >>> seconds_of("10min"), seconds_of(5)
    (600.0, None)
    """
    if not isinstance(every, str):
        return None
    try:
        seconds = pd.Timedelta(every).total_seconds()
    except ValueError:
        seconds = float("nan")
    if not seconds > 0:
        raise ValueError(
            f"checkpoint_every={every!r} is no length of time. Give a number of epochs, as 5, or a "
            'time, as "10min".'
        )
    return seconds


def check_path(path: str | os.PathLike[str]) -> Path:
    """Return a path that a file can be written to; of a link, where it leads.

    Raises
    ------
    ValueError
        If it is a folder or a device, or the folder that it is in is not there.
    """
    # the file that is removed at the end must be the one that was written, not the link to it
    found = Path(os.path.realpath(path))
    if found.is_symlink():
        raise ValueError(
            f"checkpoint={os.fspath(path)!r} is a link that leads back to itself. Give the name of "
            "a file."
        )
    if found.is_dir():
        raise ValueError(f"checkpoint={os.fspath(path)!r} is a folder. Give the name of a file.")
    if is_special(found):
        raise ValueError(
            f"checkpoint={os.fspath(path)!r} is a device or a pipe. Give the name of a file."
        )
    if not found.parent.is_dir():
        raise ValueError(
            f"checkpoint={os.fspath(path)!r}: the folder {str(found.parent)!r} is not there. Make "
            "it first."
        )
    return found


class Checkpoint:
    """The file of one training.

    Parameters
    ----------
    path : str or path-like
    every : int or str
        Epochs, or a time as "10min", from one writing to the next.
    identity : mapping
        What the training is of.
    streams : Streams
        They take over the entropy of a file that is there, where `seeded` is False.
    seeded : bool
        Whether the user gave a seed.
    threads : int
        Of torch.

    Raises
    ------
    ValueError
        If there is a file of another training, or one that cannot be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        every: int | str,
        identity: Mapping[str, Any],
        streams: Streams,
        *,
        seeded: bool,
        threads: int,
    ) -> None:
        self.path = check_path(path)
        self.every = every
        self.identity = identity
        self.streams = streams
        self.threads = threads
        self._seconds = seconds_of(every)
        self._written = time.monotonic()
        self._failed = False
        remove_unfinished(self.path)
        self._found = self._read() if self.path.exists() else None
        if self._found is not None:
            self._check_same(self._found[0], seeded)

    def _read(self) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        try:
            entries = unpack(self.path.read_bytes(), KIND)
            document = json.loads(entries[_DOCUMENT])
            _check_document(document)
            return document, tensors_of(entries[_TENSORS])
        except _BAD_CONTENTS as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> ValueError:
        said = (str(error).splitlines() or [""])[0][:_SHOWN]
        if not isinstance(error, ValueError):
            said = f"its contents are not as a fit writes them ({type(error).__name__}: {said})."
        return ValueError(
            f"checkpoint={str(self.path)!r} cannot be read: {said} Delete the file to start anew, "
            "or give another path."
        )

    def _check_same(self, document: Mapping[str, Any], seeded: bool) -> None:
        found = differences(self.identity, document["identity"])
        entropy = document["entropy"]
        if seeded and entropy != self.streams.entropy:
            found.append("random_state")
        if found:
            raise ValueError(
                f"checkpoint={str(self.path)!r} is of another training: it differs in "
                f"{', '.join(found)}. Delete the file to start anew, or give another path."
            )
        self.streams.entropy = entropy
        if document["threads"] != self.threads:
            warn(
                f"checkpoint={str(self.path)!r} was written with {document['threads']} threads, "
                f"and this process has {self.threads} for it, so the last bits may be others than "
                "without an interruption."
            )

    def resume(
        self, net: Net, monitor: BestEpoch | OutOfFold | None, prepare: Callable[[], None]
    ) -> int:
        """Bring a net that is about to be trained to where the file is; return the epochs done.

        Parameters
        ----------
        net : Net
        monitor : BestEpoch, OutOfFold or None
        prepare : callable
            As `restore_snapshot` has it.

        Raises
        ------
        ValueError
            If the file has been changed.
        """
        if self._found is None:
            return 0
        document, tensors = self._found
        self._found = None
        before = net.finished_epochs
        try:
            restore_snapshot(net, monitor, document["training"], tensors, prepare)
        except _BAD_CONTENTS as error:
            raise self._unreadable(error) from error
        return net.finished_epochs - before

    def after_epoch(
        self, net: Net, monitor: BestEpoch | OutOfFold | None, *, done: int, last: bool
    ) -> None:
        """Write the file where it is time to.

        Parameters
        ----------
        net : Net
        monitor : BestEpoch, OutOfFold or None
        done : int
            Epochs of this training.
        last : bool
            Whether no more will come: what is done after them may be interrupted, too.
        """
        if self._seconds is None:
            due = done % self.every == 0
        else:
            due = time.monotonic() - self._written >= self._seconds
        if due or last:
            self._write(net, monitor)

    def _write(self, net: Net, monitor: BestEpoch | OutOfFold | None) -> None:
        training, tensors = take_snapshot(net, monitor)
        document = {
            "identity": self.identity,
            "entropy": self.streams.entropy,
            "threads": self.threads,
            "training": training,
        }
        entries = {_DOCUMENT: json.dumps(document).encode(), _TENSORS: bytes_of_tensors(tensors)}
        try:
            write_atomically(self.path, pack(entries, KIND))
        except OSError as error:
            if not self._failed:  # as of a full disk: once is enough to say so
                warn(
                    f"checkpoint={str(self.path)!r} could not be written ({error}). The training "
                    "goes on without it.",
                    RuntimeWarning,
                )
            self._failed = True
        self._written = time.monotonic()

    def remove(self) -> None:
        """Remove the file: the training has ended well."""
        self.path.unlink(missing_ok=True)
        remove_unfinished(self.path)


def _check_document(document: Any) -> None:
    """Raise a ValueError unless a file's description has the parts that are compared."""
    identity = document.get("identity") if isinstance(document, dict) else None
    whole = (
        isinstance(identity, dict)
        and all(isinstance(part, dict) for part in identity.values())
        and all(isinstance(text, str) for part in identity.values() for text in part.values())
        and isinstance(document.get("threads"), int)
        and isinstance(document.get("entropy"), (int, list))
        and isinstance(document.get("training"), dict)
    )
    if not whole:
        raise ValueError("its description is not as a fit writes it.")


def open_checkpoint(
    parameters: Mapping[str, Any],
    data: TrainingData,
    plan: TrainPlan,
    streams: Streams,
    net: Net | None,
) -> Checkpoint | None:
    """Return the file that a plan's training is to be kept in, or None.

    Parameters
    ----------
    parameters : mapping
        Of the classifier.
    data : TrainingData
        All of it.
    plan : TrainPlan
    streams : Streams
    net : Net or None
        One that goes on: a training is the same only from the same start.
    """
    if parameters["checkpoint"] is None or plan.more_may_come:
        return None
    identity = identity_of(parameters, data, plan.rebalancer.class_labels)
    identity["start"] = {"the model that a warm start goes on from": _start_of(net)}
    return Checkpoint(
        parameters["checkpoint"],
        parameters["checkpoint_every"],
        identity,
        streams,
        seeded=parameters["random_state"] is not None or net is not None,
        threads=plan.threads,
    )


def _start_of(net: Net | None) -> str:
    if net is None:
        return "none"
    optimizer = net.optimizer_.state_dict()["state"]
    return shown([described(net.module_), described(optimizer), len(net.history_)])
