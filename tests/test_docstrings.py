"""numpydoc's own validation of everything public. What is public is found, not listed."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from numpydoc.validate import ERROR_MSGS, validate

import sklimb

# Checks that are not asked for, and why.
LEFT_OUT = {
    "GL01": "layout of the quotes is ruff's: the summary starts on their line",
    "GL02": "as above",
    "SS02": "a summary may start with a name that is written small (skorch)",
    "SS05": "takes any first word in -s for a verb; ruff's D401 knows the verbs",
    "ES01": "where one line says it all, a second paragraph is noise",
    "SA01": "a See Also is worth having where there is something to see",
    "PR08": "a description may start with a value, a symbol or a name in lower case",
    "RT02": "a returned value may have a name, as scikit-learn's have",
    "RT04": "as PR08",
}
# Asked of classes and functions; a method is shown in its class's example.
NOT_OF_METHODS = {"EX01"}


def public_modules() -> list[str]:
    """Where users import from: the top and the rooms under it, not the files in a room."""
    rooms = [module.name for module in pkgutil.iter_modules(sklimb.__path__)]
    return ["sklimb"] + [f"sklimb.{name}" for name in rooms if not name.startswith("_")]


def public_objects() -> Iterator[tuple[str, object]]:
    """Classes and functions of all `__all__`, each once, under the shortest name."""
    seen: dict[int, tuple[str, object]] = {}
    for module_name in public_modules():  # the top comes first
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", []):
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isroutine(thing):
                seen.setdefault(id(thing), (f"{module_name}.{name}", thing))
    yield from seen.values()


def public_members(cls: type) -> Iterator[str]:
    """Methods and properties that sklimb wrote, in the class or in a base of it."""
    for name in dir(cls):
        # the set_*_request of metadata routing are scikit-learn's, written into each class
        if name.startswith("_") or (name.startswith("set_") and name.endswith("_request")):
            continue
        owner = next(base for base in cls.__mro__ if name in base.__dict__)
        member = owner.__dict__[name]
        written = inspect.isroutine(member) or isinstance(member, (property, staticmethod))
        if owner.__module__.split(".")[0] == "sklimb" and (written or hasattr(member, "__get__")):
            yield name


OBJECTS = dict(public_objects())
MEMBERS = [
    f"{name}.{member}"
    for name, thing in OBJECTS.items()
    if inspect.isclass(thing)
    for member in public_members(thing)
]


def complaints(name: str, left_out: set[str]) -> list[str]:
    return [f"{code}: {text}" for code, text in validate(name)["errors"] if code not in left_out]


def test_the_walk_finds_the_public_map():
    found = set(OBJECTS.values())
    assert {getattr(sklimb, name) for name in sklimb.__all__ if name != "__version__"} <= found
    assert "sklimb.AffinityClassifier.fit" in MEMBERS
    assert "sklimb.losses.gaussian_affinity" in OBJECTS


def test_left_out_checks_exist():
    assert set(LEFT_OUT) | NOT_OF_METHODS <= set(ERROR_MSGS)


@pytest.mark.parametrize("name", public_modules())
def test_module(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring."
    assert hasattr(module, "__all__"), f"{name} does not say what is public: it has no __all__."


@pytest.mark.parametrize("name", OBJECTS)
def test_object(name):
    assert complaints(name, set(LEFT_OUT)) == []
    assert ">>>" in inspect.getdoc(OBJECTS[name]), "The example has no code."


@pytest.mark.parametrize("name", MEMBERS)
def test_member(name):
    assert complaints(name, set(LEFT_OUT) | NOT_OF_METHODS) == []
