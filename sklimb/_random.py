"""One seed, one stream per purpose, and process-wide state left as it was.

torch's default generator and its thread count belong to the whole process. A fit needs both, so it
takes a lock, sets them, and puts them back, also when it fails. Streams are keyed by purpose and by
epoch and hold no state: switching one thing off leaves the other bits alone, and training in two
halves draws what training at once would have drawn.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral

import numpy as np
import torch

# Positions are part of the contract of `random_state`: append, never reorder.
_PURPOSES = (
    "initialisation",
    "head_start",
    "shuffling",
    "draws",
    "dropout",
    "validation",
    "transform",
    "source",
    "mixup",
)

# Below this many input values a batch, two threads are slower than one (measured on MLPs).
_VALUES_WORTH_A_SECOND_THREAD = 2**18

_lock = threading.RLock()


def _renew_lock() -> None:
    """Give a forked child its own lock: a thread that held the old one is not there."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


class Streams:
    """Independent random streams that all follow from one ``random_state``.

    Parameters
    ----------
    random_state : None, int, numpy.random.RandomState or numpy.random.Generator
        None takes fresh entropy from the operating system, so that numpy's global generator is
        left alone. An instance is advanced by one draw, as in scikit-learn.

    Examples
    --------
    >>> from sklimb._random import Streams
    >>> streams = Streams(0)
    >>> streams.seed("shuffling", 3) == Streams(0).seed("shuffling", 3)
    True
    >>> streams.seed("shuffling", 3) == streams.seed("dropout", 3)
    False
    """

    def __init__(self, random_state: object = None) -> None:
        if random_state is None:
            self.entropy: int | list[int] = int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
        elif isinstance(random_state, Integral) and not isinstance(random_state, bool):
            if random_state < 0:
                raise ValueError(f"random_state must not be negative, got {random_state}.")
            self.entropy = int(random_state)
        elif isinstance(random_state, np.random.RandomState):
            self.entropy = random_state.randint(2**32, size=4, dtype=np.uint32).tolist()
        elif isinstance(random_state, np.random.Generator):
            self.entropy = random_state.integers(2**32, size=4, dtype=np.uint32).tolist()
        else:
            raise ValueError(
                f"random_state={random_state!r} cannot seed a random number generator. Pass None, "
                "an int, a numpy.random.RandomState or a numpy.random.Generator."
            )

    def _sequence(self, purpose: str, *counters: int) -> np.random.SeedSequence:
        key = (_PURPOSES.index(purpose), *counters)
        return np.random.SeedSequence(self.entropy, spawn_key=key)

    def generator(self, purpose: str, *counters: int) -> np.random.Generator:
        """Return a fresh numpy generator for a purpose (and an epoch, say)."""
        return np.random.default_rng(self._sequence(purpose, *counters))

    def seed(self, purpose: str, *counters: int) -> int:
        """Return a 63-bit seed for a purpose, for torch's generators."""
        return int(self._sequence(purpose, *counters).generate_state(1, np.uint64)[0]) >> 1


def choose_threads(batch_size: int, values_per_row: int) -> int:
    """Return how many threads torch may use: decided by the data's shape alone.

    A worker process and its parent must take the same number, or their sums differ in the last
    bits; so neither torch's current setting nor the environment of the process has a say.
    """
    if batch_size * values_per_row < _VALUES_WORTH_A_SECOND_THREAD:
        return 1
    return max(1, min(8, os.cpu_count() or 1))


@contextmanager
def contained(*, threads: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Run a block with its own thread count and leave every global generator as it was.

    Parameters
    ----------
    threads : int
        torch's thread count inside.
    device : torch.device or str
        The generator of this device is kept too.
    """
    device = torch.device(device)
    with _lock:
        python_state, numpy_state = random.getstate(), np.random.get_state()
        torch_state, device_state = torch.get_rng_state(), _device_state(device)
        threads_before = torch.get_num_threads()
        try:
            if threads != threads_before:
                torch.set_num_threads(threads)
            yield
        finally:
            if torch.get_num_threads() != threads_before:
                torch.set_num_threads(threads_before)
            random.setstate(python_state)
            np.random.set_state(numpy_state)
            torch.set_rng_state(torch_state)
            _set_device_state(device, device_state)


def _device_state(device: torch.device) -> torch.Tensor | None:
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    return torch.mps.get_rng_state() if device.type == "mps" else None


def _set_device_state(device: torch.device, state: torch.Tensor | None) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)


def seed_everything(seed: int) -> None:
    """Seed the global generators, for modules that know no other; only inside `contained`."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
