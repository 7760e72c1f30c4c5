from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

import sklimb
from sklimb._compare.run import watching

# A parent whose worker would work for a minute.
_PARENT = """
import subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", '''
import os, time
from sklimb._compare.run.watching import end_with
end_with(os.getppid())
print(os.getpid(), flush=True)
time.sleep(60)
'''])
worker.wait()
"""


@pytest.mark.skipif(os.name != "posix", reason="a process has no parent's number to look at")
def test_a_worker_ends_soon_after_its_parent_was_killed():
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    # the pipe ends when the worker, too, has let it go
    assert parent.stdout.read() == ""
    parent.stdout.close()
    with pytest.raises(ProcessLookupError):
        for _ in range(100):
            os.kill(worker, 0)
            time.sleep(0.1)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no such masks")
def test_ctrl_c_says_nothing_to_a_process_that_starts():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    begins = [sys.executable, "-c", "import time; print(); time.sleep(0.5); print('ended')"]
    try:
        with pytest.raises(KeyboardInterrupt), watching.without_ctrl_c():
            worker = subprocess.Popen(
                begins, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            os.kill(worker.pid, signal.SIGINT)  # in its first moments
            worker.stdout.readline()
            os.kill(worker.pid, signal.SIGINT)  # and when it works
            signal.raise_signal(signal.SIGINT)  # it comes after the block
        out, _ = worker.communicate(timeout=60)
        assert (out, worker.returncode) == ("ended\n", 0)
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.signal(signal.SIGINT, before)


# The worker begins to watch when its parent is gone.
_LATE = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", '''
import os, sys, time
from sklimb._compare.run.watching import end_with
parent = int(sys.argv[1])
while os.getppid() == parent:
    time.sleep(0.01)
end_with(parent)
time.sleep(600)
''', str(os.getpid())])
"""


@pytest.mark.skipif(os.name != "posix", reason="a process has no parent's number to look at")
def test_a_worker_whose_parent_has_ended_before_ends_at_once():
    # the pipe ends when the worker has let it go
    done = subprocess.run([sys.executable, "-c", _LATE], stdout=subprocess.PIPE, timeout=300)
    assert (done.returncode, done.stdout) == (0, b"")


# The command, with a method whose fit says that it has begun, and then waits.
_COMMAND = """
from sklimb._compare.run.methods import METHODS
from sklimb.cli import run
from tests._compare.stand_ins import WAITING
METHODS["waiting"] = WAITING
run()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="joblib shares memory as files on Linux")
def test_nothing_is_left_of_a_command_that_was_killed(tmp_path):
    # joblib shares arrays of more than 1 MB
    np.savez(tmp_path / "data.npz", X=np.ones((1000, 200)) * np.arange(200), y=np.arange(1000) % 2)
    shared = tmp_path / "shared"
    shared.mkdir()
    command = [sys.executable, "-c", _COMMAND, "compare", "--data", "data.npz", "--methods"]
    command += ["waiting", "--jobs", "2", "--no-report", "--budget", "none"]
    root = os.path.dirname(os.path.dirname(sklimb.__file__))
    path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path, "JOBLIB_TEMP_FOLDER": str(shared)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = []
        while "a fit waits" not in "".join(said[-1:]):
            said.append(process.stdout.readline())
            assert said[-1], said
        assert list(shared.rglob("*.pkl"))
        process.kill()
        # It ends when the last process that could write to it has ended; the fit would wait longer.
        process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL
    assert os.listdir(shared) == []
    assert [name for name in os.listdir("/dev/shm") if str(process.pid) in name] == []


@pytest.mark.parametrize("system", ["posix", "nt"])
def test_where_there_is_no_parents_number_nothing_is_watched(monkeypatch, system):
    started = []
    monkeypatch.setattr(watching, "os", SimpleNamespace(name=system))
    monkeypatch.setattr(
        watching.threading,
        "Thread",
        lambda **how: SimpleNamespace(start=lambda: started.append(how)),
    )
    watching.end_with(1)
    assert [how["args"] for how in started] == [(1,)] * (system == "posix")
