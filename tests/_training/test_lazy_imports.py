from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from sklimb._training.lazy_imports import interrupted_later

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
