"""One seed, one stream per purpose, and process-wide state left as it was.

torch's default generator, its thread count and its default dtype belong to the whole process. A fit
needs all three, so it takes a lock, sets them, and puts them back, also when it fails. Inference
needs none: it takes no lock and sets nothing that another thread could see. Streams are keyed by
purpose and by epoch and hold no state: switching one thing off leaves the other bits alone, and
training in two halves draws what training at once would have drawn.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from numbers import Integral
from typing import Any

import numpy as np
import torch

from sklimb import _forks

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
    "cross_fit",
    "blend",
)

# Below this many input values a batch, two threads are slower than one (measured on MLPs).
_VALUES_WORTH_A_SECOND_THREAD = 2**18


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
    """Return how many threads torch may use: by the data's shape, and the CPUs that are allowed.

    A worker process and its parent must take the same number, or their sums differ in the last
    bits; so neither torch's current setting nor the environment of the process has a say. A forked
    child has one thread (see ``docs/reproducibility.md``).

    Parameters
    ----------
    batch_size : int
        Samples that a batch really has.
    values_per_row : int
        Values of a sample.
    """
    if _forks.forked or batch_size * values_per_row < _VALUES_WORTH_A_SECOND_THREAD:
        return 1
    return max(1, min(8, _allowed_cpus()))


def _allowed_cpus() -> int:
    """Return how many CPUs this process may use: by its affinity mask where the system has one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def isolated_rng(*, threads: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Run a block with its own thread count and torch as it comes, and leave all as it was.

    Kept are the global generators of random, numpy and torch, torch's thread count and default
    dtype; inside, gradients are on and `torch_defaults` hold, whatever the caller has set.

    Parameters
    ----------
    threads : int
        torch's thread count inside.
    device : torch.device or str
        The generator of this device is kept too; those of all others are never touched.
    """
    device = torch.device(device)
    with _forks.fit_lock, torch_defaults(), torch.enable_grad():
        states = _generator_states(device)
        threads_before, dtype_before = torch.get_num_threads(), torch.get_default_dtype()
        try:
            if threads != threads_before:
                torch.set_num_threads(threads)
            if dtype_before != torch.float32:
                torch.set_default_dtype(torch.float32)
            yield
        finally:
            if torch.get_num_threads() != threads_before:
                torch.set_num_threads(threads_before)
            if torch.get_default_dtype() != dtype_before:
                torch.set_default_dtype(dtype_before)
            _restore_generators(device, states)


@contextmanager
def torch_defaults() -> Iterator[None]:
    """Run a block without the caller's default device, ``torch.autocast`` and inference mode.

    All three belong to a thread, so this is no matter of other threads: inference uses it too.
    """
    with ExitStack() as stack:
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.no_grad())
        if torch.empty(0).device.type != "cpu":  # the default one, in a third of the time
            stack.enter_context(torch.device("cpu"))
        for kind in _autocast_devices():
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        yield


def _autocast_devices() -> tuple[str, ...]:
    accelerator = torch.accelerator.current_accelerator()
    return ("cpu",) if accelerator is None else ("cpu", accelerator.type)


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Run a block under a seed of its own; only inside `isolated_rng`.

    Parameters
    ----------
    seed : int
        For the global generators, and that of `device`; they go on afterwards where they were.
    device : torch.device or str
    """
    device = torch.device(device)
    states = _generator_states(device)
    try:
        seed_everything(seed, device)
        yield
    finally:
        _restore_generators(device, states)


def seed_everything(seed: int, device: torch.device | str = "cpu") -> None:
    """Seed the global generators, for modules that know no other; only inside `isolated_rng`.

    Not ``torch.manual_seed``: it seeds every device there is, and one that is still to come.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)
    device = torch.device(device)
    if _has_generator(device):
        backend = torch.get_device_module(device)
        with nullcontext() if device.index is None else backend.device(device):
            backend.manual_seed(seed)


def _generator_states(device: torch.device) -> tuple[Any, ...]:
    of_device = device_generator_state(device)
    return random.getstate(), np.random.get_state(), torch.get_rng_state(), of_device


def device_generator_state(device: torch.device | str) -> torch.Tensor | None:
    """Return the state of a device's own generator; None where it has none, as the CPU."""
    device = torch.device(device)
    if not _has_generator(device):
        return None
    return torch.get_device_module(device).get_rng_state(*_at(device))


def set_device_generator_state(device: torch.device | str, state: torch.Tensor | None) -> None:
    """Set the state of a device's own generator; None sets nothing."""
    if state is not None:
        device = torch.device(device)
        torch.get_device_module(device).set_rng_state(state, *_at(device))


def _restore_generators(device: torch.device, states: tuple[Any, ...]) -> None:
    of_python, of_numpy, of_torch, of_device = states
    random.setstate(of_python)
    np.random.set_state(of_numpy)
    torch.set_rng_state(of_torch)
    set_device_generator_state(device, of_device)


def _has_generator(device: torch.device) -> bool:
    """Return whether a device draws by itself; a backend of torch's extensions need not."""
    return device.type != "cpu" and hasattr(torch.get_device_module(device), "get_rng_state")


def _at(device: torch.device) -> tuple[torch.device, ...]:
    """Return the device as an argument; MPS is one only, and takes none."""
    return () if device.type == "mps" else (device,)
