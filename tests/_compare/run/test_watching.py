from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

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


def test_nothing_is_watched_where_the_work_is_done_by_the_process_itself(monkeypatch):
    monkeypatch.setattr(watching, "_watch", None)
    watching.end_with(os.getpid())
