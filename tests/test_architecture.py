"""Imports point one way, parts know no training, and no file is too long to read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "sklimb"
# From the ground up; a room imports from itself and from those before it.
ORDER = ("parts", "_data", "_training", "classifiers", "inspection", "above")
# The same within `_compare`: what is beside its rooms belongs to none, but for these two.
ROOMS = ("data", "run", "decisions", "report")
DOORS = {"reading": "data", "checking": "data"}
PARTS = ("losses", "heads", "backbones", "transforms")
# They belong to no floor.
GROUND = (
    "_random", "_forks", "_warnings", "_constraints", "_data.tensors", "metrics", "_data.by_class",
    "_files", "_files.archive", "_files.bounded", "_files.values",
)  # fmt: skip
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.glob("**/*.py"))
}


def imports_of(path: Path, *, at_import_time: bool = True) -> set[str]:
    """Modules of sklimb that a file imports when it is imported, without the leading "sklimb."."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if at_import_time else ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklimb"):
            module = node.module.removeprefix("sklimb").removeprefix(".")
            for name in node.names:
                whole = f"{module}.{name.name}".removeprefix(".")
                found.add(whole if whole in MODULES else module)
    return found


def floor(module: str) -> int | None:
    if module in GROUND:
        return None
    room = module.partition(".")[0]
    if room in PARTS:
        return 0
    return ORDER.index(room) if room in ORDER else len(ORDER) - 1


@pytest.mark.parametrize("module", [m for m in MODULES if m])
def test_imports_point_one_way(module):
    own = floor(module)
    upwards = sorted(
        other for other in imports_of(MODULES[module])
        if own is not None and (floor(other) or 0) > own
    )  # fmt: skip
    assert upwards == []


def room_of_compare(module: str) -> int | None:
    parts = module.split(".")
    room = DOORS.get(parts[1], parts[1]) if parts[0] == "_compare" and parts[1:] else None
    return ROOMS.index(room) if room in ROOMS else None


@pytest.mark.parametrize("module", [m for m in MODULES if room_of_compare(m) is not None])
def test_rooms_of_compare_know_only_those_before_them(module):
    own = room_of_compare(module)
    known = imports_of(MODULES[module], at_import_time=False)
    later = [other for other in known if (room_of_compare(other) or 0) > own]
    # These are above all rooms.
    above = {"comparing", "answering", "arguments"}
    later += known & {"_compare", "cli", *(f"_compare.{name}" for name in above)}
    assert sorted(later) == []


@pytest.mark.parametrize("module", [m for m in MODULES if m.partition(".")[0] in PARTS])
def test_parts_know_neither_skorch_nor_scikit_learn(module):
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    assert not names & {"skorch", "sklearn", "imblearn"}


def test_there_is_no_circle_of_imports():
    edges = {module: imports_of(path) for module, path in MODULES.items() if module}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail[trail.index(module) :], module])
        if module in done:
            return
        for other in sorted(edges.get(module, ())):
            if other != module:
                visit(other, (*trail, module))
        done.add(module)

    for module in edges:
        visit(module, ())


@pytest.mark.parametrize("module", MODULES)
def test_a_file_is_short_enough_to_read(module):
    lines = MODULES[module].read_text(encoding="utf-8").count("\n")
    assert lines <= 400
