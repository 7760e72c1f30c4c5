"""The suite at the lower bounds and at the newest releases, for every Python of pyproject.toml.

    python benchmarks/versions.py                            the whole suite, all that is found here
    python benchmarks/versions.py tests/losses tests/heads --pythons 3.10 --bounds lowest
    python benchmarks/versions.py --pythons 3.11 --torch 2.13.0+cpu tests/losses

Each pair of an interpreter and a bound gets a virtual environment of its own, filled by uv (`pip
install uv`) from what pip is set up to ask, and from wheels alone. Lower bounds are those of what
sklimb itself and its tests name; on a Python that is newer than such a release it is the oldest one
with a wheel for it. What was run, and what could not be, goes to
benchmarks/results/versions.csv; other parts of the suite, Pythons and bounds stay in it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lib.records import read_csv, write_csv
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
RESULT = "versions.csv"
BOUNDS = {"lowest": "lowest-direct", "newest": "highest"}
COLUMNS = (
    "python", "bounds", "part", "outcome", "passed", "failed", "skipped", "seconds", "versions",
)  # fmt: skip
_CLASSIFIER = "Programming Language :: Python :: 3."
# What a row names; the rest follows from these and the day.
_NAMED = (
    "torch", "skorch", "scikit-learn", "imbalanced-learn", "numpy", "scipy", "pandas", "joblib",
)  # fmt: skip


def project() -> dict:
    """Return the table of the project in pyproject.toml."""
    try:
        import tomllib
    except ImportError:
        sys.exit("run this by Python 3.11 or newer; it runs the suite by all")
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def named_pythons() -> list[str]:
    """Return the versions of Python that the project names, as "3.11"."""
    texts = project()["classifiers"]
    return [f"3.{t.removeprefix(_CLASSIFIER)}" for t in texts if t.startswith(_CLASSIFIER)]


def requirements(extra: str = "test") -> list[str]:
    """Return what the project and one of its extras ask for, without itself."""
    found, extras = list(project()["dependencies"]), project()["optional-dependencies"]
    waiting = [extra]
    while waiting:
        for text in extras[waiting.pop()]:
            wanted = Requirement(text)
            if wanted.name == "sklimb":
                waiting += wanted.extras
            else:
                found.append(text)
    return found


def chosen(texts: list[str], torch: str) -> list[str]:
    """Return requirements with another release of torch, where one is named."""
    if not torch:
        return texts
    return [*(text for text in texts if Requirement(text).name != "torch"), f"torch=={torch}"]


def interpreter(version: str) -> str | None:
    """Return a Python of this version that starts, None where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [sys.executable, shutil.which(f"python{version}")]
    places += [str(p) for p in sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)]
    says = "import sys; print('%d.%d' % sys.version_info[:2])"
    for place in filter(None, places):
        done = subprocess.run([place, "-c", says], capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.strip() == version:
            return place
    return None


@dataclass
class Run:
    """What came of one environment."""

    python: str
    bounds: str
    part: str
    outcome: str = ""
    counts: dict[str, object] = field(default_factory=dict)
    versions: str = ""

    def row(self) -> dict[str, object]:
        named = {name: getattr(self, name) for name in COLUMNS if hasattr(self, name)}
        return {**dict.fromkeys(COLUMNS, ""), **named, **self.counts}


def uv() -> list[str]:
    """Return the command uv, or end with a line that says how to get it."""
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    if found is None:
        sys.exit("uv is needed, which makes the environments: pip install uv")
    return [found]


def install(python: str, bounds: str, torch: str, folder: Path) -> str:
    """Make an environment, and return why it could not be made, empty where it was."""
    wanted = folder / "requirements.txt"
    wanted.write_text("\n".join(chosen(requirements(), torch)) + "\n", encoding="utf-8")
    venv = folder / "venv"
    into = [*uv(), "pip", "install", "--quiet", "--python", str(venv)]
    if wheels := os.environ.get("PIP_FIND_LINKS"):
        into += [part for place in wheels.split() for part in ("--find-links", place)]
    steps = [
        [*uv(), "venv", "--quiet", "--python", python, str(venv)],
        [*into, "--no-build", "--resolution", BOUNDS[bounds], "-r", str(wanted)],
        [*into, "--no-deps", "--editable", str(ROOT)],
    ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            return " ".join(done.stderr.split())[:300]
    return ""


def count(report: Path) -> dict[str, object]:
    """Return what pytest counted."""
    suites = list(ElementTree.parse(report).iter("testsuite"))
    total = {
        k: sum(int(s.get(k)) for s in suites) for k in ("tests", "failures", "errors", "skipped")
    }
    wrong = total["failures"] + total["errors"]
    return {
        "passed": total["tests"] - wrong - total["skipped"],
        "failed": wrong,
        "skipped": total["skipped"],
        "seconds": round(sum(float(s.get("time")) for s in suites)),
    }


def versions_in(python: Path) -> str:
    """Return the versions of what counts most in an environment."""
    says = (
        "from importlib.metadata import distributions as d, version as v\n"
        "there = {x.metadata['Name'].lower() for x in d()}\n"
        f"print(', '.join(n + ' ' + v(n) for n in {_NAMED!r} if n in there))"
    )
    return subprocess.run([python, "-c", says], capture_output=True, text=True).stdout.strip()


def run(version: str, bounds: str, part: list[str], torch: str, processes: int, keep: Path) -> Run:
    """Make an environment, and run a part of the suite in it."""
    result = Run(version, bounds, " ".join(part) or "all")
    python = interpreter(version)
    if python is None:
        result.outcome = "not run: there is no such interpreter here"
        return result
    folder = keep / f"{version}-{bounds}"
    folder.mkdir(parents=True, exist_ok=True)
    made = (folder / "venv").exists()  # by a run before
    if not made and (why := install(python, bounds, torch, folder)):
        shutil.rmtree(folder / "venv", ignore_errors=True)
        result.outcome = f"not run: {why}"
        return result
    inside, report = folder / "venv" / "bin" / "python", folder / "report.xml"
    result.versions = versions_in(inside)
    report.unlink(missing_ok=True)
    command = [inside, "-m", "pytest", "-q", "-n", str(processes), f"--junitxml={report}", *part]
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    with (folder / "pytest.log").open("w") as log:
        done = subprocess.run(command, cwd=ROOT, env=clean, stdout=log, stderr=subprocess.STDOUT)
    print((folder / "pytest.log").read_text()[-3000:], flush=True)
    if report.exists():
        result.counts = count(report)
    result.outcome = {0: "passed", 1: "failed"}.get(
        done.returncode, f"pytest ended with {done.returncode}"
    )
    return result


def merged(rows: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Yield the rows of before that were not run anew, and the new ones, in order."""
    key = lambda row: (row["part"], row["python"], row["bounds"])  # noqa: E731
    new = {key(row): row for row in rows}
    before = {key(row): row for row in read_csv(RESULT)}
    yield from sorted(
        {**before, **new}.values(),
        key=lambda row: (row["part"], int(str(row["python"]).split(".")[1]), row["bounds"]),
    )


def main() -> None:
    """Run, write, and fail where a test failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="*", help="paths and options for pytest (after --)")
    parser.add_argument("--pythons", nargs="+", choices=named_pythons(), default=named_pythons())
    parser.add_argument("--bounds", nargs="+", choices=list(BOUNDS), default=list(BOUNDS))
    parser.add_argument(
        "--torch",
        default="",
        help="a release in the place of the bound's, as 2.13.0+cpu: PyPI's for Linux bring CUDA, "
        "some gigabytes",
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--keep", type=Path, help="a folder that keeps the environments, for runs to come"
    )
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="sklimb-versions-") as temporary:
        keep = options.keep or Path(temporary)
        for version in options.pythons:
            for bounds in options.bounds:
                one = run(
                    version, bounds, options.part, options.torch, options.processes, keep.resolve()
                )
                rows.append(one.row())
                print(", ".join(f"{k} {v}" for k, v in one.row().items() if v != ""), flush=True)
                path = write_csv(RESULT, merged(rows), COLUMNS)
    print(path)
    sys.exit(any(row["outcome"] != "passed" for row in rows if row["versions"]))


if __name__ == "__main__":
    main()
