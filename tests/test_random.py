"""Seeds by purpose, thread counts, and process-wide state that is put back."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
import textwrap
import threading
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from sklimb import _random
from sklimb._random import Streams, choose_threads, isolated_rng, seed_everything, seeded
from tests.shared import global_state

# --- streams ----------------------------------------------------------------------------------


def test_a_stream_follows_from_seed_purpose_and_counters_alone():
    seeds = {
        (seed, purpose, counters): Streams(seed).seed(purpose, *counters)
        for seed in (0, 1)
        for purpose in _random._PURPOSES
        for counters in ((), (0,), (1,), (0, 1), (1, 0))
    }
    assert len(set(seeds.values())) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds.values())
    streams = Streams(0)
    streams.generator("draws").random(1000)  # holds no state: use of one moves no other
    for (seed, purpose, counters), value in seeds.items():
        if seed == 0:
            assert streams.seed(purpose, *counters) == value


def test_a_generator_starts_anew_at_each_call():
    streams = Streams(7)
    first = streams.generator("shuffling", 2).random(5)
    assert np.array_equal(first, streams.generator("shuffling", 2).random(5))
    assert not np.array_equal(first, streams.generator("shuffling", 3).random(5))
    assert not np.array_equal(first, streams.generator("draws", 2).random(5))


def test_positions_of_purposes_are_kept():
    # part of what random_state promises: names may only be added at the end
    assert _random._PURPOSES[:8] == (
        "initialisation",
        "head_start",
        "shuffling",
        "draws",
        "dropout",
        "validation",
        "transform",
        "source",
    )
    expected = np.random.default_rng(np.random.SeedSequence(5, spawn_key=(2, 3))).random(4)
    assert np.array_equal(Streams(5).generator("shuffling", 3).random(4), expected)
    with pytest.raises(ValueError):
        Streams(5).seed("shufling")


def test_integers_of_numpy_are_integers():
    assert Streams(np.int64(3)).seed("draws") == Streams(3).seed("draws")
    assert Streams(np.uint8(3)).seed("draws") == Streams(3).seed("draws")
    large = Streams(2**80)
    assert large.seed("draws") != Streams(2**80 + 1).seed("draws")


def test_none_is_new_each_time_and_leaves_numpy_alone():
    before = np.random.get_state()[1].copy()
    assert Streams(None).seed("draws") != Streams().seed("draws")
    assert np.array_equal(np.random.get_state()[1], before)
    kept = Streams(None)
    assert (
        kept.seed("draws") == kept.seed("draws") == pickle.loads(pickle.dumps(kept)).seed("draws")
    )


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_an_instance_is_advanced(make):
    instance = make(0)
    first, second = Streams(instance), Streams(instance)
    assert first.seed("draws") != second.seed("draws")
    again = make(0)
    assert Streams(again).seed("draws") == first.seed("draws")
    assert Streams(again).seed("draws") == second.seed("draws")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (-1, "must not be negative, got -1"),
        (True, "random_state=True cannot seed"),
        (0.0, r"random_state=0\.0 cannot seed .* numpy.random.Generator"),
        ("0", "random_state='0' cannot seed"),
        ([1, 2], r"random_state=\[1, 2\] cannot seed"),
    ],
)
def test_what_cannot_seed(bad, message):
    with pytest.raises(ValueError, match=message):
        Streams(bad)


# --- threads ----------------------------------------------------------------------------------


def allow(monkeypatch, cpus):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(cpus), raising=False)


def test_threads_follow_from_the_shape_and_the_cpus_that_are_allowed(monkeypatch):
    allow(monkeypatch, 4)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)  # of the machine: it has no say
    assert choose_threads(128, 30) == 1
    assert choose_threads(1, 2**18 - 1) == 1
    assert choose_threads(1, 2**18) == choose_threads(2**9, 2**9) == 4
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        assert choose_threads(2**9, 2**9) == 4
        assert choose_threads(128, 30) == 1
    finally:
        torch.set_num_threads(before)
    for cpus, expected in ((64, 8), (1, 1)):
        allow(monkeypatch, cpus)
        assert choose_threads(2**9, 2**9) == expected
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS
    for cpus, expected in ((64, 8), (1, 1), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda cpus=cpus: cpus)
        assert choose_threads(2**9, 2**9) == expected


# --- process-wide state -----------------------------------------------------------------------


def draw():
    return random.random(), np.random.random(), torch.rand(()).item()


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_all_is_as_it_was_also_after_an_error(error):
    before = global_state()
    threads = torch.get_num_threads() + 1
    try:
        with isolated_rng(threads=threads):
            assert torch.get_num_threads() == threads
            seed_everything(3)
            draw()
            if error is not None:
                raise error
    except BaseException as caught:
        assert type(caught) is error
    assert global_state() == before


def test_the_thread_count_comes_back_even_if_the_block_changed_it():
    before = torch.get_num_threads()
    with isolated_rng(threads=before):
        torch.set_num_threads(before + 2)
    assert torch.get_num_threads() == before


def test_isolation_nests():
    before = global_state()
    with isolated_rng(threads=2):
        seed_everything(0)
        expected = [draw(), draw()]
        seed_everything(0)
        got = [draw()]
        inside = global_state()
        with pytest.raises(ZeroDivisionError), isolated_rng(threads=1):
            assert torch.get_num_threads() == 1
            seed_everything(9)
            _ = draw()[0] / 0
        assert global_state() == inside
        got.append(draw())
        assert got == expected
    assert global_state() == before


def test_other_threads_wait_their_turn():
    inside, events = threading.Event(), []

    def second():
        inside.wait(60)
        with isolated_rng(threads=1):
            events.append("second")

    thread = threading.Thread(target=second, daemon=True)
    thread.start()
    with isolated_rng(threads=1):
        inside.set()
        thread.join(0.2)  # it cannot enter, however long it has
        assert thread.is_alive()
        events.append("first")
    thread.join(60)
    assert events == ["first", "second"]


def test_a_seed_reaches_all_three_generators():
    with isolated_rng(threads=1):
        seed_everything(2**62 + 5)  # beyond numpy's 32 bits
        first = draw()
        seed_everything(2**62 + 5)
        assert draw() == first
        seed_everything(2**62 + 6)
        assert all(a != b for a, b in zip(draw(), first, strict=True))


def test_only_the_device_in_use_is_seeded(monkeypatch):
    # `torch.manual_seed` would seed every device, and queue a seed for those not looked at yet
    class Accelerator:
        def __init__(self):
            self.state = torch.tensor(1)
            self.seeds = []

        def get_rng_state(self, device):
            return self.state.clone()

        def set_rng_state(self, state, device):
            self.state = state

        def manual_seed(self, seed):
            self.seeds.append(seed)
            self.state = torch.tensor(seed)

        def device(self, device):
            return nullcontext()

    def never(*args):
        pytest.fail("a device that nobody asked for was seeded")

    monkeypatch.setattr(torch, "manual_seed", never)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", never)
    here = Accelerator()
    monkeypatch.setattr(torch, "get_device_module", lambda device: here)
    for device, seeds in (("cpu", []), ("cuda", [5]), ("cuda:1", [5])):
        here.seeds.clear()
        with isolated_rng(threads=1, device=device):
            seed_everything(5, device)
            with seeded(6, device):
                pass
        assert here.seeds == seeds + [6] * len(seeds)
        assert here.state == 1


def test_a_seed_for_a_block():
    with isolated_rng(threads=1):
        seed_everything(1)
        first = draw()
        with seeded(7):
            inside = draw()
        second = draw()
        seed_everything(1)
        assert [draw(), draw()] == [first, second]
        seed_everything(7)
        assert draw() == inside


FORK = textwrap.dedent(
    """
    import multiprocessing, sys, threading, warnings
    from sklimb._random import isolated_rng

    held, release = threading.Event(), threading.Event()

    def hold():
        with isolated_rng(threads=1):
            held.set()
            release.wait()

    def child():
        with isolated_rng(threads=1):
            with isolated_rng(threads=1):
                pass

    threading.Thread(target=hold, daemon=True).start()
    assert held.wait(60)
    # Python 3.12 and newer warn of a fork beside threads, which is what is tried here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        sys.exit("the child waits for a thread that it does not have")
    # the parent's lock is still held by its thread
    other = threading.Thread(target=child, daemon=True)
    other.start()
    other.join(0.2)
    assert other.is_alive()
    release.set()
    other.join(60)
    assert not other.is_alive()
    sys.exit(process.exitcode)
    """
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_a_thread_is_fitting_does_not_wait_for_ever():
    done = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr


# A parent whose pool has two threads: a child that asked it for work would wait for ever.
FORKS = textwrap.dedent(
    """
    import os, select, signal, sys, warnings
    import torch
    from sklimb._random import choose_threads, isolated_rng

    warnings.simplefilter("ignore", DeprecationWarning)
    large = torch.ones(400, 400)
    for threads in (1, 2):
        with isolated_rng(threads=threads):
            large @ large + large
        for _ in range(3):
            reads, writes = os.pipe()
            child = os.fork()
            if child == 0:
                assert choose_threads(2**10, 2**10) == torch.get_num_threads() == 1
                with isolated_rng(threads=choose_threads(2**10, 2**10)):
                    large @ large + large
                large @ large + large
                os.write(writes, b"1")
                os._exit(0)
            if not select.select([reads], [], [], 60)[0]:
                os.kill(child, signal.SIGKILL)
                sys.exit("the child waits for threads that it does not have")
            assert os.waitpid(child, 0)[1] == 0
    """
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_one_thread_and_waits_for_no_other():
    done = subprocess.run(
        [sys.executable, "-c", FORKS], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr


# Threads that have ended leave their account in MKL, in which a child's first product got lost.
FORKS_AFTER_THREADS = textwrap.dedent(
    """
    import os, select, signal, sys, threading, warnings
    import numpy as np
    from sklimb import RebalancedClassifier

    warnings.simplefilter("ignore", DeprecationWarning)
    X = np.random.default_rng(0).normal(size=(120, 6))
    y = (X[:, 0] > 0.5).astype(int)


    def fit():
        RebalancedClassifier(max_epochs=3, random_state=0).fit(X, y)


    fit()
    for _ in range(12):
        threads = [threading.Thread(target=fit) for _ in range(4)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            fit()
            os.write(writes, b"1")
            os._exit(0)
        ended = bool(select.select([reads], [], [], 60)[0])
        if not ended:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if not ended:
            sys.exit("a child waits for ever")
    """
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_children_of_a_process_whose_threads_have_fitted_do_not_wait_for_ever():
    done = subprocess.run(
        [sys.executable, "-c", FORKS_AFTER_THREADS],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
