"""The examples in the docstrings run and print what they say, in every module."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import sklimb

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

MODULES = ["sklimb"] + [
    module.name
    for module in pkgutil.walk_packages(sklimb.__path__, "sklimb.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    printed: list[str] = []
    for test in doctest.DocTestFinder().find(importlib.import_module(name)):
        runner.run(test, out=printed.append)
    assert runner.failures == 0, "".join(printed)


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name))]
    assert sum(len(test.examples) for test in found) > 10
