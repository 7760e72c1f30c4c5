"""The package as installed: version, public map, what an import costs, one set of versions."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.resources
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sklimb
from tests.test_docstrings import public_modules

ROOT = Path(__file__).parents[1]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
METADATA = importlib.metadata.metadata("sklimb")
REQUIREMENTS = [Requirement(text) for text in METADATA.get_all("Requires-Dist")]


def pinned(name: str, python: str) -> list[str]:
    """Return the versions that constraints.txt gives a package on a Python version."""
    return [
        str(pin.specifier)
        for pin in PINS
        if canonicalize_name(pin.name) == canonicalize_name(name)
        and (pin.marker is None or pin.marker.evaluate({"python_version": python}))
    ]


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", sklimb.__version__)
    assert importlib.metadata.version("sklimb") == sklimb.__version__


@pytest.mark.parametrize("name", ["CHANGES.md", "CITATION.cff"])
def test_version_is_told_everywhere(name):
    said = {
        "CHANGES.md": r"^## (\S+)",
        "CITATION.cff": r"^version: (\S+)",
    }[name]
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.search(said, text, re.MULTILINE)[1] == sklimb.__version__


@pytest.mark.parametrize("module_name", public_modules())
def test_all_names_resolve(module_name):
    module = importlib.import_module(module_name)
    assert sorted(set(module.__all__)) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_dir_shows_what_is_public():
    rooms = {name.removeprefix("sklimb.") for name in public_modules()} - {"sklimb", "cli"}
    assert set(dir(sklimb)) == {*sklimb.__all__, *rooms, "__version__"}
    for name in dir(sklimb):
        assert getattr(sklimb, name) is not None


def test_tests_mirror_the_source_path_for_path():
    wanted = {
        path.relative_to(ROOT / "sklimb").with_name(f"test_{path.stem.strip('_')}.py")
        for path in ROOT.glob("sklimb/**/*.py")
        if path.name != "__init__.py"
    }
    there = {path.relative_to(ROOT / "tests") for path in ROOT.glob("tests/**/test_*.py")}
    assert wanted
    assert sorted(map(str, wanted - there)) == []


def test_typed():
    assert importlib.resources.files("sklimb").joinpath("py.typed").is_file()


def test_console_script():
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="sklimb")
    assert callable(script.load())


def imported_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "statement", ["import sklimb, sklimb.inspection", "from sklimb import compare"]
)
def test_import_is_light(statement):
    # pandas and tqdm are not in this list: scikit-learn and torch import them by themselves
    assert imported_by(statement) & {"matplotlib", "PIL", "IPython", "polars", "skops"} == set()


@pytest.mark.parametrize("statement", ["import sklimb; dir(sklimb)", "import sklimb.cli"])
def test_what_takes_long_to_import_is_imported_when_it_is_asked_for(statement):
    assert (
        imported_by(statement) & {"torch", "sklearn", "numpy", "pandas", "scipy", "skorch"} == set()
    )


def test_what_was_asked_for_is_kept():
    assert sklimb.compare is vars(sklimb)["compare"]
    assert sklimb._compare.compare is vars(sklimb._compare)["compare"] is sklimb.compare
    for module in (sklimb, sklimb._compare):
        with pytest.raises(
            AttributeError, match=f"module '{module.__name__}' has no attribute 'x'"
        ):
            _ = module.x


@pytest.mark.parametrize("python", PYTHONS)
def test_each_requirement_has_one_tested_version(python):
    for wanted in REQUIREMENTS:
        extras = [{"extra": extra, "python_version": python} for extra in ("test", "docs")]
        if wanted.name == "sklimb" or (
            wanted.marker and not any(wanted.marker.evaluate(e) for e in extras)
        ):
            continue
        (version,) = pinned(wanted.name, python)
        assert version.startswith("=="), f"{wanted.name} is not pinned exactly: {version}"
        assert wanted.specifier.contains(version[2:]), f"{wanted} does not allow {version}"


def test_what_is_imported_is_required_and_the_other_way_round():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.glob("sklimb/**/*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    packages = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"sklimb"}
    # of the extras [files], whose other package pandas imports, and [dask]
    optional = {"pyarrow", "distributed"}
    assert optional <= {wanted.name for wanted in REQUIREMENTS}
    renamed = {"sklearn": "scikit-learn", "imblearn": "imbalanced-learn", "PIL": "pillow"}
    required = {
        wanted.name
        for wanted in REQUIREMENTS
        if wanted.marker is None
        or any(wanted.marker.evaluate({"extra": e}) for e in ("images", "persistence", "onnx"))
    }
    assert {renamed.get(package, package) for package in packages - optional} == required


def test_extras():
    assert {"plot", "images", "persistence", "onnx", "test", "docs", "bench"} <= set(
        METADATA.get_all("Provides-Extra")
    )


def test_one_ruff():
    (wanted,) = (r for r in REQUIREMENTS if r.name == "ruff")
    hook = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (rev,) = re.findall(r"rev: v(\S+)", hook)
    assert str(wanted.specifier) == f"=={rev}"
    assert {tuple(pinned("ruff", python)) for python in PYTHONS} == {(f"=={rev}",)}
